//! Round trips, one message outstanding.

use std::io::Result;
use std::time::Instant;

use serde_json::json;

use crate::usage::cpu_us;
use crate::wire::Wire;

/// Round trips before the clock starts.
const WARM_UP: usize = 200;

pub(crate) fn echo(mut wire: Wire) -> Result<()> {
    let mut param = Vec::new();
    loop {
        let Ok(received) = wire.receive() else {
            println!("{}", json!({ "cpu_us": cpu_us() }));
            return Ok(());
        };
        if let Some(from) = received.from {
            wire.turn_to(from);
        }
        param.resize(received.size, 0);
        wire.taken(&received);
        wire.send(&param);
        wire.flush()?;
    }
}

pub(crate) fn ping(mut wire: Wire, size: usize, count: usize) -> Result<()> {
    let param = vec![0; size];
    for _ in 0..WARM_UP {
        round_trip(&mut wire, &param)?;
    }
    let cpu = cpu_us();
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        let start = Instant::now();
        round_trip(&mut wire, &param)?;
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    let cpu = (cpu_us() - cpu) / count as f64;
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!(
        "{}",
        json!({ "p50_us": at(0.50), "p99_us": at(0.99), "cpu_us": cpu })
    );
    Ok(())
}

fn round_trip(wire: &mut Wire, param: &[u8]) -> Result<()> {
    wire.send(param);
    wire.flush()?;
    let received = wire.receive()?;
    wire.taken(&received);
    Ok(())
}
