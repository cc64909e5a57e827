//! A function that somebody wrote, as a module of WebAssembly.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use libetp::digest::{Hash, sha256};
use libetp::text::shown;
use wasmi::{Engine, ExternType, FuncType, Instance, Linker, Store, StoreLimits, ValType};
use zeroize::Zeroizing;

use crate::engine::engine;
use crate::input::{Session, encode};
use crate::limits::{Budget, MODULE_BYTES_MAX};
use crate::run::Run;
use crate::work::{Function, Input, Work};

/// A compiled module.
#[derive(Clone)]
pub struct Module {
    engine: Engine,
    compiled: wasmi::Module,
    hash: Hash,
}

impl core::fmt::Debug for Module {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("Module").field(&self.hash).finish()
    }
}

/// Why a module is no function.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// More than [`MODULE_BYTES_MAX`].
    #[error("the module has {0} bytes; {MODULE_BYTES_MAX} are the limit")]
    Long(usize),
    /// The engine does not take it.
    #[error("{0}")]
    Malformed(String),
    /// It wants something from outside.
    #[error("it imports `{0}`; a function gets nothing but its input")]
    Import(String),
    /// Something that a function has is missing, or of another type.
    #[error("it exports no {0}")]
    Export(&'static str),
}

/// What a function exports: name, parameters, results, and the three in words.
type Signature = (
    &'static str,
    &'static [ValType],
    &'static [ValType],
    &'static str,
);

const SIGNATURES: [Signature; 2] = [
    (
        "function_buffer",
        &[ValType::I32],
        &[ValType::I32],
        "function `function_buffer(i32) -> i32`",
    ),
    (
        "function_run",
        &[ValType::I32],
        &[ValType::I64],
        "function `function_run(i32) -> i64`",
    ),
];

impl Module {
    /// Compiles and checks a module.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn load(bytes: &[u8]) -> Result<Self, LoadError> {
        if bytes.len() > MODULE_BYTES_MAX {
            return Err(LoadError::Long(bytes.len()));
        }
        let engine = engine();
        let malformed = |error: wasmi::Error| LoadError::Malformed(shown(&error.to_string()));
        // All of it first: the compiler is not to see what is refused later.
        wasmi::Module::validate(&engine, bytes).map_err(malformed)?;
        let compiled = wasmi::Module::new(&engine, bytes).map_err(malformed)?;
        check(&compiled)?;
        Ok(Self {
            engine,
            compiled,
            hash: sha256(bytes),
        })
    }

    /// By which people and sessions know it: SHA-256 of the whole module.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The function, with what a session grants it and tells it.
    pub fn within(self, budget: Budget, session: Session) -> Bounded {
        Bounded {
            module: self,
            budget,
            session,
        }
    }

    /// An instance with fresh memory. It costs no fuel: a module with a start function is not loaded.
    pub(crate) fn instantiate(
        &self,
        store: &mut Store<StoreLimits>,
    ) -> Result<Instance, wasmi::Error> {
        Linker::new(&self.engine).instantiate_and_start(store, &self.compiled)
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }
}

fn check(module: &wasmi::Module) -> Result<(), LoadError> {
    if let Some(import) = module.imports().next() {
        let name = format!("{}.{}", import.module(), import.name());
        return Err(LoadError::Import(shown(&name)));
    }
    let Some(ExternType::Memory(_)) = module.get_export("memory") else {
        return Err(LoadError::Export("memory `memory`"));
    };
    for (name, params, results, words) in SIGNATURES {
        let wanted = FuncType::new(params.iter().copied(), results.iter().copied());
        match module.get_export(name) {
            Some(ExternType::Func(is)) if is == wanted => {}
            _ => return Err(LoadError::Export(words)),
        }
    }
    Ok(())
}

/// What a computation came to, when nobody hides how long it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has a result.
    Result(Zeroizing<Vec<u8>>),
    /// It did what a function cannot do.
    Trapped,
    /// It wanted more fuel than there was.
    OutOfFuel,
}

/// A module within the budget of a session.
#[derive(Clone, Debug)]
pub struct Bounded {
    module: Module,
    budget: Budget,
    session: Session,
}

impl Bounded {
    /// Computes at once, for whoever writes a function: what came of it, and how much fuel went into it. In slices it
    /// comes to the same; the last block of each, a few units, may be done in the next one.
    pub fn measure(&self, inputs: &[Input], me: usize) -> (Outcome, u64) {
        self.run(inputs, me).measure()
    }

    fn run(&self, inputs: &[Input], me: usize) -> Run {
        let input = encode(&self.session, inputs, me);
        Run::new(self.module.clone(), self.budget, input)
    }
}

impl Function for Bounded {
    fn begin(&self, inputs: &[Input], me: usize) -> Box<dyn Work> {
        Box::new(self.run(inputs, me))
    }
}
