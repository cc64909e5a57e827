//! The third party: its decisions, first and repeated.

use libetp::Mtype;
use libetp::params::Param;
use libetp::params::thirdparty::{
    AbortRequest, OutcomeRequest, ResolveRequest, ThirdPartyStatusRequest,
};
use libetp::params::voucher::Xid;

use super::{Operation, Scene};
use crate::seat::What;
use crate::stage::{Stage, Who};

/// Both cards ask, and nothing is decided yet.
struct Dispute {
    stage: Stage,
    xid: Xid,
    mr1: ResolveRequest,
    ma1: AbortRequest,
}

fn dispute() -> Dispute {
    let mut stage = Stage::new();
    let offer = stage.offer();
    let m2 = stage.accept(&offer);
    stage.confirm(&m2);
    let xid = m2.body.xid();
    Dispute {
        mr1: stage.resolve(xid),
        ma1: stage.abort(xid),
        stage,
        xid,
    }
}

impl Dispute {
    fn decide_resolved(&mut self) {
        let card = self.stage.a.id();
        self.stage.judge(card, self.mr1.clone());
    }

    fn decide_aborted(&mut self) {
        let card = self.stage.b.id();
        self.stage.judge(card, self.ma1.clone());
    }

    fn asked_to_resolve(self) -> Scene {
        let (card, request) = (self.stage.a.id(), self.mr1.clone());
        let message = request.into_message(card, self.stage.t.id());
        self.asked(message)
    }

    fn asked_to_abort(self) -> Scene {
        let (card, request) = (self.stage.b.id(), self.ma1.clone());
        let message = request.into_message(card, self.stage.t.id());
        self.asked(message)
    }

    fn asked(self, message: libetp::Message) -> Scene {
        Scene {
            stage: self.stage,
            who: Who::T,
            what: What::Plain(message),
        }
    }
}

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new(
        "resolve-request, first",
        Mtype::RESOLVE_REQUEST,
        &[Mtype::OUTCOME],
        || dispute().asked_to_resolve(),
    ),
    Operation::new(
        "resolve-request, again",
        Mtype::RESOLVE_REQUEST,
        &[Mtype::OUTCOME],
        || {
            let mut dispute = dispute();
            dispute.decide_resolved();
            dispute.asked_to_resolve()
        },
    )
    .changes_nothing(),
    Operation::new(
        "resolve-request, too late",
        Mtype::RESOLVE_REQUEST,
        &[Mtype::OUTCOME],
        || {
            let mut dispute = dispute();
            dispute.decide_aborted();
            dispute.asked_to_resolve()
        },
    )
    .changes_nothing(),
    Operation::new(
        "abort-request, first",
        Mtype::ABORT_REQUEST,
        &[Mtype::OUTCOME],
        || dispute().asked_to_abort(),
    ),
    Operation::new(
        "abort-request, again",
        Mtype::ABORT_REQUEST,
        &[Mtype::OUTCOME],
        || {
            let mut dispute = dispute();
            dispute.decide_aborted();
            dispute.asked_to_abort()
        },
    )
    .changes_nothing(),
    Operation::new(
        "abort-request, too late",
        Mtype::ABORT_REQUEST,
        &[Mtype::OUTCOME],
        || {
            let mut dispute = dispute();
            dispute.decide_resolved();
            dispute.asked_to_abort()
        },
    )
    .changes_nothing(),
    Operation::new(
        "outcome-request",
        Mtype::OUTCOME_REQUEST,
        &[Mtype::OUTCOME_RECORD],
        || {
            let mut dispute = dispute();
            dispute.decide_resolved();
            let ask = OutcomeRequest { xid: dispute.xid };
            let message = dispute.stage.t.owner.message(ask);
            dispute.asked(message)
        },
    )
    .changes_nothing(),
    Operation::new(
        "third-party-status",
        Mtype::THIRD_PARTY_STATUS_REQUEST,
        &[Mtype::THIRD_PARTY_STATUS],
        || {
            let mut dispute = dispute();
            dispute.decide_resolved();
            let message = dispute.stage.t.owner.message(ThirdPartyStatusRequest {});
            dispute.asked(message)
        },
    )
    .changes_nothing(),
];
