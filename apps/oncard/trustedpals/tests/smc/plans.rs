//! Which sessions there are.

use oncard_trustedpals::smc::{PACKET_BYTES_MAX, Plan, PlanError, ROUNDS_MAX, Smc};
use zeroize::Zeroizing;

use crate::auction::Auction;

fn value_bytes_max(n: usize) -> usize {
    let of = |bytes| Plan::new((n, 1, 0), bytes, 0, 1).unwrap().packet_bytes();
    (PACKET_BYTES_MAX - of(0)) / n
}

#[test]
fn a_session_of_the_most_members_has_inputs_of_1900_bytes_and_no_longer_packets_than_there_may_be()
{
    let most = value_bytes_max(32);
    assert!(most >= 1_900, "{most}");
    let plan = |bytes| Plan::new((32, 15, 0), bytes, 0, 1);
    assert!(plan(most).unwrap().packet_bytes() <= PACKET_BYTES_MAX);
    assert!(matches!(plan(most + 1), Err(PlanError::Packet { .. })));
    assert!(matches!(plan(usize::MAX), Err(PlanError::Packet { .. })));
}

#[test]
fn rounds_are_limited_and_there_is_one_to_work_in() {
    let plan = |cover, work| Plan::new((3, 1, 0), 8, cover, work);
    assert!(plan(ROUNDS_MAX - 3, 1).is_ok());
    assert_eq!(
        plan(ROUNDS_MAX - 2, 1),
        Err(PlanError::Rounds(u64::from(ROUNDS_MAX) + 1))
    );
    assert_eq!(plan(0, 0), Err(PlanError::Rounds(2)));
    assert!(matches!(
        plan(u32::MAX, u32::MAX),
        Err(PlanError::Rounds(_))
    ));
}

#[test]
fn half_of_the_hosts_corrupt_is_refused() {
    assert!(matches!(
        Plan::new((4, 2, 0), 8, 0, 1),
        Err(PlanError::Agreement(_))
    ));
}

#[test]
fn an_input_has_the_length_of_the_session() {
    let plan = Plan::new((3, 1, 0), 8, 0, 1).unwrap();
    for (bytes, is_right) in [(7, false), (8, true), (9, false)] {
        let input = Zeroizing::new(vec![0; bytes]);
        let function = Box::new(Auction::default());
        assert_eq!(Smc::new(plan, function, input).is_some(), is_right);
    }
}
