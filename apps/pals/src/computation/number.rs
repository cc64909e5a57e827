//! A number of what each member gives.

use etp_function::Reader;

/// What the members agree on: with fewer inputs they learn only how many there were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quorum {
    /// Fewest inputs.
    pub inputs_min: u16,
}

/// What all members learn of a sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sum {
    /// How many gave a number.
    pub count: u16,
    /// What they sum to, and the mean, rounded to the nearest whole number.
    pub sum: Option<(i128, i64)>,
}

/// What all members learn of a maximum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Maximum {
    /// How many gave a number.
    pub count: u16,
    /// The largest.
    pub maximum: Option<i64>,
}

impl Quorum {
    pub(super) fn read(parameters: &[u8]) -> Option<Self> {
        let inputs_min = u16::from_be_bytes(parameters.try_into().ok()?);
        Some(Self { inputs_min })
    }

    pub(super) fn write(self) -> Vec<u8> {
        self.inputs_min.to_be_bytes().into()
    }
}

impl Sum {
    pub(super) fn read(result: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(result);
        let count = reader.u16()?;
        let sum = match reader.rest() {
            [] => None,
            rest => Some(read_sum(rest)?),
        };
        Some(Self { count, sum })
    }
}

fn read_sum(bytes: &[u8]) -> Option<(i128, i64)> {
    let mut reader = Reader::new(bytes);
    let read = (reader.i128()?, reader.i64()?);
    reader.rest().is_empty().then_some(read)
}

impl Maximum {
    pub(super) fn read(result: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(result);
        let count = reader.u16()?;
        let maximum = match reader.rest() {
            [] => None,
            rest => Some(i64::from_be_bytes(rest.try_into().ok()?)),
        };
        Some(Self { count, maximum })
    }
}
