//! The shipped adversary: only for who asks for it, and the same every time.

use std::io;
use std::path::Path;

use guard_policies::chain::Chain;
use guard_policies::file::{Disk, Files, load};
use guard_policies::{Entry, Facts, Verdict};
use libetp::{Domain, Header};

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
