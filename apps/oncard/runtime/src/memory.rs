//! What programs keep while the card has power.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use core::any::Any;

/// The memory of each program, by its family. It goes with what is rebuilt at power-up.
#[derive(Default)]
pub(crate) struct Memory(BTreeMap<u8, Box<dyn Any + Send>>);

impl Memory {
    /// A program's memory, new if it has none of that type.
    pub(crate) fn of<T: Any + Default + Send>(&mut self, family: u8) -> &mut T {
        let slot = self
            .0
            .entry(family)
            .or_insert_with(|| Box::new(T::default()));
        if !slot.is::<T>() {
            *slot = Box::new(T::default());
        }
        slot.downcast_mut().expect("it was just seen to be one")
    }
}
