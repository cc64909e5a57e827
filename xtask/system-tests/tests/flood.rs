//! A user whose wallet is flooded by somebody else.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use libetp::EntityId;
use libetp::client::blocking::Connection;
use libetp::params::host::Ping;
use system_tests::scenario::Cast;
use system_tests::{Binaries, Deployment, Host};

/// How long a flood lasts if nobody stops it.
const FLOOD_MAX: Duration = Duration::from_secs(120);
/// Messages sent between two looks at the clock.
const WAVE: usize = 64;

/// A program that sends an id more than it can take, until it is stopped.
struct Flood {
    stop: Arc<AtomicBool>,
    /// Whether it was stopped before it gave up.
    thread: JoinHandle<bool>,
}

impl Flood {
    fn start(host: &Host, victim: EntityId) -> Self {
        let connection = Connection::open(host.socket(), "flood").unwrap();
        let mut capability = connection.acquire(None, false).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let is_stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let end = Instant::now() + FLOOD_MAX;
            while Instant::now() < end {
                if is_stopped.load(Ordering::Relaxed) {
                    return true;
                }
                for _ in 0..WAVE {
                    let nonce = vec![0; 16];
                    capability.queue_param(victim, &Ping { nonce }).unwrap();
                }
                capability.flush().unwrap();
                while capability.held().is_some() {}
            }
            false
        });
        Self { stop, thread }
    }

    fn stop(self) -> bool {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

#[test]
fn a_wallet_that_is_flooded_ends_when_its_time_is_up() {
    let deployment = Deployment::create(Binaries::beside_this_program().unwrap()).unwrap();
    let cast = Cast::assemble(&deployment).unwrap();
    let flood = Flood::start(&cast.a, cast.wallets[0].parse().unwrap());
    let inbox = cast.a.wallet(&["inbox", "--wait", "1"]).output().unwrap();
    assert!(flood.stop(), "the flood ended before the wallet");
    assert_eq!(inbox.code, Some(0), "{}", inbox.failure());
}
