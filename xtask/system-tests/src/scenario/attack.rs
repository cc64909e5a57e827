//! Two attackers, and what stopped them.

use serde_json::Value;

use super::cast::Cast;
use super::report::Report;
use crate::deployment::Deployment;
use crate::host::Host;
use crate::program::{Failure, Program};

/// A program of host A tries to send as A's wallet.
pub(crate) fn local_program(
    at: &Deployment,
    cast: &Cast,
    report: &mut Report,
) -> Result<(), Failure> {
    let attack = at.binaries().program("adversary").arg("local");
    let attack = attack.arg("--socket").arg(cast.a.socket());
    note(
        attack.args(&["--victim", &cast.wallets[0]]),
        "hostile program",
        report,
    )
}

/// A certified host tries to speak for A, and for B itself, to B's wallet.
pub(crate) fn remote_host(
    at: &Deployment,
    cast: &Cast,
    report: &mut Report,
) -> Result<(), Failure> {
    let attack = at.binaries().program("adversary").arg("host");
    let attack = attack
        .arg("--identity")
        .arg(cast.mallory())
        .arg("--scheme")
        .arg(at.scheme_file());
    let attack = attack.args(&[
        "--peer",
        &cast.b.listen_address(),
        "--peer-key",
        &cast.b.peer.key,
    ]);
    let target = &cast.wallets[1];
    note(
        attack.args(&["--victim", &cast.wallets[0], "--target", target]),
        "hostile host",
        report,
    )
}

/// An operator sees it, too: each refusal has a counter of its own at the attacked daemon.
pub(crate) fn counters(cast: &Cast, report: &mut Report) -> Result<(), Failure> {
    let at_a = [("bad-secret", &cast.a), ("host-order", &cast.a)];
    let at_b = [("statement-none", &cast.b), ("source-local", &cast.b)];
    at_a.iter()
        .chain(&at_b)
        .try_for_each(|(name, host)| counter(name, host, report))
}

fn counter(name: &str, host: &Host, report: &mut Report) -> Result<(), Failure> {
    let count = host.counter(name)?;
    report.step(
        "named",
        count > 0,
        format!("counter {name} of host {}: {count}", host.name),
    );
    Ok(())
}

fn note(attack: Program, who: &'static str, report: &mut Report) -> Result<(), Failure> {
    let output = attack.arg("--json").output()?;
    let document = output.json().map_err(|_| output.failure())?;
    for attempt in document["attempts"].as_array().into_iter().flatten() {
        let word = |field: &str| attempt[field].as_str().unwrap_or_default();
        let refused = attempt["refused"] == Value::Bool(true);
        let detail = format!(
            "{}: {} ({})",
            word("attack"),
            word("refusal"),
            word("detail")
        );
        report.step(who, refused, detail);
    }
    Ok(())
}
