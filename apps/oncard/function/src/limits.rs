//! What a function may use. Each limit is tested at it and past it.

/// Largest module in bytes.
pub const MODULE_BYTES_MAX: usize = 1 << 20;
/// Most elements of its table.
pub const TABLE_ELEMENTS_MAX: usize = 10_000;
/// Deepest nesting of calls.
pub const CALL_DEPTH_MAX: usize = 512;
/// Most bytes of values on the interpreter's stack.
pub const STACK_BYTES_MAX: usize = 256 * 1024;

/// Longest result in bytes.
pub const RESULT_BYTES_MAX: usize = 60_000;

/// Most fuel of a computation.
pub const FUEL_MAX: u64 = 100_000_000_000;
/// Least fuel of a slice: less would be lost in what surrounds it.
pub const SLICE_FUEL_MIN: u64 = 1_000;
/// Most fuel of a slice: a card does nothing else while it computes one, seconds at this size.
pub const SLICE_FUEL_MAX: u64 = 500_000_000;
/// Most slices of a computation.
pub const SLICES_MAX: u64 = 1 << 20;
/// Most linear memory in bytes.
pub const MEMORY_BYTES_MAX: u32 = 64 << 20;

/// What a session grants its function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    fuel: u64,
    slice: u64,
    memory_bytes: u32,
}

/// Why there is no such budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BudgetError {
    /// None, or more than [`FUEL_MAX`].
    #[error("{0} units of fuel; there is at least 1, and there are {FUEL_MAX} at most")]
    Fuel(u64),
    /// Less than [`SLICE_FUEL_MIN`], or more than [`SLICE_FUEL_MAX`].
    #[error("slices of {0} units of fuel; they have {SLICE_FUEL_MIN} to {SLICE_FUEL_MAX}")]
    Slice(u64),
    /// More than [`SLICES_MAX`].
    #[error("{0} slices; {SLICES_MAX} are the most: longer slices or less fuel")]
    Slices(u64),
    /// More than [`MEMORY_BYTES_MAX`].
    #[error("{0} bytes of memory; {MEMORY_BYTES_MAX} are the most")]
    Memory(u32),
}

impl Budget {
    /// So much fuel in slices of so much each, and so much linear memory.
    ///
    /// # Errors
    /// [`BudgetError`].
    pub fn new(fuel: u64, slice: u64, memory_bytes: u32) -> Result<Self, BudgetError> {
        if fuel == 0 || fuel > FUEL_MAX {
            return Err(BudgetError::Fuel(fuel));
        }
        if !(SLICE_FUEL_MIN..=SLICE_FUEL_MAX).contains(&slice) {
            return Err(BudgetError::Slice(slice));
        }
        if memory_bytes > MEMORY_BYTES_MAX {
            return Err(BudgetError::Memory(memory_bytes));
        }
        let slices = fuel.div_ceil(slice);
        if slices > SLICES_MAX {
            return Err(BudgetError::Slices(slices));
        }
        Ok(Self {
            fuel,
            slice,
            memory_bytes,
        })
    }

    /// How many slices a computation has.
    pub fn slices(&self) -> u32 {
        // Fits: the most do.
        self.fuel.div_ceil(self.slice) as u32
    }

    /// Fuel of a computation.
    pub fn fuel(&self) -> u64 {
        self.fuel
    }

    /// Fuel of a slice.
    pub fn slice(&self) -> u64 {
        self.slice
    }

    /// Most linear memory in bytes.
    pub fn memory_bytes(&self) -> u32 {
        self.memory_bytes
    }
}
