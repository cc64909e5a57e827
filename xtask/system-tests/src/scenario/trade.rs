//! The first story: both cards are there, and end the exchange alone.

use serde_json::Value;

use super::stage::Stage;
use super::{checks, short};
use crate::deployment::text;
use crate::program::Failure;

const NAME: &str = "exchange";

pub(crate) fn tell(stage: &mut Stage<'_>) -> Result<(), Failure> {
    stage.begin(NAME, "an exchange that the cards complete alone")?;
    let [give, want] = stage.goods()?;
    let n1 = offer(stage, &give, &want)?;
    stage.cast.accept(&n1)?;
    stage.step("accept", "B accepts; the cards do the rest");
    for who in ["A", "B"] {
        let host = stage.cast.host(who);
        let result = stage.cast.result(host, &n1)?;
        stage.expect_field(
            "result",
            &format!("{who} learns"),
            (&result, "outcome", "completed"),
        );
    }
    stage.end("completed")?;
    checks::count_commands(&mut stage.report, NAME);
    checks::traded(&mut stage.report, [&give, &want]);
    Ok(())
}

/// A offers, B sees it; the offer's n1.
pub(crate) fn offer(stage: &mut Stage<'_>, give: &str, want: &str) -> Result<String, Failure> {
    let offer = stage.cast.offer(give, want)?;
    let detail = format!("A offers {} for {}", short(give), short(want));
    stage.step("offer", detail);
    let n1 = text(&offer, "n1")?;
    let inbox = stage.cast.inbox_of_b(&n1)?;
    stage.step("inbox", format!("B sees the offer: {}", summary(&inbox)));
    Ok(n1)
}

fn summary(offer: &Value) -> String {
    let words = offer["give"].as_str().or(offer["promise"].as_str());
    words.unwrap_or("an offer").to_owned()
}
