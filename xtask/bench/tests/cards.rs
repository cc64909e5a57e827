//! How many commands an exchange, a resolve and an abort are, counted at the links of real soft cards.

use std::process::Command;

use serde_json::{Value, json};

fn measured() -> Value {
    let bench = Command::new(env!("CARGO_BIN_EXE_bench-peer"))
        .arg("cards")
        .output()
        .expect("bench-peer runs");
    let error = String::from_utf8_lossy(&bench.stderr);
    assert!(bench.status.success(), "{error}");
    serde_json::from_slice(&bench.stdout).expect("one JSON line")
}

/// Three commands to S_A and two to S_B, as in Terada et al. 2005, section 5.4.2. Whoever turns to the third party
/// takes two, its owner's order and the outcome, and the third party takes one; the other card is not asked.
#[test]
fn commands_of_an_exchange_a_resolve_and_an_abort() {
    let measured = measured();
    let expected = [
        ("exchange", [3, 2, 0]),
        ("resolve", [2, 0, 1]),
        ("abort", [0, 2, 1]),
    ];
    for (name, apdus) in expected {
        let line = &measured[name];
        let counted = ["s_a", "s_b", "t"].map(|card| line[card]["apdus"].clone());
        assert_eq!(counted, apdus.map(|count| json!(count)), "{name}: {line}");
        assert!(line["elapsed_us"].as_f64().is_some_and(|us| us > 0.0));
    }
}
