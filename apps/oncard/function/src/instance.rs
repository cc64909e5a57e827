//! A module with memory of its own.

use alloc::vec::Vec;

use wasmi::{
    Memory, Store, StoreLimits, StoreLimitsBuilder, TypedFunc, TypedResumableCall,
    TypedResumableCallOutOfFuel, WasmResults,
};
use zeroize::{Zeroize, Zeroizing};

use crate::limits::{Budget, RESULT_BYTES_MAX, TABLE_ELEMENTS_MAX};
use crate::module::Module;
use crate::work::Trap;

/// See the module's head. Its memory is erased when it goes.
pub(crate) struct Instance {
    store: Store<StoreLimits>,
    memory: Memory,
    buffer: TypedFunc<i32, i32>,
    run: TypedFunc<i32, i64>,
}

impl Instance {
    pub(crate) fn new(module: &Module, budget: Budget) -> Result<Self, Trap> {
        let limits = StoreLimitsBuilder::new()
            .memory_size(budget.memory_bytes() as usize)
            .table_elements(TABLE_ELEMENTS_MAX)
            .build();
        let mut store = Store::new(module.engine(), limits);
        store.limiter(|limits| limits);
        let instance = module.instantiate(&mut store).map_err(trap)?;
        let buffer = instance.get_typed_func(&store, "function_buffer");
        let run = instance.get_typed_func(&store, "function_run");
        Ok(Self {
            memory: instance.get_memory(&store, "memory").ok_or(Trap)?,
            buffer: buffer.map_err(trap)?,
            run: run.map_err(trap)?,
            store,
        })
    }

    /// Adds fuel to what is left.
    pub(crate) fn refuel(&mut self, fuel: u64) -> Result<(), Trap> {
        let left = self.fuel();
        self.store.set_fuel(left + fuel).map_err(trap)
    }

    /// Fuel that is left.
    pub(crate) fn fuel(&self) -> u64 {
        self.store.get_fuel().unwrap_or_default()
    }

    /// Whether there is so much fuel.
    pub(crate) fn can(&self, fuel: u64) -> bool {
        fuel <= self.fuel()
    }

    /// Asks for room for the input.
    pub(crate) fn call_buffer(
        &mut self,
        input: &[u8],
    ) -> Result<TypedResumableCall<i32>, wasmi::Error> {
        self.buffer.call_resumable(&mut self.store, length(input))
    }

    /// Writes the input to that address, and begins to compute.
    pub(crate) fn call_run(
        &mut self,
        address: i32,
        input: &[u8],
    ) -> Result<Result<TypedResumableCall<i64>, wasmi::Error>, Trap> {
        let address = address.cast_unsigned() as usize;
        let written = self.memory.write(&mut self.store, address, input);
        written.map_err(|_| Trap)?;
        Ok(self.run.call_resumable(&mut self.store, length(input)))
    }

    pub(crate) fn resume<R: WasmResults>(
        &mut self,
        call: TypedResumableCallOutOfFuel<R>,
    ) -> Result<TypedResumableCall<R>, wasmi::Error> {
        call.resume(&mut self.store)
    }

    /// What lies at `address << 32 | length`.
    pub(crate) fn result(&self, place: u64) -> Result<Zeroizing<Vec<u8>>, Trap> {
        let (address, len) = ((place >> 32) as usize, place as u32 as usize);
        if len > RESULT_BYTES_MAX {
            return Err(Trap);
        }
        let end = address.checked_add(len).ok_or(Trap)?;
        let memory = self.memory.data(&self.store);
        let bytes = memory.get(address..end).ok_or(Trap)?;
        Ok(Zeroizing::new(bytes.to_vec()))
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.memory.data_mut(&mut self.store).zeroize();
    }
}

/// Fits: an input is far below 2 GiB.
fn length(input: &[u8]) -> i32 {
    input.len() as i32
}

/// Why it fails is the same for everybody, and nobody's business.
fn trap(_: wasmi::Error) -> Trap {
    Trap
}
