//! What was tried and what stopped it.

use std::process::ExitCode;

use serde::Serialize;

/// One attack.
#[derive(Debug, Serialize)]
pub(crate) struct Attempt {
    /// What was tried.
    pub(crate) attack: &'static str,
    /// Whether it was stopped.
    pub(crate) refused: bool,
    /// The name of the refusal.
    pub(crate) refusal: String,
    /// In words, from whoever refused.
    pub(crate) detail: String,
}

impl Attempt {
    pub(crate) fn refused(
        attack: &'static str,
        refusal: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            attack,
            refused: true,
            refusal: refusal.into(),
            detail: detail.into(),
        }
    }

    pub(crate) fn got_through(attack: &'static str, detail: impl Into<String>) -> Self {
        Self {
            attack,
            refused: false,
            refusal: String::new(),
            detail: detail.into(),
        }
    }
}

pub(crate) fn print(attempts: &[Attempt], json: bool) -> ExitCode {
    if json {
        let document = serde_json::json!({ "attempts": attempts });
        println!("{document:#}");
    } else {
        for attempt in attempts {
            let outcome = if attempt.refused {
                "refused"
            } else {
                "GOT THROUGH"
            };
            println!(
                "{}: {outcome} {} ({})",
                attempt.attack, attempt.refusal, attempt.detail
            );
        }
    }
    match attempts.iter().all(|attempt| attempt.refused) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
