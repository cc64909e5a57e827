//! Work that is none: what slices do when the result is there.
//!
//! It takes about as long for its fuel as functions do. A loop of nothing but its jump takes several times as long, and
//! would tell the host from when on a card idles.

use wasmi::{Store, TypedFunc};

use crate::engine::engine;

/// `(module (func (export "idle") (local i64 i64 i64) (loop .. (br 0))))`, and in the loop eight times
/// `(local.set 0 (i64.rotl (i64.xor (i64.add (local.get 0) (local.get 1)) (local.get 2)) (i64.const 7)))`.
pub(crate) const MODULE: &[u8] = &[
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, // preamble
    0x01, 0x04, 0x01, 0x60, 0x00, 0x00, // type: () -> ()
    0x03, 0x02, 0x01, 0x00, // one function of it
    0x07, 0x08, 0x01, 0x04, b'i', b'd', b'l', b'e', 0x00, 0x00, // exported
    0x0a, 0x73, 0x01, 0x71, 0x01, 0x03, 0x7e, // its code, with the numbers x, y and z
    0x03, 0x40, // loop
    0x20, 0, 0x20, 1, 0x7c, 0x20, 2, 0x85, 0x42, 7, 0x89, 0x21, 0, // x = rotl(x + y ^ z, 7)
    0x20, 0, 0x20, 1, 0x7c, 0x20, 2, 0x85, 0x42, 7, 0x89, 0x21, 0, // x = rotl(x + y ^ z, 7)
    0x20, 0, 0x20, 1, 0x7c, 0x20, 2, 0x85, 0x42, 7, 0x89, 0x21, 0, // x = rotl(x + y ^ z, 7)
    0x20, 0, 0x20, 1, 0x7c, 0x20, 2, 0x85, 0x42, 7, 0x89, 0x21, 0, // x = rotl(x + y ^ z, 7)
    0x20, 0, 0x20, 1, 0x7c, 0x20, 2, 0x85, 0x42, 7, 0x89, 0x21, 0, // x = rotl(x + y ^ z, 7)
    0x20, 0, 0x20, 1, 0x7c, 0x20, 2, 0x85, 0x42, 7, 0x89, 0x21, 0, // x = rotl(x + y ^ z, 7)
    0x20, 0, 0x20, 1, 0x7c, 0x20, 2, 0x85, 0x42, 7, 0x89, 0x21, 0, // x = rotl(x + y ^ z, 7)
    0x20, 0, 0x20, 1, 0x7c, 0x20, 2, 0x85, 0x42, 7, 0x89, 0x21, 0, // x = rotl(x + y ^ z, 7)
    0x0c, 0x00, 0x0b, 0x0b, // again
];

/// Burns fuel.
pub(crate) struct Idle {
    store: Store<()>,
    idle: TypedFunc<(), ()>,
}

impl Idle {
    /// `None` never: what it runs is this file's.
    pub(crate) fn new() -> Option<Self> {
        let engine = engine();
        let module = wasmi::Module::new(&engine, MODULE).ok()?;
        let mut store = Store::new(&engine, ());
        let linker = wasmi::Linker::new(&engine);
        let instance = linker.instantiate_and_start(&mut store, &module).ok()?;
        let idle = instance.get_typed_func(&store, "idle").ok()?;
        Some(Self { store, idle })
    }

    /// Does nothing for so long.
    pub(crate) fn burn(&mut self, fuel: u64) {
        if self.store.set_fuel(fuel).is_ok() {
            // It ends when the fuel does, which is an error.
            let _ = self.idle.call(&mut self.store, ());
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::{Idle, MODULE};

    #[test]
    fn the_module_is_what_its_comment_says() {
        let sum = "(i64.xor (i64.add (local.get 0) (local.get 1)) (local.get 2))";
        let steps = format!("(local.set 0 (i64.rotl {sum} (i64.const 7)))").repeat(8);
        let text =
            format!(r#"(module (func (export "idle") (local i64 i64 i64) (loop {steps} (br 0))))"#);
        assert_eq!(wat::parse_str(text).expect("a module"), MODULE);
    }

    #[test]
    fn it_burns_all_there_is() {
        let mut idle = Idle::new().expect("it loads");
        for _ in 0..2 {
            idle.burn(5_000);
            let left = idle.store.get_fuel().expect("counted");
            assert!(left < 64, "less than once around: {left}");
        }
    }
}
