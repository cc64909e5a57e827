//! `pals run create` and `pals run join`: any function.

use card_owner::Access;
use pals::Computation;

use super::{Input, members};
use crate::function::value;
use crate::report::Report;
use crate::session::begin::{self, Opening};
use crate::session::code::Code;
use crate::session::invitation::Wanted;
use crate::session::options::{CreateAny, JoinAny};
use crate::session::program::{Failure, Kind};
use crate::session::terms::Agreement;

pub(in crate::session) fn create(access: &Access<'_>, run: &CreateAny) -> Result<Report, Failure> {
    let n = members(&run.create);
    let code = Code::file(&run.function)?;
    let mut input = value::present(&run.input)?;
    let parameters = value::present(&run.parameters)?.to_vec();
    let input_bytes = run.input_bytes.map_or(input.len(), |bytes| bytes as usize);
    lengthen(&mut input, input_bytes)?;
    let computation = Computation::new(code.hash, parameters, n).ok_or_else(|| {
        let text = format!("these are no parameters of {}", code.name());
        Failure::new(Kind::Usage, text).hint("its source says at its head what they are")
    })?;
    let usual = computation.grant(n, u32::try_from(input_bytes).unwrap_or(u32::MAX));
    let opening = Opening {
        grant: run.spending.over(usual),
        code,
        computation,
        input,
        yes: run.yes,
    };
    begin::create(access, &run.create, opening)
}

pub(in crate::session) fn join(access: &Access<'_>, run: &JoinAny) -> Result<Report, Failure> {
    let code = run.function.as_deref().map(Code::file).transpose()?;
    let mut input = value::present(&run.input)?;
    let input = |agreement: &Agreement| {
        lengthen(&mut input, agreement.descriptor().input_bytes as usize)?;
        Ok(input)
    };
    begin::join(access, &run.join, Wanted::Any(code), input)
}

/// Ends an input with zeros.
fn lengthen(input: &mut Input, len: usize) -> Result<(), Failure> {
    if input.len() > len {
        let text = format!(
            "your input has {} bytes; in this session they have {len}",
            input.len()
        );
        return Err(
            Failure::new(Kind::Usage, text).hint("the first member sets it with --input-bytes")
        );
    }
    input.resize(len, 0);
    Ok(())
}
