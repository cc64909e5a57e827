//! What runs modules, behind traits: the interface to plugins knows no particular engine.

use super::log::Log;
use crate::Text;

/// Limits that the engine itself enforces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Most linear memory in bytes.
    pub memory_bytes: usize,
}

/// Compiles modules.
pub trait Engine {
    /// Its name and version, for people.
    fn name(&self) -> &'static str;

    /// Validates and compiles a whole module: nothing is left to be compiled while messages wait.
    ///
    /// # Errors
    ///
    /// What is wrong with the module.
    fn compile(&self, module: &[u8], bounds: Bounds) -> Result<Box<dyn Module>, String>;
}

/// A compiled module.
pub trait Module: Send + Sync {
    /// What it wants and what it offers.
    fn outline(&self) -> Outline;

    /// Makes an instance with fresh memory. Its start costs nothing: a module with a start
    /// function is not compiled.
    ///
    /// # Errors
    ///
    /// Why there is none: a limit, or an import or export that it should have and has not.
    fn instantiate(&self) -> Result<Box<dyn Instance>, String>;
}

/// What a module wants and what it offers, one `module.name` or `name` each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// What it imports.
    pub imports: Vec<String>,
    /// What it exports.
    pub exports: Vec<String>,
}

/// A function of a plugin and its argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// `guard_abi() -> i32`
    Abi,
    /// `guard_buf() -> i32`
    Buffer,
    /// `guard_configure(i32) -> i32`
    Configure(i32),
    /// `guard_check(i32) -> i64`
    Check(i32),
}

/// Why a call gave nothing. The instance is of no more use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Trap(pub Text);

/// A module with memory.
pub trait Instance: Send {
    /// Calls a function of the plugin with so much fuel; gives its result and the fuel that it
    /// spent, which is all of it if that did not suffice.
    fn call(&mut self, call: Call, fuel: u64) -> (Result<i64, Trap>, u64);

    /// Its linear memory as it is now. It never shrinks.
    fn memory(&mut self) -> &mut [u8];

    /// Whether it has `guard_configure`.
    fn is_configurable(&self) -> bool;

    /// Takes what it logged since the last time.
    fn take_log(&mut self) -> Log;
}
