//! The fourth story: a card's directory is put back from a backup. Its host names it, lets nothing to
//! it, and has it back when the newest state is there again.

use std::fs;
use std::path::Path;

use super::stage::Stage;
use super::{checks, short};
use crate::program::{Failure, Output};

pub(crate) fn tell(stage: &mut Stage<'_>) -> Result<(), Failure> {
    let (card, at) = (stage.cast.b.path().join("card"), stage.at.path());
    let (backup, newest) = (at.join("backup"), at.join("newest"));
    stage.cast.b.stop()?;
    copy(&card, &backup)?;
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
    replace(stage, (&card, &newest), (&backup, &card))?;
    stage.cast.b.launch()?;
    stage.cast.b.wait_until("quarantined")?;
    look(stage)?;
    replace(stage, (&card, &backup), (&newest, &card))?;
    stage.cast.b.restart()?;
    stage.step(
        "put back",
        "the newest state of card B is there again, and it is live",
    );
    stage.end("quarantined")?;
    checks::unchanged(&mut stage.report);
    Ok(())
}

/// Stops host B and moves two directories, one after the other.
fn replace(
    stage: &mut Stage<'_>,
    first: (&Path, &Path),
    second: (&Path, &Path),
) -> Result<(), Failure> {
    stage.cast.b.stop()?;
    for (from, to) in [first, second] {
        if to.exists() {
            fs::remove_dir_all(to).map_err(Failure::io(to.display()))?;
        }
        fs::rename(from, to).map_err(Failure::io(from.display()))?;
    }
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

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    let copied = || -> std::io::Result<()> {
        fs::create_dir_all(to)?;
        fs::set_permissions(to, fs::metadata(from)?.permissions())?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
        Ok(())
    };
    copied().map_err(Failure::io(from.display()))
}
