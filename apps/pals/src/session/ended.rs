//! How a session ended, for people and for programs.

use libetp::client::text::hex;
use libetp::params::pals::{Outcome, SessionResult};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::program::{Failure, Kind};
use super::setting::Setting;
use super::terms::Agreement;
use super::words;
use crate::report::Report;

/// The end of a session.
pub(super) struct Ended<'a> {
    setting: &'a Setting,
    outcome: Option<Outcome>,
    session: Option<String>,
    result: Zeroizing<Vec<u8>>,
    /// For each round in which somebody was missing: who.
    missed: Vec<(u32, u32)>,
}

impl<'a> Ended<'a> {
    pub(super) fn new(
        setting: &'a Setting,
        result: SessionResult,
        missed: Vec<(u32, u32)>,
    ) -> Self {
        Self {
            setting,
            outcome: Outcome::from_u8(result.outcome),
            session: result.session.map(|session| hex(&session)),
            result: Zeroizing::new(result.result.unwrap_or_default()),
            missed,
        }
    }

    /// What is said of it, if this was computed.
    pub(super) fn report(self, agreement: &Agreement) -> Result<Report, Failure> {
        let told = |result: &[u8]| {
            let roster = &agreement.roster;
            let found = agreement.computation.found(result, roster.n());
            let found = found.ok_or_else(|| no_result("this function"))?;
            let facts = words::facts(&found, roster.me);
            Ok((words::told(&found, roster), facts))
        };
        self.report_of(agreement.name(), told)
    }

    /// What is said of it, if it had that name; `told` says what of the result, in words and as facts.
    pub(super) fn report_of(
        self,
        name: Option<&str>,
        told: impl FnOnce(&[u8]) -> Result<(String, Value), Failure>,
    ) -> Result<Report, Failure> {
        if self.outcome != Some(Outcome::Result) {
            return Err(self.failure(name));
        }
        let (mut text, told) = told(&self.result)?;
        let mut facts = self.facts(name);
        if let Value::Object(told) = told {
            facts.extend(told);
        }
        if let Some(missing) = self.missing_text() {
            text = format!("{text}\n{missing}");
        }
        let json = Value::Object(facts);
        Ok(Report { text, json })
    }

    fn facts(&self, name: Option<&str>) -> Map<String, Value> {
        let Setting { terms, roster } = self.setting;
        let facts = json!({
            "function": name,
            "sha256": hex(&terms.descriptor().function),
            "outcome": self.outcome.map(Outcome::name),
            "session": self.session,
            "me": roster.me,
            "members": roster.json(),
            "rounds": terms.plan().last_round(),
            "missed": self.missed_facts(),
        });
        match facts {
            Value::Object(facts) => facts,
            _ => Map::new(),
        }
    }

    fn missed_facts(&self) -> Value {
        let fact = |(round, bits): &(u32, u32)| {
            let members = self.setting.roster.of_bits(*bits);
            json!({ "round": round, "members": members })
        };
        self.missed.iter().map(fact).collect()
    }

    /// Who was missing, and when.
    fn missing_text(&self) -> Option<String> {
        let roster = &self.setting.roster;
        let bits = self.missed.iter().fold(0, |all, (_, bits)| all | bits);
        let line = |at: usize| {
            let is_missing =
                |(_, bits): &&(u32, u32)| bits.checked_shr(at as u32).unwrap_or(0) & 1 == 1;
            let rounds = self.missed.iter().filter(is_missing).count() as u64;
            let rounds = command_line::counted(rounds, "round", "rounds");
            format!(
                "Nothing came in time from {} in {rounds}.",
                roster.names(&[at])
            )
        };
        let lines: Vec<String> = roster.of_bits(bits).into_iter().map(line).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    /// Why there is no result.
    fn failure(&self, name: Option<&str>) -> Failure {
        let (text, hint) = match self.outcome {
            Some(Outcome::Trapped) => (
                "the function gave no result, or this host gave the card too little time to compute",
                "begin again: longer rounds give more time, `--fuel` and `--memory` of `create` grant more",
            ),
            Some(Outcome::Halted) => (
                "the card took no part in the end: this host, or too many others, did not deliver in time",
                "look at the network between the members' hosts; longer rounds give more time",
            ),
            Some(Outcome::Left) => ("the card has left the session", "agree on a new one"),
            Some(Outcome::PowerLost) => (
                "the card lost power in the middle of the session, and so its input and its keys",
                "agree on a new one; a soft card has its daemon's power",
            ),
            Some(Outcome::Refused) => (
                "refused: nobody got anything",
                "something was missing before the cards agreed: begin again when all hosts are well, at the same odds",
            ),
            _ => (
                "the card says an end that is not known here",
                "is it of this version?",
            ),
        };
        let text = match self.missing_text() {
            Some(missing) => format!("{text}. {}", missing.replace('\n', " ")),
            None => text.into(),
        };
        let failure = Failure::new(Kind::Other, text).hint(hint);
        let facts = self.facts(name).into_iter();
        facts.fold(failure, |failure, (name, value)| failure.fact(&name, value))
    }
}

/// The card's result is none of that.
pub(super) fn no_result(of: &str) -> Failure {
    let text = format!("the card tells what is no result of {of}");
    Failure::new(Kind::Other, text).hint("are card and pals of the same version?")
}
