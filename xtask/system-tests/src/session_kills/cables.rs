//! Links between hosts that can be cut: a relay for each direction in which a daemon dials another.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use crate::host::Peer;
use crate::program::Failure;

/// Longest datagram.
const DATAGRAM_BYTES_MAX: usize = 65_535;

/// Relays between all hosts of a deployment. They end when this goes away.
#[derive(Debug)]
pub struct Cables {
    peers: Vec<Peer>,
    cuts: Arc<Cuts>,
    cables: Vec<Cable>,
}

/// How often each direction is cut, in order of who sends and who receives.
#[derive(Debug)]
struct Cuts {
    n: usize,
    counts: Vec<AtomicUsize>,
}

impl Cuts {
    fn of(&self, from: usize, to: usize) -> &AtomicUsize {
        &self.counts[from * self.n + to]
    }
}

impl Cables {
    /// Connects all to all.
    ///
    /// # Errors
    /// [`Failure`] if there are no sockets, or a host has no address.
    pub fn lay(peers: Vec<Peer>) -> Result<Self, Failure> {
        let n = peers.len();
        let counts = (0..n * n).map(|_| AtomicUsize::new(0)).collect();
        let cuts = Arc::new(Cuts { n, counts });
        let mut cables = Vec::new();
        for (from, to) in ordered_pairs(n) {
            let listens = peers[to].address;
            let listens = listens.ok_or_else(|| Failure::new("a host that listens nowhere"))?;
            cables.push(Cable::lay((from, to), listens, &cuts)?);
        }
        Ok(Self {
            peers,
            cuts,
            cables,
        })
    }

    /// All other hosts, with the relays that lead to them from this one.
    pub fn peers_of(&self, host: usize) -> Vec<Peer> {
        let cables = self.cables.iter().filter(|cable| cable.ends.0 == host);
        let peer = |cable: &Cable| Peer {
            address: Some(cable.address),
            ..self.peers[cable.ends.1].clone()
        };
        cables.map(peer).collect()
    }

    /// Nothing that one host sends reaches the other any more.
    pub fn cut(&self, from: usize, to: usize) {
        self.cuts.of(from, to).fetch_add(1, Ordering::SeqCst);
    }

    /// Takes a cut back.
    pub fn mend(&self, from: usize, to: usize) {
        self.cuts.of(from, to).fetch_sub(1, Ordering::SeqCst);
    }
}

fn ordered_pairs(n: usize) -> impl Iterator<Item = (usize, usize)> {
    let pairs = (0..n).flat_map(move |from| (0..n).map(move |to| (from, to)));
    pairs.filter(|(from, to)| from != to)
}

/// The way on which one host dials another, and is answered.
#[derive(Debug)]
struct Cable {
    /// Who dials, and who listens.
    ends: (usize, usize),
    /// Where the one that dials finds the other.
    address: SocketAddr,
    /// Where the one that listens sees the other.
    back: SocketAddr,
    is_over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Cable {
    fn lay(ends: (usize, usize), listens: SocketAddr, cuts: &Arc<Cuts>) -> Result<Self, Failure> {
        let (front, back) = (loopback()?, loopback()?);
        let address = front.local_addr().map_err(Failure::io("relay"))?;
        let back_address = back.local_addr().map_err(Failure::io("relay"))?;
        let is_over = Arc::new(AtomicBool::new(false));
        let (front, back) = (Arc::new(front), Arc::new(back));
        let caller = Arc::new(Mutex::new(None));
        let there = Lane {
            ends,
            cuts: cuts.clone(),
            is_over: is_over.clone(),
            receives: front.clone(),
            sends: back.clone(),
        };
        let and_back = Lane {
            ends: (ends.1, ends.0),
            receives: back,
            sends: front,
            ..there.clone()
        };
        let seen = caller.clone();
        let threads = vec![
            thread::spawn(move || there.run(|of| *lock(&seen) = Some(of), || Some(listens))),
            thread::spawn(move || and_back.run(|_| (), || *lock(&caller))),
        ];
        Ok(Self {
            ends,
            address,
            back: back_address,
            is_over,
            threads,
        })
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        if let Ok(waker) = loopback() {
            waker.send_to(&[], self.address).ok();
            waker.send_to(&[], self.back).ok();
            self.threads.drain(..).for_each(|it| drop(it.join()));
        }
    }
}

/// One direction of a cable.
#[derive(Clone, Debug)]
struct Lane {
    ends: (usize, usize),
    cuts: Arc<Cuts>,
    is_over: Arc<AtomicBool>,
    receives: Arc<UdpSocket>,
    sends: Arc<UdpSocket>,
}

impl Lane {
    /// Hands datagrams on, and says who sent them.
    fn run(self, sent_by: impl Fn(SocketAddr), to: impl Fn() -> Option<SocketAddr>) {
        let mut datagram = vec![0; DATAGRAM_BYTES_MAX];
        while let Ok((len, from)) = self.receives.recv_from(&mut datagram) {
            if self.is_over.load(Ordering::SeqCst) {
                break;
            }
            sent_by(from);
            let is_cut = self
                .cuts
                .of(self.ends.0, self.ends.1)
                .load(Ordering::SeqCst)
                > 0;
            if let Some(to) = to().filter(|_| !is_cut) {
                // A datagram may be lost.
                self.sends.send_to(&datagram[..len], to).ok();
            }
        }
    }
}

fn lock(caller: &Mutex<Option<SocketAddr>>) -> std::sync::MutexGuard<'_, Option<SocketAddr>> {
    caller.lock().unwrap_or_else(PoisonError::into_inner)
}

fn loopback() -> Result<UdpSocket, Failure> {
    UdpSocket::bind("127.0.0.1:0").map_err(Failure::io("relay"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn peer(socket: &UdpSocket) -> Peer {
        Peer {
            key: String::new(),
            address: socket.local_addr().ok(),
            domains: Vec::new(),
        }
    }

    fn heard(socket: &UdpSocket) -> Option<(u8, SocketAddr)> {
        let mut byte = [0];
        let (_, from) = socket.recv_from(&mut byte).ok()?;
        Some((byte[0], from))
    }

    /// What was sent before arrives before, so nothing has to be waited for in vain.
    #[test]
    fn a_cut_direction_carries_nothing_and_the_other_everything() {
        let hosts = [loopback().unwrap(), loopback().unwrap()];
        for host in &hosts {
            host.set_read_timeout(Some(Duration::from_secs(60)))
                .unwrap();
        }
        let cables = Cables::lay(hosts.iter().map(peer).collect()).unwrap();
        let there = cables.peers_of(0)[0].address.unwrap();
        hosts[0].send_to(&[1], there).unwrap();
        let (first, back) = heard(&hosts[1]).unwrap();
        assert_eq!(first, 1);
        cables.cut(0, 1);
        cables.cut(0, 1);
        hosts[1].send_to(&[2], back).unwrap();
        assert_eq!(heard(&hosts[0]), Some((2, there)));
        cables.mend(0, 1);
        for host in &hosts {
            host.set_read_timeout(Some(Duration::from_millis(50)))
                .unwrap();
        }
        hosts[0].send_to(&[3], there).unwrap();
        assert_eq!(heard(&hosts[1]), None, "cut twice and mended once");
        cables.mend(0, 1);
        for host in &hosts {
            host.set_read_timeout(Some(Duration::from_secs(60)))
                .unwrap();
        }
        hosts[0].send_to(&[4], there).unwrap();
        assert_eq!(heard(&hosts[1]).map(|it| it.0), Some(4));
    }
}
