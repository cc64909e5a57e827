//! {name}: a Guard plugin. Each source sends at most `most` messages (10 if it is not set); the
//! rest is refused.

#![cfg_attr(target_arch = "wasm32", no_std)]

use etp_guard::{Complaint, Context, Guard, Id, Keyed, Message, Settings, Verdict, export_guard};

/// How many messages each source has sent, and how many it may send.
#[derive(Default)]
pub struct Plugin {
    sent: Keyed<Id, u64, 512>,
    most: u64,
}

impl Guard for Plugin {
    fn configure<'s>(&mut self, settings: &Settings<'s>) -> Result<(), Complaint<'s>> {
        settings.only(&["most"])?;
        self.most = settings.number("most", 1..=1_000_000, 10)?;
        Ok(())
    }

    fn check(&mut self, message: &Message<'_>, _: &mut Context<'_>) -> Verdict {
        let sent = self.sent.get(&message.src).copied().unwrap_or(0);
        if sent >= self.most {
            return Verdict::Refuse("that was enough");
        }
        self.sent.set(message.src, sent + 1);
        Verdict::Pass
    }
}

export_guard!(Plugin);

#[cfg(test)]
mod tests {
    use etp_guard::{Guard, Id, Message, Settings, TestContext, Verdict};

    use super::Plugin;

    #[test]
    fn the_eleventh_message_is_refused() {
        let mut plugin = Plugin::default();
        plugin.configure(&Settings::NONE).expect("no settings");
        let mut test = TestContext::new(plugin);
        let message = Message::new(Id([1; 16]), Id([2; 16]), 0xc001, b"hello");
        for _ in 0..10 {
            assert_eq!(test.check(&message), Verdict::Pass);
        }
        assert_eq!(test.check(&message), Verdict::Refuse("that was enough"));
    }
}
