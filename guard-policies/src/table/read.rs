//! Reads the words of conditions.

use libetp::mtype::TABLE;
use libetp::{Domain, EntityId};

use crate::file::{Names, Problem, Wrong, mtype};

use super::limits::LIST_VALUES_MAX;
use super::quantity::Quantity;
use super::set::Range;
use super::word::List;

/// Reads every word of a list.
pub(super) fn each<T>(
    list: &List,
    read: impl Fn(&str) -> Result<T, Wrong>,
) -> Result<Vec<T>, Problem> {
    let count = list.words.len();
    if count == 0 {
        let wrong = Wrong::new("an empty list is met by no message");
        return Err(wrong
            .help("leave the field out, or write a value")
            .at(list.at.clone()));
    }
    if count > LIST_VALUES_MAX {
        let wrong = Wrong::new(format!(
            "{count} values: a list has at most {LIST_VALUES_MAX}"
        ));
        return Err(wrong.help("make two rules of it").at(list.at.clone()));
    }
    let words = list.words.iter();
    words
        .map(|word| read(&word.get_ref().0).map_err(|wrong| wrong.at(word.span())))
        .collect()
}

/// One of a few words; its number.
pub(super) fn choice(text: &str, choices: &[&str]) -> Result<usize, Wrong> {
    let known = choices.iter().position(|choice| *choice == text);
    known.ok_or_else(|| {
        let wrong = Wrong::new(format!("`{text}` is none of {}", choices.join(", ")));
        wrong.suggest(text, choices.iter().copied())
    })
}

pub(super) fn entity(names: &Names, text: &str) -> Result<EntityId, Wrong> {
    let id = names.entity(text);
    id.map_err(|what| Wrong::new(what).suggest(text, names.words()))
}

pub(super) fn domain(names: &Names, text: &str) -> Result<Domain, Wrong> {
    let words = names.words().chain(["local", "foreign"]);
    let domain = names.domain(text);
    domain.map_err(|what| Wrong::new(what).suggest(text, words))
}

pub(super) fn host(names: &Names, text: &str) -> Result<libetp::digest::Hash, Wrong> {
    let host = names.host(text);
    host.map_err(|what| Wrong::new(what).suggest(text, names.words()))
}

pub(super) fn cgroup(text: &str) -> Result<Box<str>, Wrong> {
    let path = text.trim_end_matches('/');
    if path.starts_with('/') {
        return Ok(path.into());
    }
    let wrong = Wrong::new(format!(
        "`{text}` is no control group that some programs are in"
    ));
    Err(wrong.help(match text.starts_with('/') {
        true => "for all programs, write entry = \"app\"",
        false => "write a path such as /system.slice/shop.service",
    }))
}

/// The word for all message types that the registry calls so.
const PRIVILEGED: &str = "privileged";

/// The numbers that a word stands for.
pub(super) fn ranges(quantity: Quantity, text: &str) -> Result<Vec<Range>, Wrong> {
    if quantity == Quantity::Mtype && text == PRIVILEGED {
        let privileged = TABLE.iter().filter(|entry| entry.privileged);
        let numbers = privileged.map(|entry| u32::from(entry.mtype.0));
        return Ok(numbers.map(|number| (number, number)).collect());
    }
    range(quantity, text).map(|range| vec![range])
}

/// A number or a range of numbers: `7`, `1-9`, `<10`, `>9`.
fn range(quantity: Quantity, text: &str) -> Result<Range, Wrong> {
    let (first, last) = bounds(quantity, text)?;
    let max = quantity.max();
    if first.max(last) > max {
        let wrong = Wrong::new(format!("`{text}` holds numbers that no message has"));
        return Err(wrong.help(format!("the largest is {max}")));
    }
    if first > last {
        let wrong = Wrong::new(format!("`{text}` is an empty range"));
        return Err(wrong.help("write the smaller number first"));
    }
    Ok((first, last))
}

fn bounds(quantity: Quantity, text: &str) -> Result<Range, Wrong> {
    let read = |text: &str| value(quantity, text.trim());
    if let Some(number) = read(text) {
        return Ok((number, number));
    }
    if let Some(number) = text.strip_prefix('<').and_then(read) {
        let last = number.checked_sub(1).map(|last| (0, last));
        return last.ok_or_else(|| Wrong::new("nothing is less than 0"));
    }
    if let Some(number) = text.strip_prefix('>').and_then(read) {
        let max = quantity.max();
        let more = (number < max).then(|| (number + 1, max));
        return more.ok_or_else(|| Wrong::new(format!("no message has more than {max}")));
    }
    // Names have hyphens too.
    let hyphens = text.match_indices('-');
    let mut splits = hyphens.filter_map(|(i, _)| Some((read(&text[..i])?, read(&text[i + 1..])?)));
    match (splits.next(), splits.next()) {
        (Some(range), None) => Ok(range),
        _ => Err(unread(quantity, text)),
    }
}

fn value(quantity: Quantity, text: &str) -> Option<u32> {
    match quantity {
        Quantity::Mtype => number(text).or_else(|| Some(mtype(text).ok()?.0.into())),
        _ => number(text),
    }
}

fn number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x") {
        Some(digits) if !digits.starts_with('+') => u32::from_str_radix(digits, 16).ok(),
        None if !text.starts_with('+') => text.parse().ok(),
        _ => None,
    }
}

fn unread(quantity: Quantity, text: &str) -> Wrong {
    match quantity {
        Quantity::Mtype => {
            let what = "is no registered message type, no number such as 0xc001, and no range";
            let names = TABLE.iter().map(|entry| entry.name).chain([PRIVILEGED]);
            Wrong::new(format!("`{text}` {what}")).suggest(text, names)
        }
        Quantity::Uid | Quantity::Gid | Quantity::Group => {
            let wrong = Wrong::new(format!(
                "`{text}` is neither a number nor a range of numbers"
            ));
            wrong.help("users and groups are written as the numbers that `id` prints")
        }
        _ => {
            let wrong = Wrong::new(format!("`{text}` is neither a number nor a range"));
            wrong.help("write 7, 1-9, <10 or >9")
        }
    }
}
