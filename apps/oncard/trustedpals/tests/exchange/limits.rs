//! What there is no exchange of.

use ed25519_dalek::SigningKey;
use libetp::params::pals::Description;
use oncard_trustedpals::MEMBERS_MAX;
use oncard_trustedpals::exchange::{
    ITEMS_BYTES_MAX, Odds, Plan, PlanError, SETUP_ROUNDS_MAX, SLOTS_MAX,
};
use oncard_trustedpals::smc::PACKET_BYTES_MAX;

fn items(lengths: &[u32]) -> Vec<Description> {
    let item = |bytes: &u32| Description {
        bytes: *bytes,
        hash: [1; 32],
        signer: None,
    };
    lengths.iter().map(item).collect()
}

fn of(n: usize, corrupt: usize, setup_rounds: u32, slots: u32) -> Result<Plan, PlanError> {
    Plan::new((corrupt, 0), items(&vec![1; n]), setup_rounds, slots)
}

#[test]
fn members_and_rounds_have_limits() {
    assert!(of(2, 0, 1, 1).is_ok() && of(MEMBERS_MAX, 0, SETUP_ROUNDS_MAX, SLOTS_MAX).is_ok());
    assert_eq!(of(1, 0, 1, 1), Err(PlanError::Alone));
    assert!(matches!(
        of(MEMBERS_MAX + 1, 0, 1, 1),
        Err(PlanError::Agreement(_))
    ));
    let outside = Plan::new((0, 3), items(&[1; 3]), 1, 1);
    assert!(matches!(outside, Err(PlanError::Agreement(_))));
    for rounds in [0, SETUP_ROUNDS_MAX + 1] {
        assert_eq!(of(3, 0, rounds, 1), Err(PlanError::Setup(rounds)));
    }
    for slots in [0, SLOTS_MAX + 1] {
        assert_eq!(of(3, 0, 1, slots), Err(PlanError::Slots(slots)));
    }
}

#[test]
fn with_half_of_the_hosts_corrupt_an_exchange_states_its_odds_and_is_refused_without_any() {
    let odds = |n, corrupt, slots| of(n, corrupt, 1, slots).map(|plan| plan.odds());
    let stated = |window, slots| Ok(Odds { window, slots });
    assert_eq!(odds(3, 1, 1), stated(0, 1));
    assert_eq!(odds(5, 2, 9), stated(0, 9));
    assert_eq!(odds(2, 1, 2), stated(1, 2));
    assert_eq!(odds(4, 2, 4), stated(3, 4));
    assert_eq!(odds(3, 2, 200), stated(3, 200));
    for (n, corrupt, slots) in [(2, 1, 1), (3, 2, 3), (4, 2, 1)] {
        assert!(matches!(
            odds(n, corrupt, slots),
            Err(PlanError::Certain { .. })
        ));
    }
    let everybody = PlanError::Corrupt { corrupt: 3, n: 3 };
    assert_eq!(odds(3, 3, 200), Err(everybody));
}

#[test]
fn items_have_limits_and_a_long_one_goes_in_pieces() {
    let all = ITEMS_BYTES_MAX as u32;
    let plan = |lengths: &[u32], rounds| Plan::new((0, 0), items(lengths), rounds, 1);
    let longest = plan(&[all - 1, 1], 1).unwrap();
    assert!(longest.packet_bytes() <= PACKET_BYTES_MAX);
    assert_eq!(
        plan(&[all, 1], 1),
        Err(PlanError::TooLong(ITEMS_BYTES_MAX + 1))
    );
    let most = u64::from(u32::MAX) * 2;
    assert_eq!(plan(&[u32::MAX; 2], 1), Err(PlanError::TooLong(most)));
    assert_eq!(plan(&[1, 0], 1), Err(PlanError::Length(1)));
    let pieces = [1, 2, 3, 4, 256].map(|rounds| plan(&[7, 3], rounds).unwrap().piece_bytes());
    assert_eq!(pieces, [7, 4, 3, 2, 1]);
}

#[test]
fn a_signature_is_by_a_key_and_of_its_length() {
    let key = SigningKey::from_bytes(&[5; 32]).verifying_key().to_bytes();
    let signature = |bytes, signer| {
        let mut items = items(&[1, bytes]);
        items[1].signer = Some(signer);
        Plan::new((0, 0), items, 1, 1)
    };
    assert!(signature(64, key).is_ok());
    for bytes in [0, 63, 65] {
        assert_eq!(signature(bytes, key), Err(PlanError::Length(1)));
    }
    // Of small order, and not on the curve.
    let small = {
        let mut bytes = [0; 32];
        bytes[0] = 1;
        bytes
    };
    let off = (0..=255).map(|byte| [byte; 32]);
    let off = off.filter(|it| ed25519_dalek::VerifyingKey::from_bytes(it).is_err());
    for key in off.take(3).chain([small]) {
        assert_eq!(signature(64, key), Err(PlanError::Signer(1)));
    }
}
