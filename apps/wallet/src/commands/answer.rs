//! `wallet allow` and `wallet deny`: what the owner says to a question of Guard.

use libetp::client::Undelivered;
use libetp::{Mtype, VerdictCode};
use serde_json::json;

use crate::asks::{Question, guard_of};
use crate::cli::{Allow, Cli, Deny};
use crate::mail::{Wallet, now};
use crate::output::Report;
use crate::program::{Failure, Kind};

/// Begins what the daemon says of an answer that nobody waits for.
const UNASKED: &str = "guard-answer-unasked";
const ALLOWED: &str =
    "Allowed. Guard judges the message again, and lets it in unless another rule objects.\n";
const OFFER_ALLOWED: &str = "Nothing is accepted by that: `wallet inbox` shows the offer, and your \
                             card wants a `wallet accept`.\n";
const DENIED: &str = "Denied. Whoever sent the message is told that it was refused.\n";

pub(super) fn allow(cli: &Cli, args: &Allow) -> Result<Report, Failure> {
    let mut wallet = Wallet::open(cli)?;
    let question = find(&wallet, args.ask)?;
    say(&mut wallet, &question, true)?.or_late(&question)?;
    let is_offer = question.mtype() == Mtype::OFFER && question.dst == wallet.settings.id;
    let more = if is_offer { OFFER_ALLOWED } else { "" };
    Ok(Report::new(
        format!("{ALLOWED}{more}"),
        json!({ "allowed": [question.number] }),
    ))
}

pub(super) fn deny(cli: &Cli, args: &Deny) -> Result<Report, Failure> {
    let mut wallet = Wallet::open(cli)?;
    match args.ask {
        Some(number) => {
            let question = find(&wallet, number)?;
            say(&mut wallet, &question, false)?.or_late(&question)?;
            Ok(Report::new(DENIED, json!({ "denied": [number] })))
        }
        None => deny_all(&mut wallet),
    }
}

/// One that Guard does not wait for any more was refused without this.
fn deny_all(wallet: &mut Wallet) -> Result<Report, Failure> {
    let all: Vec<Question> = wallet.asks.open(now()).cloned().collect();
    let (mut denied, mut late) = (Vec::new(), Vec::new());
    for question in &all {
        match say(wallet, question, false)? {
            Heard::InTime => denied.push(question.number),
            Heard::Late => late.push(question.number),
        }
    }
    let text = match (denied.len(), late.len()) {
        (0, 0) => "Guard asks nothing.\n".into(),
        (denied, 0) => format!("Denied: {denied}.\n"),
        (denied, late) => format!("Denied: {denied}. Refused before that: {late}.\n"),
    };
    Ok(Report::new(text, json!({ "denied": denied, "late": late })))
}

/// Whether Guard waited for an answer.
enum Heard {
    InTime,
    Late,
}

impl Heard {
    fn or_late(self, question: &Question) -> Result<(), Failure> {
        let number = question.number;
        match self {
            Self::InTime => Ok(()),
            Self::Late => Err(Failure::new(
                Kind::Undelivered,
                format!("Guard waits for no answer to question {number} any more"),
            )
            .hint(
                "its time was over, somebody else answered, or the daemon was started anew; \
                 unless it was let in, its sender was told, and may send it again",
            )
            .fact("number", number)
            .fact("verdict", VerdictCode::Refused.name())),
        }
    }
}

/// Tells Guard, and forgets the question once Guard has heard it or has no use for it.
fn say(wallet: &mut Wallet, question: &Question, approve: bool) -> Result<Heard, Failure> {
    let guard = guard_of(wallet.settings.id);
    let answer = question.answer(approve);
    let number = wallet.capability.send_param(guard, &answer)?;
    let verdicts = wallet.capability.flush()?;
    let heard = match verdicts.iter().find(|verdict| verdict.number == number) {
        None => Heard::InTime,
        Some(verdict) if is_unasked(verdict) => Heard::Late,
        Some(verdict) => return Err(Failure::undelivered(verdict)),
    };
    wallet.asks.forget(question.number);
    wallet.save_asks()?;
    Ok(heard)
}

fn is_unasked(undelivered: &Undelivered) -> bool {
    let verdict = &undelivered.verdict;
    verdict.code == VerdictCode::Refused && verdict.detail.starts_with(UNASKED)
}

fn find(wallet: &Wallet, number: u64) -> Result<Question, Failure> {
    if let Some(question) = wallet.asks.find(now(), number) {
        return Ok(question.clone());
    }
    let text = match wallet.asks.was_asked(number) {
        true => format!("question {number} was answered already, or its time is over"),
        false => format!("there is no question {number}"),
    };
    Err(Failure::new(Kind::Usage, text).hint("see `wallet asks`"))
}
