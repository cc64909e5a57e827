//! The last story: three attackers, and what stopped them.

use serde_json::Value;

use super::cast::Cast;
use super::checks;
use super::stage::Stage;
use crate::deployment::text;
use crate::host::Host;
use crate::program::{Failure, Program};

pub(crate) fn tell(stage: &mut Stage<'_>) -> Result<(), Failure> {
    stage.begin(
        "attacks",
        "an old order, a hostile program, a hostile host: all refused",
    )?;
    old_order(stage)?;
    local_program(stage)?;
    remote_host(stage)?;
    counters(stage)?;
    stage.end("refused")?;
    checks::unchanged(&mut stage.report);
    Ok(())
}

/// The host of A has card A in hand, and an order of its owner that it carried once.
fn old_order(stage: &mut Stage<'_>) -> Result<(), Failure> {
    let [give, want] = stage.goods()?;
    stage.last_look(|cast| &cast.a)?;
    stage.cast.a.stop()?;
    let cast = &stage.cast;
    let attack = stage.at.binaries().program("adversary").arg("daemon");
    let attack = attack.arg("--card").arg(cast.a.path().join("card"));
    let attack = attack.arg("--pin-file").arg(stage.at.pin_file());
    let attack = attack.args(&["--owner", &cast.wallets[0], "--to", &cast.wallets[1]]);
    let attack = attack.args(&["--give", &give, "--want", &want]);
    let attack = attack.args(&["--third-party", cast.third_party_key()]);
    note(attack, "hostile daemon", stage)?;
    stage.cast.a.restart()?;
    let cancelled = stage.cast.a.wallet(&["cancel"]).json()?;
    let one = text(&cancelled, "outcome")? == "cancelled";
    stage.expect(
        "count offers",
        one,
        "card A made one offer, once; A takes it back",
    );
    Ok(())
}

/// A program of host A tries to send as A's wallet.
fn local_program(stage: &mut Stage<'_>) -> Result<(), Failure> {
    let attack = stage.at.binaries().program("adversary").arg("local");
    let attack = attack.arg("--socket").arg(stage.cast.a.socket());
    let attack = attack.args(&["--victim", &stage.cast.wallets[0]]);
    note(attack, "hostile program", stage)
}

/// A certified host tries to speak for A, and for B itself, to B's wallet.
fn remote_host(stage: &mut Stage<'_>) -> Result<(), Failure> {
    let cast = &stage.cast;
    let attack = stage.at.binaries().program("adversary").arg("host");
    let attack = attack.arg("--identity").arg(cast.mallory());
    let attack = attack.arg("--scheme").arg(stage.at.scheme_file());
    let (address, key) = (cast.b.listen_address(), cast.b.peer.key.as_str());
    let attack = attack.args(&["--peer", &address, "--peer-key", key]);
    let [victim, target] = &cast.wallets;
    let attack = attack.args(&["--victim", victim, "--target", target]);
    note(attack, "hostile host", stage)
}

/// An operator sees it, too: each refusal has a counter of its own at the attacked daemon.
fn counters(stage: &mut Stage<'_>) -> Result<(), Failure> {
    let (a, b): (HostOf, HostOf) = (|cast| &cast.a, |cast| &cast.b);
    let counters = [
        ("bad-secret", a),
        ("host-order", a),
        ("statement-none", b),
        ("source-local", b),
    ];
    for (name, of) in counters {
        let host = of(stage.cast);
        let count = host.counter(name)?;
        let detail = format!("counter {name} of host {}: {count}", host.name);
        stage.expect("named", count > 0, detail);
    }
    Ok(())
}

type HostOf = fn(&Cast) -> &Host;

fn note(attack: Program, who: &'static str, stage: &mut Stage<'_>) -> Result<(), Failure> {
    let output = attack.arg("--json").output()?;
    let document = output.json().map_err(|_| output.failure())?;
    for attempt in document["attempts"].as_array().into_iter().flatten() {
        let word = |field: &str| attempt[field].as_str().unwrap_or_default();
        let refused = attempt["refused"] == Value::Bool(true);
        let (attack, refusal, detail) = (word("attack"), word("refusal"), word("detail"));
        stage.expect(who, refused, format!("{attack}: {refusal} ({detail})"));
    }
    Ok(())
}
