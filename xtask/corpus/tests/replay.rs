//! Replays every kept input through its parser, and short mutations of it.

#![allow(
    clippy::unwrap_used,
    reason = "a corpus that cannot be read is a failure"
)]

use std::fs;
use std::path::{Path, PathBuf};

use parser_corpus::{TARGETS, Target};

fn corpora() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora")
}

fn inputs(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let directory = corpora().join(target);
    let entries = fs::read_dir(&directory).unwrap_or_else(|e| panic!("{directory:?}: {e}"));
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

#[test]
fn every_target_has_a_corpus_and_a_fuzzer() {
    let fuzzers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/fuzz_targets");
    for target in TARGETS {
        assert!(
            !inputs(target.name).is_empty(),
            "no corpus for {}",
            target.name
        );
        assert!(
            fuzzers.join(format!("{}.rs", target.name)).exists(),
            "{}",
            target.name
        );
    }
}

#[test]
fn kept_inputs_hold() {
    for target in TARGETS {
        for (path, bytes) in inputs(target.name) {
            println!("{}", path.display());
            (target.run)(&bytes);
        }
    }
}

/// Kept inputs that are short enough to be mutated everywhere.
fn short_inputs(
    targets: impl Fn(&str) -> bool,
) -> impl Iterator<Item = (&'static Target, Vec<u8>)> {
    let targets = TARGETS.iter().filter(move |target| targets(target.name));
    targets.flat_map(|target| {
        let inputs = inputs(target.name).into_iter();
        let short = inputs.filter(|(_, bytes)| bytes.len() < 1_500);
        short.map(move |(_, bytes)| (target, bytes))
    })
}

fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut flipped = bytes.to_vec();
    flipped[bit / 8] ^= 1 << (bit % 8);
    flipped
}

/// A card or a daemon starts for each input of these.
fn is_of_state(target: &str) -> bool {
    target.ends_with("_state")
}

#[test]
fn every_prefix_and_every_flipped_bit_of_a_kept_input_holds() {
    for (target, bytes) in short_inputs(|target| !is_of_state(target)) {
        (0..bytes.len()).for_each(|end| (target.run)(&bytes[..end]));
        (0..bytes.len() * 8).for_each(|bit| (target.run)(&flipped(&bytes, bit)));
    }
}

#[test]
fn a_flipped_bit_in_every_byte_of_kept_records_holds() {
    for (target, bytes) in short_inputs(is_of_state) {
        let ends = (0..bytes.len()).step_by(8);
        ends.for_each(|end| (target.run)(&bytes[..end]));
        let bits = (0..bytes.len()).map(|at| at * 8 + at % 8);
        bits.for_each(|bit| (target.run)(&flipped(&bytes, bit)));
    }
}
