//! Issue: one voucher for one challenge, of the card's own making.

use etp_pki::Role;
use libetp::params::runtime::RefusalCode;
use libetp::params::voucher::{
    Issue, IssueBegin, IssueCancel, IssueCancelled, IssueChallenge, Issued,
};

use crate::bench::{Pair, Seat, one, refusal, seat, world};
use simulator::world::World;

fn challenge(seat: &mut Seat) -> IssueChallenge {
    one(&seat.order(&IssueBegin {}))
}

#[track_caller]
fn refuses(seat: &mut Seat, issue: Issue) -> RefusalCode {
    let before = seat.holdings();
    let src = seat.wallet.id;
    let answers = seat.tell(src, issue);
    assert_eq!(seat.holdings(), before);
    refusal(&answers).expect("not refused")
}

fn open() -> (World, Seat, IssueChallenge, Issue) {
    let world = world();
    let mut card = seat(&world, "a");
    let challenge = challenge(&mut card);
    let issue = world.issue(world.voucher(1, b"one coffee", 0), &challenge);
    (world, card, challenge, issue)
}

#[test]
fn a_voucher_is_stored_once_and_both_are_told() {
    let (_, mut card, challenge, issue) = open();
    assert_eq!(challenge.card_key, card.blank.key);
    let mut issuer = card.wallet.id;
    issuer.port.0 = 77;
    let answers = card.tell(issuer, issue.clone());
    let told: Vec<_> = answers.iter().map(|message| message.header.dst).collect();
    assert_eq!(told, [issuer, card.wallet.id]);
    assert!(card.holdings().held.contains(&issue.voucher.vid()));
    assert!(card.holdings().challenges.is_empty());
    assert_eq!(refuses(&mut card, issue), RefusalCode::NoChallenge);
}

#[test]
fn issue_is_not_replayed_after_the_voucher_was_traded_away() {
    let mut pair = Pair::new();
    let opened = challenge(&mut pair.a);
    let issue = pair
        .world
        .issue(pair.world.voucher(9, b"one bun", 0), &opened);
    let src = pair.a.wallet.id;
    assert_eq!(
        one::<Issued>(&pair.a.tell(src, issue.clone())).vid,
        issue.voucher.vid()
    );
    pair.vid1 = issue.voucher.vid();
    let m4 = pair.commitment();
    let src = pair.b.id();
    pair.a.tell(src, m4);
    assert!(!pair.a.holdings().held.contains(&pair.vid1));
    assert_eq!(
        refuses(&mut pair.a, issue.clone()),
        RefusalCode::NoChallenge
    );
    // Nor under another open challenge.
    let other = challenge(&mut pair.a);
    let moved = Issue {
        challenge: other.challenge,
        ..issue
    };
    assert_eq!(refuses(&mut pair.a, moved), RefusalCode::Certificate);
}

#[test]
fn what_the_issuer_did_not_sign_is_refused() {
    let (world, mut card, challenge, issue) = open();
    let with = |change: &dyn Fn(&mut Issue)| {
        let mut issue = issue.clone();
        change(&mut issue);
        issue
    };
    let elsewhere = IssueChallenge {
        card_key: [7; 32],
        ..challenge
    };
    let for_other_card = world.issue(issue.voucher.clone(), &elsewhere);
    let cases = [
        (
            with(&|i| i.voucher.promise.push(b'!')),
            RefusalCode::Voucher,
        ),
        (
            with(&|i| i.voucher.issuer_signature[3] ^= 1),
            RefusalCode::Voucher,
        ),
        (
            with(&|i| i.voucher.issuer[0] ^= 1),
            RefusalCode::Certificate,
        ),
        (with(&|i| i.signature[0] ^= 1), RefusalCode::Certificate),
        (
            with(&|i| i.issuer_certificate.truncate(9)),
            RefusalCode::Certificate,
        ),
        (with(&|i| i.challenge[0] ^= 1), RefusalCode::NoChallenge),
        (for_other_card, RefusalCode::Certificate),
    ];
    for (forged, code) in cases {
        assert_eq!(refuses(&mut card, forged), code);
    }
    let src = card.wallet.id;
    assert_eq!(refusal(&card.tell(src, issue)), None);
}

#[test]
fn only_the_role_issuer_issues() {
    let (world, mut card, challenge, issue) = open();
    for role in [Role::Redeemer, Role::Service, Role::OffCard] {
        let holder = world.holder(role, role.name()).unwrap();
        let mut forged = issue.clone();
        forged.voucher.issuer = holder.key_id();
        forged.voucher.issuer_signature = holder.sign("voucher", &forged.voucher.vid());
        forged.issuer_certificate = holder.certificate.clone();
        let body = libetp::params::voucher::IssueBody {
            vid: forged.voucher.vid(),
            card_key: card.blank.key,
            challenge: challenge.challenge,
        };
        forged.signature = holder.sign("issue", &body);
        assert_eq!(
            refuses(&mut card, forged),
            RefusalCode::Certificate,
            "{role}"
        );
    }
}

#[test]
fn a_voucher_above_the_cards_class_is_refused() {
    let (world, mut card, challenge, _) = open();
    let high = world.issue(world.voucher(1, b"one house", 1), &challenge);
    assert_eq!(refuses(&mut card, high), RefusalCode::Class);
}

#[test]
fn a_voucher_that_an_offer_wants_cannot_be_issued_into_its_place() {
    let mut pair = Pair::new();
    pair.offer();
    let opened = challenge(&mut pair.a);
    let twice = pair
        .world
        .issue(pair.world.voucher(2, b"one cake", 0), &opened);
    assert_eq!(refuses(&mut pair.a, twice), RefusalCode::Reserved);
    let held = pair
        .world
        .issue(pair.world.voucher(1, b"one coffee", 0), &opened);
    assert_eq!(refuses(&mut pair.a, held), RefusalCode::Reserved);
}

#[test]
fn a_cancelled_challenge_is_closed() {
    let (_, mut card, challenge, issue) = open();
    let order = IssueCancel {
        challenge: challenge.challenge,
    };
    let cancelled: IssueCancelled = one(&card.order(&order));
    assert_eq!(cancelled.challenge, challenge.challenge);
    assert_eq!(refusal(&card.order(&order)), Some(RefusalCode::NoChallenge));
    assert_eq!(refuses(&mut card, issue), RefusalCode::NoChallenge);
}
