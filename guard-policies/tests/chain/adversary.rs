//! The shipped adversary: only for who asks for it, and the same every time.

use std::io;
use std::path::Path;

use guard_policies::chain::Chain;
use guard_policies::file::{Disk, Files, load};
use guard_policies::{Entry, Facts, Verdict};
use libetp::params::pals::Packet;
use libetp::{Domain, Header, Mtype};
use omissions::{Attack, Cut, Hosts};

use crate::support::*;

const PATH: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/policies/adversary/policy.toml"
);

struct NoExperiments;

impl Files for NoExperiments {
    fn read(&self, path: &Path, bytes_max: usize) -> io::Result<Vec<u8>> {
        Disk.read(path, bytes_max)
    }
}

fn verdicts(chain: &Chain, entry: Entry, src: Domain, count: usize) -> Vec<Verdict> {
    let header = Header {
        src: src.card(),
        dst: HOME.card(),
        mtype: TALK,
    };
    let facts = Facts::new(entry, header, b"", &Host);
    (0..count).map(|_| chain.judge(&facts).verdict).collect()
}

fn from_abroad(chain: &Chain, count: usize) -> Vec<Verdict> {
    verdicts(chain, Entry::Remote([3; 32]), ABROAD, count)
}

#[test]
fn it_does_not_load_where_experiments_are_not_allowed() {
    let error = load(Path::new(PATH), &NoExperiments)
        .unwrap_err()
        .to_string();
    assert!(error.contains("--experiment"), "{error}");
}

#[test]
fn it_does_everything_and_the_same_again() {
    let chain = || load(Path::new(PATH), &Disk).unwrap();
    assert!(chain().is_experiment());
    let fates = from_abroad(&chain(), 1_000);
    assert_eq!(fates, from_abroad(&chain(), 1_000));
    let is = |wanted: fn(&Verdict) -> bool| fates.iter().any(wanted);
    assert!(is(|it| *it == Verdict::Pass));
    assert!(is(|it| matches!(it, Verdict::Drop(_))));
    assert!(is(|it| matches!(it, Verdict::Disturb(..))));
}

#[test]
fn it_leaves_alone_what_does_not_meet_its_conditions() {
    let chain = load(Path::new(PATH), &Disk).unwrap();
    let own = verdicts(&chain, Entry::Card(HOME), HOME, 1_000);
    assert!(own.iter().all(|verdict| *verdict == Verdict::Pass));
}

const CARDS: [Domain; 4] = [HOME, ABROAD, Domain([3; 12]), Domain([4; 12])];

/// The rule file of a host that plays like that in a session of [`CARDS`].
struct Session(String);

impl Session {
    fn new(attack: &str) -> Self {
        let cards = CARDS.map(|card| card.to_string());
        Self(format!(
            "version = 1\n[[policy]]\nname = \"x\"\nkind = \"adversary\"\n\
             [policy.adversary]\ncards = {cards:?}\n{attack}\n"
        ))
    }
}

impl Files for Session {
    fn read(&self, _: &Path, _: usize) -> io::Result<Vec<u8>> {
        Ok(self.0.clone().into_bytes())
    }

    fn allows_experiments(&self) -> bool {
        true
    }
}

fn session(attack: &str) -> Result<Chain, String> {
    let loaded = load(Path::new("guard.toml"), &Session::new(attack));
    loaded.map_err(|error| error.to_string())
}

/// Whether a packet of a round passes, or a handshake in round 0.
fn passes(chain: &Chain, round: u32, from: usize, to: usize) -> bool {
    let packet = Packet {
        session: [7; 8],
        round: round.to_be_bytes(),
        packet: vec![9; 100],
    };
    let (mtype, param) = match round {
        0 => (Mtype::SESSION_HANDSHAKE, Vec::new()),
        _ => (Mtype::SESSION_PACKET, libetp::codec::to_vec(&packet)),
    };
    let header = Header {
        src: CARDS[from].card(),
        dst: CARDS[to].card(),
        mtype,
    };
    let entry = match CARDS[from] {
        HOME => Entry::Card(HOME),
        _ => Entry::Remote([3; 32]),
    };
    let facts = Facts::new(entry, header, &param, &Host);
    match chain.judge(&facts).verdict {
        Verdict::Pass => true,
        Verdict::Drop(_) => false,
        other => panic!("{other:?}"),
    }
}

/// Those that pass the first member's host.
fn messages() -> impl Iterator<Item = (u32, usize, usize)> {
    let pairs = (1..4).flat_map(|other| [(0, other), (other, 0)]);
    (0..=8).flat_map(move |round| pairs.clone().map(move |(from, to)| (round, from, to)))
}

/// What the simulator loses with the same seed.
#[test]
fn of_a_session_it_loses_what_corrupt_hosts_lose() {
    let withhold = Attack::Cut(Cut {
        round: 3,
        from: 0b0011,
        to: 0b1100,
    });
    let cut = Attack::Cut(Cut {
        round: 5,
        from: 0b0011,
        to: 0b0100,
    });
    let attacks = [
        ("attack = \"random\"", Attack::Random, 0),
        ("attack = \"chain\"\nafter = 2", Attack::Chain, 2),
        ("attack = \"one-way\"\nrounds = 8", Attack::OneWay, 0),
        ("attack = \"withhold\"\nround = 3", withhold, 0),
        ("attack = \"cut\"\nround = 5\nvictims = [2]", cut, 0),
    ];
    for (words, attack, after) in attacks {
        for seed in 0..20 {
            let chain = session(&format!("corrupt = [0, 1]\nseed = {seed}\n{words}")).unwrap();
            assert!(chain.is_experiment());
            let mut hosts = Hosts::corrupt_are(0b11, attack, 4, 8, seed).after(after);
            for (round, from, to) in messages() {
                let is_lost = hosts.loses(round, from, to);
                let is_passed = passes(&chain, round, from, to);
                assert_eq!(is_passed, !is_lost, "{words}: {round}, {from} to {to}");
            }
        }
    }
}

#[test]
fn what_is_of_no_such_session_passes() {
    let chain = session("corrupt = [0]\nattack = \"withhold\"\nround = 1").unwrap();
    assert!(!passes(&chain, 1, 0, 1));
    let all = |entry, src| verdicts(&chain, entry, src, 100);
    let own = all(Entry::Card(HOME), HOME);
    let strange = all(Entry::Remote([3; 32]), Domain([9; 12]));
    let mut both = own.iter().chain(&strange);
    assert!(both.all(|verdict| *verdict == Verdict::Pass));
}

#[test]
fn an_adversary_of_a_session_that_makes_no_sense_does_not_load() {
    for (attack, why) in [
        ("corrupt = [4]\nattack = \"random\"", "no member 4"),
        ("corrupt = [0]\nattack = \"rush\"", "rush"),
        ("corrupt = [0]\nattack = \"withhold\"", "need `round`"),
        (
            "corrupt = [0]\nattack = \"withhold\"\nround = 0",
            "need `round`",
        ),
        (
            "corrupt = [0]\nattack = \"random\"\nround = 2",
            "`round` is for",
        ),
        ("corrupt = [0]\nattack = \"one-way\"", "`rounds` is for"),
        (
            "corrupt = [0]\nattack = \"chain\"\nrounds = 3",
            "`rounds` is for",
        ),
        (
            "corrupt = [0]\nattack = \"cut\"\nround = 2",
            "needs `victims`",
        ),
        (
            "corrupt = [0]\nattack = \"chain\"\nvictims = [1]",
            "of a `cut`",
        ),
        ("corrupt = [0]\nattack = \"random\"\ndrop = 5", "drop"),
    ] {
        let error = session(attack).unwrap_err();
        assert!(error.contains(why), "{attack}: {error}");
    }
}
