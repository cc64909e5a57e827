//! One instance of a plugin, and the interface to it: `docs/protocol/guard-plugin.md`.

use libetp::text::shown;

use super::engine::{Call, Instance, Module};
use super::limits::{ABI, BUFFER_BYTES, BYTES_PER_FUEL, START_FUEL_MAX};
use super::log::Log;
use super::output;
use crate::{Failure, Opinion};

/// An instance that has been configured.
pub(super) struct Session {
    instance: Box<dyn Instance>,
    /// Where the buffer begins. The plugin is asked once, so it cannot answer differently later;
    /// memory never shrinks, so the buffer stays inside.
    buffer: usize,
}

impl Session {
    /// Makes an instance and configures it. Gives also the fuel that this took, with that for
    /// the memory that was filled.
    pub(super) fn start(module: &dyn Module, settings: &[u8]) -> Result<(Self, u64), String> {
        let mut starting = Starting {
            instance: module.instantiate()?,
            fuel: START_FUEL_MAX,
        };
        starting.check_abi()?;
        let buffer = starting.find_buffer()?;
        starting.configure(buffer, settings)?;
        let Starting { mut instance, fuel } = starting;
        let filled = instance.memory().len() as u64 / BYTES_PER_FUEL;
        let spent = START_FUEL_MAX - fuel + filled;
        Ok((Self { instance, buffer }, spent))
    }

    /// Asks about a message. After a failure the instance is of no more use.
    pub(super) fn check(&mut self, input: &[u8], fuel: u64) -> (Result<Opinion, Failure>, u64) {
        let len = write(&mut *self.instance, self.buffer, input);
        let (answer, spent) = self.instance.call(Call::Check(len), fuel);
        let opinion = match answer {
            Ok(answer) => output::decode(answer, view(&mut *self.instance, self.buffer)),
            Err(trap) => Err(Failure(trap.0)),
        };
        (opinion, spent)
    }

    pub(super) fn take_log(&mut self) -> Log {
        self.instance.take_log()
    }
}

/// An instance on its way.
struct Starting {
    instance: Box<dyn Instance>,
    /// What is left.
    fuel: u64,
}

impl Starting {
    fn call(&mut self, call: Call) -> Result<i64, String> {
        let (result, spent) = self.instance.call(call, self.fuel);
        self.fuel -= spent.min(self.fuel);
        result.map_err(|trap| format!("while it was started: {trap}"))
    }

    fn check_abi(&mut self) -> Result<(), String> {
        match self.call(Call::Abi)? {
            abi if abi == i64::from(ABI) => Ok(()),
            other => Err(format!(
                "it speaks version {other} of the interface; this is version {ABI}"
            )),
        }
    }

    fn find_buffer(&mut self) -> Result<usize, String> {
        let at = self.call(Call::Buffer)? as i32;
        let start = at.cast_unsigned() as usize;
        let end = start.saturating_add(BUFFER_BYTES);
        match end <= self.instance.memory().len() {
            true => Ok(start),
            false => Err(format!(
                "`guard_buf` gives {start}, and {BUFFER_BYTES} bytes from there are not all memory"
            )),
        }
    }

    fn configure(&mut self, buffer: usize, settings: &[u8]) -> Result<(), String> {
        const EMPTY: [u8; 1] = [0x80];
        if !self.instance.is_configurable() {
            return match settings == EMPTY {
                true => Ok(()),
                false => Err("it takes no settings (it exports no `guard_configure`)".into()),
            };
        }
        let len = write(&mut *self.instance, buffer, settings);
        let answer = self.call(Call::Configure(len))?;
        let complaint = match usize::try_from(answer) {
            Ok(0) => return Ok(()),
            Ok(len) => view(&mut *self.instance, buffer).get(..len),
            Err(_) => None,
        };
        let complaint = complaint.unwrap_or_default();
        Err(format!(
            "it does not take its settings: {}",
            shown(&String::from_utf8_lossy(complaint))
        ))
    }
}

/// Copies into the buffer; the length as the plugin gets it. Inputs fit:
/// [`super::limits::INPUT_BYTES_MAX`].
fn write(instance: &mut dyn Instance, buffer: usize, bytes: &[u8]) -> i32 {
    instance.memory()[buffer..buffer + bytes.len()].copy_from_slice(bytes);
    bytes.len() as i32
}

fn view(instance: &mut dyn Instance, buffer: usize) -> &[u8] {
    &instance.memory()[buffer..buffer + BUFFER_BYTES]
}
