//! A plugin in Rust without WebAssembly, behind the same interface.

use etp_guard::export::{Buffer, State};
use etp_guard::limits::BUFFER_BYTES;
use etp_guard::{Guard, Output};
use guard_policies::plugin::engine::{Bounds, Call, Engine, Instance, Module, Outline, Trap};
use guard_policies::plugin::{Log, Plugin, PluginSettings};

/// The engine that runs this type, whatever module it is given.
struct Native<G>(std::marker::PhantomData<G>);

/// Loads the type itself as a plugin.
pub(crate) fn load<G: Guard + Send + 'static>(
    module: &[u8],
    settings: &PluginSettings,
) -> Result<Plugin, String> {
    Plugin::load_on(&Native::<G>(std::marker::PhantomData), module, settings)
}

impl<G: Guard + Send + 'static> Engine for Native<G> {
    fn name(&self) -> &'static str {
        "native"
    }

    fn compile(&self, _: &[u8], _: Bounds) -> Result<Box<dyn Module>, String> {
        Ok(Box::new(Type::<G>(std::marker::PhantomData)))
    }
}

struct Type<G>(std::marker::PhantomData<fn() -> G>);

impl<G: Guard + Send + 'static> Module for Type<G> {
    fn outline(&self) -> Outline {
        Outline::default()
    }

    fn instantiate(&self) -> Result<Box<dyn Instance>, String> {
        Ok(Box::new(Running::<G> {
            state: State::NEW,
            buffer: Box::new([0; BUFFER_BYTES]),
            output: Box::new(Output::EMPTY),
            log: Log::default(),
        }))
    }
}

struct Running<G> {
    state: State<G>,
    buffer: Box<Buffer>,
    output: Box<Output>,
    log: Log,
}

impl<G: Guard + Send> Instance for Running<G> {
    fn call(&mut self, call: Call, _: u64) -> (Result<i64, Trap>, u64) {
        let Self {
            state,
            buffer,
            output,
            log,
        } = self;
        let answer = match call {
            Call::Abi => 1,
            Call::Buffer => 0,
            Call::Configure(len) => state.configure(buffer, output, len).into(),
            Call::Check(len) => {
                state.check(buffer, output, &mut |line| log.push(line.as_bytes()), len)
            }
        };
        (Ok(answer), 0)
    }

    fn memory(&mut self) -> &mut [u8] {
        &mut *self.buffer
    }

    fn is_configurable(&self) -> bool {
        true
    }

    fn take_log(&mut self) -> Log {
        std::mem::take(&mut self.log)
    }
}
