//! One operation, with power cut at every write of it.

use libetp::{Message, Mtype};

use crate::facts::{Custody, facts};
use crate::reader::{InReader, Loss};
use crate::seat::{Done, Seat, Way};
use crate::stage::{Stage, Who};
use crate::support::disk::Disk;
use crate::support::run::Dump;
use crate::table::{Operation, Scene};

/// How often an owner gives an order until it is carried out.
const ORDERS_MAX: usize = 2;

/// Runs the operation whole, then with every cut. Gives the number of cuts.
pub(crate) fn every_cut(operation: &Operation) -> usize {
    let case = Case::new(operation);
    let writes = case.done.run.journal.len();
    for cut in 0..=writes {
        case.cut(cut);
    }
    case.response_left();
    writes
}

/// Runs the operation whole, then in a reader with every loss of power. Gives the number of losses.
pub(crate) fn every_loss_in_a_reader(operation: &Operation, seed: u64) -> usize {
    let case = Case::new(operation);
    assert!(case.lose_power(Loss::BeforeCommand));
    assert!(case.lose_power(Loss::BeforeResponse));
    let at_write = |at: &usize| case.lose_power(Loss::AtWrite(*at, seed + *at as u64));
    let writes = (0..).take_while(at_write).count();
    assert!(writes > 3, "{}: only {writes} writes", operation.name);
    writes + 2
}

fn peers(stage: &Stage, but: Who) -> Vec<Dump> {
    [Who::A, Who::B, Who::T]
        .into_iter()
        .filter(|who| *who != but)
        .map(|who| stage.seat(who).dump())
        .collect()
}

struct Case<'c> {
    operation: &'c Operation,
    scene: Scene,
    before: Dump,
    after: Dump,
    peers: Vec<Dump>,
    done: Done,
}

impl<'c> Case<'c> {
    /// Runs it whole.
    fn new(operation: &'c Operation) -> Self {
        let mut scene = (operation.scene)();
        let peers = peers(&scene.stage, scene.who);
        let seat = scene.stage.seat_mut(scene.who);
        let message = seat.say(&scene.what);
        assert_eq!(message.header.mtype, operation.mtype, "{}", operation.name);
        let done = seat.deliver_noted(operation.name, message);
        let case = Self {
            operation,
            scene,
            before: done.run.states[0].1.clone(),
            after: done.run.states.last().expect("states").1.clone(),
            peers,
            done,
        };
        case.is_what_it_should_be();
        case
    }

    fn seat(&self) -> &Seat {
        self.scene.stage.seat(self.scene.who)
    }

    /// The undisturbed run did what the table says, and wrote something.
    fn is_what_it_should_be(&self) {
        let name = self.operation.name;
        assert!(
            has_said(&self.done.said, self.operation.answers),
            "{name}: {:?}",
            self.done.said
        );
        let (before, after) = (self.facts(&self.before), self.facts(&self.after));
        assert_eq!(
            before != after,
            self.operation.changes,
            "{name}: {before:?} {after:?}"
        );
        let (commits, writes) = (self.done.run.states.len() - 1, self.done.run.journal.len());
        assert_eq!(commits, self.operation.commits, "{name}");
        assert!(writes > 3, "{name}: only {writes} writes");
        self.check_custody(&self.after, name);
    }

    /// Whatever survives is the state before or after, and leads to the one after.
    fn cut(&self, cut: usize) {
        for (at, (bytes, what)) in self.done.run.images(cut).into_iter().enumerate() {
            let (disk, found) = self.done.run.check(cut, bytes, &what);
            self.check_custody(&found, &what);
            // Of the images, those with all unsynced writes lost, and all kept.
            if at < 2 {
                let what = format!("{}, cut before {cut}, {what}", self.operation.name);
                self.goes_on(self.seat().after_cut(&disk, None), Vec::new(), &what);
            }
        }
    }

    /// A response that left the card tells of what is durable, and nothing is done again.
    fn response_left(&self) {
        let run = &self.done.run;
        let (bytes, what) = run.images(run.journal.len()).swap_remove(0);
        let (disk, found) = run.check(run.journal.len(), bytes, &what);
        assert_eq!(
            found, self.after,
            "{}: the response left",
            self.operation.name
        );
        let seat = self.seat().after_cut(&disk, Some(&self.done.response));
        let what = format!("{}, after the response", self.operation.name);
        self.goes_on(seat, Vec::new(), &what);
    }

    /// The same in a reader, and power is lost; false if it was not, since the card does not write so much.
    fn lose_power(&self, loss: Loss) -> bool {
        let way = InReader::new(Disk::new(self.done.run.before.clone()));
        let mut seat = self.seat().before_last(way);
        let message = seat.say(&self.scene.what);
        seat.way.lose_power(loss);
        let said = seat.deliver(message);
        let was_lost = seat.way.has_lost_power();
        seat.is_forgotten();
        let what = format!("{} in a reader, {loss:?}", self.operation.name);
        self.goes_on(seat, said, &what);
        was_lost
    }

    /// The host does what hosts do after a cut, the owner gives the order again if it was not carried
    /// out: then it was carried out once.
    fn goes_on<W: Way>(&self, mut seat: Seat<W>, mut said: Vec<Message>, what: &str) {
        said.extend(seat.settle());
        for _ in 1..ORDERS_MAX {
            if self.is_done(&seat, &said) {
                break;
            }
            said.extend(seat.act(&self.scene.what));
        }
        let store = seat.dump();
        assert_eq!(self.facts(&store), self.facts(&self.after), "{what}");
        assert!(has_said(&said, self.operation.answers), "{what}: {said:?}");
        self.check_custody(&store, what);
    }

    fn is_done<W: Way>(&self, seat: &Seat<W>, said: &[Message]) -> bool {
        has_said(said, self.operation.answers)
            && self.facts(&seat.dump()) == self.facts(&self.after)
    }

    fn facts(&self, store: &Dump) -> Vec<String> {
        facts(store, &self.before)
    }

    /// Every voucher is there once, on all cards together.
    fn check_custody(&self, store: &Dump, what: &str) {
        let all = |own| self.peers.iter().chain([own]);
        let before = Custody::of(all(&self.before));
        let now = Custody::of(all(store));
        now.check_after(&before, what);
        let is_done = self.facts(store) == self.facts(&self.after);
        let expected = match is_done {
            true => before.count().checked_add_signed(self.operation.vouchers),
            false => Some(before.count()),
        };
        assert_eq!(Some(now.count()), expected, "{what}: how many vouchers");
    }
}

fn has_said(said: &[Message], answers: &[Mtype]) -> bool {
    answers
        .iter()
        .all(|answer| said.iter().any(|message| message.header.mtype == *answer))
}
