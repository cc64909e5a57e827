//! S_A: m2, genuine and forged. The forger holds S_B's certified key and signs what it likes.

use etp_pki::Role;
use libetp::Domain;
use libetp::digest::SUITE;
use libetp::limits::PROMISE_BYTES_MAX;
use libetp::params::voucher::{
    Agreement, AgreementBody, Confirmation, Offer, Voucher, exchange_hash, n2_hash,
};
use simulator::world::Holder;

use crate::bench::{Pair, one, seat, seat_of_class};

/// m2 with another body, signed by S_B.
fn resigned(pair: &Pair, m2: &Agreement, change: impl Fn(&mut AgreementBody)) -> Agreement {
    let mut forged = m2.clone();
    change(&mut forged.body);
    forged.signature = pair.b.key.sign("agree", &forged.body);
    forged
}

/// The m2 that S_B's key would sign for any m1 and any voucher.
fn forged(pair: &Pair, m1: &Offer, voucher2: Voucher, by: &Holder) -> Agreement {
    let (a_key, b_key) = (m1.a_key, by.key_id());
    let vid2 = voucher2.vid();
    let body = AgreementBody {
        suite: SUITE,
        a_key,
        b_key,
        third_party: m1.third_party,
        sa: m1.sa,
        sb: pair.b.id(),
        hx: exchange_hash(
            &a_key,
            &b_key,
            &m1.third_party,
            &m1.voucher1.vid(),
            &vid2,
            &m1.n1,
        ),
        h2: n2_hash(&[2; 32]),
    };
    Agreement {
        signature: by.sign("agree", &body),
        body,
        certificate: by.certificate.clone(),
        status: None,
        voucher2,
        issuer_certificate2: m1.issuer_certificate1.clone(),
    }
}

/// m1 for a voucher that S_B does not hold.
fn offer_for(pair: &mut Pair, voucher2: &Voucher) -> Offer {
    let mut order = pair.start_order();
    order.vid2 = voucher2.vid();
    one(&pair.a.order(&order))
}

#[test]
fn a_broken_s_b_gets_through_only_with_what_it_may_sign() {
    let mut pair = Pair::new();
    let voucher2 = pair.world.voucher(2, b"one cake", 0);
    let m1 = pair.offer();
    let mut other_a = m1.clone();
    other_a.a_key[0] ^= 1;
    pair.a_ignores(forged(&pair, &other_a, voucher2.clone(), &pair.b.key));
    let genuine = forged(&pair, &m1, voucher2, &pair.b.key);
    let src = pair.b.id();
    assert_eq!(pair.a.tell(src, genuine).len(), 1);
}

#[test]
fn a_voucher_above_s_as_class_or_the_longest_promise_is_ignored() {
    let mut pair = Pair::new();
    pair.b = seat_of_class(&pair.world, "b of class 1", 1);
    let high = pair.world.voucher(5, b"one house", 1);
    let long = pair.world.voucher(6, &vec![b'x'; PROMISE_BYTES_MAX + 1], 0);
    for voucher2 in [high, long] {
        let m1 = offer_for(&mut pair, &voucher2);
        pair.a_ignores(forged(&pair, &m1, voucher2, &pair.b.key));
    }
    let longest = pair.world.voucher(7, &vec![b'x'; PROMISE_BYTES_MAX], 0);
    let m1 = offer_for(&mut pair, &longest);
    let src = pair.b.id();
    let m2 = forged(&pair, &m1, longest, &pair.b.key);
    assert_eq!(pair.a.tell(src, m2).len(), 1);
}

#[test]
fn a_card_of_too_low_a_class_is_ignored_as_s_b() {
    let mut pair = Pair::new();
    pair.a = seat_of_class(&pair.world, "a of class 1", 1);
    let high = pair.world.voucher(5, b"one house", 1);
    pair.vid1 = pair.a.issue(&pair.world, &high);
    let m1 = pair.offer();
    let voucher2 = pair.world.voucher(2, b"one cake", 0);
    pair.a_ignores(forged(&pair, &m1, voucher2, &pair.b.key));
}

#[test]
fn s_as_own_key_is_ignored_even_under_another_domain() {
    let mut pair = Pair::new();
    let domain = Domain([1; 12]);
    let myself = pair.world.assigned_holder("a", domain).unwrap();
    let voucher2 = pair.world.voucher(2, b"one cake", 0);
    let mut order = pair.start_order();
    order.pb.domain = domain;
    let m1: Offer = one(&pair.a.order(&order));
    let mut m2 = forged(&pair, &m1, voucher2, &myself);
    m2.body.sb = domain.card();
    m2.signature = myself.sign("agree", &m2.body);
    pair.a_ignores(m2);
}

#[test]
fn v1_is_given_and_m3_confirms() {
    let mut pair = Pair::new();
    let m2 = pair.agreement();
    let xid = m2.body.xid();
    let src = pair.b.id();
    let answers = pair.a.tell(src, m2);
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].header.dst, pair.b.id());
    assert_eq!(one::<Confirmation>(&answers).xid, xid);
    let holdings = pair.a.holdings();
    assert!(!holdings.held.contains(&pair.vid1) && holdings.offers.is_empty());
    assert!(holdings.running.contains_key(&xid));
}

#[test]
fn a_repeated_m2_gets_the_same_m3_and_changes_nothing() {
    let mut pair = Pair::new();
    let m2 = pair.agreement();
    let src = pair.b.id();
    let first = pair.a.tell(src, m2.clone());
    let before = pair.a.holdings();
    assert_eq!(pair.a.tell(src, m2), first);
    assert_eq!(pair.a.holdings(), before);
}

#[test]
fn a_body_that_binds_something_else_is_ignored() {
    let mut pair = Pair::new();
    let m2 = pair.agreement();
    let (a_key, third) = (pair.a.blank.key, seat(&pair.world, "c"));
    let cases: Vec<(&str, Agreement)> = vec![
        ("another hx", resigned(&pair, &m2, |body| body.hx[0] ^= 1)),
        (
            "another third party",
            resigned(&pair, &m2, |body| body.third_party[0] ^= 1),
        ),
        ("another suite", resigned(&pair, &m2, |body| body.suite = 2)),
        (
            "another S_A",
            resigned(&pair, &m2, |body| body.a_key[0] ^= 1),
        ),
        (
            "another S_A's id",
            resigned(&pair, &m2, |body| body.sa = third.id()),
        ),
        (
            "another S_B's id",
            resigned(&pair, &m2, |body| body.sb = third.id()),
        ),
        (
            "another S_B's key",
            resigned(&pair, &m2, |body| body.b_key = third.blank.key),
        ),
        (
            "S_A's own key as S_B's",
            resigned(&pair, &m2, |body| body.b_key = a_key),
        ),
    ];
    for (name, forged) in cases {
        println!("{name}");
        pair.a_ignores(forged);
    }
    pair.a_ignores(Agreement {
        signature: [0; 64],
        ..m2.clone()
    });
    let src = pair.b.id();
    assert_eq!(
        pair.a.tell(src, m2).len(),
        1,
        "the genuine one is taken after all"
    );
}

#[test]
fn another_certified_card_cannot_agree_in_s_bs_place() {
    let mut pair = Pair::new();
    let m2 = pair.agreement();
    let offer_hx = |pair: &Pair, b_key: &[u8; 32]| {
        let n1 = *pair.a.holdings().offers.keys().next().unwrap();
        let third_party = pair.world.third_party;
        let a_key = pair.a.blank.key;
        libetp::params::voucher::exchange_hash(
            &a_key,
            b_key,
            &third_party,
            &pair.vid1,
            &pair.vid2,
            &n1,
        )
    };
    let other = seat(&pair.world, "c");
    let mut forged = m2;
    forged.body.b_key = other.blank.key;
    forged.body.hx = offer_hx(&pair, &other.blank.key);
    forged.certificate = other.blank.certificate.clone();
    forged.signature = other.key.sign("agree", &forged.body);
    // It names S_B's id, but its certificate names another domain; naming its own, no offer fits.
    pair.a_ignores(forged.clone());
    forged.body.sb = other.id();
    forged.signature = other.key.sign("agree", &forged.body);
    pair.a_ignores(forged);
}

#[test]
fn a_certificate_of_another_role_is_ignored() {
    let mut pair = Pair::new();
    let m2 = pair.agreement();
    for role in [Role::Issuer, Role::Redeemer, Role::Service, Role::OffCard] {
        let holder = pair.world.holder(role, role.name()).unwrap();
        let as_card = Agreement {
            certificate: holder.certificate.clone(),
            ..m2.clone()
        };
        pair.a_ignores(as_card);
        if role != Role::Issuer {
            let as_issuer = Agreement {
                issuer_certificate2: holder.certificate.clone(),
                ..m2.clone()
            };
            pair.a_ignores(as_issuer);
        }
    }
    let card_as_issuer = Agreement {
        issuer_certificate2: m2.certificate.clone(),
        ..m2
    };
    pair.a_ignores(card_as_issuer);
}

#[test]
fn a_voucher_that_is_not_the_wanted_one_is_not_generated() {
    let mut pair = Pair::new();
    let m2 = pair.agreement();
    let world = simulator::world::World::new("elsewhere").unwrap();
    let mut other_vid = m2.clone();
    other_vid.voucher2 = pair.world.voucher(9, b"one crumb", 0);
    let mut altered = m2.clone();
    altered.voucher2.promise.push(b'!');
    let mut unsigned = m2.clone();
    unsigned.voucher2.issuer_signature[0] ^= 1;
    let mut unknown = m2.clone();
    unknown.voucher2 = world.voucher(2, b"one cake", 0);
    unknown.issuer_certificate2 = world.issuer.certificate;
    let mut status = m2;
    status.status = Some(vec![0]);
    for forged in [other_vid, altered, unsigned, unknown, status] {
        pair.a_ignores(forged);
    }
}

#[test]
fn an_m2_for_a_voucher_that_has_gone_is_ignored() {
    let mut pair = Pair::new();
    let m2 = pair.agreement();
    let mut c = seat(&pair.world, "c");
    let vid4 = c.issue(&pair.world, &pair.world.voucher(4, b"one bun", 0));
    let mut order = pair.start_order();
    (order.vid2, order.pb) = (vid4, c.wallet.id);
    let offer = one(&pair.a.order(&order));
    let faster: Agreement = one(&c.accept(&offer));
    assert_eq!(pair.a.tell(c.id(), faster).len(), 1);
    pair.a_ignores(m2);
}
