//! The fourth story: a card's directory is put back from a backup. Its host names it, lets nothing to
//! it, and has it back when the newest state is there again.

use super::stage::Stage;
use super::{checks, short};
use crate::program::{Failure, Output};

pub(crate) fn tell(stage: &mut Stage<'_>) -> Result<(), Failure> {
    let at = stage.at.path();
    let (backup, newest) = (at.join("backup"), at.join("newest"));
    stage.cast.b.stop()?;
    stage.cast.b.back_up_card(&backup)?;
    stage.cast.b.restart()?;
    let vid = stage.cast.issue(&stage.cast.b, "library card")?;
    stage.report.vouchers.push(vid.clone());
    stage.begin(
        "backup",
        "a card restored from a backup, quarantined by name",
    )?;
    let before = format!("of card B, from before it got {}", short(&vid));
    stage.step("back up", before);
    stage.last_look(|cast| &cast.b)?;
    stage.cast.b.stop()?;
    stage.cast.b.replace_card(&backup, &newest)?;
    stage.cast.b.launch()?;
    stage.cast.b.wait_until("quarantined")?;
    look(stage)?;
    stage.cast.b.stop()?;
    stage.cast.b.replace_card(&newest, &backup)?;
    stage.cast.b.restart()?;
    stage.step(
        "put back",
        "the newest state of card B is there again, and it is live",
    );
    stage.end("quarantined")?;
    checks::unchanged(&mut stage.report);
    Ok(())
}

/// What the host, its owner and others see of a quarantined card.
fn look(stage: &mut Stage<'_>) -> Result<(), Failure> {
    let status = stage.cast.b.etpctl(&["status"]).json()?;
    let detail = status["cards"][0]["detail"].as_str().unwrap_or_default();
    let named = detail.contains("restored from an older state");
    stage.expect("restore", named, detail);
    let list = stage.cast.b.wallet(&["list"]).output()?;
    refused(stage, "B asks its card", &list);
    let ping = stage
        .cast
        .a
        .etpctl(&["ping", &stage.cast.b.card()])
        .output()?;
    refused(stage, "A writes to card B", &ping);
    Ok(())
}

fn refused(stage: &mut Stage<'_>, what: &str, output: &Output) {
    let said = format!("{}{}", output.stdout, output.stderr);
    let named = output.code != Some(0) && said.contains("quarantined");
    let line = said.lines().find(|line| line.contains("quarantined"));
    let line = line.unwrap_or("nothing about a quarantine").trim();
    stage.expect("quarantine", named, format!("{what}: {line}"));
}
