//! Another program at a card reader, as there are many: it does what each line of its standard input says, and
//! answers each with one line, `ok` and what came of it or the name of the error.
//!
//! | line | |
//! |---|---|
//! | `connect shared` (or `exclusive`, `direct`) | opens the card |
//! | `transmit HEX` | sends a command; the response in hex |
//! | `repeat COUNT HEX` | sends a command so often; processor time of this process and time, in microseconds |
//! | `begin`, `end` | a transaction |
//! | `wait inserted` (or `empty`) | waits until the reader is so |
//! | `disconnect leave` (or `reset`, `unpower`) | lets go of the card |

mod line;

use std::ffi::CString;
use std::io::{BufRead, stdin};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use libetp::text::hex;
use nix::time::{ClockId, clock_gettime};
use pcsc::{
    Card, Context, Disposition, MAX_BUFFER_SIZE_EXTENDED, Protocols, ReaderState, Scope, State,
};

use line::{Line, answer};

/// What came of a line, in words.
type Done = Result<String, pcsc::Error>;

fn main() -> ExitCode {
    let reader = std::env::args()
        .nth(1)
        .and_then(|name| CString::new(name).ok());
    let Some(reader) = reader else {
        eprintln!("reader-user: which reader?");
        return ExitCode::from(2);
    };
    let mut lines = stdin().lock().lines().map_while(Result::ok);
    match serve(&reader, &mut lines) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            answer(Err(error));
            ExitCode::FAILURE
        }
    }
}

/// Until there are no more lines. A card that is still open then is left as it is.
fn serve(reader: &CString, lines: &mut impl Iterator<Item = String>) -> Result<(), pcsc::Error> {
    let context = Context::establish(Scope::User)?;
    while let Some(line) = lines.next() {
        match Line::parse(&line) {
            Line::Connect(mode) => match context.connect(reader, mode, Protocols::ANY) {
                Ok(card) => {
                    answer(Ok(String::new()));
                    use_card(card, lines);
                }
                Err(error) => answer(Err(error)),
            },
            Line::Wait(state) => answer(wait(&context, reader, state)),
            _ => answer(Err(pcsc::Error::InvalidHandle)),
        }
    }
    Ok(())
}

/// Until it is let go.
fn use_card(mut card: Card, lines: &mut impl Iterator<Item = String>) {
    while let Some(line) = lines.next() {
        match Line::parse(&line) {
            Line::Transmit(command) => answer(transmit(&card, &command)),
            Line::Repeat(count, command) => answer(repeat(&card, count, &command)),
            Line::Begin => hold(&mut card, lines),
            Line::Disconnect(disposition) => {
                let left = card.disconnect(disposition).map_err(|(_, error)| error);
                return answer(left.map(|()| String::new()));
            }
            _ => answer(Err(pcsc::Error::InvalidParameter)),
        }
    }
    let _ = card.disconnect(Disposition::LeaveCard);
}

/// From `begin` to `end`.
fn hold(card: &mut Card, lines: &mut impl Iterator<Item = String>) {
    let transaction = match card.transaction() {
        Ok(transaction) => transaction,
        Err(error) => return answer(Err(error)),
    };
    answer(Ok(String::new()));
    for line in lines {
        match Line::parse(&line) {
            Line::Transmit(command) => answer(transmit(&transaction, &command)),
            Line::End => {
                let ended = transaction.end(Disposition::LeaveCard);
                return answer(ended.map_err(|(_, error)| error).map(|()| String::new()));
            }
            _ => answer(Err(pcsc::Error::InvalidParameter)),
        }
    }
}

fn transmit(card: &Card, command: &[u8]) -> Done {
    let mut buffer = vec![0; MAX_BUFFER_SIZE_EXTENDED];
    let response = card.transmit(command, &mut buffer)?;
    Ok(hex(response))
}

fn repeat(card: &Card, count: usize, command: &[u8]) -> Done {
    let mut buffer = vec![0; MAX_BUFFER_SIZE_EXTENDED];
    let (cpu, start) = (processor_time(), Instant::now());
    for _ in 0..count {
        card.transmit(command, &mut buffer)?;
    }
    let cpu = processor_time().saturating_sub(cpu);
    Ok(format!(
        "{} {}",
        cpu.as_micros(),
        start.elapsed().as_micros()
    ))
}

/// Of this process; zero where the kernel does not say.
fn processor_time() -> Duration {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}

fn wait(context: &Context, reader: &CString, wanted: State) -> Done {
    let mut states = [ReaderState::new(reader.clone(), State::UNAWARE)];
    loop {
        context.get_status_change(None, &mut states)?;
        if states[0].event_state().intersects(wanted) {
            return Ok(String::new());
        }
        states[0].sync_current_state();
    }
}
