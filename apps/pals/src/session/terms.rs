//! What one agrees to, in words.

use std::fmt::Write;
use std::ops::Deref;

use libetp::params::pals::Descriptor;
use pals::{Computation, Shipped};

use super::code::Code;
use super::program::{Failure, Kind};
use super::setting::Setting;
use super::words;

/// A session that cards take, of a function that is known here.
pub(super) struct Agreement {
    setting: Setting,
    pub(super) computation: Computation,
}

impl Deref for Agreement {
    type Target = Setting;

    fn deref(&self) -> &Setting {
        &self.setting
    }
}

impl Agreement {
    /// Of a descriptor, as the member with that key sees it.
    pub(super) fn new(descriptor: Descriptor, key: &[u8; 32]) -> Result<Self, Failure> {
        let computation = Computation::of(&descriptor).ok_or_else(|| {
            Failure::new(Kind::Usage, "the session computes what is not known here")
        })?;
        Ok(Self {
            setting: Setting::new(descriptor, key)?,
            computation,
        })
    }

    /// What the function is called, if it is known here.
    pub(super) fn name(&self) -> Option<&'static str> {
        self.computation.shipped().map(Shipped::name)
    }

    /// All that there is to agree to, if the function is that one.
    pub(super) fn text(&self, code: &Code) -> String {
        let (descriptor, n) = (self.descriptor(), self.roster.n());
        let mut text = format!("{} among {n} members:\n", code.name());
        text += &self.roster.lines("  ");
        text += &code.lines("  ");
        let _ = writeln!(text, "  {}", words::agreed(&self.computation, &self.roster));
        let _ = writeln!(
            text,
            "  The result is right for all whose host is right, if at most {} of {n} hosts are corrupt or fail.",
            descriptor.corrupt
        );
        let _ = writeln!(text, "  {}", self.time());
        text += &self.spending();
        let _ = writeln!(text, "  {}", self.cards(SOFTWARE));
        text
    }

    /// What the function may spend, if that is no small matter.
    fn spending(&self) -> String {
        let Descriptor {
            fuel,
            slice,
            memory_bytes,
            ..
        } = *self.descriptor();
        let rounds = fuel.div_ceil(slice);
        match rounds == 1 && self.computation.shipped().is_some() {
            true => String::new(),
            false => format!(
                "  It may spend {fuel} units of fuel in {rounds} of these rounds, and {} KiB of memory.\n",
                memory_bytes / 1_024
            ),
        }
    }
}

/// What a session means that takes cards made of software.
const SOFTWARE: &str = "\
cards may be programs on their hosts. Each such host can see ALL inputs, and one that
  changes its card's memory can change the result. To try things out, and among hosts that trust
  each other.";
