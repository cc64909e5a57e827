//! What is said when an order does not fit.

use serde_json::{Value, json};

use crate::disputes::{Advice, Dispute, Misfit, Remedy};
use crate::program::{Failure, Kind};
use crate::records::Exchange;

/// The failure of an order that named `text`.
pub(in crate::commands) fn failure(
    misfit: &Misfit<'_>,
    text: Option<&str>,
    remedy: Remedy,
) -> Failure {
    let usage = |text: String| Failure::new(Kind::Usage, text);
    match misfit {
        Misfit::Nothing => usage(nothing(remedy).into()).hint("see `wallet history`"),
        Misfit::Unknown => {
            let what = text.unwrap_or_default();
            usage(format!("there is no exchange {what}")).hint("see `wallet history`")
        }
        Misfit::Several(several) => usage(format!(
            "that may be any of these:\n{}",
            several
                .iter()
                .map(|exchange| line(exchange))
                .collect::<String>()
                .trim_end()
        ))
        .hint(format!("name one of them: wallet {} NUMBER", name(remedy)))
        .fact(
            "candidates",
            several.iter().map(|e| candidate(e)).collect::<Vec<Value>>(),
        ),
        Misfit::Other(exchange, advice) => {
            let (what, hint) = other(exchange, *advice);
            usage(what).hint(hint).fact("number", exchange.number)
        }
    }
}

fn name(remedy: Remedy) -> &'static str {
    match remedy {
        Remedy::Dispute(dispute) => dispute.name(),
        Remedy::Cancel => "cancel",
    }
}

fn nothing(remedy: Remedy) -> &'static str {
    match remedy {
        Remedy::Dispute(Dispute::Resolve) => {
            "no exchange that you offered waits for the other card"
        }
        Remedy::Dispute(Dispute::Abort) => "no exchange that you accepted waits for the other card",
        Remedy::Cancel => "you have no open offer",
    }
}

fn other(exchange: &Exchange, advice: Advice) -> (String, String) {
    let number = exchange.number;
    match advice {
        Advice::Dispute(Dispute::Resolve) => (
            format!(
                "you offered exchange {number} and the other side agreed: it can only be resolved"
            ),
            format!("if it does not go on, run: wallet resolve {number}"),
        ),
        Advice::Dispute(Dispute::Abort) => (
            format!("you accepted exchange {number}: it can only be aborted"),
            format!("if it does not go on, run: wallet abort {number}"),
        ),
        Advice::Cancel => (
            format!("nobody has agreed to your offer {number} yet: there is nothing to end"),
            format!("to take it back, run: wallet cancel {number}"),
        ),
        Advice::Reject => (
            format!("offer {number} was made to you and not accepted: there is nothing to end"),
            format!("if you do not want it, run: wallet reject {number}"),
        ),
        Advice::AcceptAgain => (
            format!("your card knows nothing of exchange {number}"),
            format!("nothing was given; to try once more, run: wallet accept {number}"),
        ),
        Advice::Ended => (
            format!("offer {number} is {} already", exchange.state.name()),
            "see `wallet history`".into(),
        ),
    }
}

fn line(exchange: &Exchange) -> String {
    format!(
        "  {}  {} with {}: {}\n     give {}\n     want {}\n",
        exchange.number,
        exchange.n1.short(),
        exchange.peer_text(),
        exchange.standing(),
        exchange.give,
        exchange.want,
    )
}

fn candidate(exchange: &Exchange) -> Value {
    json!({
        "number": exchange.number,
        "n1": exchange.n1,
        "xid": exchange.xid,
        "peer": exchange.peer,
        "give": exchange.give,
        "want": exchange.want,
    })
}
