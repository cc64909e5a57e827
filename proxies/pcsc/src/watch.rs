//! Keeps the view of readers true: a context of its own, in a thread of its own.

use std::convert::Infallible;
use std::time::Duration;

use pcsc::{Context, Error, PNP_NOTIFICATION, ReaderState, Scope, State};

use crate::life::{PAUSE_FIRST_MS, Pause, of_service};
use crate::log::{Log, Urgency};
use crate::view::{Reader, SharedView, Slot};

/// How often access may be denied in a row until it is said that it is: a service that begins or ends may say so, too.
const DENIALS_MAX: u32 = 5;

/// Follows the readers of this machine until the process ends.
///
/// # Errors
/// What the system says if there is no thread.
pub(crate) fn start(view: SharedView, log: Log) -> std::io::Result<()> {
    let watching = std::thread::Builder::new().name("readers".into());
    watching.spawn(move || watch(&view, &log)).map(drop)
}

fn watch(view: &SharedView, log: &Log) {
    let (mut pause, mut denials, mut said) = (Pause::default(), 0, None);
    loop {
        let Err(error) = follow(view, || {
            pause.reset();
            denials = 0;
            if said.take().is_some() {
                log.say(Urgency::Info, "the PC/SC service is there again");
            }
        });
        denials += u32::from(error == Error::SecurityViolation);
        let shown = match denials {
            1..DENIALS_MAX => Error::NoService,
            _ => error,
        };
        view.tell(Err(shown), Vec::new());
        if said.replace(shown) != Some(shown) {
            log.say(Urgency::Error, of_service(shown));
        }
        std::thread::sleep(Duration::from_millis(pause.next_ms()));
    }
}

/// Tells what changes, until PC/SC fails. `works` is called each time it does not.
fn follow(view: &SharedView, mut works: impl FnMut()) -> Result<Infallible, Error> {
    let context = Context::establish(Scope::System)?;
    let mut states = Vec::new();
    loop {
        update(&context, &mut states)?;
        if states.len() == 1 {
            view.tell(Ok(()), Vec::new());
        }
        match context.get_status_change(None, &mut states) {
            Ok(()) | Err(Error::Timeout | Error::Cancelled) => {}
            Err(Error::UnknownReader | Error::ReaderUnavailable | Error::NoReadersAvailable) => {
                states.clear();
                std::thread::sleep(Duration::from_millis(PAUSE_FIRST_MS));
                continue;
            }
            Err(error) => return Err(error),
        }
        works();
        states.iter_mut().for_each(ReaderState::sync_current_state);
        view.tell(Ok(()), states.iter().filter_map(reader).collect());
    }
}

/// Makes one state for each reader that is there now, and one for readers that come and go.
fn update(context: &Context, states: &mut Vec<ReaderState>) -> Result<(), Error> {
    let names = match context.list_readers_owned() {
        Err(Error::NoReadersAvailable) => Vec::new(),
        names => names?,
    };
    states.retain(|state| {
        state.name() == PNP_NOTIFICATION() || names.iter().any(|name| **name == *state.name())
    });
    if states.is_empty() {
        states.push(ReaderState::new(PNP_NOTIFICATION(), State::UNAWARE));
    }
    for name in names {
        if !states.iter().any(|state| *state.name() == *name) {
            states.push(ReaderState::new(name, State::UNAWARE));
        }
    }
    Ok(())
}

/// What a state says; nothing, if it is not that of a reader that is there.
pub(crate) fn reader(state: &ReaderState) -> Option<Reader> {
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
