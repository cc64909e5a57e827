//! `etpctl guard trace`.

use std::time::Duration;

use guard_policies::capture::Captured;
use libetp::EntityId;
use libetp::client::aliases::Aliases;
use libetp::client::control::guard::{Record, Request};
use libetp::client::text::shown;
use serde_json::json;

use super::follow::{Follow, message};
use super::pause::Pause;
use super::session::Session;
use super::write::Row;
use super::{Failure, Trace};
use crate::control::{Daemon, aliases, print};

/// How often the daemon is asked.
const PERIOD: Duration = Duration::from_millis(100);

pub(super) fn run(daemon: &Daemon, arguments: &Trace, json: bool) -> Result<(), Failure> {
    let aliases = aliases()?;
    let id = aliases
        .resolve(&arguments.id)
        .map_err(crate::control::Failure::from)?;
    let pause = Pause::new()?;
    let mut session = Session::open(daemon)?;
    let follow = Follow::from_now(&mut session, false)?;
    let watch = |on| Request::Watch {
        id: id.to_string(),
        on,
    };
    session.order(watch(true))?;
    let mut tracer = Tracer {
        id,
        aliases,
        json,
        left: arguments.count.unwrap_or(u64::MAX),
    };
    let traced = tracer.follow(&mut session, follow, &pause);
    let ended = session.order(watch(false)).map(drop);
    traced.and(ended)
}

struct Tracer {
    id: EntityId,
    aliases: Aliases,
    json: bool,
    /// So many messages more.
    left: u64,
}

impl Tracer {
    fn follow(
        &mut self,
        session: &mut Session,
        mut follow: Follow,
        pause: &Pause,
    ) -> Result<(), Failure> {
        loop {
            let records = follow.next(session)?;
            let is_idle = records.is_empty();
            for record in records {
                if let Some(message) = message(&record)
                    && self.is_about(&message)
                {
                    self.tell(&record, &message)?;
                    self.left -= 1;
                }
                if self.left == 0 {
                    return Ok(());
                }
            }
            if pause.wait(if is_idle { PERIOD } else { Duration::ZERO }) {
                return Ok(());
            }
        }
    }

    /// Others may watch other ids.
    fn is_about(&self, message: &Captured) -> bool {
        let header = message.record.header;
        header.src == self.id || header.dst == self.id
    }

    fn tell(&self, record: &Record, message: &Captured) -> Result<(), Failure> {
        let row = Row::new(Some(message), &self.aliases);
        if self.json {
            let value = row.value(json!({
                "generation": message.generation,
                "steps": record.steps,
                "verdict": record.verdict,
                "shadow": record.differing,
            }));
            return Ok(print(&value)?);
        }
        let mut text = row.line();
        for (policy, said) in &record.steps {
            text += &format!("\n  {}: {}", shown(policy), shown(said));
        }
        text += &format!(
            "\n  => {} (generation {})",
            shown(&record.verdict),
            message.generation
        );
        if let Some(differing) = &record.differing {
            text += &format!("\n     shadow: {}", shown(differing));
        }
        Ok(print(&text)?)
    }
}
