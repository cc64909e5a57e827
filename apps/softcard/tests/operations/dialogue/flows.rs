//! What is recorded.

use libetp::exchange::apdu::{Apdu, CLASS_CHAINING, SHORT_DATA_BYTES_MAX};
use libetp::exchange::{CLA_PROPRIETARY, INS_GET_RESPONSE};
use libetp::params::Param;
use libetp::params::host::Ping;
use libetp::params::runtime::{HelloChallenge, ReservePorts};
use libetp::params::voucher::{ListVouchers, Xid};
use libetp::{Message, Port};

use super::record::Record;
use crate::seat::{Mishap, Seat, Way, What};
use crate::stage::{Stage, Who, abort_order, accept_order, opened, resolve_order};
use crate::table::voucher::{receipt, redeem_order};

/// A flow: its file, its heading, and how it goes.
pub(crate) struct Flow {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) play: fn(&mut Record),
}

const fn flow(name: &'static str, title: &'static str, play: fn(&mut Record)) -> Flow {
    Flow { name, title, play }
}

pub(crate) const FLOWS: &[Flow] = &[
    flow("opening", "A daemon opens a card", opening),
    flow(
        "authentication",
        "An owner authenticates and lists vouchers",
        authentication,
    ),
    flow("issue", "A voucher is issued", issue),
    flow("redemption", "A voucher is redeemed", redemption),
    flow(
        "exchange",
        "An exchange that the cards complete alone",
        exchange,
    ),
    flow("resolve", "A dispute that ends resolved", resolve),
    flow("abort", "A dispute that ends aborted", abort),
    flow("lost-response", "A response is lost", lost_response),
    flow(
        "lost-power",
        "A card loses its power after a command",
        lost_power,
    ),
    flow(
        "unnoticed-reset",
        "A card was reset, and nobody said so",
        unnoticed_reset,
    ),
    flow("short", "The order to accept in short APDUs", short),
    flow("t0", "The order to accept as T=0 has it", t0),
];

fn from_daemon(seat: &Seat, param: impl Param) -> Message {
    param.into_message(seat.port(Port::DAEMON), seat.id())
}

fn opening(record: &mut Record) {
    let seat = &mut record.stage.a;
    seat.is_opened_anew();
    let hello = from_daemon(seat, HelloChallenge { nonce: [3; 32] });
    seat.deliver(hello);
    let ports = from_daemon(seat, ReservePorts {});
    seat.deliver(ports);
    record.note(Who::A);
}

fn authentication(record: &mut Record) {
    let seat = &mut record.stage.a;
    seat.is_forgotten();
    seat.act(&What::order(&ListVouchers { after: None }));
    record.note(Who::A);
}

fn issue(record: &mut Record) {
    let challenge = opened(&mut record.stage.a);
    let voucher = record.stage.scheme.voucher(3, b"one tea".to_vec());
    let issue = record.stage.scheme.issue(voucher, &challenge);
    let seat = &mut record.stage.a;
    seat.deliver(issue.into_message(seat.owner.id, seat.id()));
    record.note(Who::A);
}

fn redemption(record: &mut Record) {
    let order = redeem_order(&record.stage);
    record.stage.a.act(&order);
    let receipt = receipt(&record.stage);
    let seat = &mut record.stage.a;
    seat.deliver(receipt.into_message(seat.owner.id, seat.id()));
    record.note(Who::A);
}

/// Both owners are authenticated already.
fn exchange(record: &mut Record) {
    let m1 = record.stage.offer();
    record.note(Who::A);
    let m2 = record.stage.accept(&m1);
    record.note(Who::B);
    let m3 = record.stage.confirm(&m2);
    record.note(Who::A);
    let m4 = record.stage.commit(&m3);
    record.note(Who::B);
    record.stage.complete(&m4);
    record.note(Who::A);
}

fn confirmed(stage: &mut Stage) -> Xid {
    let m1 = stage.offer();
    let m2 = stage.accept(&m1);
    stage.confirm(&m2).xid
}

fn resolve(record: &mut Record) {
    let xid = confirmed(&mut record.stage);
    record.forget();
    let request = record.stage.resolve(xid);
    record.note(Who::A);
    let (a, b) = (record.stage.a.id(), record.stage.b.id());
    let outcome = record.stage.judge(a, request);
    record.note(Who::T);
    let t = record.stage.t.id();
    record.stage.a.deliver(outcome.clone().into_message(t, a));
    record.note(Who::A);
    record.stage.b.act(&abort_order(xid));
    record.note(Who::B);
    record.stage.b.deliver(outcome.into_message(t, b));
    record.note(Who::B);
}

fn abort(record: &mut Record) {
    let xid = confirmed(&mut record.stage);
    record.forget();
    let request = record.stage.abort(xid);
    record.note(Who::B);
    let (a, b) = (record.stage.a.id(), record.stage.b.id());
    let outcome = record.stage.judge(b, request);
    record.note(Who::T);
    let t = record.stage.t.id();
    record.stage.b.deliver(outcome.clone().into_message(t, b));
    record.note(Who::B);
    record.stage.a.act(&resolve_order(xid));
    record.note(Who::A);
    record.stage.a.deliver(outcome.into_message(t, a));
    record.note(Who::A);
}

fn mishap(record: &mut Record, mishap: Mishap) {
    let m1 = record.stage.offer();
    record.forget();
    record.stage.b.way.mishap = Some(mishap);
    let accept = record.stage.b.say(&accept_order(&m1));
    record.stage.b.deliver(accept);
    record.note(Who::B);
}

fn unnoticed_reset(record: &mut Record) {
    let seat = &mut record.stage.a;
    seat.way.power_up();
    let ping = Ping { nonce: vec![7] };
    seat.deliver(ping.into_message(seat.owner.id, seat.id()));
    record.note(Who::A);
}

fn lost_response(record: &mut Record) {
    mishap(record, Mishap::Lost);
}

fn lost_power(record: &mut Record) {
    mishap(record, Mishap::PowerLost);
}

fn short(record: &mut Record) {
    in_links(record, false);
}

fn t0(record: &mut Record) {
    in_links(record, true);
}

/// A command of the longest kind there is in an exchange, as a reader writes it that takes short APDUs.
fn in_links(record: &mut Record, is_t0: bool) {
    let m1 = record.stage.offer();
    record.forget();
    let seat = &mut record.stage.b;
    let accept = seat.say(&accept_order(&m1));
    let command = seat.command(accept);
    let whole = Apdu::parse(&command).expect("an APDU");
    let expected = if is_t0 { None } else { Some(256) };
    let links: Vec<&[u8]> = whole.data.chunks(SHORT_DATA_BYTES_MAX).collect();
    let (last, links) = links.split_last().expect("data");
    for link in links {
        record.say(&Apdu {
            class: whole.class | CLASS_CHAINING,
            data: link,
            expected: None,
            ..whole
        });
    }
    let mut left = record.say(&Apdu {
        data: last,
        expected,
        ..whole
    });
    while let Some(rest) = left {
        left = record.say(&Apdu {
            class: CLA_PROPRIETARY,
            instruction: INS_GET_RESPONSE,
            p1: 0,
            p2: 0,
            data: &[],
            expected: Some(rest),
        });
    }
    record.note(Who::B);
}
