//! Records as bytes of a fuzzer.

/// At most so many writes count.
const WRITES_MAX: usize = 64;
/// A length that says: delete.
const DELETE: u16 = u16::MAX;

/// One record to be set: `place, key length, value length (big endian), key, value`.
///
/// A value of length FFFF deletes the key. What ends within a write is cut off there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// Which table; of a card, the first byte of the key.
    pub place: u8,
    /// The key, at most 255 bytes.
    pub key: Vec<u8>,
    /// The value, shorter than 65,535 bytes; `None` deletes.
    pub value: Option<Vec<u8>>,
}

impl Write {
    /// As an input has it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let length = self
            .value
            .as_ref()
            .map_or(DELETE, |value| value.len() as u16);
        let mut bytes = vec![self.place, self.key.len() as u8];
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(&self.key);
        bytes.extend_from_slice(self.value.as_deref().unwrap_or_default());
        bytes
    }

    /// All writes of an input.
    pub(crate) fn read_all(mut bytes: &[u8]) -> Vec<Self> {
        let next = || Self::read(&mut bytes);
        std::iter::from_fn(next).take(WRITES_MAX).collect()
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let [place, key, high, low] = *bytes.split_off(..4)? else {
            return None;
        };
        let length = u16::from_be_bytes([high, low]);
        let key = up_to(bytes, key.into());
        let value = (length != DELETE).then(|| up_to(bytes, length.into()));
        Some(Self { place, key, value })
    }
}

fn up_to(bytes: &mut &[u8], length: usize) -> Vec<u8> {
    let taken = bytes.split_off(..length.min(bytes.len()));
    taken.unwrap_or_default().to_vec()
}
