//! Sum and maximum. With few inputs they tell nothing: whoever knows the others' would know the last one.

use alloc::boxed::Box;

use libetp::codec::to_vec;
use libetp::params::pals::{Descriptor, Maximum, Quorum, Sum};

use super::{FunctionError, native, parameters};
use crate::smc::Function;

pub(super) fn sum(descriptor: &Descriptor) -> Result<Box<dyn Function>, FunctionError> {
    let Quorum { inputs_min } = parameters(descriptor)?;
    Ok(native(move |inputs, _| {
        let count = inputs.iter().flatten().count() as u8;
        let inputs = inputs.iter().flatten();
        // 32 numbers of 64 bits: far from the end.
        let sum: i128 = inputs.map(|it| i128::from(i64::from_be_bytes(*it))).sum();
        let sum = (count >= inputs_min).then(|| sum.to_be_bytes());
        to_vec(&Sum { count, sum })
    }))
}

pub(super) fn maximum(descriptor: &Descriptor) -> Result<Box<dyn Function>, FunctionError> {
    let Quorum { inputs_min } = parameters(descriptor)?;
    Ok(native(move |inputs, _| {
        let count = inputs.iter().flatten().count() as u8;
        let inputs = inputs.iter().flatten();
        let maximum = inputs.map(|it| u64::from_be_bytes(*it)).max();
        let maximum = maximum.filter(|_| count >= inputs_min);
        to_vec(&Maximum { count, maximum })
    }))
}
