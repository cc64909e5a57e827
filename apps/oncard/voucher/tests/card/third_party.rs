//! The third party: one outcome per exchange for ever, for those who may ask.

use libetp::limits::CERTIFICATE_BYTES_MAX;
use libetp::params::runtime::RefusalCode;
use libetp::params::thirdparty::{
    AbortRequest, OutcomeRecord, OutcomeRequest, ResolveRequest, ThirdPartyStatus,
    ThirdPartyStatusRequest,
};
use libetp::params::voucher::Outcome;
use libetp::{Domain, EntityId, codec};
use oncard_runtime::{Store, Writes};
use oncard_thirdparty::limits::OUTCOMES_MAX;
use oncard_thirdparty::records::{TALLY_KEY, Tally, VERSION, outcome_key};
use simulator::chip::Cut;

use crate::bench::{Court, Pair, Seat, one, refusal, seat, third_party_seat};

fn status(t: &mut Seat) -> ThirdPartyStatus {
    let asker = t.wallet.id;
    one(&t.tell(asker, ThirdPartyStatusRequest {}))
}

fn told(t: &mut Seat, asker: EntityId, xid: [u8; 32]) -> Option<u8> {
    one::<OutcomeRecord>(&t.tell(asker, OutcomeRequest { xid })).outcome
}

#[test]
fn the_first_who_asks_decides_and_the_answer_never_changes() {
    for abort_first in [false, true] {
        let (mut court, _) = Court::confirmed();
        let (mr1, ma1) = (court.resolve_request(), court.abort_request());
        let first = match abort_first {
            true => court.t_on_abort(ma1.clone()),
            false => court.t_on_resolve(mr1.clone()),
        };
        for _ in 0..3 {
            assert_eq!(court.t_on_abort(ma1.clone()), first);
            assert_eq!(court.t_on_resolve(mr1.clone()), first);
            court.t.host.reboot().unwrap();
        }
        let status = status(&mut court.t);
        assert_eq!(
            (status.resolved, status.aborted),
            (u64::from(!abort_first), u64::from(abort_first))
        );
        assert_eq!(status.key, court.pair.world.third_party);
    }
}

#[test]
fn a_power_cut_never_makes_a_second_outcome() {
    for cut in [Cut::Before, Cut::After] {
        let (mut court, _) = Court::confirmed();
        let (mr1, ma1) = (court.resolve_request(), court.abort_request());
        court.t.host.chip().plan_cut(0, cut);
        let first = court.t_on_resolve(mr1);
        assert_eq!(court.t_on_abort(ma1), first);
    }
}

#[test]
fn a_request_of_another_card_or_for_another_third_party_is_ignored() {
    let (mut court, _) = Court::confirmed();
    let mr1 = court.resolve_request();
    let src = court.pair.a.id();
    let other = seat(&court.pair.world, "c");
    let mut forged = Vec::new();
    for (key, certificate) in [
        (&other.key, &other.blank.certificate),
        (&other.key, &mr1.certificate),
        (&court.pair.b.key, &court.pair.b.blank.certificate),
    ] {
        forged.push(ResolveRequest {
            signature: key.sign("resolve", &court.xid),
            certificate: certificate.clone(),
            ..mr1.clone()
        });
    }
    for tag in ["abort", "agree", "confirm"] {
        forged.push(ResolveRequest {
            signature: court.pair.a.key.sign(tag, &court.xid),
            ..mr1.clone()
        });
    }
    forged.push(with_itself(&court, &mr1));
    // A body that S_B did not sign; one for another third party, signed by both.
    let mut altered = mr1.clone();
    altered.evidence.body.hx[0] ^= 1;
    forged.push(resigned(&court, altered, false));
    let mut elsewhere = mr1.clone();
    elsewhere.evidence.body.third_party[0] ^= 1;
    forged.push(resigned(&court, elsewhere, true));
    let mut suite = mr1.clone();
    suite.evidence.body.suite = 2;
    forged.push(resigned(&court, suite, true));
    let mut moved = mr1.clone();
    moved.evidence.body.sa = other.id();
    forged.push(resigned(&court, moved, true));
    // Of the right domain, by another key.
    let assigned = Domain([1; 12]);
    let usurper = court.pair.world.assigned_holder("c", assigned).unwrap();
    let mut usurped = mr1.clone();
    usurped.evidence.body.sa = assigned.card();
    usurped = resigned(&court, usurped, true);
    usurped.signature = usurper.sign("resolve", &usurped.evidence.body.xid());
    usurped.certificate = usurper.certificate;
    forged.push(usurped);
    let mut long = mr1.clone();
    long.certificate.resize(CERTIFICATE_BYTES_MAX + 1, 0);
    forged.push(long);
    for request in forged {
        court.t_ignores(src, request);
    }
    let xid = court.xid;
    assert_eq!(told(&mut court.t, src, xid), None);
    court.t_on_resolve(mr1);
}

/// S_A agreed with itself.
fn with_itself(court: &Court, request: &ResolveRequest) -> ResolveRequest {
    let (a, mut request) = (&court.pair.a, request.clone());
    let evidence = &mut request.evidence;
    (evidence.body.b_key, evidence.body.sb) = (a.key.key_id(), a.id());
    evidence.certificate = a.blank.certificate.clone();
    evidence.signature = a.key.sign("agree", &evidence.body);
    resigned(court, request, false)
}

/// Signed again by S_A, and by S_B if it plays along.
fn resigned(court: &Court, request: ResolveRequest, by_both: bool) -> ResolveRequest {
    let mut request = request;
    let body = &request.evidence.body;
    if by_both {
        request.evidence.signature = court.pair.b.key.sign("agree", body);
    }
    request.signature = court.pair.a.key.sign("resolve", &body.xid());
    request
}

#[test]
fn only_s_b_aborts_and_only_s_a_resolves() {
    let (mut court, _) = Court::confirmed();
    let (mr1, ma1) = (court.resolve_request(), court.abort_request());
    let as_abort = AbortRequest {
        evidence: mr1.evidence.clone(),
        signature: court.pair.a.key.sign("abort", &court.xid),
        certificate: mr1.certificate,
    };
    let as_resolve = ResolveRequest {
        evidence: ma1.evidence.clone(),
        signature: court.pair.b.key.sign("resolve", &court.xid),
        certificate: ma1.certificate,
    };
    let (card_a, card_b) = (court.pair.a.id(), court.pair.b.id());
    court.t_ignores(card_a, as_abort);
    court.t_ignores(card_b, as_resolve);
}

/// A broken card that signs an agreement with a victim's h2 harms only itself: the entry is of
/// another exchange.
#[test]
fn an_abort_with_a_victims_h2_is_another_exchange() {
    let (mut court, m2) = Court::agreed();
    let broken = seat(&court.pair.world, "broken");
    let mut body = m2.body.clone();
    (body.b_key, body.sb) = (broken.key.key_id(), broken.id());
    let evidence = libetp::params::voucher::Evidence {
        signature: broken.key.sign("agree", &body),
        certificate: broken.blank.certificate.clone(),
        status: None,
        body,
    };
    let request = AbortRequest {
        signature: broken.key.sign("abort", &evidence.body.xid()),
        certificate: broken.blank.certificate.clone(),
        evidence,
    };
    let answers = court.t.tell(broken.id(), request);
    assert_eq!(answers.len(), 1, "its own exchange it may abort");
    let (xid, src) = (court.xid, court.pair.b.id());
    assert_eq!(told(&mut court.t, src, xid), None);
    court.pair.a.tell(src, m2);
    let mr1 = court.resolve_request();
    assert_eq!(court.t_on_resolve(mr1).outcome, Outcome::Resolved as u8);
}

#[test]
fn a_card_that_is_no_third_party_decides_nothing() {
    let (mut court, _) = Court::confirmed();
    let mr1 = court.resolve_request();
    let src = court.pair.a.id();
    let mut plain = seat(&court.pair.world, "plain");
    assert_eq!(plain.tell(src, mr1), vec![]);
    let asker = plain.wallet.id;
    let answers = plain.tell(asker, ThirdPartyStatusRequest {});
    assert_eq!(refusal(&answers), Some(RefusalCode::State));
}

#[test]
fn the_number_of_disputes_is_for_the_own_host_only() {
    let pair = Pair::new();
    let mut t = third_party_seat(&pair.world);
    assert_eq!(t.tell(pair.a.wallet.id, ThirdPartyStatusRequest {}), vec![]);
    assert_eq!(status(&mut t).resolved, 0);
}

#[test]
fn when_there_is_no_room_nothing_new_is_decided_and_the_old_is_answered() {
    for (resolved, room) in [(OUTCOMES_MAX - 1, true), (OUTCOMES_MAX, false)] {
        let (mut court, _) = Court::confirmed();
        let (mr1, ma1) = (court.resolve_request(), court.abort_request());
        preset(
            &court.t,
            &Tally {
                resolved,
                aborted: 0,
            },
        );
        let src = court.pair.b.id();
        match room {
            true => drop(court.t_on_abort(ma1)),
            false => court.t_ignores(src, ma1),
        }
        let known = Writes::from([(
            [
                &[oncard_thirdparty::FAMILY],
                outcome_key(&court.xid).as_slice(),
            ]
            .concat(),
            Some(vec![VERSION, Outcome::Aborted as u8]),
        )]);
        court.t.host.chip().clone().commit(&known).unwrap();
        assert_eq!(court.t_on_resolve(mr1).outcome, Outcome::Aborted as u8);
    }
}

fn preset(t: &Seat, tally: &Tally) {
    let key = [&[oncard_thirdparty::FAMILY], TALLY_KEY].concat();
    let value = [&[VERSION], codec::to_vec(tally).as_slice()].concat();
    let writes = Writes::from([(key, Some(value))]);
    t.host.chip().clone().commit(&writes).unwrap();
}
