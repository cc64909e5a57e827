//! A card is shared: who floods it does not make others wait.

use std::sync::{Arc, Mutex};

use dispatchd::router::{CARD_WINDOW_MESSAGES, Entry, RemotePort};
use dispatchd::table::CARD_FLOW_MESSAGES_MAX;
use libetp::digest::Hash;
use libetp::verdict::Subject;
use libetp::{Domain, Message, Port, Verdict, VerdictCode};

use crate::harness::{DOMAIN, Daemon, PRIVATE, daemon};

const HOST: Hash = [9; 32];

/// What the flooding host was told of its messages.
#[derive(Default)]
struct Flooder(Mutex<Vec<(u64, VerdictCode)>>);

impl RemotePort for Flooder {
    fn send(&self, _: Hash, _: u64, _: Message) -> Result<(), Verdict> {
        Ok(())
    }

    fn verdict(&self, _: Hash, _: Subject, number: u64, verdict: Verdict) -> bool {
        self.0.lock().unwrap().push((number, verdict.code));
        true
    }
}

/// A domain of the host; numbers choose.
fn abroad(domain: u8) -> Domain {
    Domain([2, domain, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9])
}

fn flood(daemon: &Daemon, domain: u8, numbers: std::ops::Range<u64>) {
    let message = Message::new(
        abroad(domain).entity(Port(1)),
        DOMAIN.card(),
        PRIVATE,
        vec![],
    );
    for number in numbers {
        let entry = Entry::Remote(HOST);
        daemon.router.submit(entry, number, message.clone());
    }
}

/// How many messages the card takes before one of this source.
fn served_before(daemon: &mut Daemon, is_it: impl Fn(&Message) -> bool) -> usize {
    let mut before = 0;
    loop {
        let (number, message) = daemon.for_card();
        daemon.router.card_completed(DOMAIN, number);
        if is_it(&message) {
            return before;
        }
        before += 1;
    }
}

fn until_queued(daemon: &Daemon, count: u64) {
    daemon.until(|table| table.domains.iter().any(|card| card.queued == count));
}

#[test]
fn a_flooding_host_with_many_domains_makes_a_modest_user_wait_for_one_turn() {
    let mut daemon = daemon();
    let mut modest = daemon.acquire();
    (0..10).for_each(|domain| flood(&daemon, domain, 0..50));
    until_queued(&daemon, 500);
    for _ in 0..3 {
        modest.send(DOMAIN.card(), PRIVATE, b"order");
        modest.flush();
        let id = modest.id;
        let before = served_before(&mut daemon, |message| message.header.src == id);
        // What the link has already, and one turn of the host.
        assert!(
            before <= CARD_WINDOW_MESSAGES + 1,
            "{before} messages first"
        );
    }
}

#[test]
fn a_flooding_user_makes_another_host_wait_for_one_turn() {
    let mut daemon = daemon();
    let mut flooder = daemon.acquire();
    for _ in 0..CARD_FLOW_MESSAGES_MAX {
        flooder.send(DOMAIN.card(), PRIVATE, b"flood");
    }
    assert_eq!(flooder.flush(), []);
    flood(&daemon, 1, 0..1);
    until_queued(&daemon, CARD_FLOW_MESSAGES_MAX as u64 + 1);
    let before = served_before(&mut daemon, |it| it.header.src.domain == abroad(1));
    assert!(
        before <= CARD_WINDOW_MESSAGES + 1,
        "{before} messages first"
    );
}

#[test]
fn a_host_has_a_budget_for_each_domain_at_a_card() {
    let daemon = daemon();
    let told = Arc::new(Flooder::default());
    daemon.router.attach_remote(told.clone());
    // What the link has does not count as waiting.
    let fit = (CARD_WINDOW_MESSAGES + CARD_FLOW_MESSAGES_MAX) as u64;
    flood(&daemon, 1, 0..fit);
    until_queued(&daemon, fit);
    assert_eq!(daemon.counter("card-budget"), 0);
    flood(&daemon, 1, fit..fit + 2);
    flood(&daemon, 2, 0..1);
    until_queued(&daemon, fit + 1);
    assert_eq!(daemon.counter("card-budget"), 2);
    let expected = [fit, fit + 1].map(|number| (number, VerdictCode::MailboxFull));
    assert_eq!(*told.0.lock().unwrap(), expected);
}
