//! Secure multiparty computation, with the links between the cards. What is computed is all inputs: uniform
//! interactive consistency from secure multiparty computation (Fort et al. 2006, Fig. 3), so its laws are checked.

use libetp::{Domain, EntityId};
use oncard_trustedpals::Members;
use oncard_trustedpals::party::{Output, Party, Peer, Said};
use oncard_trustedpals::smc::{Function, Plan, PlanError, Smc, Trap, Work};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use super::{Attack, Claim, Ending, Hosts, Session, Trace};
use crate::dice::Dice;

type Bytes = Zeroizing<Vec<u8>>;

const COVER_ROUNDS: u32 = 2;
const WORK_ROUNDS: u32 = 2;
/// Bytes of an input.
const VALUE_BYTES: usize = 8;
/// Messages that a host keeps of those that passed it, to send them again.
const KEPT_MAX: usize = 256;

/// Sessions of a computation.
#[derive(Clone, Copy, Debug)]
pub struct Computation {
    n: usize,
    t: usize,
    attack: Attack,
}

impl Computation {
    /// Of `n` members, of whose hosts at most `t` are corrupt and play like that; beside omitting, with
    /// [`Attack::Random`], they alter, repeat and misdirect what passes them.
    ///
    /// # Errors
    /// [`PlanError`].
    pub fn new(n: usize, t: usize, attack: Attack) -> Result<Self, PlanError> {
        plan(n, t, 0)?;
        Ok(Self { n, t, attack })
    }
}

fn plan(n: usize, t: usize, me: usize) -> Result<Plan, PlanError> {
    Plan::new((n, t, me), VALUE_BYTES, COVER_ROUNDS, WORK_ROUNDS)
}

impl Session for Computation {
    fn run(&self, seed: u64, trace: &mut Trace) -> Result<Ending, String> {
        let mut dice = Dice::new(seed);
        let inputs: Vec<Bytes> = (0..self.n).map(|_| input(&mut dice)).collect();
        let plan = plan(self.n, self.t, 0).map_err(|error| error.to_string())?;
        let rounds = plan.last_round();
        let hosts = Hosts::new(self.attack, self.n, self.t, rounds, dice.number());
        let hosts = match self.attack {
            Attack::Chain => hosts.after(COVER_ROUNDS),
            _ => hosts,
        };
        let corrupt = Members::from_bits(hosts.corrupt());
        trace.tell(|| format!("corrupt hosts {corrupt:?}"));
        let mut table = Table::new(self, &inputs, hosts, dice, trace)?;
        (0..=rounds).for_each(|_| table.round());
        check(&table, &inputs)
    }

    fn claims(&self) -> Vec<Claim> {
        Vec::new()
    }
}

fn input(dice: &mut Dice) -> Bytes {
    let mut bytes = Zeroizing::new(vec![0; VALUE_BYTES]);
    dice.fill(&mut bytes);
    bytes
}

/// All that have a result have the same, with the inputs of all members with an honest host; and these have one.
fn check(table: &Table<'_>, inputs: &[Bytes]) -> Result<Ending, String> {
    let corrupt = table.corrupt();
    let mut all: Option<&Bytes> = None;
    let mut halted = 0;
    for (member, party) in table.parties.iter().enumerate() {
        match party.machine().output() {
            Some(Output::Result(result)) => {
                valid(member, result, inputs, corrupt)?;
                if *all.get_or_insert(result) != result {
                    return Err(format!("agreement: {member} has another result"));
                }
            }
            other if !corrupt.contains(member) => {
                return Err(format!(
                    "termination: {member} is correct and has {other:?}"
                ));
            }
            _ => halted += 1,
        }
    }
    let count = corrupt.len();
    Ok(format!(
        "{count} corrupt: all results right, {halted} cards halted"
    ))
}

fn valid(me: usize, result: &[u8], inputs: &[Bytes], corrupt: Members) -> Result<(), String> {
    let parts = result.chunks(1 + VALUE_BYTES);
    let is_right = |(member, (part, input)): (usize, (&[u8], &Bytes))| match part.split_first() {
        Some((1, value)) => *value == ***input,
        _ => corrupt.contains(member),
    };
    match parts.zip(inputs).enumerate().all(is_right) {
        true => Ok(()),
        false => Err(format!("validity: {me} has a result with other inputs")),
    }
}

/// Gives every member all inputs: a byte that says whether there is one, and its bytes or zeros.
struct Identity;

struct Done(Bytes);

impl Function for Identity {
    fn begin(&self, inputs: &[Option<Bytes>], _: usize) -> Box<dyn Work> {
        let mut all = Zeroizing::new(Vec::new());
        for input in inputs {
            all.push(u8::from(input.is_some()));
            match input {
                Some(input) => all.extend_from_slice(input),
                None => all.extend([0; VALUE_BYTES]),
            }
        }
        Box::new(Done(all))
    }
}

impl Work for Done {
    fn slice(&mut self) {}

    fn finish(self: Box<Self>) -> Result<Bytes, Trap> {
        Ok(self.0)
    }
}

/// A message on its way.
#[derive(Clone)]
struct Sent {
    from: usize,
    to: usize,
    said: Said,
}

/// The cards of a run, and their hosts.
struct Table<'t> {
    parties: Vec<Party<Smc>>,
    hosts: Hosts,
    attack: Attack,
    dice: Dice,
    round: u32,
    kept: Vec<Sent>,
    trace: &'t mut Trace,
}

fn card(member: usize) -> EntityId {
    Domain([member as u8 + 1; 12]).card()
}

impl<'t> Table<'t> {
    fn new(
        of: &Computation,
        inputs: &[Bytes],
        hosts: Hosts,
        mut dice: Dice,
        trace: &'t mut Trace,
    ) -> Result<Self, String> {
        let keys: Vec<[u8; 32]> = inputs.iter().map(|_| dice.bytes()).collect();
        let peers: Vec<Peer> = keys.iter().enumerate().map(peer).collect();
        let session = dice.bytes();
        let (mut parties, mut opening) = (Vec::new(), Vec::new());
        for (me, input) in inputs.iter().enumerate() {
            let plan = plan(of.n, of.t, me).map_err(|error| error.to_string())?;
            let smc = Smc::new(plan, Box::new(Identity), input.clone());
            let private = Zeroizing::new(keys[me]).into();
            let seed = || Zeroizing::new(dice.bytes());
            let smc = smc.ok_or("an input has another length")?;
            let (party, outgoing) = Party::start(Box::new(smc), &peers, &private, session, seed);
            parties.push(party);
            opening.extend(from(me, outgoing));
        }
        let mut table = Self {
            parties,
            hosts,
            attack: of.attack,
            dice,
            round: 0,
            kept: Vec::new(),
            trace,
        };
        table.deliver(opening);
        table.round = 1;
        Ok(table)
    }

    /// The hosts end a round, all at once.
    fn round(&mut self) {
        let closing = self.parties.iter_mut().map(Party::close).enumerate();
        let sent = closing.flat_map(|(me, outgoing)| from(me, outgoing));
        let sent: Vec<Sent> = sent.collect();
        self.deliver(sent);
        self.parties.iter_mut().for_each(Party::work);
        self.round += 1;
    }

    fn deliver(&mut self, mut waiting: Vec<Sent>) {
        while !waiting.is_empty() {
            let mut answers = Vec::new();
            for sent in waiting.drain(..) {
                for Sent { from: of, to, said } in self.carry(sent) {
                    let answer = self.parties[to].heard(of, said);
                    answers.extend(from(to, answer));
                }
            }
            waiting = answers;
        }
    }

    /// What arrives of a message.
    fn carry(&mut self, sent: Sent) -> Vec<Sent> {
        let (round, of, to) = (self.round, sent.from, sent.to);
        if self.hosts.loses(round, of, to) {
            self.trace
                .tell(|| format!("round {round}: {of} to {to}, lost"));
            return Vec::new();
        }
        let corrupt = self.corrupt();
        let is_spoiling = self.attack == Attack::Random;
        match is_spoiling && (corrupt.contains(of) || corrupt.contains(to)) {
            true => self.spoil(sent),
            false => vec![sent],
        }
    }

    fn corrupt(&self) -> Members {
        Members::from_bits(self.hosts.corrupt())
    }

    /// What a host may do beside losing a message. It cannot speak for a member whose messages do not pass it.
    fn spoil(&mut self, sent: Sent) -> Vec<Sent> {
        if self.kept.len() < KEPT_MAX {
            self.kept.push(sent.clone());
        }
        let n = self.parties.len();
        let arriving = match self.dice.below(12) {
            0 => vec![self.altered(sent.clone())],
            1 => vec![sent.clone(), sent.clone()],
            2 => vec![Sent {
                to: (sent.to + 1) % n,
                ..sent.clone()
            }],
            3 => vec![Sent {
                from: (sent.from + 1) % n,
                ..sent.clone()
            }],
            4 => self.dice.pick(&self.kept).cloned().into_iter().collect(),
            _ => return vec![sent],
        };
        let (round, Sent { from, to, .. }) = (self.round, sent);
        self.trace
            .tell(|| format!("round {round}: {from} to {to}, spoiled"));
        arriving
    }

    fn altered(&mut self, mut sent: Sent) -> Sent {
        let (Said::First(bytes) | Said::Second(bytes) | Said::Packet { packet: bytes, .. }) =
            &mut sent.said;
        let bit = self.dice.below(8 * bytes.len());
        if let Some(byte) = bytes.get_mut(bit / 8) {
            *byte ^= 1 << (bit % 8);
        }
        sent
    }
}

fn peer((member, key): (usize, &[u8; 32])) -> Peer {
    Peer {
        card: card(member),
        certificate: [member as u8; 32],
        public: PublicKey::from(&StaticSecret::from(*key)).to_bytes(),
    }
}

fn from(me: usize, said: impl IntoIterator<Item = (usize, Said)>) -> impl Iterator<Item = Sent> {
    said.into_iter()
        .map(move |(to, said)| Sent { from: me, to, said })
}
