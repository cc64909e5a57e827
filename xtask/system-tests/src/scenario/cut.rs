//! The second story: the line is cut after the agreement. A has given and knows nothing; the third
//! party resolves, and B learns it when it comes back.

use super::stage::Stage;
use super::{checks, trade};
use crate::deployment::text;
use crate::program::Failure;

pub(crate) fn tell(stage: &mut Stage<'_>) -> Result<(), Failure> {
    stage.begin(
        "cut",
        "an exchange cut after the agreement, which A resolves",
    )?;
    let [give, want] = stage.goods()?;
    let n1 = trade::offer(stage, &give, &want)?;
    agree_and_die(stage, &n1)?;
    let resolved = stage.cast.a.wallet(&["resolve", &n1]).json()?;
    stage.expect_field(
        "resolve",
        "A asks T, and learns",
        (&resolved, "outcome", "resolved"),
    );
    let xid = text(&resolved, "xid")?;
    stage.cast.b.restart()?;
    stage.step("come back", "host B starts again; its card still waits");
    let learned = stage.cast.b.wallet(&["abort", &n1]).json()?;
    stage.expect_field(
        "abort",
        "B asks T to abort, and learns",
        (&learned, "outcome", "resolved"),
    );
    let record = stage.cast.decision(&xid)?;
    stage.expect_field("record", "T keeps", (&record, "outcome", "resolved"));
    stage.end("resolved")?;
    checks::traded(&mut stage.report, [&give, &want]);
    Ok(())
}

/// Host A hangs while B accepts; host B loses its power once the agreement left; host A goes on.
fn agree_and_die(stage: &mut Stage<'_>, n1: &str) -> Result<(), Failure> {
    let hanging = stage.cast.accept_while_a_hangs(n1)?;
    stage.last_look(|cast| &cast.b)?;
    stage.step(
        "accept",
        "B accepts; host B loses its power once the agreement left",
    );
    stage.cast.cut(hanging)?;
    stage.step(
        "confirm",
        "card A gives its voucher; its confirmation meets nobody",
    );
    Ok(())
}
