//! A card that stated that it is at another host: its domain is suspended here until it states, with
//! a higher number, that it is at this host again.

use etp_pki::Leaf;
use libetp::exchange::SelectReply;
use libetp::params::Param;
use libetp::params::runtime::{Hello, OrderRefused, Serve, Statement, StatementBody};
use libetp::{Message, Mtype, VerdictCode};

use super::events::{Effect, Now, Restating, Stage};
use super::session::{HELLO_MS_MAX, Session};

impl Session {
    /// Another host showed a newer statement of the card.
    pub(super) fn suspended(&mut self, number: u64) {
        let number = self.known.suspended.unwrap_or(0).max(number);
        self.known.suspended = Some(number);
        self.known.statements = self.known.statements.max(number);
        let detail = format!("the card stated that it is at another host: number {number}");
        self.note("card-suspended", true, detail);
        match self.stage {
            Stage::Quarantined(_) => {}
            Stage::Live { .. } | Stage::Suspended { .. } => self.stay_suspended(number),
            // What it says when it comes is judged by the new number.
            Stage::Starting | Stage::Challenged { .. } | Stage::Away(_) | Stage::Gone(_) => {
                self.detach(VerdictCode::Suspended);
            }
        }
    }

    fn stay_suspended(&mut self, number: u64) {
        let stage = Stage::Suspended {
            number,
            restating: None,
        };
        self.leave(stage, VerdictCode::Suspended);
    }

    /// The card proved itself: it has to say that it is here.
    pub(super) fn restate(
        &mut self,
        number: u64,
        reply: SelectReply,
        hello: Hello,
        leaf: Leaf,
        now: &Now,
    ) {
        let Some(host_key) = self.host_key else {
            return self.stay_suspended(number);
        };
        let nonce = now.fresh;
        let restating = Restating {
            reply,
            hello,
            leaf,
            nonce,
            deadline_ms: now.ms + HELLO_MS_MAX,
        };
        self.stage = Stage::Suspended {
            number,
            restating: Some(Box::new(restating)),
        };
        self.challenge(Serve { host_key, nonce });
    }

    /// The answer to that, if it is one.
    pub(super) fn restated(&mut self, message: &Message) {
        let Stage::Suspended {
            number,
            restating: Some(restating),
        } = &self.stage
        else {
            return;
        };
        let (number, restating) = (*number, restating.clone());
        let answer = match message.header.mtype {
            Mtype::STATEMENT => self.number_for_here(&restating, &message.param),
            Mtype::ORDER_REFUSED => match OrderRefused::from_param(&message.param) {
                Ok(refused) if refused.mtype == Mtype::SERVE => Err(refused.detail),
                _ => return,
            },
            _ => return,
        };
        match answer {
            Ok(newest) if newest > number => self.end_suspension(newest, *restating),
            Ok(old) => self.refuse_restated(number, &format!("its number {old} is not newer")),
            Err(detail) => self.refuse_restated(number, &detail),
        }
    }

    /// Some time passed: a card that does not answer at all stays suspended.
    pub(super) fn restate_in_time(&mut self, now: &Now) {
        if let Stage::Suspended {
            number,
            restating: Some(restating),
        } = &self.stage
            && now.ms >= restating.deadline_ms
        {
            let number = *number;
            self.refuse_restated(number, &format!("no answer within {HELLO_MS_MAX} ms"));
        }
    }

    /// The number of a good statement for this host.
    fn number_for_here(&self, restating: &Restating, param: &[u8]) -> Result<u64, String> {
        let statement = Statement::from_param(param).map_err(|error| error.to_string())?;
        let body = StatementBody {
            domain: restating.reply.domain,
            card_key: restating.leaf.key,
            host_key: self.host_key.unwrap_or_default(),
            number: statement.number,
            nonce: restating.nonce,
        };
        let signed = restating
            .leaf
            .check_signature("serve", &body, &statement.signature);
        signed.map(|()| statement.number).map_err(|e| e.to_string())
    }

    fn refuse_restated(&mut self, number: u64, detail: &str) {
        let detail = format!("the card does not state that it is at this host: {detail}");
        self.note("card-suspended", true, detail);
        self.stay_suspended(number);
    }

    fn end_suspension(&mut self, number: u64, restating: Restating) {
        let Restating {
            reply, hello, leaf, ..
        } = restating;
        self.known.suspended = None;
        self.known.statements = number;
        let key = leaf.key;
        self.effects.push(Effect::RaiseStatement { key, number });
        self.effects.push(Effect::EndSuspension);
        self.live(reply, &hello, leaf);
    }
}
