//! What the owner may order, and nobody else.

use libetp::Port;
use libetp::params::pals::{
    AttendSession, Compute, Descriptor, JoinSession, LeaveSession, Outcome, RoundOver, SessionState,
};
use libetp::params::runtime::RefusalCode;
use libetp::{Message, Mtype};
use oncard_trustedpals::session::PARAMETERS_BYTES_MAX;

use crate::table::{Table, honest, opening, refusal};

#[test]
fn orders_want_the_owners_channel() {
    let mut table = Table::new(2);
    let descriptor = table.descriptor();
    for mtype in [
        Mtype::OPEN_SESSION,
        Mtype::JOIN_SESSION,
        Mtype::ATTEND_SESSION,
        Mtype::LEAVE_SESSION,
    ] {
        assert!(mtype.is_privileged());
    }
    let said = table.seats[0].tell(opening(&descriptor));
    assert_eq!(refusal(&said), Some(RefusalCode::Malformed));
    let src = table.seats[0].id().domain.entity(Port(9));
    let mut message = table.seats[0].message(opening(&descriptor));
    message.header.src = src;
    let said = table.seats[0].give(message);
    assert_eq!(refusal(&said), Some(RefusalCode::NotAuthenticated));
}

#[test]
fn a_session_outside_the_proofs_or_of_another_function_is_refused() {
    let mut table = Table::new(3);
    let good = table.descriptor();
    let changes: [fn(&mut Descriptor); 8] = [
        |it| it.suite = 2,
        |it| it.corrupt = 2,
        |it| it.input_bytes = 9,
        |it| it.round_ms = 1,
        |it| it.engine = "wasmi 2".into(),
        |it| it.engine = "native 1".into(),
        |it| it.parameters = vec![1; PARAMETERS_BYTES_MAX + 1],
        |it| it.fuel = 0,
    ];
    for change in changes {
        let mut descriptor = good.clone();
        change(&mut descriptor);
        let said = table.seats[0].order(opening(&descriptor));
        assert_eq!(
            refusal(&said),
            Some(RefusalCode::Malformed),
            "{descriptor:?}"
        );
    }
    let mut unknown = good.clone();
    unknown.function[0] ^= 1;
    let said = table.seats[0].order(opening(&unknown));
    assert_eq!(refusal(&said), Some(RefusalCode::NotFound));
    let mut order = opening(&good);
    order.input.push(0);
    assert_eq!(
        refusal(&table.seats[0].order(order)),
        Some(RefusalCode::Malformed)
    );
    // The first opens, the others join.
    assert_eq!(
        refusal(&table.seats[1].order(opening(&good))),
        Some(RefusalCode::Malformed)
    );
    let join = JoinSession {
        descriptor: good.clone(),
        opening: [0; 32],
        input: vec![0; 8],
    };
    assert_eq!(
        refusal(&table.seats[0].order(join)),
        Some(RefusalCode::Malformed)
    );
    assert_eq!(refusal(&table.seats[0].order(opening(&good))), None);
}

#[test]
fn a_card_is_in_one_session_at_a_time_and_may_leave_it() {
    let mut table = Table::new(2);
    let descriptor = table.descriptor();
    assert_eq!(refusal(&table.seats[0].order(opening(&descriptor))), None);
    let said = table.seats[0].order(opening(&descriptor));
    assert_eq!(refusal(&said), Some(RefusalCode::Limit));
    let said = table.seats[0].order(LeaveSession {});
    table.deliver(said, &mut honest);
    assert_eq!(table.seats[0].outcome(), Some(Outcome::Left));
    let said = table.seats[0].order(LeaveSession {});
    assert_eq!(refusal(&said), Some(RefusalCode::NotFound));
    assert_eq!(refusal(&table.seats[0].order(opening(&descriptor))), None);
}

#[test]
fn the_clock_is_the_attending_programs_and_ends_each_round_once() {
    let mut table = Table::new(3);
    table.start(&[1, 2, 3], &mut honest);
    let session = table.seats[0].state().session.unwrap();
    let state = Some(RefusalCode::State);
    let other = table.seats[0].id().domain.entity(Port(9));
    let from_other = |message: Message| Message {
        header: libetp::message::Header {
            src: other,
            ..message.header
        },
        ..message
    };
    let tick = |round| RoundOver { session, round };
    let message = from_other(table.seats[0].message(tick(0)));
    assert_eq!(refusal(&table.seats[0].give(message)), state);
    assert_eq!(refusal(&table.seats[0].tell(tick(1))), state);
    let wrong = RoundOver {
        session: [0; 32],
        round: 0,
    };
    assert_eq!(refusal(&table.seats[0].tell(wrong)), state);
    let said = table.seats[0].tell(tick(0));
    assert_eq!(
        said.iter()
            .filter(|it| it.header.mtype == Mtype::SESSION_PACKET)
            .count(),
        2
    );
    assert_eq!(refusal(&table.seats[0].tell(tick(0))), state);
    let compute = Compute { session, round: 0 };
    assert_eq!(refusal(&table.seats[0].tell(compute)), state);
}

#[test]
fn a_program_takes_a_session_over_and_learns_how_the_last_one_ended() {
    let mut table = Table::new(2);
    table.start(&[20, 10], &mut honest);
    let mut other = table.seats[0].another_program(Port(9));
    let said = table.seats[0].order_from(&mut other, AttendSession {});
    let [state] = &said[..] else {
        panic!("one message: {said:?}");
    };
    assert_eq!(state.header.dst, other.id);
    let (session, round) = (table.seats[0].state().session.unwrap(), 0);
    let said = table.seats[0].tell(RoundOver { session, round });
    assert_eq!(refusal(&said), Some(RefusalCode::State));
    table.seats[0].order(AttendSession {});
    table.play(&mut honest);
    assert!(table.seats[0].last::<SessionState>().is_some());
    let said = table.seats[0].order_from(&mut other, AttendSession {});
    assert_eq!(said[0].header.mtype, Mtype::SESSION_RESULT);
}

#[test]
fn a_program_that_has_the_card_leave_is_told_that_it_left() {
    let mut table = Table::new(2);
    table.start(&[20, 10], &mut honest);
    let mut other = table.seats[0].another_program(Port(9));
    let said = table.seats[0].order_from(&mut other, LeaveSession {});
    let told = |it: &&Message| it.header.mtype == Mtype::SESSION_RESULT;
    let result = said.iter().find(told).unwrap();
    assert_eq!(result.header.dst, other.id);
}
