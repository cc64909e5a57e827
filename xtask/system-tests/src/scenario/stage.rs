//! Where stories are told: the cast, the report that grows, the traces that are read.

use std::time::Instant;

use serde_json::Value;

use super::cast::Cast;
use super::report::{Holding, Report, Story};
use super::trace::{self, Tracer};
use super::{checks, short};
use crate::deployment::Deployment;
use crate::host::Host;
use crate::program::Failure;

/// Everything that a story needs.
pub(crate) struct Stage<'s> {
    pub(crate) at: &'s Deployment,
    pub(crate) cast: &'s mut Cast,
    pub(crate) report: Report,
    tracer: Tracer,
    start: Instant,
}

impl<'s> Stage<'s> {
    /// One voucher to each card, and links that are up.
    pub(crate) fn set(at: &'s Deployment, cast: &'s mut Cast) -> Result<Self, Failure> {
        let mut report = Report::default();
        for (host, title) in [(&cast.a, "concert ticket"), (&cast.b, "museum pass")] {
            let vid = cast.issue(host, title)?;
            let (card, vid_text) = (host.name.to_uppercase(), short(&vid));
            report.step("issue", true, format!("{title} to card {card}: {vid_text}"));
            report.vouchers.push(vid);
        }
        cast.warm_the_links()?;
        Ok(Self {
            at,
            cast,
            report,
            tracer: Tracer::default(),
            start: Instant::now(),
        })
    }

    /// Begins a story.
    pub(crate) fn begin(&mut self, name: &'static str, title: &'static str) -> Result<(), Failure> {
        let holdings_before = self.cast.holdings()?;
        self.tracer.skip(self.cast)?;
        self.report.stories.push(Story {
            name,
            title,
            as_it_had_to: true,
            holdings_before,
            ..Story::default()
        });
        self.start = Instant::now();
        Ok(())
    }

    /// Ends it; what it came to is in `outcome`.
    pub(crate) fn end(&mut self, outcome: &str) -> Result<(), Failure> {
        let elapsed = self.start.elapsed().as_micros();
        for host in self.cast.hosts() {
            self.tracer.read(host, self.cast, &mut self.report)?;
        }
        let holdings_after = self.cast.holdings()?;
        if let Some(story) = self.report.stories.last_mut() {
            story.outcome = outcome.to_owned();
            story.elapsed_us = u64::try_from(elapsed).unwrap_or(u64::MAX);
            story.holdings_after = holdings_after;
        }
        Ok(())
    }

    /// Something was done.
    pub(crate) fn step(&mut self, name: &'static str, detail: impl Into<String>) {
        self.report.step(name, true, detail.into());
    }

    /// Something was done, and has to have ended in a certain way.
    pub(crate) fn expect(&mut self, name: &'static str, holds: bool, detail: impl Into<String>) {
        self.report.step(name, holds, detail.into());
    }

    /// A field of what a program said has to be this.
    pub(crate) fn expect_field(
        &mut self,
        name: &'static str,
        who: &str,
        (document, field, value): (&Value, &str, &str),
    ) {
        let said = document[field].as_str().unwrap_or("nothing");
        self.expect(name, said == value, format!("{who}: {said}"));
    }

    /// The vouchers to trade: the first of A's card and the first of B's.
    pub(crate) fn goods(&self) -> Result<[String; 2], Failure> {
        let story = self.report.stories.last();
        let held = story.map_or(&[][..], |story| story.holdings_before.as_slice());
        let first = |host: &str| {
            let mut of_host = held
                .iter()
                .filter(|holding: &&Holding| holding.host == host);
            let first = of_host.next().map(|holding| holding.vid.clone());
            first.ok_or_else(|| Failure::new(format!("card {host} holds nothing to trade")))
        };
        Ok([first("a")?, first("b")?])
    }

    /// Reads a host's trace, for the daemon is about to end.
    pub(crate) fn last_look(&mut self, host: fn(&Cast) -> &Host) -> Result<(), Failure> {
        let host = host(self.cast);
        self.tracer.read(host, self.cast, &mut self.report)?;
        self.tracer.restarted(&host.name);
        Ok(())
    }

    /// The document, once everything is told.
    pub(crate) fn conclude(mut self) -> Report {
        trace::arrange(&mut self.report);
        checks::conclude(&mut self.report);
        self.report
    }
}
