//! Cards that lose power.

use libetp::Mtype;
use libetp::params::pals::{
    ApproveFunction, AttendSession, JoinSession, LoadFunction, Outcome, RoundOver, SessionResult,
};
use libetp::params::runtime::RefusalCode;
use oncard_runtime::Card;
use oncard_runtime::harness::{Cut, CutStore, Host, Wallet};
use oncard_trustedpals::PalsProgram;
use simulator::world::PIN;

use crate::table::{Sale, Table, honest, refusal, second_price};

#[test]
fn a_card_that_loses_power_in_the_middle_is_out_and_tells_its_owner_once() {
    let mut table = Table::new(3);
    table.start(&[10, 20, 30], &mut honest);
    table.round(&mut honest);
    table.round(&mut honest);
    table.seats[2].lose_power(None);
    table.round(&mut honest);
    assert_eq!(table.seats[2].outcome(), Some(Outcome::PowerLost));
    let told = table.seats[2].inbox.len();
    table.play(&mut honest);
    assert_eq!(table.seats[2].inbox.len(), told);
    assert!(
        table.seats[..2]
            .iter()
            .all(|it| it.outcome() == Some(Outcome::Result))
    );
    table.seats[2].lose_power(None);
    let said = table.seats[2].order(AttendSession {});
    assert_eq!(refusal(&said), Some(RefusalCode::NotFound));
}

#[test]
fn an_owner_that_asks_after_a_loss_of_power_learns_which_session_it_was() {
    let mut table = Table::new(2);
    table.start(&[1, 2], &mut honest);
    let session = table.seats[1].state().session;
    table.seats[1].lose_power(None);
    let said = table.seats[1].order(AttendSession {});
    assert_eq!(refusal(&said), None);
    table.deliver(said, &mut honest);
    let result: SessionResult = table.seats[1].last().unwrap();
    assert_eq!((result.session, result.result), (session, None));
    assert_eq!(table.seats[1].outcome(), Some(Outcome::PowerLost));
}

#[test]
fn a_card_that_loses_power_before_the_start_takes_no_part_in_it() {
    let mut table = Table::new(3);
    table.open(&table.descriptor(), 1);
    table.join(1, 2, &mut honest);
    table.seats[1].lose_power(None);
    table.join(2, 3, &mut honest);
    assert!(table.seats[1].last::<SessionResult>().is_some());
    assert_eq!(table.seats[1].outcome(), Some(Outcome::PowerLost));
    assert_eq!(table.seats[1].state().session, None);
}

#[test]
fn a_card_joins_again_after_it_lost_power() {
    let mut table = Table::new(3);
    table.open(&table.descriptor(), 40);
    table.join(1, 20, &mut honest);
    table.seats[1].lose_power(None);
    table.join(1, 30, &mut honest);
    table.join(2, 10, &mut honest);
    table.seats[1]
        .inbox
        .retain(|it| it.header.mtype != Mtype::SESSION_RESULT);
    table.play(&mut honest);
    assert_eq!(table.seats[0].auction(), Sale::Won(30));
}

/// What waited for a host that never came is of no session any more.
#[test]
fn nothing_of_a_session_leaves_a_card_after_it_lost_power() {
    let mut table = Table::new(3);
    table.start(&[1, 2, 3], &mut honest);
    let (session, round) = (table.seats[0].state().session.unwrap(), 0);
    let message = table.seats[0].message(RoundOver { session, round });
    table.seats[0].give_unanswered(message);
    table.seats[0].lose_power(None);
    let said = table.seats[0].take();
    assert!(said.is_empty(), "{said:?}");
}

/// Power is cut at the commit of an order: nothing leaves before the counter of nonces is durable, and nothing of it
/// afterwards.
#[test]
fn no_entry_leaves_a_card_whose_power_is_cut_at_the_order() {
    for (cut, is_told) in [(Cut::Before(0), false), (Cut::After(0), true)] {
        let table = Table::new(2);
        let blank = table.world.card("card 1", 0).unwrap();
        let mut descriptor = table.descriptor();
        descriptor.corrupt = 0;
        let store = CutStore::new(blank.memory.clone());
        let mut card = Card::new(store, vec![Box::new(PalsProgram)], [1; 32]).unwrap();
        let mut host = Host::new(*b"session1");
        host.select(&mut card).unwrap();
        let mut wallet = Wallet::new(blank.wallet());
        wallet
            .authenticate(&mut host, &mut card, &blank.agree, PIN)
            .unwrap();
        let (function, hash) = (second_price(), descriptor.function);
        let pieces = LoadFunction::pieces(&function).map(|piece| wallet.order(piece));
        let mut orders: Vec<_> = pieces.collect();
        orders.push(wallet.order(ApproveFunction { hash }));
        host.talk(&mut card, &orders).unwrap();
        card.store_mut().cut(Some(cut));
        let order = wallet.order(JoinSession {
            descriptor,
            opening: [1; 32],
            input: vec![0; 8],
        });
        assert!(host.talk(&mut card, &[order]).is_err());
        card.store_mut().cut(None);
        card.power_up([2; 32]).unwrap();
        host.select(&mut card).unwrap();
        assert!(host.talk(&mut card, &[]).unwrap().is_empty());
        let tick = wallet.message(RoundOver {
            session: [0; 32],
            round: 0,
        });
        let said = host.talk(&mut card, &[tick]).unwrap();
        let told = if is_told {
            Mtype::SESSION_RESULT
        } else {
            Mtype::ORDER_REFUSED
        };
        assert_eq!(said[0].header.mtype, told, "{cut:?}");
    }
}
