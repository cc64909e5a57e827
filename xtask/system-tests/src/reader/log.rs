//! What `pcscd` writes about the commands that it carries.

use std::fs;

use super::PcscService;
use crate::program::Failure;

/// Before a command in the log.
const MARK: &str = "APDU: ";

impl PcscService {
    /// The commands that it carried, in order. Of long ones it writes the beginning only, some 600 bytes.
    ///
    /// # Errors
    /// [`Failure`] if there is no log.
    pub fn commands(&self) -> Result<Vec<Vec<u8>>, Failure> {
        let log = fs::read(self.log()).map_err(Failure::io("log"))?;
        let log = String::from_utf8_lossy(&log);
        let commands = log.lines().filter_map(|line| line.split_once(MARK));
        Ok(commands.map(|(_, hex)| bytes(hex)).collect())
    }
}

/// As many as there are whole.
fn bytes(hex: &str) -> Vec<u8> {
    let bytes = hex.split_whitespace();
    bytes
        .map_while(|byte| u8::from_str_radix(byte, 16).ok())
        .collect()
}
