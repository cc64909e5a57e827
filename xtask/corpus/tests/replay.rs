//! Replays every kept input through its parser, and short mutations of it.

#![allow(
    clippy::unwrap_used,
    reason = "a corpus that cannot be read is a failure"
)]

use std::fs;
use std::path::{Path, PathBuf};

use parser_corpus::TARGETS;

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

#[test]
fn every_prefix_and_every_flipped_bit_of_a_kept_input_holds() {
    for target in TARGETS {
        for (_, bytes) in inputs(target.name)
            .into_iter()
            .filter(|(_, bytes)| bytes.len() < 1_500)
        {
            (0..bytes.len()).for_each(|end| (target.run)(&bytes[..end]));
            for bit in 0..bytes.len() * 8 {
                let mut flipped = bytes.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                (target.run)(&flipped);
            }
        }
    }
}
