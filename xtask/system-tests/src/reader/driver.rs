//! The driver of virtual readers: its ports and its section in the configuration of `pcscd`.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use crate::program::Failure;

/// Where Debian puts it.
const DRIVER: &str = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";
/// How often a pair of ports is looked for.
const PAIR_TRIES: usize = 100;

/// A reader with two slots, on a port and the next one.
#[derive(Clone, Debug)]
pub(super) struct Driver {
    pub(super) port: u16,
    name: String,
    file: PathBuf,
}

impl Driver {
    /// The driver number `number` of a service, on ports that nobody uses now.
    ///
    /// One file of the driver serves one reader only.
    pub(super) fn prepare(directory: &Path, number: usize) -> Result<Self, Failure> {
        let file = match number {
            0 => DRIVER.into(),
            _ => directory.join(format!("driver-{number}.so")),
        };
        if number > 0 {
            fs::copy(DRIVER, &file).map_err(Failure::io(DRIVER))?;
        }
        Ok(Self {
            port: free_pair()?,
            name: format!("virtual{number}"),
            file,
        })
    }

    /// What `pcscd` calls one of its slots.
    pub(super) fn reader(&self, slot: usize) -> String {
        format!("{} 00 {slot:02}", self.name)
    }

    /// Its section in the configuration.
    pub(super) fn section(&self) -> String {
        let (name, port, file) = (&self.name, self.port, self.file.display());
        format!(
            "FRIENDLYNAME \"{name}\"\nDEVICENAME /dev/null:{port}\nLIBPATH {file}\nCHANNELID {port}\n"
        )
    }
}

fn free_pair() -> Result<u16, Failure> {
    for _ in 0..PAIR_TRIES {
        let first = TcpListener::bind("0.0.0.0:0").map_err(Failure::io("a port"))?;
        let port = first.local_addr().map_err(Failure::io("a port"))?.port();
        let next = port.checked_add(1);
        if next.is_some_and(|next| TcpListener::bind(("0.0.0.0", next)).is_ok()) {
            return Ok(port);
        }
    }
    Err(Failure::new("no two free ports beside each other"))
}
