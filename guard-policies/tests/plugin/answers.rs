//! What a plugin may answer, and what it lies about.

use guard_policies::Opinion;
use guard_policies::plugin::limits::REASON_BYTES_MAX;
use libetp::limits::PARAM_BYTES_MAX;
use proptest::prelude::*;

use crate::support::{ask, check, checking, failure, framed, load};

/// A plugin that answers with this number, its buffer full of `x`.
fn answering(answer: u64) -> Vec<u8> {
    checking(&format!(
        "(memory.fill (i32.const 0) (i32.const 120) (i32.const 70000)) i64.const {answer}"
    ))
}

fn answer(code: u64, len: u64) -> Result<Opinion, String> {
    let plugin = load(&answering(code << 32 | len)).expect("a module");
    ask(&plugin, b"param").opinion.map_err(|f| f.to_string())
}

#[test]
fn each_code_is_an_opinion() {
    let vectors = include_str!("../../../docs/vectors/guard-plugin.json");
    let vectors: serde_json::Value = serde_json::from_str(vectors).expect("JSON");
    let number = |name: &str| {
        let hex = vectors["answers"][name].as_str().expect("a vector");
        u64::from_str_radix(hex, 16).expect("hex")
    };
    assert_eq!(number("pass"), 0);
    assert_eq!(number("drop with a reason of 3 bytes"), 1 << 32 | 3);
    assert_eq!(number("refuse with a reason of 3 bytes"), 2 << 32 | 3);
    assert_eq!(number("hold with a reason of 3 bytes"), 3 << 32 | 3);
    assert_eq!(number("rewrite to a param of 3 bytes"), 4 << 32 | 3);
    assert_eq!(answer(0, 0), Ok(Opinion::Indifferent));
    assert_eq!(answer(1, 3), Ok(Opinion::Drop("xxx".into())));
    assert_eq!(answer(2, 3), Ok(Opinion::Refuse("xxx".into())));
    assert_eq!(answer(3, 3), Ok(Opinion::Hold("xxx".into())));
    assert_eq!(answer(4, 3), Ok(Opinion::Rewrite(b"xxx".to_vec())));
    assert_eq!(answer(4, 0), Ok(Opinion::Rewrite(vec![])));
    assert_eq!(
        answer(2, 0),
        Ok(Opinion::Refuse("no reason is given".into()))
    );
}

#[test]
fn a_code_that_means_nothing_is_a_failure() {
    for code in [5, 6, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff] {
        let failure = answer(code, 0).expect_err("a failure");
        assert_eq!(failure, format!("it answered with code {code}"));
    }
}

#[test]
fn an_output_is_no_longer_than_its_code_allows() {
    let (reason, param) = (REASON_BYTES_MAX as u64, PARAM_BYTES_MAX as u64);
    for (code, max) in [(0, 0), (1, reason), (2, reason), (3, reason), (4, param)] {
        answer(code, max).expect("as long as allowed");
        for len in [
            max + 1,
            69_632,
            69_633,
            131_072,
            131_073,
            0x7fff_ffff,
            0xffff_ffff,
        ] {
            let failure = answer(code, len).expect_err("too long");
            assert!(failure.contains(&format!("{len} bytes")), "{failure}");
        }
    }
}

#[test]
fn a_reason_is_text_that_cannot_move_a_cursor() {
    let saying = |bytes: &str, len: usize| {
        let check = check(&format!(
            "(memory.init $text (i32.const 0) (i32.const 0) (i32.const {len}))
            i64.const {}",
            2_u64 << 32 | len as u64
        ));
        let module = framed(&format!(r#"(data $text "{bytes}") {check}"#));
        load(&module).expect("a module")
    };
    assert_eq!(failure(&saying(r"\ff\fe", 2)), "its reason is no UTF-8");
    assert_eq!(
        failure(&saying(r"\c3\a9", 1)),
        "its reason is no UTF-8",
        "cut in two"
    );
    let escaped = ask(&saying(r"a\1b[2J\0a\e2\80\ae", 9), b"").opinion;
    let expected = r"a\u{1b}[2J\u{a}\u{202e}";
    assert_eq!(escaped, Ok(Opinion::Refuse(expected.into())));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_number_is_an_opinion_or_a_failure(number: u64, small in 0_u64..6, len in 0_u64..300) {
        for answer in [number, small << 32 | len] {
            let plugin = load(&answering(answer)).expect("a module");
            let (code, len) = (answer >> 32, answer & 0xffff_ffff);
            let is_fine = match code {
                0 => len == 0,
                1..=3 => len <= 256,
                4 => len <= 65_490,
                _ => false,
            };
            prop_assert_eq!(ask(&plugin, b"").opinion.is_ok(), is_fine);
        }
    }
}
