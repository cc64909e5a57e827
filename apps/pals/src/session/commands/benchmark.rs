//! `pals benchmark`.

use card_owner::Access;
use pals::{Computation, FIGURES_MAX, Millionths, Quorum, Shipped, TAKE_PART_MIN};

use super::{Input, create_shipped, inputs_min, members};
use crate::report::Report;
use crate::session::begin;
use crate::session::invitation::Wanted;
use crate::session::options::{Benchmark, CreateBenchmark};
use crate::session::program::{Failure, Kind};
use crate::session::terms::Agreement;

const FIGURE_BYTES: u32 = 8;

pub(in crate::session) fn run(
    access: &Access<'_>,
    benchmark: &Benchmark,
) -> Result<Report, Failure> {
    match benchmark {
        Benchmark::Create(create) => self::create(access, create),
        Benchmark::Join(join) => {
            let wanted = Wanted::Shipped(Shipped::Benchmark);
            let kpis = &join.figures.kpis;
            let input = |agreement: &Agreement| {
                check_count(kpis.len(), agreement)?;
                figures(kpis)
            };
            begin::join(access, &join.join, wanted, input)
        }
    }
}

fn create(access: &Access<'_>, benchmark: &CreateBenchmark) -> Result<Report, Failure> {
    let (create, kpis) = (&benchmark.create, &benchmark.figures.kpis);
    let n = members(create);
    if n < usize::from(TAKE_PART_MIN) {
        let text = format!("a comparison is among at least {TAKE_PART_MIN} members; these are {n}");
        return Err(Failure::new(Kind::Usage, text)
            .hint("who knows the statistics of fewer can work out what others gave"));
    }
    let inputs_min = inputs_min(benchmark.at_least, create).max(TAKE_PART_MIN);
    let computation = Computation::Benchmark(Quorum { inputs_min });
    create_shipped(
        access,
        create,
        Shipped::Benchmark,
        computation,
        figures(kpis)?,
    )
}

fn figures(kpis: &[Millionths]) -> Result<Input, Failure> {
    if kpis.len() > FIGURES_MAX {
        let text = format!("{} key figures; {FIGURES_MAX} are the most", kpis.len());
        return Err(Failure::new(Kind::Usage, text));
    }
    let bytes = kpis.iter().flat_map(|figure| figure.0.to_be_bytes());
    Ok(Input::new(bytes.collect()))
}

fn check_count(given: usize, agreement: &Agreement) -> Result<(), Failure> {
    let compared = agreement.descriptor().input_bytes / FIGURE_BYTES;
    if u32::try_from(given) == Ok(compared) {
        return Ok(());
    }
    let text = format!("the session compares {compared} key figures; you gave {given}");
    Err(Failure::new(Kind::Usage, text).hint("ask the first member which, and in which order"))
}
