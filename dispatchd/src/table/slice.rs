//! Slices of work, so that nobody waits long for a sender that always has more.

/// Frames in a slice.
pub const SLICE_FRAMES: u32 = 128;
/// Fuel of policies in a slice, past which it ends with the message that spent it. One unit is about a
/// nanosecond.
pub const SLICE_FUEL: u64 = 25_000;

/// What is done in one go, before others have theirs.
#[derive(Debug, Default)]
pub(super) struct Slice {
    frames: u32,
    fuel: u64,
}

impl Slice {
    pub(super) fn begin(&mut self) {
        *self = Self::default();
    }

    pub(super) fn spend_frame(&mut self) {
        self.frames += 1;
    }

    pub(super) fn spend_fuel(&mut self, fuel: u64) {
        self.fuel = self.fuel.saturating_add(fuel);
    }

    pub(super) fn is_over(&self) -> bool {
        self.frames >= SLICE_FRAMES || self.fuel >= SLICE_FUEL
    }
}
