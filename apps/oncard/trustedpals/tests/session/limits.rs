//! Each limit of a descriptor: at it, and one past it.

use libetp::Port;
use libetp::params::pals::Descriptor;
use oncard_trustedpals::MEMBERS_MAX;
use oncard_trustedpals::session::{
    ClockError, ENGINE_BYTES_MAX, PARAMETERS_BYTES_MAX, Terms, TermsError,
};
use oncard_trustedpals::smc::{PACKET_BYTES_MAX, PlanError, ROUNDS_MAX};

use crate::support::{descriptor, member};

fn changed(n: usize, change: impl FnOnce(&mut Descriptor)) -> Result<Terms, TermsError> {
    let mut descriptor = descriptor(n);
    change(&mut descriptor);
    Terms::new(descriptor, &member(0).key)
}

#[test]
fn members() {
    assert_eq!(changed(1, |_| {}), Err(TermsError::Alone));
    assert!(changed(2, |_| {}).is_ok());
    assert_eq!(changed(MEMBERS_MAX, |_| {}).unwrap().plan().n(), 32);
    let past = changed(MEMBERS_MAX + 1, |_| {}).unwrap_err();
    assert!(past.to_string().contains("33 members; 32"), "{past}");
    let me = Terms::new(descriptor(3), &member(2).key).unwrap();
    assert_eq!(
        (me.plan().me(), me.others().collect::<Vec<_>>()),
        (2, vec![0, 1])
    );
    assert_eq!(
        Terms::new(descriptor(3), &[9; 32]),
        Err(TermsError::NotMember)
    );
}

#[test]
fn nobody_is_a_member_twice_nor_is_a_card_a_program() {
    let same_key = changed(3, |it| it.members.0[2].key = it.members.0[1].key);
    assert_eq!(same_key, Err(TermsError::Twice(2)));
    let same_domain = changed(3, |it| {
        it.members.0[1].program = it.members.0[0].program.domain.entity(Port(9));
    });
    assert_eq!(same_domain, Err(TermsError::Twice(1)));
    let card = changed(3, |it| it.members.0[1].program.port = Port::CARD);
    assert_eq!(card, Err(TermsError::Program(1)));
}

#[test]
fn fewer_than_half_of_the_hosts_are_corrupt() {
    for n in 2..=MEMBERS_MAX {
        let most = (n as u8 - 1) / 2;
        assert!(changed(n, |it| it.corrupt = most).is_ok());
        let half = changed(n, |it| it.corrupt = most + 1);
        assert!(
            matches!(half, Err(TermsError::Plan(PlanError::Agreement(_)))),
            "{n}"
        );
    }
}

#[test]
fn sizes() {
    let parameters = |bytes| changed(2, |it| it.parameters = vec![0; bytes]);
    assert!(parameters(PARAMETERS_BYTES_MAX).is_ok());
    assert!(matches!(
        parameters(PARAMETERS_BYTES_MAX + 1),
        Err(TermsError::TooLong(_))
    ));
    let engine = |bytes| changed(2, |it| it.engine = "e".repeat(bytes));
    assert!(engine(ENGINE_BYTES_MAX).is_ok());
    assert!(matches!(
        engine(ENGINE_BYTES_MAX + 1),
        Err(TermsError::TooLong(_))
    ));
    let input = |bytes| changed(2, |it| it.input_bytes = bytes);
    assert_eq!(input(0), Err(TermsError::NoInput));
    let others = input(1).unwrap().plan().packet_bytes() as u32 - 2;
    let most = (PACKET_BYTES_MAX as u32 - others) / 2;
    assert_eq!(input(most).unwrap().plan().packet_bytes(), PACKET_BYTES_MAX);
    assert!(matches!(
        input(most + 1),
        Err(TermsError::Plan(PlanError::Packet { .. }))
    ));
    assert!(input(u32::MAX).is_err());
    assert_eq!(changed(2, |it| it.suite = 0), Err(TermsError::Suite(0)));
}

#[test]
fn rounds() {
    let fuel = |fuel, slice| changed(2, |it| (it.fuel, it.slice) = (fuel, slice));
    assert!(matches!(fuel(0, 1), Err(TermsError::Fuel { .. })));
    assert!(matches!(fuel(1, 0), Err(TermsError::Fuel { .. })));
    assert!(matches!(fuel(1 << 32, 1), Err(TermsError::Fuel { .. })));
    // Cover rounds, one to agree, slices.
    let last = |cover, f, slice| {
        let terms = changed(2, |it| {
            (it.cover_rounds, it.fuel, it.slice, it.drift_ppm) = (cover, f, slice, 0);
        });
        terms.map(|terms| terms.plan().last_round())
    };
    assert_eq!(last(0, 10, 3), Ok(5));
    assert_eq!(last(7, u64::MAX, u64::MAX), Ok(9));
    assert_eq!(last(ROUNDS_MAX - 2, 1, 1), Ok(ROUNDS_MAX));
    assert!(matches!(
        last(ROUNDS_MAX - 1, 1, 1),
        Err(TermsError::Plan(PlanError::Rounds(_)))
    ));
    assert!(matches!(
        last(u32::MAX, 1 << 31, 1),
        Err(TermsError::Plan(PlanError::Rounds(_)))
    ));
}

/// Two rounds: `2 rounds + 3` is 7.
#[test]
fn clocks() {
    let clock = |round_ms, drift_ppm| {
        changed(2, |it| (it.round_ms, it.drift_ppm) = (round_ms, drift_ppm)).map(drop)
    };
    let short =
        |round_ms, least_ms| Err(TermsError::Clock(ClockError::Short { round_ms, least_ms }));
    assert_eq!(clock(300, 0), Ok(()));
    assert_eq!(clock(299, 0), short(299, 300));
    // 300 / (1 - 7 / 10) is 1,000.
    assert_eq!(clock(1_000, 100_000), Ok(()));
    assert_eq!(clock(999, 100_000), short(999, 1_000));
    // All of the time drifts.
    assert_eq!(clock(u32::MAX, 142_857), Ok(()));
    let drift = ClockError::Drift {
        drift_ppm: 142_858,
        rounds: 2,
    };
    assert_eq!(clock(u32::MAX, 142_858), Err(TermsError::Clock(drift)));
    assert!(clock(u32::MAX, u32::MAX).is_err());
    let none = changed(2, |it| {
        (it.round_ms, it.start_skew_ms, it.delay_ms) = (0, 0, 0);
    });
    assert!(none.is_err(), "time passes between two rounds");
    let all = changed(2, |it| {
        (it.round_ms, it.start_skew_ms, it.delay_ms) = (u32::MAX, u32::MAX, u32::MAX);
    });
    assert!(all.is_err());
}
