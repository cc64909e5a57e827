//! What [`export_guard!`](crate::export_guard) calls: the interface without its raw pointers.

use crate::limits::{BUFFER_BYTES, REASON_BYTES_MAX};
use crate::{Context, Guard, Message, Output, Settings, Verdict};

/// The fixed memory that the host and a plugin share.
pub type Buffer = [u8; BUFFER_BYTES];

/// What stays of a plugin between calls.
pub struct State<G> {
    /// The plugin, once it was called.
    guard: Option<G>,
}

impl<G: Guard> State<G> {
    /// Before the first call.
    pub const NEW: Self = Self { guard: None };

    /// `guard_configure`: 0, or the length of a complaint in the buffer.
    pub fn configure(&mut self, buffer: &mut Buffer, output: &mut Output, len: i32) -> i32 {
        let settings = Settings::read(&buffer[..len as usize]);
        let guard = self.guard.get_or_insert_default();
        let Err(complaint) = guard.configure(&settings) else {
            return 0;
        };
        output.clear();
        output.write(b"`").write(complaint.setting.as_bytes());
        output.write(b"` ").write(complaint.what.as_bytes());
        answer(buffer, output.bytes()) as i32
    }

    /// `guard_check`: code and length of what is in the buffer then.
    ///
    /// # Panics
    ///
    /// If the buffer does not hold a message, or the plugin panics.
    pub fn check(
        &mut self,
        buffer: &mut Buffer,
        output: &mut Output,
        log: &mut dyn FnMut(&str),
        len: i32,
    ) -> i64 {
        let input = Message::read(&buffer[..len as usize]);
        let (message, tick_ms) = input.expect("the host writes messages");
        let guard = self.guard.get_or_insert_default();
        let mut cx = Context {
            tick_ms,
            output,
            log,
        };
        let (code, len) = match guard.check(&message, &mut cx) {
            Verdict::Pass => (0, 0),
            Verdict::Drop(reason) => (1, explain(buffer, reason)),
            Verdict::Refuse(reason) => (2, explain(buffer, reason)),
            Verdict::Hold(reason) => (3, explain(buffer, reason)),
            Verdict::Rewrite => (4, answer(buffer, output.bytes())),
        };
        code << 32 | len as i64
    }
}

/// A reason, cut at the limit.
fn explain(buffer: &mut Buffer, reason: &str) -> usize {
    let end = reason.floor_char_boundary(REASON_BYTES_MAX);
    answer(buffer, &reason.as_bytes()[..end])
}

fn answer(buffer: &mut Buffer, bytes: &[u8]) -> usize {
    buffer[..bytes.len()].copy_from_slice(bytes);
    bytes.len()
}

/// Makes a type that implements [`Guard`] the plugin of this crate. Elsewhere than in WebAssembly
/// it does nothing.
///
/// The crate that uses it allows unsafe code here: the exports and the memory that the host writes
/// to are outside of what the compiler can check.
#[macro_export]
macro_rules! export_guard {
    ($guard:ty) => {
        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, reason = "exports, and memory that the host writes to")]
        mod guard_exports {
            use super::*;

            static mut BUFFER: $crate::export::Buffer = [0; $crate::limits::BUFFER_BYTES];
            static mut OUTPUT: $crate::Output = $crate::Output::EMPTY;
            static mut STATE: $crate::export::State<$guard> = $crate::export::State::NEW;

            #[link(wasm_import_module = "guard")]
            unsafe extern "C" {
                fn log(at: *const u8, len: usize);
            }

            fn write_log(line: &str) {
                // SAFETY: the host only reads these bytes, which are a string's.
                unsafe { log(line.as_ptr(), line.len()) }
            }

            #[unsafe(no_mangle)]
            extern "C" fn guard_abi() -> i32 {
                $crate::limits::ABI
            }

            #[unsafe(no_mangle)]
            extern "C" fn guard_buf() -> i32 {
                (&raw const BUFFER) as i32
            }

            #[unsafe(no_mangle)]
            extern "C" fn guard_configure(len: i32) -> i32 {
                // SAFETY: a plugin has one thread, and the host makes one call at a time.
                unsafe {
                    let state = &mut *(&raw mut STATE);
                    state.configure(&mut *(&raw mut BUFFER), &mut *(&raw mut OUTPUT), len)
                }
            }

            #[unsafe(no_mangle)]
            extern "C" fn guard_check(len: i32) -> i64 {
                // SAFETY: a plugin has one thread, and the host makes one call at a time.
                unsafe {
                    let state = &mut *(&raw mut STATE);
                    let output = &mut *(&raw mut OUTPUT);
                    state.check(&mut *(&raw mut BUFFER), output, &mut write_log, len)
                }
            }

            #[panic_handler]
            fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
                core::arch::wasm32::unreachable()
            }
        }
    };
}
