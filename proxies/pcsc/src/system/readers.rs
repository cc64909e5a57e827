//! What PC/SC tells of readers.

use std::ffi::CString;
use std::time::Duration;

use pcsc::{
    Context, Disposition, Error, PNP_NOTIFICATION, Protocols, ReaderState, Scope, ShareMode, State,
};

use crate::view::{Reader, Slot};
use crate::watch::Readers;

/// The readers of this machine.
#[derive(Default)]
pub struct SystemReaders {
    context: Option<Context>,
    /// One for each reader, and one for readers that come and go.
    states: Vec<ReaderState>,
}

impl SystemReaders {
    /// What is in the readers now.
    ///
    /// # Errors
    /// As PC/SC.
    pub fn now() -> Result<Vec<Reader>, Error> {
        let mut readers = Self::default();
        readers.establish()?;
        match readers.list()? {
            true => readers.changes(None),
            false => Ok(Vec::new()),
        }
    }

    fn context(&self) -> Result<&Context, Error> {
        self.context.as_ref().ok_or(Error::InvalidHandle)
    }
}

impl Readers for SystemReaders {
    fn establish(&mut self) -> Result<(), Error> {
        self.states.clear();
        self.context = None;
        self.context = Some(Context::establish(Scope::System)?);
        Ok(())
    }

    fn list(&mut self) -> Result<bool, Error> {
        let names = match self.context()?.list_readers_owned() {
            Err(Error::NoReadersAvailable) => Vec::new(),
            names => names?,
        };
        let is_any = !names.is_empty();
        self.states.retain(|state| {
            let name = state.name();
            name == PNP_NOTIFICATION() || names.iter().any(|known| **known == *name)
        });
        if self.states.is_empty() {
            let comings = ReaderState::new(PNP_NOTIFICATION(), State::UNAWARE);
            self.states.push(comings);
        }
        for name in names {
            if !self.states.iter().any(|state| *state.name() == *name) {
                self.states.push(ReaderState::new(name, State::UNAWARE));
            }
        }
        Ok(is_any)
    }

    fn changes(&mut self, within: Option<Duration>) -> Result<Vec<Reader>, Error> {
        let context = self.context.as_ref().ok_or(Error::InvalidHandle)?;
        match context.get_status_change(within, &mut self.states) {
            Ok(()) => {}
            Err(Error::Timeout) => return Err(Error::Timeout),
            Err(error) => {
                self.states.clear();
                return Err(error);
            }
        }
        let states = self.states.iter_mut();
        states.for_each(ReaderState::sync_current_state);
        Ok(self.states.iter().filter_map(reader).collect())
    }

    fn rouse(&mut self, reader: &str) -> Result<(), Error> {
        let reader = CString::new(reader).map_err(|_| Error::UnknownReader)?;
        let direct = ShareMode::Direct;
        let mut card = self
            .context()?
            .connect(&reader, direct, Protocols::UNDEFINED)?;
        let roused = card.reconnect(direct, Protocols::UNDEFINED, Disposition::ResetCard);
        // Closing has no result that anybody could act upon.
        let _ = card.disconnect(Disposition::LeaveCard);
        roused
    }

    fn pause(&mut self, pause: Duration) {
        std::thread::sleep(pause);
    }
}

/// What a state says; nothing, if it is not that of a reader that is there.
fn reader(state: &ReaderState) -> Option<Reader> {
    let flags = state.event_state();
    let is_gone = flags.intersects(State::UNKNOWN | State::UNAVAILABLE | State::IGNORE);
    if state.name() == PNP_NOTIFICATION() || is_gone {
        return None;
    }
    let slot = match (flags.contains(State::PRESENT), flags.contains(State::MUTE)) {
        (true, true) => Slot::Mute,
        (true, false) => Slot::Card(state.atr().to_vec()),
        (false, _) => Slot::Empty,
    };
    Some(Reader {
        name: state.name().to_string_lossy().into_owned(),
        slot,
        changes: state.event_count(),
        is_in_use: flags.contains(State::INUSE),
        is_exclusive: flags.contains(State::EXCLUSIVE),
    })
}
