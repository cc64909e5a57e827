//! Counts what a module declares, before anything is compiled from it.

use super::limits::{
    EXPORTS_MAX, FUNCTION_LOCALS_MAX, FUNCTIONS_MAX, GLOBALS_MAX, IMPORTS_MAX, LOCALS_MAX,
    MEMORIES_MAX, MODULE_BYTES_MAX, SEGMENTS_MAX, TABLES_MAX, TYPES_MAX,
};

/// `\0asm` and version 1 of the binary format.
const PREAMBLE: &[u8] = b"\0asm\x01\0\0\0";
const CODE_SECTION: u8 = 10;

/// Section number, what it lists, and how many at most.
const SECTIONS: &[(u8, &str, u32)] = &[
    (1, "function types", TYPES_MAX),
    (2, "imports", IMPORTS_MAX),
    (3, "functions", FUNCTIONS_MAX),
    (4, "tables", TABLES_MAX),
    (5, "memories", MEMORIES_MAX),
    (6, "globals", GLOBALS_MAX),
    (7, "exports", EXPORTS_MAX),
    (9, "element segments", SEGMENTS_MAX),
    (CODE_SECTION, "functions", FUNCTIONS_MAX),
    (11, "data segments", SEGMENTS_MAX),
];

/// Refuses a module that is too large or declares too much of anything. What it passes can still
/// be malformed: that is for the engine to say.
///
/// # Errors
///
/// What there is too much of.
pub(super) fn check(module: &[u8]) -> Result<(), String> {
    if module.len() > MODULE_BYTES_MAX {
        return Err(format!(
            "the module has {} bytes; {MODULE_BYTES_MAX} are the limit",
            module.len()
        ));
    }
    let body = module
        .strip_prefix(PREAMBLE)
        .ok_or("this is no WebAssembly module of version 1")?;
    let mut rest = Reader(body);
    while !rest.0.is_empty() {
        section(&mut rest).ok_or("the module is cut off or malformed")??;
    }
    Ok(())
}

/// One section; `None` if it is malformed.
fn section(rest: &mut Reader<'_>) -> Option<Result<(), String>> {
    let id = rest.byte()?;
    let len = rest.number()?;
    let mut body = Reader(rest.take(len)?);
    let Some((_, what, max)) = SECTIONS.iter().find(|(of, ..)| *of == id) else {
        return Some(Ok(()));
    };
    let count = body.number()?;
    if count > *max {
        return Some(excess(what, *max));
    }
    if id != CODE_SECTION {
        return Some(Ok(()));
    }
    let Locals { most, sum } = locals(&mut body, count)?;
    Some(if most > u64::from(FUNCTION_LOCALS_MAX) {
        excess("local variables in one function", FUNCTION_LOCALS_MAX)
    } else if sum > u64::from(LOCALS_MAX) {
        excess("local variables", LOCALS_MAX)
    } else {
        Ok(())
    })
}

fn excess(what: &str, max: u32) -> Result<(), String> {
    Err(format!(
        "the module has too many {what}; {max} are the limit"
    ))
}

/// How many local variables functions declare.
#[derive(Default)]
struct Locals {
    /// The one with most of them.
    most: u64,
    /// All together.
    sum: u64,
}

fn locals(bodies: &mut Reader<'_>, count: u32) -> Option<Locals> {
    let mut locals = Locals::default();
    for _ in 0..count {
        let len = bodies.number()?;
        let mut body = Reader(bodies.take(len)?);
        let mut own = 0;
        for _ in 0..body.number()? {
            own += u64::from(body.number()?);
            body.byte()?;
        }
        locals.most = locals.most.max(own);
        locals.sum += own;
    }
    Some(locals)
}

struct Reader<'m>(&'m [u8]);

impl<'m> Reader<'m> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn take(&mut self, len: u32) -> Option<&'m [u8]> {
        let (taken, rest) = self.0.split_at_checked(len as usize)?;
        self.0 = rest;
        Some(taken)
    }

    /// An unsigned number in LEB128, of at most five bytes.
    fn number(&mut self) -> Option<u32> {
        let mut number = 0_u64;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return u32::try_from(number).ok();
            }
        }
        None
    }
}
