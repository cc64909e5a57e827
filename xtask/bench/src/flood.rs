//! A hostile program: messages that the daemon refuses, as many as it looks at.

use std::io::{Read, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use libetp::Mtype;
use serde_json::json;

use crate::usage::cpu_us;
use crate::wire::Wire;

/// Messages outstanding.
const WAVE: usize = 64;

/// A type in hexadecimal.
pub(crate) fn mtype(text: &str) -> std::result::Result<Mtype, String> {
    let digits = text.trim_start_matches("0x");
    let number = u16::from_str_radix(digits, 16);
    number.map(Mtype).map_err(|error| error.to_string())
}

/// Sends wave after wave until standard input ends.
pub(crate) fn flood(mut wire: Wire, mtype: Mtype, size: usize) -> Result<()> {
    let (param, is_over) = (vec![0; size], Arc::new(AtomicBool::new(false)));
    let tell = Arc::clone(&is_over);
    std::thread::spawn(move || {
        std::io::stdin().read_to_end(&mut Vec::new()).ok();
        tell.store(true, Ordering::Relaxed);
    });
    let mut refused = 0;
    while !is_over.load(Ordering::Relaxed) {
        (0..WAVE).for_each(|_| wire.send_as(mtype, &param));
        wire.flush()?;
        (0..WAVE).try_for_each(|_| wire.refused())?;
        refused += WAVE;
    }
    println!("{}", json!({ "refused": refused, "cpu_us": cpu_us() }));
    Ok(())
}
