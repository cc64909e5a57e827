//! S_B takes m3, S_A takes m4; forged, repeated, out of state.

use etp_pki::Role;
use libetp::params::runtime::RefusalCode;
use libetp::params::voucher::{
    Commitment, Confirmation, ExchangeResult, Issue, IssueBegin, IssueBody, IssueChallenge, Issued,
    Outcome,
};
use libetp::{Message, Mtype};
use oncard_runtime::{MemoryStore, Store, Writes};
use oncard_voucher::FAMILY;
use oncard_voucher::records::{Exchange, Record, Stage};
use simulator::world::World;

use crate::bench::{Pair, Seat, count, one, seat};

#[test]
fn m3_stores_v1_and_m4_stores_v2() {
    let mut pair = Pair::new();
    let m3 = pair.confirmation();
    let (card_a, card_b) = (pair.a.id(), pair.b.id());
    let answers = pair.b.tell(card_a, m3);
    let m4: Commitment = one(&answers);
    let result: ExchangeResult = one(&answers);
    assert_eq!(answers.len(), 2);
    assert_eq!(result.outcome, Outcome::Completed as u8);
    assert_eq!(
        (result.lost, result.gained),
        (Some(pair.vid2), Some(pair.vid1))
    );
    let answers = pair.a.tell(card_b, m4);
    assert_eq!(answers.len(), 1);
    let result: ExchangeResult = one(&answers);
    assert_eq!(
        (result.lost, result.gained),
        (Some(pair.vid1), Some(pair.vid2))
    );
    let (a, b) = (pair.a.holdings(), pair.b.holdings());
    assert!(a.held.contains(&pair.vid2) && a.running.is_empty());
    assert!(b.held.contains(&pair.vid1) && b.running.is_empty());
}

#[test]
fn a_repeated_m3_gets_m4_again_and_nothing_else() {
    let mut pair = Pair::new();
    let m3 = pair.confirmation();
    let src = pair.a.id();
    let first: Commitment = one(&pair.b.tell(src, m3.clone()));
    let before = pair.b.holdings();
    let answers = pair.b.tell(src, m3.clone());
    assert_eq!(one::<Commitment>(&answers), first);
    assert_eq!(count(&answers, Mtype::EXCHANGE_RESULT), 0);
    assert_eq!(pair.b.holdings(), before);
    let other = Confirmation {
        signature: [0; 64],
        ..m3
    };
    pair.b_ignores(other);
}

#[test]
fn an_owner_that_accepts_again_after_the_commit_has_m4_repeated() {
    let mut pair = Pair::new();
    let offer = pair.offer();
    let (card_a, card_b) = (pair.a.id(), pair.b.id());
    let m2: libetp::params::voucher::Agreement = one(&pair.b.accept(&offer));
    let m3: Confirmation = one(&pair.a.tell(card_b, m2));
    let lost: Commitment = one(&pair.b.tell(card_a, m3));
    assert_eq!(one::<Commitment>(&pair.b.accept(&offer)), lost);
}

#[test]
fn m3_by_another_certified_card_is_ignored() {
    let mut pair = Pair::new();
    let m3 = pair.confirmation();
    let other = seat(&pair.world, "c");
    let signature = other.key.sign("confirm", &m3.xid);
    let certificate = other.blank.certificate;
    pair.b_ignores(Confirmation {
        signature,
        ..m3.clone()
    });
    pair.b_ignores(Confirmation {
        signature,
        certificate: certificate.clone(),
        ..m3
    });
    pair.b_ignores(Confirmation { certificate, ..m3 });
    let src = pair.a.id();
    assert_eq!(
        pair.b.tell(src, m3).len(),
        2,
        "the genuine one is taken after all"
    );
}

#[test]
fn m3_under_another_tag_or_xid_is_ignored() {
    let mut pair = Pair::new();
    let m3 = pair.confirmation();
    for tag in ["agree", "resolve", "abort", "closed", "redeemed"] {
        let signature = pair.a.key.sign(tag, &m3.xid);
        pair.b_ignores(Confirmation {
            signature,
            ..m3.clone()
        });
    }
    let mut other = m3;
    other.xid[0] ^= 1;
    other.signature = pair.a.key.sign("confirm", &other.xid);
    pair.b_ignores(other);
}

#[test]
fn a_certificate_of_another_role_is_ignored() {
    let mut pair = Pair::new();
    let m3 = pair.confirmation();
    for role in [Role::Issuer, Role::Redeemer, Role::Service, Role::OffCard] {
        let holder = pair.world.holder(role, role.name()).unwrap();
        let signature = holder.sign("confirm", &m3.xid);
        let certificate = holder.certificate;
        pair.b_ignores(Confirmation {
            certificate,
            signature,
            ..m3.clone()
        });
    }
}

#[test]
fn m4_without_the_secret_is_ignored() {
    let mut pair = Pair::new();
    let m4 = pair.commitment();
    let src = pair.b.id();
    let before = pair.a.holdings();
    let mut wrong_secret = m4.clone();
    wrong_secret.n2[0] ^= 1;
    let mut wrong_exchange = m4.clone();
    wrong_exchange.xid[0] ^= 1;
    for forged in [wrong_secret, wrong_exchange] {
        assert_eq!(pair.a.tell(src, forged), vec![]);
        assert_eq!(pair.a.holdings(), before);
    }
    // Nothing of m4 depends on who delivers it.
    let stranger = pair.a.wallet.id;
    assert_eq!(pair.a.tell(stranger, m4.clone()).len(), 1);
    assert_eq!(pair.a.tell(src, m4), vec![], "nothing is left to complete");
}

/// Puts an exchange into a stage that only a third party leads to.
fn set_stage(seat: &mut Seat, stage: Stage) {
    let prefix = [FAMILY, Exchange::KIND];
    let mut chip = seat.host.chip().clone();
    let (key, value) = chip.scan(&prefix, None, 1).unwrap().remove(0);
    let mut exchange = Exchange::from_value(&value).unwrap();
    exchange.stage = stage;
    chip.commit(&Writes::from([(key, Some(exchange.to_value()))]))
        .unwrap();
    seat.host.reboot().unwrap();
}

#[test]
fn aborting_ignores_m3() {
    let mut pair = Pair::new();
    let m3 = pair.confirmation();
    set_stage(&mut pair.b, Stage::Aborting);
    pair.b_ignores(m3);
}

#[test]
fn aborting_does_not_repeat_m2() {
    let mut pair = Pair::new();
    let offer = pair.offer();
    pair.b.accept(&offer);
    set_stage(&mut pair.b, Stage::Aborting);
    let answers = pair.b.accept(&offer);
    assert_eq!(count(&answers, Mtype::AGREEMENT), 0);
}

#[test]
fn resolving_takes_m4() {
    let mut pair = Pair::new();
    let m4 = pair.commitment();
    set_stage(&mut pair.a, Stage::Resolving);
    let src = pair.b.id();
    assert_eq!(one::<ExchangeResult>(&pair.a.tell(src, m4)).outcome, 0);
    assert!(pair.a.holdings().held.contains(&pair.vid2));
}

#[test]
fn malformed_messages_of_other_cards_get_no_answer() {
    let mut pair = Pair::new();
    let m3 = pair.confirmation();
    let (src, dst) = (pair.a.id(), pair.b.id());
    let whole = libetp::codec::to_vec(&m3);
    for mtype in [
        Mtype::AGREEMENT,
        Mtype::CONFIRMATION,
        Mtype::COMMITMENT,
        Mtype::OFFER_REJECTED,
    ] {
        for length in [0, 1, whole.len() - 1] {
            let message = Message::new(src, dst, mtype, whole[..length].to_vec());
            assert_eq!(pair.b.give(message), vec![], "{mtype} of {length}");
        }
    }
    assert_eq!(pair.b.tell(src, m3).len(), 2);
}

/// Raises the epoch that the card has seen, with a voucher of an issuer certified later.
fn raise_epoch(world: &World, seat: &mut Seat, epoch: u64) {
    let issuer = world.holder_of_epoch(Role::Issuer, "later", epoch).unwrap();
    let mut voucher = world.voucher(99, b"later", 0);
    voucher.issuer = issuer.key_id();
    voucher.issuer_signature = issuer.sign("voucher", &voucher.vid());
    let challenge: IssueChallenge = one(&seat.order(&IssueBegin {}));
    let body = IssueBody {
        vid: voucher.vid(),
        card_key: challenge.card_key,
        challenge: challenge.challenge,
    };
    let issue = Issue {
        voucher,
        issuer_certificate: issuer.certificate.clone(),
        challenge: challenge.challenge,
        signature: issuer.sign("issue", &body),
    };
    let src = seat.wallet.id;
    one::<Issued>(&seat.tell(src, issue));
}

#[test]
fn a_later_epoch_stops_entry_but_not_an_exchange_that_was_entered() {
    let mut pair = Pair::new();
    let m3 = pair.confirmation();
    raise_epoch(&pair.world, &mut pair.b, 2);
    raise_epoch(&pair.world, &mut pair.a, 2);
    let (card_a, card_b) = (pair.a.id(), pair.b.id());
    let m4: Commitment = one(&pair.b.tell(card_a, m3));
    let result: ExchangeResult = one(&pair.a.tell(card_b, m4));
    assert_eq!(result.outcome, Outcome::Completed as u8);

    let mut pair = Pair::new();
    let m1 = pair.offer();
    raise_epoch(&pair.world, &mut pair.b, 2);
    assert_eq!(pair.b_refuses(&m1), RefusalCode::Certificate);
}

#[test]
fn another_certificate_of_the_same_card_is_judged_by_its_epoch() {
    let mut pair = Pair::new();
    let m3 = pair.confirmation();
    let renewed = |pair: &Pair, epoch| Confirmation {
        certificate: pair.world.card_certificate("a", 0, epoch).unwrap(),
        ..m3.clone()
    };
    raise_epoch(&pair.world, &mut pair.b, 3);
    let over = renewed(&pair, 2);
    pair.b_ignores(over);
    let (card_a, m3) = (pair.a.id(), renewed(&pair, 3));
    one::<Commitment>(&pair.b.tell(card_a, m3));
}

/// Whoever reads the store of S_B could else have S_A finish, and S_B abort: v2 twice, v1 gone.
#[test]
fn the_store_does_not_tell_n2_before_the_commit() {
    let mut pair = Pair::new();
    let m3 = pair.confirmation();
    let waiting = pair.b.host.chip().memory();
    let src = pair.a.id();
    let m4: Commitment = one(&pair.b.tell(src, m3));
    let shows = |memory: &MemoryStore| {
        let stored = memory.scan(&[], None, usize::MAX).unwrap();
        let is_n2 = |bytes: &[u8]| bytes == m4.n2;
        stored.iter().any(|(_, value)| value.windows(32).any(is_n2))
    };
    assert!(!shows(&waiting), "n2 lies in the store");
    assert!(shows(&pair.b.host.chip().memory()), "this test can see it");
}

#[test]
fn a_record_whose_n2_is_not_the_agreements_commits_nothing() {
    let mut pair = Pair::new();
    let m3 = pair.confirmation();
    let memory = pair.b.host.chip().memory();
    let key = [&[FAMILY][..], &Exchange::key(&m3.xid)].concat();
    let mut record = Exchange::from_value(&memory.get(&key).unwrap().unwrap()).unwrap();
    record.n2.as_mut().unwrap().0[0] ^= 1;
    let writes = Writes::from([(key, Some(record.to_value()))]);
    pair.b.host.chip().clone().commit(&writes).unwrap();
    pair.b_ignores(m3);
}
