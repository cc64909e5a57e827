//! What an administrator gives a plugin.

use libetp::codec::{Encode, Encoder, open_structure};
use libetp::digest::Hash;
use toml::{Table, Value};

use super::limits::{
    BUFFER_BYTES, FUEL_DEFAULT, FUEL_MAX, MEMORY_BYTES_DEFAULT, MEMORY_BYTES_MAX,
    SETTINGS_DEPTH_MAX,
};

/// How a plugin is loaded.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginSettings {
    /// Fuel of one call, at most [`FUEL_MAX`].
    pub fuel: u64,
    /// Most linear memory in bytes, at most [`MEMORY_BYTES_MAX`].
    pub memory_bytes: usize,
    /// SHA-256 of the module, if only one is to be loaded.
    pub sha256: Option<Hash>,
    /// The policy's own settings, `[policy.settings]`, for `guard_configure`.
    pub settings: Table,
}

impl Default for PluginSettings {
    fn default() -> Self {
        Self {
            fuel: FUEL_DEFAULT,
            memory_bytes: MEMORY_BYTES_DEFAULT,
            sha256: None,
            settings: Table::new(),
        }
    }
}

impl PluginSettings {
    /// Whether the figures are within their limits.
    pub(super) fn check(&self) -> Result<(), String> {
        if !(1..=FUEL_MAX).contains(&self.fuel) {
            return Err(format!("`fuel` is from 1 to {FUEL_MAX}"));
        }
        if self.memory_bytes > MEMORY_BYTES_MAX {
            return Err(format!("`memory` is at most {MEMORY_BYTES_MAX} bytes"));
        }
        Ok(())
    }

    /// The plugin's own settings as `guard_configure` gets them.
    pub(super) fn encode(&self) -> Result<Vec<u8>, String> {
        let mut to = Encoder::new(Vec::new());
        table(&self.settings, 0, &mut to)?;
        let bytes = to.into_writer();
        match bytes.len() > BUFFER_BYTES {
            true => Err(format!(
                "the settings take {} bytes; {BUFFER_BYTES} are the limit",
                bytes.len()
            )),
            false => Ok(bytes),
        }
    }
}

/// An array of `[key, value]`, in the order of the keys' bytes.
fn table(table: &Table, depth: usize, to: &mut Encoder) -> Result<(), String> {
    let mut keys: Vec<&String> = table.keys().collect();
    keys.sort();
    open_structure(to, keys.len() as u64);
    for key in keys {
        open_structure(to, 2);
        key.encode(to);
        value(key, &table[key], depth + 1, to)?;
    }
    Ok(())
}

fn value(key: &str, of: &Value, depth: usize, to: &mut Encoder) -> Result<(), String> {
    if depth > SETTINGS_DEPTH_MAX {
        return Err(format!(
            "setting `{key}`: more than {SETTINGS_DEPTH_MAX} levels deep"
        ));
    }
    match of {
        Value::String(text) => text.encode(to),
        Value::Integer(number) => number.encode(to),
        Value::Boolean(is) => is.encode(to),
        Value::Array(elements) => {
            open_structure(to, elements.len() as u64);
            for element in elements {
                value(key, element, depth + 1, to)?;
            }
        }
        Value::Table(inner) => table(inner, depth, to)?,
        Value::Float(_) | Value::Datetime(_) => {
            return Err(format!(
                "setting `{key}`: a plugin gets text, integers, true and false, arrays and tables"
            ));
        }
    }
    Ok(())
}
