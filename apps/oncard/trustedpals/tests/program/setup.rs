//! Who gets into a session, and who makes it start.

use libetp::codec::to_vec;
use libetp::params::Param;
use libetp::params::pals::{
    Invite, Join, JoinSession, LeaveSession, LinkHandshake, OpenSession, Outcome, Start, StartTaken,
};
use libetp::params::runtime::RefusalCode;
use libetp::{Message, Mtype};

use crate::table::{Sale, Seat, Table, auction, honest, refusal, second_price};

/// The only message of a kind, taken from its way, and the table before it arrives.
fn held_back(mtype: Mtype, bids: &[u64]) -> (Table, Message) {
    let mut table = Table::new(bids.len());
    let mut held = Vec::new();
    let mut carry = |message: &Message| match message.header.mtype == mtype {
        true => {
            held.push(message.clone());
            vec![]
        }
        false => vec![message.clone()],
    };
    table.start(bids, &mut carry);
    assert!(!held.is_empty());
    (table, held.remove(0))
}

fn changed<P: Param>(message: &Message, change: impl FnOnce(&mut P)) -> Message {
    let mut param = P::from_param(&message.param).unwrap();
    change(&mut param);
    Message {
        param: to_vec(&param),
        ..message.clone()
    }
}

#[test]
fn an_invitation_is_for_programs_and_says_what_the_owner_decides_on() {
    let mut table = Table::new(3);
    let descriptor = table.descriptor();
    table.open(&descriptor, 1);
    let invite: Invite = table.seats[2].last().unwrap();
    assert_eq!(invite.descriptor, descriptor);
}

#[test]
fn a_join_that_somebody_changed_is_not_taken() {
    let (mut table, join) = held_back(Mtype::SESSION_JOIN, &[1, 2]);
    let changes: [fn(&mut Join); 6] = [
        |it| it.descriptor[0] ^= 1,
        |it| it.opening[0] ^= 1,
        |it| it.entry.nonce[0] ^= 1,
        |it| it.entry.signature[0] ^= 1,
        |it| it.entry.certificate[40] ^= 1,
        |it| it.entry.certificate = vec![0; 2_000],
    ];
    for change in changes {
        assert_eq!(table.seats[0].give(changed(&join, change)), vec![]);
    }
    table.deliver(vec![join], &mut honest);
    table.play(&mut honest);
    assert_eq!(table.seats[1].outcome(), Some(Outcome::Result));
}

#[test]
fn a_start_that_somebody_changed_is_not_taken() {
    let (mut table, start) = held_back(Mtype::SESSION_START, &[1, 2, 3]);
    let changes: [fn(&mut Start); 8] = [
        |it| it.descriptor[0] ^= 1,
        |it| it.signature[0] ^= 1,
        |it| it.entries.0[0].nonce[0] ^= 1,
        |it| it.entries.0[2].nonce[0] ^= 1,
        |it| it.entries.0[1].signature[0] ^= 1,
        |it| it.entries.0[2].certificate = it.entries.0[0].certificate.clone(),
        |it| drop(it.entries.0.pop()),
        |it| it.entries.0.swap(0, 2),
    ];
    for change in changes {
        assert_eq!(table.seats[1].give(changed(&start, change)), vec![]);
    }
    table.deliver(vec![start], &mut honest);
    assert!(table.seats[1].state().session.is_some());
}

/// The first member's host leaves a member out: it hears of the start from the others.
#[test]
fn the_first_members_host_cannot_leave_a_member_out() {
    let mut table = Table::new(3);
    let (first, third) = (table.seats[0].id(), table.seats[2].id());
    let mut carry = |message: &Message| {
        let header = &message.header;
        let is_left_out =
            header.mtype == Mtype::SESSION_START && (header.src, header.dst) == (first, third);
        match is_left_out {
            true => vec![],
            false => vec![message.clone()],
        }
    };
    table.start(&[10, 20, 30], &mut carry);
    table.play(&mut carry);
    assert_eq!(table.seats[2].auction(), Sale::Won(20));
}

#[test]
fn the_newest_join_of_a_member_counts() {
    let mut table = Table::new(3);
    table.open(&table.descriptor(), 1);
    table.join(1, 99, &mut honest);
    table.seats[1].order(LeaveSession {});
    table.join(1, 20, &mut honest);
    table.join(2, 30, &mut honest);
    table.play(&mut honest);
    assert_eq!(table.seats[2].auction(), Sale::Won(20));
}

#[test]
fn a_member_below_the_class_that_is_demanded_does_not_enter() {
    let mut table = Table::new(2);
    let blank = table.world.card("classed", 2).unwrap();
    table.seats[0] = Seat::new(blank);
    table.seats[0].take_function(&second_price());
    let mut descriptor = table.descriptor();
    descriptor.min_class = 1;
    let input = vec![0; 8];
    let order = JoinSession {
        descriptor: descriptor.clone(),
        opening: [1; 32],
        input: input.clone(),
    };
    let said = table.seats[1].order(order);
    assert_eq!(refusal(&said), Some(RefusalCode::Certificate));
    let said = table.seats[0].order(OpenSession { descriptor, input });
    assert_eq!(refusal(&said), None);
}

#[test]
fn a_card_without_the_code_that_is_demanded_does_not_enter() {
    let mut table = Table::new(2);
    let mut descriptor = table.descriptor();
    descriptor.code_hash = Some([1; 32]);
    let input = vec![0; 8];
    let said = table.seats[0].order(OpenSession { descriptor, input });
    assert_eq!(refusal(&said), Some(RefusalCode::Certificate));
}

/// A card of the scheme that is none of the members.
#[test]
fn a_stranger_joins_nothing() {
    let mut table = Table::new(3);
    let members = [&table.seats[0].blank, &table.seats[1].blank];
    let descriptor = auction(&members);
    table.open(&descriptor, 1);
    let Invite { opening, .. } = table.seats[1].last().unwrap();
    let order = |input| JoinSession {
        descriptor: descriptor.clone(),
        opening,
        input,
    };
    let said = table.seats[2].order(order(vec![0; 8]));
    assert_eq!(refusal(&said), Some(RefusalCode::Malformed));
    // Its certificate in a member's entry.
    let said = table.seats[1].order(order(vec![0; 8]));
    let join = said
        .iter()
        .find(|it| it.header.mtype == Mtype::SESSION_JOIN)
        .unwrap();
    let certificate = table.seats[2].blank.certificate.clone();
    let forged = changed::<Join>(join, |it| it.entry.certificate = certificate);
    assert_eq!(table.seats[0].give(forged), vec![]);
}

/// A member named with its own key and another domain: what is for it would go elsewhere.
#[test]
fn a_member_in_another_place_than_its_certificate_says_does_not_enter() {
    let mut table = Table::new(2);
    let mut descriptor = table.descriptor();
    descriptor.members.0[1].program.domain.0[11] ^= 1;
    let order = JoinSession {
        descriptor,
        opening: [1; 32],
        input: vec![0; 8],
    };
    let said = table.seats[1].order(order);
    assert_eq!(refusal(&said), Some(RefusalCode::Certificate));
}

/// Openings of one session that a card joins.
const OPENINGS: u8 = 16;

fn is_of(message: &Message, mtype: Mtype) -> bool {
    message.header.mtype == mtype
}

#[test]
fn the_start_goes_to_each_member_once_unless_somebody_was_left_out() {
    let mut table = Table::new(5);
    table.start(&[10, 20, 30, 40, 50], &mut honest);
    let sent = |mtype| table.sent.iter().filter(|it| is_of(it, mtype)).count();
    assert_eq!(sent(Mtype::SESSION_START), 4);
    assert_eq!(sent(Mtype::SESSION_STARTED), 4 * 3);
    assert_eq!(sent(Mtype::SESSION_START_REQUEST), 0);
}

/// What others begin may be there before the start is.
#[test]
fn a_handshake_that_comes_before_the_start_waits_for_it() {
    let mut table = Table::new(3);
    let third = table.seats[2].id();
    let mut late = Vec::new();
    let mut carry = |message: &Message| {
        let is_late = message.header.dst == third
            && (is_of(message, Mtype::SESSION_START) || is_of(message, Mtype::SESSION_STARTED));
        match is_late {
            true => {
                late.push(message.clone());
                vec![]
            }
            false => vec![message.clone()],
        }
    };
    table.start(&[10, 20, 30], &mut carry);
    table.deliver(late, &mut honest);
    assert_eq!(table.seats[2].state().present, 0b111, "all links are up");
    table.play(&mut honest);
    assert_eq!(table.seats[2].auction(), Sale::Won(20));
}

/// Only the newest first message of each member's card waits, of the length that such have.
#[test]
fn of_what_comes_before_the_start_little_is_kept() {
    let mut table = Table::new(2);
    let mut firsts = Vec::new();
    let mut starts = Vec::new();
    let mut carry = |message: &Message| match message.header.mtype {
        Mtype::SESSION_START => {
            starts.push(message.clone());
            vec![]
        }
        Mtype::SESSION_HANDSHAKE => {
            firsts.push(message.clone());
            vec![]
        }
        _ => vec![message.clone()],
    };
    table.start(&[10, 20], &mut carry);
    let first = &firsts[0];
    assert_eq!(first.header.src, table.seats[0].id(), "its id is smaller");
    let changes: [fn(&mut LinkHandshake); 3] = [
        |it| it.message[0] ^= 1,
        |it| it.message.push(0),
        |it| (it.step, it.message[0]) = (2, 0),
    ];
    // The right one replaces the wrong one, and is replaced by none of the impossible ones.
    table.seats[1].give(changed(first, changes[0]));
    table.seats[1].give(first.clone());
    table.seats[1].give(changed(first, changes[1]));
    table.seats[1].give(changed(first, changes[2]));
    table.deliver(starts, &mut honest);
    assert_eq!(table.seats[1].state().present, 0b11);
}

#[test]
fn the_start_is_asked_for_and_given_once() {
    let (mut table, start) = held_back(Mtype::SESSION_START, &[1, 2, 3]);
    let ids: Vec<_> = table.seats.iter().map(|seat| seat.id()).collect();
    let descriptor = Start::from_param(&start.param).unwrap().descriptor;
    let taken = |descriptor| StartTaken { descriptor }.into_message(ids[0], ids[1]);
    let requests = table.seats[1].give(taken(descriptor));
    assert_eq!(requests.len(), 1);
    assert!(is_of(&requests[0], Mtype::SESSION_START_REQUEST));
    assert_eq!(table.seats[1].give(taken(descriptor)), vec![], "once");
    assert_eq!(table.seats[1].give(taken([0; 32])), vec![]);
    let request = requests[0].clone();
    let given = table.seats[0].give(request.clone());
    assert_eq!(given, [start]);
    assert_eq!(table.seats[0].give(request.clone()), vec![], "once");
    let stranger = Message::new(
        table.world.card("stranger", 0).unwrap().id(),
        ids[0],
        Mtype::SESSION_START_REQUEST,
        request.param,
    );
    assert_eq!(table.seats[0].give(stranger), vec![]);
    table.deliver(given, &mut honest);
    assert!(table.seats[1].state().session.is_some());
    assert_eq!(table.seats[1].give(taken(descriptor)), vec![], "it has it");
}

/// What the program of a member orders when it is invited to a session once more.
fn join_too(table: &mut Table, at: usize, opening: [u8; 32], bid: u64) -> Vec<Message> {
    let order = JoinSession {
        descriptor: table.descriptor(),
        opening,
        input: bid.to_be_bytes().to_vec(),
    };
    table.seats[at].order(order)
}

#[test]
fn an_opening_that_somebody_made_up_leads_nobody_out_of_the_session() {
    let mut table = Table::new(3);
    table.open(&table.descriptor(), 10);
    table.join(1, 20, &mut honest);
    for opening in 1..OPENINGS {
        let said = join_too(&mut table, 1, [opening; 32], 20);
        assert_eq!(refusal(&said), None);
        assert!(said.iter().any(|it| is_of(it, Mtype::SESSION_JOIN)));
        table.deliver(said, &mut honest);
    }
    let said = join_too(&mut table, 1, [OPENINGS; 32], 20);
    assert_eq!(refusal(&said), Some(RefusalCode::Limit));
    let said = join_too(&mut table, 1, [1; 32], 20);
    assert!(
        !said.iter().any(|it| is_of(it, Mtype::SESSION_JOIN)),
        "once each"
    );
    let said = join_too(&mut table, 1, [1; 32], 21);
    assert_eq!(refusal(&said), Some(RefusalCode::Limit), "with one input");
    table.join(2, 30, &mut honest);
    table.play(&mut honest);
    assert_eq!(table.seats[1].outcome(), Some(Outcome::Result));
    assert_eq!(table.seats[2].auction(), Sale::Won(20));
}

#[test]
fn who_waits_takes_part_in_the_opening_that_starts() {
    let mut table = Table::new(3);
    let descriptor = table.descriptor();
    table.open(&descriptor, 10);
    table.join(1, 20, &mut honest);
    table.seats[0].order(LeaveSession {});
    table.open(&descriptor, 10);
    for (at, bid) in [(1, 20), (2, 30)] {
        table.join(at, bid, &mut honest);
    }
    table.play(&mut honest);
    assert_eq!(table.seats[2].auction(), Sale::Won(20));
    let said = join_too(&mut table, 1, [7; 32], 20);
    assert_eq!(refusal(&said), None, "another session, when that is over");
}
