//! Frames of other hosts, and whether what they carry may enter.

use libetp::digest::Hash;
use libetp::params::runtime::Statement;
use libetp::verdict::Subject;
use libetp::{Domain, Verdict, VerdictCode};

use super::{Hub, random_bytes};
use crate::event::{Counter, RemoteEvent};
use crate::gate::{Admission, Grounds, Judgement};
use crate::link::{
    ConnectionId, Control, Link, LinkError, LinkFault, MessageFrame, Now, Outgoing, Received,
    VerdictFrame,
};

impl Hub {
    /// A message frame came on a lane.
    pub fn message(
        &mut self,
        now: Now,
        host: Hash,
        id: ConnectionId,
        lane: usize,
        frame: MessageFrame<'_>,
    ) -> Result<(), LinkFault> {
        let Some(link) = self.links.get_mut(&host) else {
            return Ok(());
        };
        if let Some(outgoing) = link.message(now, id, lane, frame)? {
            self.judge(now, host, outgoing);
        }
        Ok(())
    }

    /// A control frame came.
    pub fn control(
        &mut self,
        now: Now,
        host: Hash,
        id: ConnectionId,
        control: Control,
    ) -> Result<(), LinkFault> {
        let Some(link) = self.links.get_mut(&host) else {
            return Ok(());
        };
        let received = link.control(now, id, control)?;
        self.settle(host);
        match received {
            Received::Nothing => {}
            Received::Verdict(verdict) => self.verdict(host, &verdict),
            Received::Want(domain, nonce) => self.wanted(now, host, domain, nonce),
            Received::Statement(domain, statement) => {
                self.answered(now, host, domain, statement.as_ref());
            }
        }
        Ok(())
    }

    /// A connection broke the protocol: it is counted and closed, other links do not notice.
    pub fn violated(&mut self, now: Now, host: Hash, id: ConnectionId, fault: LinkFault) {
        if fault.error != LinkError::Duplicate {
            self.refuse(Some(host), Counter::Protocol, fault.to_string());
        }
        self.fail(now, host, id, fault);
    }

    fn judge(&mut self, now: Now, host: Hash, outgoing: Outgoing) {
        let header = outgoing.message.header;
        if self.local.contains(&header.src.domain) {
            let detail = format!("source {} is of a card of this host", header.src);
            self.turn_away(now, host, &outgoing, Counter::SourceLocal, detail);
            return self.challenge(now, host, header.src.domain);
        }
        if !self.local.contains(&header.dst.domain) {
            let detail = format!("destination {} is not here", header.dst);
            return self.turn_away(now, host, &outgoing, Counter::DestinationNotLocal, detail);
        }
        let random = &mut self.random;
        match self
            .gate
            .admit(now, host, outgoing, || random_bytes(random))
        {
            Admission::Enter(outgoing) => self.enter(host, outgoing),
            Admission::Ask(_) | Admission::Parked if self.ending => self.return_parked(now),
            Admission::Ask(nonce) => self.ask(host, header.src.domain, nonce),
            Admission::Parked => {}
            Admission::Refused(outgoing, counter, detail) => {
                self.turn_away(now, host, &outgoing, counter, detail);
            }
        }
    }

    fn enter(&mut self, host: Hash, outgoing: Outgoing) {
        self.event(RemoteEvent::Message {
            host,
            number: outgoing.number,
            message: outgoing.message,
        });
    }

    fn ask(&mut self, host: Hash, domain: Domain, nonce: Hash) {
        if let Some(link) = self.links.get_mut(&host) {
            link.want(domain, nonce);
        }
    }

    fn answered(&mut self, now: Now, host: Hash, domain: Domain, statement: Option<&Statement>) {
        let grounds = Grounds {
            anchors: &self.anchors,
            store: self.store.as_mut(),
        };
        let judgement = self.gate.answer(now, host, domain, statement, grounds);
        let holds = matches!(judgement, Judgement::Enter(_));
        self.judged(now, host, domain, judgement);
        if let Some(statement) = statement.filter(|_| holds && self.local.contains(&domain)) {
            self.gate.rest(now, host, domain);
            self.event(RemoteEvent::Moved {
                host,
                domain,
                number: statement.number,
            });
        }
    }

    /// Whether a card of this host lives at the other host now, as that host makes believe.
    fn challenge(&mut self, now: Now, host: Hash, domain: Domain) {
        let random = &mut self.random;
        let nonce = self
            .gate
            .challenge(now, host, domain, || random_bytes(random));
        if let Some(nonce) = nonce.filter(|_| !self.ending) {
            self.ask(host, domain, nonce);
        }
    }

    pub(super) fn judged(&mut self, now: Now, host: Hash, domain: Domain, judgement: Judgement) {
        if let (false, Some(link)) = (
            matches!(judgement, Judgement::Ignored(..)),
            self.links.get_mut(&host),
        ) {
            link.unwant(domain);
        }
        match judgement {
            Judgement::Enter(parked) => {
                parked
                    .into_iter()
                    .for_each(|outgoing| self.enter(host, outgoing));
            }
            Judgement::Ignored(counter, detail) => self.refuse(Some(host), counter, detail),
            Judgement::Refused(parked, counter, detail) => {
                for outgoing in &parked {
                    self.bounce(now, host, outgoing, VerdictCode::NotEnrolled, &detail);
                }
                self.refuse(Some(host), counter, detail);
            }
        }
    }

    /// This host ends before the statements come: who sent what waits for them is told.
    pub(super) fn return_parked(&mut self, now: Now) {
        for (host, outgoing) in self.gate.give_up() {
            let detail = "this host ends, and its domain had not been shown";
            self.bounce(now, host, &outgoing, VerdictCode::ShuttingDown, detail);
        }
    }

    /// Refuses a message: its sender gets a verdict, the operator a count.
    fn turn_away(
        &mut self,
        now: Now,
        host: Hash,
        outgoing: &Outgoing,
        counter: Counter,
        detail: String,
    ) {
        let code = match counter {
            Counter::DestinationNotLocal => VerdictCode::UnknownDestination,
            _ => VerdictCode::NotEnrolled,
        };
        self.bounce(now, host, outgoing, code, &detail);
        self.refuse(Some(host), counter, detail);
    }

    fn bounce(
        &mut self,
        now: Now,
        host: Hash,
        outgoing: &Outgoing,
        code: VerdictCode,
        detail: &str,
    ) {
        let subject = Subject::of(&outgoing.message);
        let verdict = Verdict::new(code, detail);
        self.send_verdict(now, host, subject, outgoing.number, verdict);
    }

    /// A verdict is believed only from the host that the message was sent to, and once a message.
    fn verdict(&mut self, host: Hash, frame: &VerdictFrame) {
        let theirs = self.routes.get(&frame.dst.domain) == Some(&host);
        if !theirs || !self.local.contains(&frame.src.domain) {
            let detail = format!("verdict about {} to {}", frame.src, frame.dst);
            return self.refuse(Some(host), Counter::VerdictForeign, detail);
        }
        if !self.links.get_mut(&host).is_some_and(Link::take_verdict) {
            let detail = format!("verdict about {} to {}", frame.src, frame.dst);
            return self.refuse(Some(host), Counter::VerdictSurplus, detail);
        }
        let verdict = match VerdictCode::from_u16(frame.code) {
            Some(code) => Verdict::new(code, frame.detail.clone()),
            None => {
                let detail = format!("verdict with code {}: {}", frame.code, frame.detail);
                self.refuse(Some(host), Counter::VerdictCode, detail.clone());
                Verdict::new(VerdictCode::Refused, detail)
            }
        };
        self.event(RemoteEvent::Verdict {
            subject: frame.subject(),
            number: frame.number,
            verdict,
        });
    }
}
