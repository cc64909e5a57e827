//! What the daemon knows of one card, and what it does about it: a state machine without I/O.
//!
//! A domain is live only after the daemon itself verified the card's signature over a fresh
//! nonce, boot id, generation and domain; the card proxy and the SELECT reply are not believed.
//! A card that is older than its rollback witness, or that cannot prove what it claims, is
//! quarantined by name. Whenever the card was powered up anew, for the first time or after an absence, it proves
//! itself; until then its messages are held back, and the card proxy gives it nothing but the challenge.

use std::collections::VecDeque;

use card_proxy::Away;
use card_proxy::socket::ANSWER_MS_MAX;
use etp_pki::{Anchors, Leaf};
use libetp::digest::Hash;
use libetp::exchange::SelectReply;
use libetp::params::Param;
use libetp::params::runtime::{
    Hello, HelloChallenge, OrderRefused, PortsReserved, ReservePorts, Serve, Statement,
};
use libetp::{Domain, Message, Mtype, Port, VerdictCode};

use super::events::{Effect, Input, Known, Note, Now, Stage, Token};
use super::held::{Held, Nonce, Superseded};
use super::hello;
use super::quarantine::Quarantine;
use crate::state::Witness;

/// Longest wait in milliseconds for the answer to a challenge, and for a statement anew: longer than that for a
/// response, which another program at the reader may hold up.
pub const HELLO_MS_MAX: u64 = 40_000;
const _: () = assert!(HELLO_MS_MAX > ANSWER_MS_MAX);
/// Most challenges whose answers may still come although a newer one was sent: more than a card
/// proxy lets go by before it gives a card up.
pub const SUPERSEDED_MAX: usize = 16;
/// Most messages that are held back while a card proves itself: all that a card keeps for its host,
/// refusals included. They come at once if the last daemon ended before it had them.
pub const HELD_MESSAGES_MAX: usize = 1_024 + 256;
/// Most bytes of them, headers included. A card keeps less than a tenth of that for its host.
pub const HELD_BYTES_MAX: usize = 4 << 20;
/// Most requests for statements that wait for the card.
pub const STATEMENTS_MAX: usize = 64;

/// The daemon's side of one card.
#[derive(Debug)]
pub struct Session {
    anchors: Anchors,
    pub(super) host_key: Option<Hash>,
    pub(super) stage: Stage,
    domain: Option<Domain>,
    pub(super) known: Known,
    witness: Witness,
    /// The highest number of a message that entered, since the daemon started.
    highest_entered: u64,
    /// The challenge that was sent last.
    challenge: Nonce,
    /// Those before it, since the card was live.
    superseded: Superseded,
    /// Messages that came while the card proves itself.
    held: Held,
    /// Whether messages for the card come in; not while it is trusted no more.
    is_attached: bool,
    is_reserving: bool,
    serving: VecDeque<([u8; 32], Token)>,
    /// Number of the last statement, given out or not.
    stated: u64,
    pub(super) effects: Vec<Effect>,
}

impl Session {
    /// A card that has not answered yet. `host_key` is this host's, if it has one.
    pub fn new(anchors: Anchors, host_key: Option<Hash>) -> Self {
        Self {
            anchors,
            host_key,
            stage: Stage::Starting,
            domain: None,
            known: Known::default(),
            witness: Witness::default(),
            highest_entered: 0,
            challenge: Nonce::default(),
            superseded: Superseded::default(),
            held: Held::default(),
            is_attached: false,
            is_reserving: false,
            serving: VecDeque::new(),
            stated: 0,
            effects: Vec::new(),
        }
    }

    /// How the card is.
    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    /// Whether messages for the card are taken, for now or for when it is back.
    pub fn is_attached(&self) -> bool {
        self.is_attached
    }

    /// What is known of the domain from before, and of its statements.
    pub fn known(&self) -> &Known {
        &self.known
    }

    /// The card's domain, once it claimed one.
    pub fn domain(&self) -> Option<Domain> {
        self.domain
    }

    /// How far the card has come.
    pub fn witness(&self) -> &Witness {
        &self.witness
    }

    /// The highest number of a message of the card that entered, since the daemon started.
    pub fn highest_entered(&self) -> u64 {
        self.highest_entered
    }

    /// One step.
    pub fn step(&mut self, input: Input, now: &Now) -> Vec<Effect> {
        match input {
            Input::Selected(reply, known) => self.selected(reply, known, now),
            Input::Message { number, message } => self.message(number, message, now),
            Input::Away(why) => self.away(why),
            Input::Overdue => self.overdue(),
            Input::Gone(reason) => self.gone(reason),
            Input::WantPorts => self.reserve_ports(),
            Input::Serve { nonce, token } => self.serve(nonce, token),
            Input::Suspended(number) => self.suspended(number),
            Input::Tick => self.tick(now),
            Input::Failed(reason) => self.quarantine(Quarantine::Storage(reason)),
        }
        std::mem::take(&mut self.effects)
    }

    fn is_live(&self) -> bool {
        matches!(self.stage, Stage::Live { .. })
    }

    fn order(&mut self, param: impl Param) {
        let message = self.to_card(param);
        self.effects.extend(message.map(Effect::Order));
    }

    pub(super) fn challenge(&mut self, param: impl Param) {
        let message = self.to_card(param);
        self.effects.extend(message.map(Effect::Challenge));
    }

    fn to_card(&self, param: impl Param) -> Option<Message> {
        let domain = self.domain?;
        Some(param.into_message(domain.entity(Port::DAEMON), domain.card()))
    }

    pub(super) fn note(&mut self, name: &'static str, is_alarm: bool, detail: impl Into<String>) {
        let detail = detail.into();
        self.effects.push(Effect::Note(Note {
            name,
            is_alarm,
            detail,
        }));
    }

    fn selected(&mut self, reply: SelectReply, known: Known, now: &Now) {
        if matches!(self.stage, Stage::Quarantined(_)) {
            return;
        }
        if let Stage::Live { reply: proved, .. } = &self.stage
            && proved.boot_id == reply.boot_id
            && proved.domain == reply.domain
        {
            return;
        }
        if let Err(cause) = self.believe(&reply, known) {
            return self.quarantine(cause);
        }
        self.supersede();
        let nonce = now.fresh;
        self.challenge = nonce;
        let deadline_ms = now.ms + HELLO_MS_MAX;
        self.stage = Stage::Challenged { reply, deadline_ms };
        self.challenge(HelloChallenge { nonce });
    }

    /// The challenge that is open was not carried out, or its answer is late. One that was answered was that of
    /// a card that had to state where it is.
    fn supersede(&mut self) {
        let (reply, key) = match &self.stage {
            Stage::Challenged { reply, .. } => (*reply, None),
            Stage::Suspended {
                restating: Some(restating),
                ..
            } => (restating.reply, Some(restating.leaf.key)),
            _ => return,
        };
        self.superseded.push(self.challenge, reply, key);
    }

    /// Whether what the card claims is worth a challenge.
    fn believe(&mut self, reply: &SelectReply, known: Known) -> Result<(), Quarantine> {
        let now = reply.domain;
        if let Some(before) = self.domain.filter(|before| *before != now) {
            return Err(Quarantine::AnotherCard { before, now });
        }
        if known.elsewhere {
            return Err(Quarantine::Twice(now));
        }
        if self.domain.is_none() {
            self.witness = known.witness.clone().unwrap_or_default();
            self.known = known;
            self.domain = Some(now);
        }
        if reply.generation < self.witness.generation {
            self.witness.judge(now, reply.generation)?;
        }
        Ok(())
    }

    fn message(&mut self, number: u64, message: Message, now: &Now) {
        let is_for_daemon = message.header.dst.port == Port::DAEMON;
        match &self.stage {
            Stage::Challenged { reply, .. }
                if is_for_daemon && message.header.mtype == Mtype::HELLO =>
            {
                // What is older than the challenge answers one before.
                if number >> 16 > reply.generation {
                    self.hello(number, &message.param, now);
                } else {
                    self.is_superseded(&message.param, now);
                }
            }
            Stage::Suspended {
                restating: Some(_), ..
            } if is_for_daemon => self.restated(&message),
            Stage::Challenged { .. }
            | Stage::Suspended {
                restating: Some(_), ..
            } => self.hold(number, message),
            Stage::Live { .. } => self.live_message(number, message),
            Stage::Starting
            | Stage::Suspended { .. }
            | Stage::Away(_)
            | Stage::Quarantined(_)
            | Stage::Gone(_) => {
                self.note(
                    "card-message-not-live",
                    false,
                    "a card that is not live sent a message",
                );
            }
        }
    }

    fn is_superseded(&mut self, param: &[u8], now: &Now) -> bool {
        self.superseded.answered(param, &self.anchors, now.unix_s)
    }

    fn hold(&mut self, number: u64, message: Message) {
        if !self.held.hold(self.challenge, number, message) {
            self.quarantine(Quarantine::Flood {
                messages: HELD_MESSAGES_MAX,
                bytes: HELD_BYTES_MAX,
            });
        }
    }

    /// What was held back came before the `hello` with this number, so the card gave it a smaller one. If not, it
    /// is of another card, which was in this one's place; it must not raise the witness.
    fn drop_impossible(&mut self, hello: u64) {
        let dropped = self.held.drop_from(hello);
        if dropped > 0 {
            let detail =
                format!("{dropped} messages were dropped that this card cannot have sent before");
            self.note("card-impossible", true, detail);
        }
    }

    /// What was held back and is the card's, whose key this is. The rest was said by what never proved to be it.
    fn take_held(&mut self, key: Hash) -> Vec<(u64, Message)> {
        let held = self.held.take();
        let all = held.len();
        let is_of_card =
            |nonce: &Nonce| *nonce == self.challenge || self.superseded.is_of(nonce, key);
        let held = held.into_iter().filter(|(_, (nonce, _))| is_of_card(nonce));
        let held: Vec<_> = held.map(|(number, (_, it))| (number, it)).collect();
        self.superseded.clear();
        let dropped = all - held.len();
        if dropped > 0 {
            let detail =
                format!("{dropped} messages were dropped of what did not prove to be this card");
            self.note("card-impossible", true, detail);
        }
        held
    }

    fn hello(&mut self, number: u64, param: &[u8], now: &Now) {
        let Stage::Challenged { reply, .. } = self.stage else {
            return;
        };
        let proved = hello::verify(param, &self.challenge, &reply, &self.anchors, now.unix_s);
        let judged = proved.and_then(|(hello, leaf)| {
            if self.known.key.is_some_and(|key| key != leaf.key) {
                return Err(Quarantine::SecondKey(reply.domain));
            }
            self.witness.judge(reply.domain, hello.generation)?;
            Ok((hello, leaf))
        });
        match judged {
            Ok((hello, leaf)) => {
                self.drop_impossible(number);
                match self.known.suspended {
                    Some(number) => self.restate(number, reply, hello, leaf, now),
                    None => self.live(reply, &hello, leaf),
                }
            }
            Err(Quarantine::Signature) if self.is_superseded(param, now) => {}
            Err(cause) => self.quarantine(cause),
        }
    }

    pub(super) fn live(&mut self, reply: SelectReply, hello: &Hello, leaf: Leaf) {
        self.witness = self.witness.accept(hello.generation, hello.highest_port);
        self.known.key = Some(leaf.key);
        let (domain, key) = (reply.domain, leaf.key);
        self.stage = Stage::Live {
            reply,
            leaf: Box::new(leaf),
        };
        self.effects.push(Effect::AddLocal { domain, key });
        self.effects.push(Effect::SetWitness(self.witness.clone()));
        self.effects.push(Effect::Prove(reply.boot_id));
        if !std::mem::replace(&mut self.is_attached, true) {
            let message_bytes_max = reply.max_message as usize;
            self.effects.push(Effect::Attach { message_bytes_max });
        }
        self.note("card-live", false, format!("domain {domain} is live"));
        // Ports that were asked for before a reset come of that.
        let was_reserving = self.is_reserving;
        for (number, message) in self.take_held(key) {
            self.live_message(number, message);
        }
        if !was_reserving {
            self.reserve_ports();
        }
    }

    fn live_message(&mut self, number: u64, message: Message) {
        self.highest_entered = self.highest_entered.max(number);
        let seen = Witness::of_number(number);
        self.witness = self.witness.join(&seen);
        self.effects.push(Effect::RaiseWitness(seen));
        let header = message.header;
        if header.dst.port != Port::DAEMON {
            return self.effects.push(Effect::Submit { number, message });
        }
        let known = match header.mtype {
            Mtype::PORTS_RESERVED => self.ports_reserved(&message.param),
            Mtype::STATEMENT => self.statement(&message.param),
            Mtype::ORDER_REFUSED => self.order_refused(&message.param),
            _ => None,
        };
        if known.is_none() {
            let detail = format!("{} from the card was not expected", header.mtype);
            self.note("card-unexpected", false, detail);
        }
    }

    fn reserve_ports(&mut self) {
        if self.is_live() && !self.is_reserving {
            self.is_reserving = true;
            self.order(ReservePorts {});
        }
    }

    /// Hands out what lies above the witness. `None` if nobody asked.
    fn ports_reserved(&mut self, param: &[u8]) -> Option<()> {
        let block = PortsReserved::from_param(param)
            .ok()
            .filter(|_| self.is_reserving)?;
        let PortsReserved { first, count } = block;
        let last = first.checked_add(count.saturating_sub(1));
        let last = last.filter(|last| count > 0 && first > 0 && *last < Port::HOST_FIRST.0);
        let Some(last) = last else {
            self.quarantine(Quarantine::Ports { first, count });
            return Some(());
        };
        self.is_reserving = false;
        let lowest = first.max(self.witness.highest_port.saturating_add(1));
        if lowest > last {
            // A card that was restored starts again below what was handed out.
            self.reserve_ports();
            return Some(());
        }
        self.witness.highest_port = last;
        self.effects.push(Effect::SetWitness(self.witness.clone()));
        self.effects.push(Effect::Ports {
            first: lowest,
            count: last - lowest + 1,
        });
        Some(())
    }

    fn serve(&mut self, nonce: [u8; 32], token: Token) {
        let Some(host_key) = self.host_key.filter(|_| self.is_live()) else {
            return self.no_statement(token);
        };
        if self.serving.len() >= STATEMENTS_MAX {
            return self.no_statement(token);
        }
        self.serving.push_back((nonce, token));
        self.order(Serve { host_key, nonce });
    }

    fn no_statement(&mut self, token: Token) {
        self.effects.push(Effect::Statement {
            token,
            statement: None,
        });
    }

    fn statement(&mut self, param: &[u8]) -> Option<()> {
        let statement = Statement::from_param(param).ok()?;
        let at = self
            .serving
            .iter()
            .position(|(nonce, _)| *nonce == statement.nonce)?;
        let number = statement.number;
        let goes_on = number > std::mem::replace(&mut self.stated, number);
        if number <= self.known.statements && goes_on {
            // A card that was restored starts again below what was given out.
            let (nonce, _) = *self.serving.get(at)?;
            let host_key = self.host_key?;
            self.order(Serve { host_key, nonce });
            return Some(());
        }
        let (_, token) = self.serving.remove(at)?;
        if number <= self.known.statements {
            self.note(
                "card-statement",
                true,
                "the card repeats numbers of statements",
            );
            self.no_statement(token);
            return Some(());
        }
        self.known.statements = number;
        if let Some(key) = self.known.key {
            self.effects.push(Effect::RaiseStatement { key, number });
        }
        self.effects.push(Effect::Statement {
            token,
            statement: Some(statement),
        });
        Some(())
    }

    /// The card answers orders in their sequence, so the refusal is for the oldest.
    fn order_refused(&mut self, param: &[u8]) -> Option<()> {
        let refused = OrderRefused::from_param(param).ok()?;
        let detail = format!("the card refuses {}: {}", refused.mtype, refused.detail);
        self.note("card-order-refused", true, detail);
        match refused.mtype {
            Mtype::SERVE => {
                let (_, token) = self.serving.pop_front()?;
                self.no_statement(token);
            }
            Mtype::RESERVE_PORTS => self.is_reserving = false,
            _ => {}
        }
        Some(())
    }

    fn tick(&mut self, now: &Now) {
        self.restate_in_time(now);
        if let Stage::Challenged { deadline_ms, .. } = self.stage
            && now.ms >= deadline_ms
        {
            self.quarantine(Quarantine::NoHello(HELLO_MS_MAX));
        }
    }

    /// Whatever it was, the next card in its place proves itself. Until then what is for the card waits, and
    /// so does what the card said last.
    fn away(&mut self, why: Away) {
        self.supersede();
        let name = match why {
            Away::Absent(_) => "card-absent",
            Away::Lost(_) => "card-lost",
            Away::Another { .. } => "card-another",
        };
        self.note(name, true, format!("the card is away: {why}"));
        self.stage = Stage::Away(why);
    }

    fn overdue(&mut self) {
        if self.is_attached {
            let detail = "messages wait no more for the card that is away";
            self.note("card-overdue", true, detail);
            self.detach(VerdictCode::CardGone);
        }
    }

    fn gone(&mut self, reason: String) {
        if matches!(self.stage, Stage::Quarantined(_)) {
            return;
        }
        if matches!(self.stage, Stage::Gone(_)) {
            self.stage = Stage::Gone(reason);
            return;
        }
        self.note("card-gone", true, format!("the card is gone: {reason}"));
        self.leave(Stage::Gone(reason), VerdictCode::CardGone);
    }

    fn quarantine(&mut self, cause: Quarantine) {
        let detail = format!("{cause}; {}", cause.recovery());
        self.note(cause.name(), true, detail);
        self.leave(Stage::Quarantined(cause), VerdictCode::Quarantined);
    }

    pub(super) fn leave(&mut self, stage: Stage, code: VerdictCode) {
        self.stage = stage;
        self.superseded.clear();
        self.held = Held::default();
        self.detach(code);
    }

    pub(super) fn detach(&mut self, code: VerdictCode) {
        // Wherever the card is: it said that it is not at this host.
        let code = match self.known.suspended {
            Some(_) if code == VerdictCode::CardGone => VerdictCode::Suspended,
            _ => code,
        };
        self.is_attached = false;
        self.is_reserving = false;
        self.effects.push(Effect::Detach(code));
        for (_, token) in std::mem::take(&mut self.serving) {
            self.no_statement(token);
        }
    }
}
