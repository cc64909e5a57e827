//! The end: nothing more is taken, what was taken is finished, within a deadline.

use std::time::{Duration, Instant};

use super::daemon::Daemon;
use super::failure::{EXIT_DRAIN, Failure};

/// How often it is looked whether all is finished.
const POLL: Duration = Duration::from_millis(10);

/// Refuses new messages with `shutting-down`, waits until connected programs took their messages
/// and cards theirs, gives back what nobody fetched, then closes links, cards and connections.
///
/// # Errors
/// [`Failure::Drain`] if programs or cards did not finish in time.
pub(super) async fn drain(daemon: &mut Daemon) -> Result<(), Failure> {
    daemon.is_draining = true;
    daemon.router.drain();
    let time = daemon.drain_time();
    guard(time);
    let deadline = Instant::now() + time;
    daemon.cards.end_waits();
    let mut is_finished = daemon.is_finished().await;
    while !is_finished && Instant::now() < deadline {
        daemon.serve_for(POLL).await;
        daemon.cards.end_waits();
        is_finished = daemon.is_finished().await;
    }
    daemon.router.return_mail();
    // Behind it in every queue: the verdicts are at the links and cards before those end.
    daemon.router.snapshot().await;
    if let Some(remote) = &daemon.remote {
        remote.shutdown();
    }
    daemon.cards.shutdown();
    daemon.router.shutdown();
    match is_finished {
        true => Ok(()),
        false => Err(Failure::Drain),
    }
}

/// Ends the process if a card or link holds its shutdown up: twice the time must be enough.
fn guard(time: Duration) {
    let guard = move || {
        std::thread::sleep(time * 2 + Duration::from_secs(1));
        tracing::error!(
            event = "drain-deadline",
            "a card or link does not end; giving up"
        );
        std::process::exit(EXIT_DRAIN.into());
    };
    // Without the guard the service manager's own deadline holds.
    let _ = std::thread::Builder::new()
        .name("drain-guard".into())
        .spawn(guard);
}

impl Daemon {
    /// Whether nobody connected waits for messages, and no card.
    async fn is_finished(&self) -> bool {
        let snapshot = self.router.snapshot().await;
        let is_idle = |id: &crate::router::IdSnapshot| id.pid.is_none() || id.waiting == 0;
        snapshot.ids.iter().all(is_idle) && snapshot.domains.iter().all(|card| card.queued == 0)
    }
}
