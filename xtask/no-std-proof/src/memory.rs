//! An allocator over a fixed arena that never gives memory back.

#![allow(unsafe_code, reason = "GlobalAlloc is an unsafe trait")]

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};

const ARENA_BYTES: usize = 1 << 20;

struct Arena {
    memory: UnsafeCell<[u8; ARENA_BYTES]>,
    used: AtomicUsize,
}

// SAFETY: every byte of `memory` is handed out at most once, by an atomic update of `used`.
unsafe impl Sync for Arena {}

#[global_allocator]
static ARENA: Arena = Arena {
    memory: UnsafeCell::new([0; ARENA_BYTES]),
    used: AtomicUsize::new(0),
};

// SAFETY: what `alloc` returns is null or an aligned range of the arena that nobody else has;
// allocation does not unwind, and layouts are never changed.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let start = self.memory.get().cast::<u8>();
        let place = |used: usize| {
            let address = start.addr().checked_add(used)?;
            let begin = address.checked_next_multiple_of(layout.align())? - start.addr();
            let end = begin.checked_add(layout.size())?;
            (end <= ARENA_BYTES).then_some((begin, end))
        };
        let taken = self
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                place(used).map(|(_, end)| end)
            });
        match taken.ok().and_then(place) {
            Some((begin, _)) => start.wrapping_add(begin),
            None => ptr::null_mut(),
        }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}
