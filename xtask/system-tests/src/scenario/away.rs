//! The third story: A's host goes away before it takes the agreement. B aborts at the third party; A,
//! back again, takes the late agreement, and learns that it was aborted.

use super::stage::Stage;
use super::{checks, trade};
use crate::deployment::text;
use crate::program::Failure;

pub(crate) fn tell(stage: &mut Stage<'_>) -> Result<(), Failure> {
    stage.begin("away", "an exchange that B aborts, because A went away")?;
    let [give, want] = stage.goods()?;
    let n1 = trade::offer(stage, &give, &want)?;
    agree_alone(stage, &n1)?;
    let aborted = stage.cast.b.wallet(&["abort", &n1]).json()?;
    stage.expect_field(
        "abort",
        "B asks T, and learns",
        (&aborted, "outcome", "aborted"),
    );
    let xid = text(&aborted, "xid")?;
    stage.cast.a_comes_back()?;
    stage.step(
        "come back",
        "host A starts again; card A takes the late agreement and gives its voucher",
    );
    let learned = stage.cast.a.wallet(&["resolve", &n1]).json()?;
    stage.expect_field(
        "resolve",
        "A asks T to resolve, and learns",
        (&learned, "outcome", "aborted"),
    );
    let record = stage.cast.decision(&xid)?;
    stage.expect_field("record", "T keeps", (&record, "outcome", "aborted"));
    stage.end("aborted")?;
    checks::unchanged(&mut stage.report);
    Ok(())
}

/// Host A is stopped, then B accepts; nobody is there to take the agreement.
fn agree_alone(stage: &mut Stage<'_>, n1: &str) -> Result<(), Failure> {
    stage.last_look(|cast| &cast.a)?;
    stage.cast.accept_while_a_is_away(n1)?;
    stage.step(
        "accept",
        "host A is stopped; B accepts, its card gives its voucher and waits",
    );
    Ok(())
}
