//! A UDP path in user space that can be cut, made to lose packets, or moved.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

struct Controls {
    cut: AtomicBool,
    /// Of 1,000 packets, so many are lost.
    loss: AtomicU32,
    /// Whether the path to the target should get another source port.
    rebind: AtomicBool,
    end: AtomicBool,
    target: Mutex<SocketAddr>,
}

/// Whoever sends to [`Forwarder::address`] talks to the target.
pub(crate) struct Forwarder {
    pub(crate) address: SocketAddr,
    controls: Arc<Controls>,
    thread: Option<JoinHandle<()>>,
}

impl Forwarder {
    pub(crate) fn to(target: SocketAddr) -> Self {
        let front = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = front.local_addr().unwrap();
        let controls = Arc::new(Controls {
            cut: AtomicBool::new(false),
            loss: AtomicU32::new(0),
            rebind: AtomicBool::new(false),
            end: AtomicBool::new(false),
            target: Mutex::new(target),
        });
        let shared = controls.clone();
        let thread = std::thread::spawn(move || forward(&front, &shared));
        Self {
            address,
            controls,
            thread: Some(thread),
        }
    }

    pub(crate) fn cut(&self, cut: bool) {
        self.controls.cut.store(cut, Ordering::SeqCst);
    }

    pub(crate) fn lose(&self, per_mille: u32) {
        self.controls.loss.store(per_mille, Ordering::SeqCst);
    }

    /// From now on the path leads to another target.
    pub(crate) fn lead_to(&self, target: SocketAddr) {
        *self.controls.target.lock().unwrap() = target;
        self.rebind();
    }

    pub(crate) fn rebind(&self) {
        self.controls.rebind.store(true, Ordering::SeqCst);
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.controls.end.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

fn back_socket() -> UdpSocket {
    let back = UdpSocket::bind("127.0.0.1:0").unwrap();
    back.set_nonblocking(true).unwrap();
    back
}

fn forward(front: &UdpSocket, controls: &Controls) {
    front.set_nonblocking(true).unwrap();
    let mut back = back_socket();
    let mut client = None;
    let mut dice = 1u32;
    let mut buffer = vec![0; 1 << 16];
    while !controls.end.load(Ordering::SeqCst) {
        if controls.rebind.swap(false, Ordering::SeqCst) {
            back = back_socket();
        }
        let mut idle = true;
        if let Ok((length, from)) = front.recv_from(&mut buffer) {
            client = Some(from);
            idle = false;
            if passes(controls, &mut dice) {
                let target = *controls.target.lock().unwrap();
                drop(back.send_to(&buffer[..length], target));
            }
        }
        if let Ok((length, _)) = back.recv_from(&mut buffer) {
            idle = false;
            if let (Some(client), true) = (client, passes(controls, &mut dice)) {
                drop(front.send_to(&buffer[..length], client));
            }
        }
        if idle {
            std::thread::sleep(Duration::from_micros(200));
        }
    }
}

fn passes(controls: &Controls, dice: &mut u32) -> bool {
    *dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    let lost = (*dice >> 8) % 1_000 < controls.loss.load(Ordering::SeqCst);
    !lost && !controls.cut.load(Ordering::SeqCst)
}
