//! Each source sends one message in so many seconds (`seconds`, 60 if it is not set); the rest is refused.

#![cfg_attr(target_arch = "wasm32", no_std)]

use etp_guard::{Complaint, Context, Guard, Id, Keyed, Message, Settings, Verdict, export_guard};

/// When each source sent last, and how long it has to wait, in milliseconds.
pub struct OnePerMinute {
    last: Keyed<Id, u64, 512>,
    wait: u64,
}

impl Default for OnePerMinute {
    fn default() -> Self {
        let last = Keyed::new();
        Self { last, wait: 60_000 }
    }
}

impl Guard for OnePerMinute {
    fn configure<'s>(&mut self, settings: &Settings<'s>) -> Result<(), Complaint<'s>> {
        settings.only(&["seconds"])?;
        self.wait = 1_000 * settings.number("seconds", 1..=86_400, 60)?;
        Ok(())
    }

    fn check(&mut self, message: &Message<'_>, cx: &mut Context<'_>) -> Verdict {
        let now = cx.tick_ms();
        if let Some(last) = self.last.get(&message.src)
            && now.saturating_sub(*last) < self.wait
        {
            return Verdict::Refuse("one message in a while, and it was not long ago");
        }
        self.last.set(message.src, now);
        Verdict::Pass
    }
}

export_guard!(OnePerMinute);

#[cfg(test)]
mod tests {
    use etp_guard::{Id, Message, TestContext, Verdict};

    use super::OnePerMinute;

    #[test]
    fn a_second_message_waits_its_minute() {
        let mut test = TestContext::new(OnePerMinute::default());
        let from = |source| Message::new(Id([source; 16]), Id([9; 16]), 0xc001, b"hello");
        assert_eq!(test.check(&from(1)), Verdict::Pass);
        test.advance(59_999);
        assert!(matches!(test.check(&from(1)), Verdict::Refuse(_)));
        assert_eq!(test.check(&from(2)), Verdict::Pass, "another source");
        test.advance(1);
        assert_eq!(test.check(&from(1)), Verdict::Pass);
    }
}
