//! One-way throughput: the source keeps two groups outstanding, the sink acknowledges each group by a message.

use std::io::Result;
use std::time::Instant;

use serde_json::json;

use crate::usage::cpu_us;
use crate::wire::Wire;

/// Groups that may be on the way.
const GROUPS_OUTSTANDING: usize = 2;

pub(crate) struct Load {
    pub(crate) size: usize,
    pub(crate) count: usize,
    pub(crate) group: usize,
    pub(crate) batch: usize,
}

pub(crate) fn sink(mut wire: Wire, count: usize, group: usize) -> Result<()> {
    let cpu = cpu_us();
    for at in 1..=count {
        let received = wire.receive()?;
        if let Some(from) = received.from {
            wire.turn_to(from);
        }
        if at % group == 0 {
            wire.taken(&received);
            wire.send(&[]);
            wire.flush()?;
        } else if !wire.has_more() && at % (group / 4).max(1) == 0 {
            wire.taken(&received);
            wire.flush()?;
        }
    }
    println!("{}", json!({ "cpu_us": (cpu_us() - cpu) / count as f64 }));
    Ok(())
}

pub(crate) fn source(mut wire: Wire, load: &Load) -> Result<()> {
    let param = vec![0; load.size];
    let (cpu, start) = (cpu_us(), Instant::now());
    let mut acknowledged = 0;
    for at in 1..=load.count {
        wire.send(&param);
        let ends_group = at % load.group == 0;
        if at % load.batch == 0 || ends_group {
            wire.flush()?;
        }
        let outstanding = at / load.group - acknowledged;
        if ends_group && outstanding >= GROUPS_OUTSTANDING {
            acknowledge(&mut wire)?;
            acknowledged += 1;
        }
    }
    while acknowledged < load.count / load.group {
        acknowledge(&mut wire)?;
        acknowledged += 1;
    }
    let seconds = start.elapsed().as_secs_f64();
    let cpu = (cpu_us() - cpu) / load.count as f64;
    println!(
        "{}",
        json!({ "per_s": load.count as f64 / seconds, "cpu_us": cpu })
    );
    Ok(())
}

fn acknowledge(wire: &mut Wire) -> Result<()> {
    let received = wire.receive()?;
    wire.taken(&received);
    Ok(())
}
