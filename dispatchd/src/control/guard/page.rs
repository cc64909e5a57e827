//! Answers a page at a time: a frame has room for one.

use libetp::client::control;
use libetp::client::control::guard::Record;
use libetp::limits::FRAME_BYTES_MAX;
use serde::Serialize;

/// Bytes of what is listed in one answer; the rest is for what is around it.
const PAGE_BYTES_MAX: usize = FRAME_BYTES_MAX - 1_024;
/// Longest line of an explanation, in characters. Administrators have the file.
const LINE_CHARS_MAX: usize = 2_000;

/// As many as fit into an answer, from the first on.
pub(super) fn page<T: Serialize>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut left = PAGE_BYTES_MAX;
    let fits = |item: &T| match left.checked_sub(control::encode(item).len()) {
        Some(less) => {
            left = less;
            true
        }
        None => false,
    };
    items.take_while(fits).collect()
}

/// The line, or the beginning of one that is too long for an answer.
pub(super) fn line(line: &str) -> String {
    match line.char_indices().nth(LINE_CHARS_MAX) {
        Some((end, _)) => format!("{} ..", &line[..end]),
        None => line.to_owned(),
    }
}

/// A record that fits into an answer: `make` is asked for it with its param and without. What is
/// still too long loses what each policy said, then the facts.
pub(super) fn record(payloads: bool, make: impl Fn(bool) -> Record) -> Record {
    let fits = |record: &Record| control::encode(record).len() <= PAGE_BYTES_MAX;
    let whole = Some(make(payloads)).filter(fits);
    let mut record = whole.unwrap_or_else(|| make(false));
    if !fits(&record) {
        let left_out = record.steps.len();
        record.steps = vec![(
            "..".into(),
            format!("{left_out} policies, too much to show"),
        )];
    }
    if !fits(&record) {
        record.capture.clear();
    }
    record
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_full_to_the_last_item_that_fits() {
        let one = control::encode(&"x".repeat(1_000)).len();
        let items = || std::iter::repeat_n("x".repeat(1_000), 1_000);
        let page = page(items());
        assert_eq!(page.len(), PAGE_BYTES_MAX / one);
        assert!(control::encode(&page).len() <= FRAME_BYTES_MAX);
    }

    #[test]
    fn long_lines_are_cut_between_characters() {
        let short = "\u{fc}".repeat(LINE_CHARS_MAX);
        assert_eq!(line(&short), short);
        assert_eq!(line(&format!("{short}\u{fc}")), format!("{short} .."));
    }

    fn with(capture: usize, steps: usize) -> Record {
        Record {
            capture: vec![0; capture],
            steps: vec![("p".into(), "x".repeat(400)); steps],
            ..Record::default()
        }
    }

    #[test]
    fn a_record_that_is_too_long_loses_its_param_then_its_steps_then_its_facts() {
        let made = |payload: usize, facts: usize, steps: usize| {
            record(true, |payloads| {
                with(facts + if payloads { payload } else { 0 }, steps)
            })
        };
        assert_eq!(made(1_000, 10, 2).capture.len(), 1_010);
        let without = made(FRAME_BYTES_MAX, 10, 2);
        assert_eq!((without.capture.len(), without.steps.len()), (10, 2));
        let shorter = made(0, 10, 256);
        assert_eq!((shorter.capture.len(), shorter.steps.len()), (10, 1));
        assert!(shorter.steps[0].1.contains("256"));
        assert!(made(0, FRAME_BYTES_MAX, 256).capture.is_empty());
    }
}
