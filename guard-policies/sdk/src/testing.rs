//! A plugin under test, natively.

use std::boxed::Box;
use std::string::String;
use std::vec::Vec;

use crate::{Context, Guard, Message, Output, Verdict};

/// The daemon's side of a plugin under test: a clock, and what the plugin wrote.
///
/// ```
/// use etp_guard::{Context, Guard, Id, Message, TestContext, Verdict};
///
/// #[derive(Default)]
/// struct Once(bool);
///
/// impl Guard for Once {
///     fn check(&mut self, _: &Message<'_>, _: &mut Context<'_>) -> Verdict {
///         match core::mem::replace(&mut self.0, true) {
///             true => Verdict::Refuse("once was enough"),
///             false => Verdict::Pass,
///         }
///     }
/// }
///
/// let mut test = TestContext::new(Once::default());
/// let message = Message::new(Id([1; 16]), Id([2; 16]), 0xc001, b"hello");
/// assert_eq!(test.check(&message), Verdict::Pass);
/// test.advance(60_000);
/// assert_eq!(test.check(&message), Verdict::Refuse("once was enough"));
/// ```
pub struct TestContext<G> {
    guard: G,
    tick_ms: u64,
    output: Box<Output>,
    log: Vec<String>,
}

impl<G: Guard> TestContext<G> {
    /// A plugin at tick 0.
    pub fn new(guard: G) -> Self {
        Self {
            guard,
            tick_ms: 0,
            output: Box::new(Output::EMPTY),
            log: Vec::new(),
        }
    }

    /// Lets so many milliseconds pass.
    pub fn advance(&mut self, ms: u64) {
        self.tick_ms += ms;
    }

    /// What the plugin says of a message now.
    pub fn check(&mut self, message: &Message<'_>) -> Verdict {
        let log = &mut self.log;
        let mut cx = Context {
            tick_ms: self.tick_ms,
            output: &mut self.output,
            log: &mut |line| log.push(line.into()),
        };
        self.guard.check(message, &mut cx)
    }

    /// The param that it wrote last.
    pub fn rewritten(&self) -> &[u8] {
        self.output.bytes()
    }

    /// The lines that it logged.
    pub fn log(&self) -> &[String] {
        &self.log
    }
}
