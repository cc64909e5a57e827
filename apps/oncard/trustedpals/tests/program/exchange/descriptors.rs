//! What there is no exchange of, as owners learn it.

use libetp::codec::{List, to_vec};
use libetp::params::pals::{Descriptor, ExchangeTerms, OpenSession};
use libetp::params::runtime::RefusalCode;
use oncard_trustedpals::MEMBERS_MAX;
use oncard_trustedpals::exchange::{ITEMS_BYTES_MAX, PlanError};
use oncard_trustedpals::session::{
    EXCHANGE_PARAMETERS_BYTES_MAX, ExchangeError, Plan, Terms, TermsError,
};

use super::{Deal, described};
use crate::table::refusal;

fn changed(descriptor: &Descriptor, change: impl Fn(&mut ExchangeTerms)) -> Descriptor {
    let mut terms = ExchangeTerms::read(descriptor).unwrap();
    change(&mut terms);
    Descriptor {
        parameters: to_vec(&terms),
        ..descriptor.clone()
    }
}

#[test]
fn what_is_no_exchange_is_refused() {
    let deal = Deal::new(3, 5);
    let mut table = deal.table();
    let good = deal.descriptor(&table);
    let mut bad = vec![
        changed(&good, |it| it.slots = 2),
        changed(&good, |it| it.slots = 0),
        changed(&good, |it| it.setup_rounds = 0),
        changed(&good, |it| it.items.0.truncate(2)),
        changed(&good, |it| it.items.0.push(described(b"a"))),
        changed(&good, |it| it.items.0[1].bytes = 9),
        changed(&good, |it| it.items.0[1].signer = Some([1; 32])),
    ];
    let changes: [fn(&mut Descriptor); 10] = [
        |it| it.function[0] ^= 1,
        |it| it.engine = "exchange 2".into(),
        |it| it.parameters.push(0),
        |it| it.fuel = 2,
        |it| it.slice = 2,
        |it| it.memory_bytes = 1,
        |it| it.cover_rounds = 1,
        |it| it.input_bytes = 9,
        |it| it.input_bytes = 7,
        |it| it.corrupt = 3,
    ];
    bad.extend(changes.map(|change| {
        let mut descriptor = good.clone();
        change(&mut descriptor);
        descriptor
    }));
    for descriptor in bad {
        let order = OpenSession {
            descriptor: descriptor.clone(),
            input: deal.items[0].clone(),
        };
        let said = table.seats[0].order(order);
        let refused = Some(RefusalCode::Malformed);
        assert_eq!(refusal(&said), refused, "{descriptor:?}");
    }
    let said = deal.opened(&mut table);
    assert_eq!(refusal(&said), None);
}

#[test]
fn errors_say_which_field_or_limit_it_is() {
    let deal = Deal::new(2, 1);
    let table = deal.table();
    let mut descriptor = deal.descriptor(&table);
    let key = descriptor.members.0[0].key;
    let of = |descriptor: &Descriptor| match Terms::new(descriptor.clone(), &key).unwrap_err() {
        TermsError::Exchange(error) => error,
        other => panic!("{other}"),
    };
    assert!(matches!(
        of(&descriptor),
        ExchangeError::Plan(PlanError::Certain { .. })
    ));
    descriptor.corrupt = 0;
    descriptor.cover_rounds = 3;
    assert_eq!(of(&descriptor), ExchangeError::Unused("cover_rounds", 0));
    descriptor.cover_rounds = 0;
    descriptor.input_bytes = 10;
    let (found, longest) = (10, 8);
    assert_eq!(of(&descriptor), ExchangeError::Length { found, longest });
    descriptor.input_bytes = 8;
    assert!(Terms::new(descriptor, &key).is_ok());
}

/// Signatures by all members there may be fit; what is longer than that is not read.
#[test]
fn parameters_have_a_limit() {
    let deal = Deal::new(2, 3);
    let table = deal.table();
    let descriptor = deal.descriptor(&table);
    let key = descriptor.members.0[0].key;
    let most = ExchangeTerms {
        slots: u32::MAX,
        setup_rounds: u32::MAX,
        items: List(vec![
            libetp::params::pals::Description {
                bytes: u32::MAX,
                hash: [0; 32],
                signer: Some([0; 32]),
            };
            MEMBERS_MAX
        ]),
    };
    assert!(to_vec(&most).len() <= EXCHANGE_PARAMETERS_BYTES_MAX);
    let of = |bytes: usize| {
        let parameters = vec![0; bytes];
        let descriptor = Descriptor {
            parameters,
            ..descriptor.clone()
        };
        Terms::new(descriptor, &key)
    };
    let unread = Err(TermsError::Exchange(ExchangeError::Parameters));
    assert_eq!(of(EXCHANGE_PARAMETERS_BYTES_MAX), unread);
    assert_eq!(
        of(EXCHANGE_PARAMETERS_BYTES_MAX + 1),
        Err(TermsError::TooLong("parameters"))
    );
}

/// As many bytes as there may be leave a card in one message.
#[test]
fn the_most_bytes_of_items_are_exchanged_and_one_more_refused() {
    let half = ITEMS_BYTES_MAX as usize / 2;
    let deal = |bytes| Deal::of(vec![vec![1; half], vec![2; bytes]], 1, 2);
    let most = deal(half);
    let mut table = most.table();
    let Plan::Exchange(plan) = Terms::new(most.descriptor(&table), &table.seats[0].blank.key)
        .unwrap()
        .plan()
        .clone()
    else {
        panic!("an exchange");
    };
    assert_eq!(plan.piece_bytes(), half);
    most.start(&mut table, &mut crate::table::honest);
    table.play(&mut crate::table::honest);
    assert_eq!(table.seats[0].items(), Some(most.items.clone()));
    let said = deal(half + 1).opened(&mut table);
    assert_eq!(refusal(&said), Some(RefusalCode::Malformed));
}
