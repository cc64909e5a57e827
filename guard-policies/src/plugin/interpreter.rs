//! The engine that is shipped: the interpreter `wasmi`.
//!
//! Its feature `portable-dispatch` is not a matter of taste. Without it every instruction is a call
//! in tail position, which the compiler may or may not turn into a jump; where it does not, a
//! plugin that loops overflows the stack of the daemon
//! (`running_needs_no_more_stack_the_longer_it_takes`).

use wasmi::{
    Caller, CompilationMode, Config, Extern, ExternType, Linker, Memory, Store, StoreLimits,
    StoreLimitsBuilder, TrapCode, TypedFunc,
};

use libetp::text::shown;

use super::engine::{Bounds, Call, Engine, Instance, Module, Outline, Trap};
use super::limits::{
    CALL_DEPTH_MAX, LOG_FUEL, LOG_LINE_BYTES_MAX, STACK_BYTES_MAX, TABLE_ELEMENTS_MAX,
};
use super::log::Log;

/// The interpreter, with fuel. Compiling is done whole when a module is loaded.
pub struct Interpreter(wasmi::Engine);

impl Interpreter {
    /// An interpreter with the features of WebAssembly that compilers use without being asked
    /// to, and no more.
    pub fn new() -> Self {
        let mut config = Config::default();
        config
            .consume_fuel(true)
            .compilation_mode(CompilationMode::Eager)
            .allow_start_fn(false)
            .ignore_custom_sections(true)
            .set_max_recursion_depth(CALL_DEPTH_MAX)
            .set_max_stack_height(STACK_BYTES_MAX)
            .wasm_multi_memory(false)
            .wasm_tail_call(false)
            .wasm_extended_const(false)
            .wasm_custom_page_sizes(false)
            .wasm_wide_arithmetic(false);
        Self(wasmi::Engine::new(&config))
    }
}

impl Default for Interpreter {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine for Interpreter {
    fn name(&self) -> &'static str {
        "wasmi 2"
    }

    fn compile(&self, module: &[u8], bounds: Bounds) -> Result<Box<dyn Module>, String> {
        // All of it first: in compiling, translator and validator take turns, and the translator gets to see
        // code of modules that are refused later.
        wasmi::Module::validate(&self.0, module).map_err(|e| e.to_string())?;
        let module = wasmi::Module::new(&self.0, module).map_err(|e| e.to_string())?;
        let mut linker = Linker::new(&self.0);
        linker
            .func_wrap("guard", "log", log)
            .map_err(|e| e.to_string())?;
        let compiled = Compiled {
            module,
            linker,
            bounds,
        };
        compiled.check_imports()?;
        Ok(Box::new(compiled))
    }
}

struct Compiled {
    module: wasmi::Module,
    linker: Linker<Host>,
    bounds: Bounds,
}

impl Compiled {
    fn check_imports(&self) -> Result<(), String> {
        let imports = self.outline().imports;
        match imports.iter().find(|name| *name != "guard.log") {
            None => Ok(()),
            Some(name) => Err(format!(
                "it imports `{}`; a plugin gets nothing but `guard.log`",
                shown(name)
            )),
        }
    }
}

impl Module for Compiled {
    fn outline(&self) -> Outline {
        let imports = self.module.imports();
        let exports = self.module.exports();
        Outline {
            imports: imports
                .map(|i| format!("{}.{}", i.module(), i.name()))
                .collect(),
            exports: exports.map(|e| describe(e.name(), e.ty())).collect(),
        }
    }

    fn instantiate(&self) -> Result<Box<dyn Instance>, String> {
        let limits = StoreLimitsBuilder::new()
            .memory_size(self.bounds.memory_bytes)
            .table_elements(TABLE_ELEMENTS_MAX)
            .build();
        let log = Log::default();
        let mut store = Store::new(self.linker.engine(), Host { limits, log });
        store.limiter(|host| &mut host.limits);
        let linked = self.linker.instantiate_and_start(&mut store, &self.module);
        let instance = linked.map_err(|error| error.to_string())?;
        Running::new(store, instance).map(|running| Box::new(running) as Box<dyn Instance>)
    }
}

fn describe(name: &str, kind: &ExternType) -> String {
    let kind = match kind {
        ExternType::Func(_) => "function",
        ExternType::Memory(_) => "memory",
        ExternType::Table(_) => "table",
        ExternType::Global(_) => "global",
    };
    format!("{name} ({kind})")
}

/// What belongs to an instance on the host's side.
struct Host {
    limits: StoreLimits,
    log: Log,
}

struct Running {
    store: Store<Host>,
    memory: Memory,
    abi: TypedFunc<(), i32>,
    buffer: TypedFunc<(), i32>,
    configure: Option<TypedFunc<i32, i32>>,
    check: TypedFunc<i32, i64>,
}

impl Running {
    fn new(store: Store<Host>, instance: wasmi::Instance) -> Result<Self, String> {
        let memory = instance
            .get_memory(&store, "memory")
            .ok_or("it exports no `memory`")?;
        Ok(Self {
            memory,
            abi: function(&store, instance, "guard_abi", "() -> i32")?,
            buffer: function(&store, instance, "guard_buf", "() -> i32")?,
            configure: match instance.get_export(&store, "guard_configure") {
                None => None,
                Some(_) => Some(function(
                    &store,
                    instance,
                    "guard_configure",
                    "(i32) -> i32",
                )?),
            },
            check: function(&store, instance, "guard_check", "(i32) -> i64")?,
            store,
        })
    }

    fn enter(&mut self, call: Call) -> Result<i64, wasmi::Error> {
        let store = &mut self.store;
        match call {
            Call::Abi => self.abi.call(store, ()).map(i64::from),
            Call::Buffer => self.buffer.call(store, ()).map(i64::from),
            Call::Check(len) => self.check.call(store, len),
            Call::Configure(len) => match &self.configure {
                Some(configure) => configure.call(store, len).map(i64::from),
                None => Err(wasmi::Error::new("there is no `guard_configure`")),
            },
        }
    }
}

fn function<P: wasmi::WasmParams, R: wasmi::WasmResults>(
    store: &Store<Host>,
    instance: wasmi::Instance,
    name: &str,
    kind: &str,
) -> Result<TypedFunc<P, R>, String> {
    instance
        .get_typed_func(store, name)
        .map_err(|_| format!("it exports no function `{name}{kind}`"))
}

impl Instance for Running {
    fn call(&mut self, call: Call, fuel: u64) -> (Result<i64, Trap>, u64) {
        if let Err(error) = self.store.set_fuel(fuel) {
            return (Err(trap(&error)), 0);
        }
        let result = self.enter(call);
        let left = match &result {
            Err(error) if error.as_trap_code() == Some(TrapCode::OutOfFuel) => 0,
            _ => self.store.get_fuel().unwrap_or(0),
        };
        (result.map_err(|error| trap(&error)), fuel - left.min(fuel))
    }

    fn memory(&mut self) -> &mut [u8] {
        self.memory.data_mut(&mut self.store)
    }

    fn is_configurable(&self) -> bool {
        self.configure.is_some()
    }

    fn take_log(&mut self) -> Log {
        std::mem::take(&mut self.store.data_mut().log)
    }
}

fn trap(error: &wasmi::Error) -> Trap {
    Trap(match error.as_trap_code() {
        Some(TrapCode::OutOfFuel) => "it ran out of fuel".into(),
        Some(TrapCode::StackOverflow) => "it nested its calls too deep".into(),
        Some(TrapCode::UnreachableCodeReached) => "it gave up (unreachable code)".into(),
        _ => format!("it trapped: {}", shown(&error.to_string())).into(),
    })
}

/// `guard.log(ptr, len)`: a line of text for the operator.
fn log(mut caller: Caller<'_, Host>, at: i32, len: i32) -> Result<(), wasmi::Error> {
    let kept = (len.cast_unsigned() as usize).min(LOG_LINE_BYTES_MAX);
    let price = LOG_FUEL + kept as u64;
    let left = caller.get_fuel()?.checked_sub(price);
    caller.set_fuel(left.unwrap_or(0))?;
    left.ok_or(TrapCode::OutOfFuel)?;
    let memory = caller.get_export("memory").and_then(Extern::into_memory);
    let memory = memory.ok_or(TrapCode::MemoryOutOfBounds)?;
    let mut line = [0; LOG_LINE_BYTES_MAX];
    let line = &mut line[..kept];
    memory
        .read(&caller, at.cast_unsigned() as usize, line)
        .map_err(|_| TrapCode::MemoryOutOfBounds)?;
    caller.data_mut().log.push(line);
    Ok(())
}
