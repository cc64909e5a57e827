//! Windows of the day in which a rule holds.

use std::fmt;
use std::ops::Range;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use toml::Spanned;

use crate::Now;
use crate::file::{Problem, Wrong};

use super::limits::LIST_VALUES_MAX;
use super::read;
use super::word::List;

/// One window or a list of windows. Any of them is enough.
#[derive(Clone, Debug)]
pub(super) struct TimesText {
    pub(super) at: Range<usize>,
    pub(super) windows: Vec<WindowText>,
}

/// `"22:00-07:00"`, or with days and a zone.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WindowText {
    window: Spanned<String>,
    days: Option<List>,
    zone: Option<Spanned<String>>,
}

/// Part of the day, from a minute to before another, on the days of the week on which it begins.
/// The clock is that of the zone, with its summer time.
#[derive(Clone, Debug)]
pub(super) struct Window {
    /// Minutes since midnight.
    from: u16,
    /// Minutes since midnight; not in it. If it is not after `from`, it is of the next day.
    to: u16,
    /// From Monday on.
    days: [bool; 7],
    zone: TimeZone,
}

/// As they are written.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const HOUR: u16 = 60;
const DAY: u16 = 24 * HOUR;

/// # Errors
///
/// What is wrong with one of the windows.
pub(super) fn compile(text: &TimesText) -> Result<Box<[Window]>, Problem> {
    if text.windows.is_empty() || text.windows.len() > LIST_VALUES_MAX {
        let what = format!("between 1 and {LIST_VALUES_MAX} windows make a `time`");
        return Err(Problem::new(text.at.clone(), what));
    }
    text.windows.iter().map(Window::compile).collect()
}

impl Window {
    fn compile(text: &WindowText) -> Result<Self, Problem> {
        let (from, to) = read_at(&text.window, bounds)?;
        let zone = text.zone.as_ref().map(|zone| read_at(zone, named_zone));
        let mut days = [text.days.is_none(); 7];
        if let Some(list) = &text.days {
            for day in read::each(list, |day| read::choice(day, &DAYS))? {
                days[day] = true;
            }
        }
        Ok(Self {
            from,
            to,
            days,
            zone: zone.transpose()?.unwrap_or(TimeZone::UTC),
        })
    }

    /// Whether it is open.
    pub(super) fn contains(&self, now: Now) -> bool {
        let seconds = i64::try_from(now.unix_s).ok();
        let time = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
        let local = self.zone.to_datetime(time.unwrap_or(Timestamp::MAX));
        let minute = local.hour() as u16 * HOUR + local.minute() as u16;
        let today = local.weekday().to_monday_zero_offset() as usize;
        let began_today = minute >= self.from && (minute < self.to || self.wraps());
        let began_yesterday = self.wraps() && minute < self.to;
        (began_today && self.days[today]) || (began_yesterday && self.days[(today + 6) % 7])
    }

    fn wraps(&self) -> bool {
        self.to <= self.from
    }
}

impl<'de> Deserialize<'de> for TimesText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let windows = Spanned::<Windows>::deserialize(deserializer)?;
        let at = windows.span();
        let windows = match windows.into_inner() {
            Windows::Of(window) => vec![WindowText {
                window: Spanned::new(at.clone(), window),
                days: None,
                zone: None,
            }],
            Windows::One(window) => vec![window],
            Windows::Many(lists) => lists.into_iter().flat_map(|list| list.windows).collect(),
        };
        Ok(Self { at, windows })
    }
}

impl fmt::Display for TimesText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, window) in self.windows.iter().enumerate() {
            let or = if i == 0 { "" } else { " or " };
            write!(f, "{or}{}", window.window.get_ref())?;
            if let Some(days) = &window.days {
                write!(f, " ({days})")?;
            }
            let zone = window.zone.as_ref().map_or("UTC", |zone| zone.get_ref());
            write!(f, " {zone}")?;
        }
        Ok(())
    }
}

enum Windows {
    Of(String),
    One(WindowText),
    Many(Vec<TimesText>),
}

impl<'de> Deserialize<'de> for Windows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WindowsVisitor)
    }
}

struct WindowsVisitor;

impl<'de> Visitor<'de> for WindowsVisitor {
    type Value = Windows;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"22:00-07:00\", { window = \"22:00-07:00\", days = [...], zone = \"...\" }, or a list of them")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Windows, E> {
        Ok(Windows::Of(text.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Windows, A::Error> {
        WindowText::deserialize(MapAccessDeserializer::new(map)).map(Windows::One)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Windows, A::Error> {
        let mut windows = Vec::new();
        while let Some(window) = values.next_element()? {
            windows.push(window);
        }
        Ok(Windows::Many(windows))
    }
}

fn read_at<T>(
    word: &Spanned<String>,
    read: impl Fn(&str) -> Result<T, Wrong>,
) -> Result<T, Problem> {
    read(word.get_ref()).map_err(|wrong| wrong.at(word.span()))
}

fn bounds(text: &str) -> Result<(u16, u16), Wrong> {
    let ends = text.split_once('-');
    let ends = ends.and_then(|(from, to)| Some((minutes(from.trim())?, minutes(to.trim())?)));
    match ends {
        None => {
            Err(Wrong::new(format!("`{text}` is no window of the day"))
                .help("write it as 22:00-07:00"))
        }
        Some((from, to)) if from == to || from == DAY => {
            let wrong = Wrong::new(format!("`{text}` has no minute"));
            Err(wrong.help("the whole day is 00:00-24:00"))
        }
        Some(ends) => Ok(ends),
    }
}

/// Two digits, a colon, two digits.
fn minutes(text: &str) -> Option<u16> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() == 2;
    let (hour, minute) = text.split_once(':')?;
    if !digits(hour) || !digits(minute) {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    let minutes = hour * HOUR + minute;
    (minute < HOUR && minutes <= DAY).then_some(minutes)
}

fn named_zone(name: &str) -> Result<TimeZone, Wrong> {
    TimeZone::get(name).map_err(|_| {
        let wrong = Wrong::new(format!("`{name}` is no time zone that this machine knows"));
        let names: Vec<String> = jiff::tz::db().available().map(|n| n.to_string()).collect();
        wrong
            .help("write a name of the IANA database, such as Europe/Berlin, or UTC")
            .suggest(name, names.iter().map(String::as_str))
    })
}
