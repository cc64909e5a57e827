//! `pals function run`.

use libetp::text::hex;
use oncard_function::limits::{SLICE_FUEL_MAX, SLICE_FUEL_MIN};
use oncard_function::{Bounded, Budget, Input, Outcome, Session};
use serde_json::{Value, json};

use super::{Run, module, value};
use crate::report::{Failure, Report};

/// What a member is told.
struct Part {
    member: usize,
    result: String,
    fuel: u64,
}

pub(super) fn run(arguments: &Run) -> Result<Report, Failure> {
    let session = session(arguments)?;
    let inputs = arguments.inputs.iter().map(|text| value::read(text));
    let inputs = inputs.collect::<Result<Vec<Input>, _>>()?;
    let members = match arguments.me {
        Some(me) if me >= inputs.len() => return Err(Failure::Member(me, inputs.len())),
        Some(me) => me..me + 1,
        None => 0..inputs.len(),
    };
    let slice = arguments.fuel.clamp(SLICE_FUEL_MIN, SLICE_FUEL_MAX);
    let budget = Budget::new(arguments.fuel, slice, arguments.memory)?;
    let (module, _) = module::load(&arguments.file)?;
    let hash = hex(&module.hash());
    let bounded = module.within(budget, session);
    let parts = members.map(|member| compute(&bounded, &inputs, member, arguments.fuel));
    let parts = parts.collect::<Result<Vec<_>, _>>()?;
    let lines: Vec<String> = parts.iter().map(Part::line).collect();
    let values: Vec<Value> = parts.iter().map(Part::value).collect();
    Ok(Report {
        text: lines.join("\n"),
        json: json!({ "sha256": hash, "members": values }),
    })
}

fn session(arguments: &Run) -> Result<Session, Failure> {
    let id = value::present(&arguments.session)?;
    let wrong = || Failure::Value(arguments.session.clone(), "an id has 32 bytes".into());
    let parameters = value::present(&arguments.parameters)?.to_vec();
    Ok(Session {
        id: id.as_slice().try_into().map_err(|_| wrong())?,
        parameters,
    })
}

fn compute(
    bounded: &Bounded,
    inputs: &[Input],
    member: usize,
    limit: u64,
) -> Result<Part, Failure> {
    let (outcome, fuel) = bounded.measure(inputs, member);
    match outcome {
        Outcome::Result(result) => Ok(Part {
            member,
            result: hex(&result),
            fuel,
        }),
        Outcome::Trapped => Err(Failure::Trapped(member, fuel)),
        Outcome::OutOfFuel => Err(Failure::OutOfFuel(member, limit)),
    }
}

impl Part {
    fn line(&self) -> String {
        let result = match self.result.as_str() {
            "" => "nothing",
            result => result,
        };
        format!("member {}: {result}, fuel {}", self.member, self.fuel)
    }

    fn value(&self) -> Value {
        json!({ "member": self.member, "result": self.result, "fuel": self.fuel })
    }
}
