//! How much of the third party one card can use up.

use libetp::codec;
use libetp::params::thirdparty::AbortRequest;
use libetp::params::voucher::{Evidence, Outcome};
use oncard_runtime::{Store, Writes};
use oncard_thirdparty::limits::OUTCOMES_OF_CARD_MAX;
use oncard_thirdparty::records::{Asked, VERSION, asked_key};

use crate::bench::{Court, Seat, seat};

/// A broken card asks about exchanges with partners that do not exist. It uses up its own share.
#[test]
fn a_broken_card_that_asks_for_ever_keeps_nobody_elses_exchange_from_its_end() {
    let (mut court, _) = Court::confirmed();
    let mr1 = court.resolve_request();
    let broken = seat(&court.pair.world, "broken");
    let invented = |n: u8| {
        let mut body = mr1.evidence.body.clone();
        (body.b_key, body.sb) = (broken.key.key_id(), broken.id());
        (body.a_key, body.hx) = ([n; 32], [n; 32]);
        let evidence = Evidence {
            signature: broken.key.sign("agree", &body),
            certificate: broken.blank.certificate.clone(),
            status: None,
            body,
        };
        AbortRequest {
            signature: broken.key.sign("abort", &evidence.body.xid()),
            certificate: broken.blank.certificate.clone(),
            evidence,
        }
    };
    asked_before(&court.t, &broken, OUTCOMES_OF_CARD_MAX - 1);
    let last = invented(1);
    assert_eq!(court.t.tell(broken.id(), last.clone()).len(), 1);
    court.t_ignores(broken.id(), invented(2));
    let again = court.t.tell(broken.id(), last);
    assert_eq!(again.len(), 1, "the old is answered");
    assert_eq!(court.t_on_resolve(mr1).outcome, Outcome::Resolved as u8);
}

fn asked_before(t: &Seat, card: &Seat, outcomes: u64) {
    let key = asked_key(&card.key.key_id());
    let key = [&[oncard_thirdparty::FAMILY], key.as_slice()].concat();
    let value = [&[VERSION], codec::to_vec(&Asked { outcomes }).as_slice()].concat();
    let writes = Writes::from([(key, Some(value))]);
    t.host.chip().clone().commit(&writes).unwrap();
}
