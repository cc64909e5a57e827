//! Numbers and bytes from the beginning of a value.

/// Reads big-endian numbers one after the other. Each read takes what it reads, or gives `None` and takes nothing if
/// there is too little left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader<'a> {
    left: &'a [u8],
}

macro_rules! numbers {
    ($($number:ident),*) => {
        $(
            #[doc = concat!("The next ", stringify!($number), ".")]
            pub fn $number(&mut self) -> Option<$number> {
                self.array().map($number::from_be_bytes)
            }
        )*
    };
}

impl<'a> Reader<'a> {
    /// Reads from there.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { left: bytes }
    }

    numbers!(u8, u16, u32, u64, u128, i8, i16, i32, i64, i128);

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, left) = self.left.split_first_chunk()?;
        self.left = left;
        Some(*array)
    }

    /// The next so many bytes.
    pub fn bytes(&mut self, len: usize) -> Option<&'a [u8]> {
        let (bytes, left) = self.left.split_at_checked(len)?;
        self.left = left;
        Some(bytes)
    }

    /// All that is left, and then nothing is.
    pub fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.left)
    }
}
