//! `etpctl guard capture`.

use command_line::counted;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::time::{Duration, Instant};

use guard_policies::capture::{About, Writer};
use libetp::client::control::guard::Request;
use serde_json::json;

use super::follow::{Follow, message};
use super::pause::Pause;
use super::session::Session;
use super::{Capture, Failure};
use crate::control::{Daemon, Report};

/// How often the daemon is asked.
const PERIOD: Duration = Duration::from_millis(50);

pub(super) fn run(daemon: &Daemon, arguments: &Capture) -> Result<Report, Failure> {
    let pause = Pause::new()?;
    let mut session = Session::open(daemon)?;
    let path = &arguments.output;
    let mut options = File::options();
    let file = options.write(true).create_new(true).mode(0o600).open(path);
    let about = About {
        software: session.daemon().into(),
        has_params: arguments.payloads,
    };
    let writer = Writer::new(BufWriter::new(file.map_err(Failure::file(path))?), &about);
    let mut recording = Recording {
        arguments,
        writer: writer.map_err(Failure::capture(path))?,
        follow: Follow::from_now(&mut session, arguments.payloads)?,
        written: 0,
        left_out: 0,
    };
    session.order(Request::Capture { on: true })?;
    let recorded = recording.record(&mut session, &pause);
    let ended = session.order(Request::Capture { on: false });
    recorded?;
    ended?;
    // What came between the last look and the end.
    while recording.next(&mut session)? {}
    recording.finish()
}

struct Recording<'a, W: Write> {
    arguments: &'a Capture,
    writer: Writer<W>,
    follow: Follow,
    written: u64,
    /// Messages whose facts are too long for an answer of the daemon.
    left_out: u64,
}

impl<W: Write> Recording<'_, W> {
    fn record(&mut self, session: &mut Session, pause: &Pause) -> Result<(), Failure> {
        let end = self.arguments.seconds.map(Duration::from_secs);
        let end = end.and_then(|time| Instant::now().checked_add(time));
        while end.is_none_or(|end| Instant::now() < end) {
            let time = match self.next(session)? {
                true => Duration::ZERO,
                false => PERIOD,
            };
            if pause.wait(time) {
                break;
            }
        }
        Ok(())
    }

    /// Writes what came; whether something did.
    fn next(&mut self, session: &mut Session) -> Result<bool, Failure> {
        let records = self.follow.next(session)?;
        let came = !records.is_empty();
        for record in records.iter().filter(|record| record.is_captured) {
            match message(record) {
                Some(message) => {
                    let added =
                        self.writer
                            .add(&message.record, &message.outcome, message.generation);
                    added.map_err(Failure::capture(&self.arguments.output))?;
                    self.written += 1;
                }
                None => self.left_out += 1,
            }
        }
        Ok(came)
    }

    fn finish(self) -> Result<Report, Failure> {
        let path = &self.arguments.output;
        self.writer.finish().map_err(Failure::capture(path))?;
        let (written, lost) = (self.written, self.follow.lost + self.left_out);
        let messages = counted(written, "message is", "messages are");
        let mut text = format!("{messages} in {}", path.display());
        if lost > 0 {
            text += &format!(
                "; {lost} more came faster than they could be read, or were too long, and are not"
            );
        }
        let json = json!({ "file": path.display().to_string(), "messages": written, "lost": lost });
        Ok(Report { text, json })
    }
}
