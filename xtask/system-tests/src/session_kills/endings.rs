//! How a session ended at a member, of what its owner's program said.

use serde_json::Value;

use crate::program::Output;

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With a sum, of so many numbers.
    Sum(i128, usize),
    /// The card says that there is no result, and why.
    Without(String),
    /// It never began: somebody did not join, or the first member did not start it.
    Unstarted,
    /// The program cannot say: it was killed, or lost its daemon.
    Unknown(String),
}

/// What a member's program said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// How it ended.
    pub ending: Ending,
    /// Of whom something did not come in time in some round.
    pub missed: Vec<usize>,
}

impl End {
    /// Of what a program printed.
    pub fn of(output: &Output) -> Self {
        let document = output.json().unwrap_or(Value::Null);
        let facts = match &document["error"] {
            Value::Null => &document,
            error => error,
        };
        Self {
            ending: ending(facts, output),
            missed: missed(facts),
        }
    }
}

fn ending(facts: &Value, output: &Output) -> Ending {
    let sum = facts["sum"].as_str().and_then(|sum| sum.parse().ok());
    match (facts["outcome"].as_str(), sum, facts["count"].as_u64()) {
        (Some("result"), Some(sum), Some(count)) => Ending::Sum(sum, count as usize),
        (Some(outcome), ..) => Ending::Without(outcome.to_owned()),
        (None, ..) if facts["missing"].is_array() => Ending::Unstarted,
        (None, ..) => Ending::Unknown(format!("{}{}", output.stdout, output.stderr)),
    }
}

fn missed(facts: &Value) -> Vec<usize> {
    let rounds = facts["missed"].as_array().map(Vec::as_slice);
    let members = rounds.unwrap_or_default().iter();
    let members = members.filter_map(|round| round["members"].as_array());
    let mut missed: Vec<usize> = members
        .flatten()
        .filter_map(|member| member.as_u64().map(|member| member as usize))
        .collect();
    missed.sort_unstable();
    missed.dedup();
    missed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(stdout: &str) -> End {
        End::of(&Output {
            line: "pals".into(),
            code: Some(0),
            stdout: stdout.into(),
            stderr: String::new(),
        })
    }

    #[test]
    fn what_programs_say_is_understood() {
        let result = end(r#"{"outcome": "result", "sum": "-42", "count": 3,
                "missed": [{"round": 2, "members": [4, 1]}, {"round": 3, "members": [1]}]}"#);
        assert_eq!(
            (result.ending, result.missed),
            (Ending::Sum(-42, 3), vec![1, 4])
        );
        let halted =
            end(r#"{"error": {"outcome": "halted", "missed": [{"round": 1, "members": [0]}]}}"#);
        assert_eq!(halted.ending, Ending::Without("halted".into()));
        assert_eq!(halted.missed, [0]);
        assert_eq!(
            end(r#"{"error": {"missing": [2]}}"#).ending,
            Ending::Unstarted
        );
        assert!(matches!(end("").ending, Ending::Unknown(_)));
        assert!(matches!(
            end(r#"{"error": {"message": "lost"}}"#).ending,
            Ending::Unknown(_)
        ));
    }
}
