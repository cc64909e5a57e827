//! What a plugin may use. Each limit is tested at it and past it.

use libetp::limits::PARAM_BYTES_MAX;

/// Version of the interface between Guard and a plugin; what `guard_abi` returns.
pub const ABI: i32 = 1;

/// Size in bytes of a plugin's buffer: the largest input, [`INPUT_BYTES_MAX`], rounded up to whole
/// KiB.
pub const BUFFER_BYTES: usize = 68 * 1024;
/// Largest input in bytes: a full param from a program in the most groups.
pub const INPUT_BYTES_MAX: usize = INPUT_OVERHEAD + PARAM_BYTES_MAX;
/// Most bytes of an input beside its param: array, version, entry, ids, type, credentials, no host,
/// tick, and the length of the param.
const INPUT_OVERHEAD: usize = 1
    + 1
    + 1
    + 17
    + 17
    + 3
    + (1 + 5 + 5 + 1 + 3 + 5 * GROUPS_MAX + 3 + CGROUP_BYTES_MAX)
    + 1
    + 9
    + 3;
/// Most supplementary groups of a program that a plugin is told of. A program in more makes it fail.
pub const GROUPS_MAX: usize = 256;
/// Longest control group path in bytes that a plugin is told of. A longer one makes it fail.
pub const CGROUP_BYTES_MAX: usize = 1_024;

/// Longest reason in bytes that a plugin gives.
pub const REASON_BYTES_MAX: usize = 256;
/// Longest line in bytes that a plugin logs; the rest of it is cut off.
pub const LOG_LINE_BYTES_MAX: usize = 256;
/// Most lines of a plugin's log that wait to be taken; later ones are only counted.
pub const LOG_LINES_MAX: usize = 32;
/// Fuel that a line of the log costs, beside one unit for each of its bytes.
pub const LOG_FUEL: u64 = 500;

/// Fuel of one call if the settings say nothing: about 50 us.
pub const FUEL_DEFAULT: u64 = 50_000;
/// Most fuel of one call that settings can give.
pub const FUEL_MAX: u64 = 10_000_000;
/// Fuel for making an instance: asking for its buffer and configuring it.
pub const START_FUEL_MAX: u64 = 1_000_000;
/// How many bytes of memory and module that are copied for a new instance cost one unit of fuel.
pub const BYTES_PER_FUEL: u64 = 64;

/// Linear memory in bytes if the settings say nothing.
pub const MEMORY_BYTES_DEFAULT: usize = 1 << 20;
/// Most linear memory in bytes that settings can give.
pub const MEMORY_BYTES_MAX: usize = 16 << 20;
/// Deepest nesting of calls inside a plugin, the call from outside included.
pub const CALL_DEPTH_MAX: usize = 256;
/// Most bytes of values on the interpreter's stack.
pub const STACK_BYTES_MAX: usize = 128 * 1024;

/// Largest module in bytes.
pub const MODULE_BYTES_MAX: usize = 1 << 20;
/// Most function types of a module.
pub const TYPES_MAX: u32 = 1_000;
/// Most imports of a module; only one name can be imported.
pub const IMPORTS_MAX: u32 = 4;
/// Most functions of a module.
pub const FUNCTIONS_MAX: u32 = 10_000;
/// Most local variables of one function. They are filled with zeros at each call, for little fuel.
pub const FUNCTION_LOCALS_MAX: u32 = 512;
/// Most local variables of all functions of a module together.
pub const LOCALS_MAX: u32 = 100_000;
/// Most tables of a module.
pub const TABLES_MAX: u32 = 1;
/// Most elements of a table.
pub const TABLE_ELEMENTS_MAX: usize = 10_000;
/// Most memories of a module.
pub const MEMORIES_MAX: u32 = 1;
/// Most globals of a module.
pub const GLOBALS_MAX: u32 = 256;
/// Most exports of a module.
pub const EXPORTS_MAX: u32 = 256;
/// Most element segments of a module, and most data segments.
pub const SEGMENTS_MAX: u32 = 1_000;

/// Deepest nesting of tables and arrays in a plugin's settings.
pub const SETTINGS_DEPTH_MAX: usize = 8;

const _: () = assert!(INPUT_BYTES_MAX <= BUFFER_BYTES && BUFFER_BYTES < MEMORY_BYTES_DEFAULT);
