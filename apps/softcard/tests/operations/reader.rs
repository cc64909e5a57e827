//! A card in a virtual reader that loses its power: at a write to its disk, before a command, or before a response.

use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use card_proxy::{Link, LinkError};
use oncard_runtime::Card;
use softcard::RedbStore;
use softcard::vpcd::{Protocol, Pulled, VirtualCard};

use crate::seat::Way;
use crate::support::disk::{Disk, after_power_cut};
use crate::support::programs;
use crate::support::reader::{RESET, Reader};
use crate::support::run::{Dice, Dump, dump, open};

/// What a card that gets power is given.
const ENTROPY: [u8; 32] = [44; 32];

/// When power is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// Before the card looks at a command.
    BeforeCommand,
    /// While it carries one out, at that operation on its disk; what was not synced meets the fate of a seed.
    AtWrite(usize, u64),
    /// When it has carried one out.
    BeforeResponse,
}

/// The loss that comes, until it came.
type Plan = Arc<Mutex<Option<Loss>>>;

/// A card over a disk, whose power is lost once.
struct Chip {
    disk: Disk,
    plan: Plan,
    /// `None` without power.
    card: Option<Card<RedbStore>>,
}

/// The way to it, through a reader.
pub(crate) struct InReader {
    reader: Reader,
    disk: Disk,
    plan: Plan,
    /// Closed when the card is to be pulled.
    stop: Option<UnixStream>,
    card: Option<JoinHandle<()>>,
}

impl InReader {
    /// The card of a disk.
    pub(crate) fn new(disk: Disk) -> Self {
        let mut reader = Reader::new();
        let plan = Plan::default();
        let chip = Chip {
            disk: disk.clone(),
            plan: Arc::clone(&plan),
            card: None,
        };
        let (stop, stopped) = UnixStream::pair().expect("a pair");
        let address = reader.address();
        let card = thread::spawn(move || live(chip, address, &stopped));
        reader.next_card();
        Self {
            reader,
            disk,
            plan,
            stop: Some(stop),
            card: Some(card),
        }
    }

    /// Power is lost so with the next command.
    pub(crate) fn lose_power(&self, loss: Loss) {
        *self.plan.lock().unwrap_or_else(PoisonError::into_inner) = Some(loss);
    }

    /// Whether it was.
    pub(crate) fn has_lost_power(&self) -> bool {
        let plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        plan.is_none()
    }
}

/// In and out of the reader, until it is pulled for good.
fn live(chip: Chip, reader: SocketAddr, stop: &UnixStream) {
    let mut card = VirtualCard::new(chip, Protocol::T1);
    loop {
        let stream = TcpStream::connect(reader).expect("a reader");
        match card.insert(&stream, stop) {
            Pulled::Asked => return,
            Pulled::Reader(error) => panic!("{error}"),
            Pulled::Card(_) => {}
        }
    }
}

impl Way for InReader {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        self.reader.say(command);
        let response = self.reader.hear();
        response.ok_or_else(|| {
            self.reader.next_card();
            LinkError::Reset
        })
    }

    fn power_up(&mut self) {
        self.reader.say(&[RESET]);
    }

    fn dump(&self) -> Dump {
        dump(&open(&Disk::new(self.disk.bytes())))
    }
}

impl Drop for InReader {
    fn drop(&mut self) {
        self.stop = None;
        let ended = self.card.take().map(JoinHandle::join);
        assert!(thread::panicking() || matches!(ended, Some(Ok(()))));
    }
}

impl Chip {
    /// The loss that comes with this command.
    fn loss(&self) -> Option<Loss> {
        *self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// No power any more, just before that operation of the disk's journal.
    fn lose_power(&mut self, before: &[u8], at: usize, seed: u64) -> LinkError {
        *self.plan.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let (journal, mut dice) = (self.disk.journal(), Dice(seed));
        // What it does to its disk when it goes, nobody sees.
        self.card = None;
        let bytes = after_power_cut(before, &journal, at, |_| dice.fate());
        self.disk.replace(bytes);
        LinkError::Gone("its power was cut".into())
    }
}

impl Link for Chip {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        let (loss, before) = (self.loss(), self.disk.bytes());
        self.disk.heal();
        if let Some(Loss::AtWrite(at, _)) = loss {
            self.disk.fail_at(at);
        }
        if loss == Some(Loss::BeforeCommand) {
            return Err(self.lose_power(&before, 0, 1));
        }
        let card = self.card.as_mut().expect("it has power");
        let response = card.transmit(command);
        match loss {
            Some(Loss::AtWrite(at, seed)) if self.disk.has_failed() => {
                Err(self.lose_power(&before, at, seed))
            }
            Some(Loss::BeforeResponse) => {
                let at = self.disk.operations();
                Err(self.lose_power(&before, at, 1))
            }
            _ => Ok(response),
        }
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        // The old one lets go of its disk first.
        self.card = None;
        let card = Card::new(open(&self.disk), programs(), ENTROPY);
        self.card = Some(card.expect("powered up"));
        Ok(())
    }
}
