//! What the functions that are shipped cost: the table in `docs/functions.md`.

use std::fs;

use oncard_function::limits::SLICE_FUEL_MAX;
use oncard_function::{Budget, Input, Module, Outcome, Session};

use super::list::List;
use crate::shell::{Result, root};

const PAGE: &str = "docs/functions.md";
const BEGIN: &str = "<!-- written by `cargo xtask plugins` -->\n";
const END: &str = "<!-- end -->\n";
/// Members of the sessions that are measured.
const MEMBERS: [u32; 3] = [3, 5, 32];
const FUEL: u64 = 100_000_000_000;
const MEMORY_BYTES: u32 = 64 << 20;

/// Writes the table.
pub(super) fn keep(list: &List) -> Result {
    let (page, expected) = pages(list)?;
    match page == expected {
        true => Ok(()),
        false => fs::write(root().join(PAGE), expected).map_err(|e| format!("{PAGE}: {e}")),
    }
}

/// Whether the table is what the kept modules cost.
pub(super) fn check(list: &List) -> Result {
    let (page, expected) = pages(list)?;
    match page == expected {
        true => Ok(()),
        false => Err(format!(
            "{PAGE}: the table of fuel is not what the modules cost: run `cargo xtask plugins`"
        )),
    }
}

/// The page as it is, and as it is to be.
fn pages(list: &List) -> Result<(String, String)> {
    let page = fs::read_to_string(root().join(PAGE)).map_err(|e| format!("{PAGE}: {e}"))?;
    let parts = page.split_once(BEGIN);
    let parts = parts.and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let (before, after) = parts.ok_or(format!("{PAGE}: no table between `{BEGIN}` and `{END}`"))?;
    let expected = format!("{before}{BEGIN}{}{END}{after}", table(list)?);
    Ok((page, expected))
}

fn table(list: &List) -> Result<String> {
    let members = MEMBERS.map(|members| format!("{members} members"));
    let mut table = format!(
        "| function | of what | {} |\n|---|---|---:|---:|---:|\n",
        members.join(" | ")
    );
    for kept in &list.module {
        let bytes = fs::read(kept.kept()).map_err(|e| format!("{}: {e}", kept.name))?;
        let module = Module::load(&bytes).map_err(|e| format!("{}: {e}", kept.name))?;
        let sample = Sample::of(&kept.name)?;
        let fuel = MEMBERS.map(|members| sample.fuel(&module, members));
        let fuel = fuel.into_iter().collect::<Result<Vec<_>>>()?;
        table += &format!(
            "| {} | {} | {} |\n",
            kept.name,
            sample.what,
            fuel.join(" | ")
        );
    }
    Ok(table)
}

/// A session of a function.
struct Sample {
    what: &'static str,
    parameters: Vec<u8>,
    /// The value of a member of so many.
    value: fn(member: u32, members: u32) -> Vec<u8>,
}

impl Sample {
    fn of(name: &str) -> Result<Self> {
        Ok(match name {
            "sum" | "maximum" => Self {
                what: "a number each",
                parameters: Vec::new(),
                value: |member, _| number(member).to_be_bytes().into(),
            },
            "auction" => Self {
                what: "a bid each, of which all are equal",
                parameters: [&[1, 1, 0xff, 0xff][..], &100_u64.to_be_bytes()].concat(),
                value: |_, _| 250_u64.to_be_bytes().into(),
            },
            "benchmark" => Self {
                what: "8 key figures each; 3 members are too few",
                parameters: Vec::new(),
                value: |member, _| {
                    let figures = (0..8).map(|figure| number(member * 8 + figure));
                    figures.flat_map(i64::to_be_bytes).collect()
                },
            },
            "plan" => Self {
                what: "1 product, 2 periods, every lane",
                parameters: vec![1, 2],
                value: site,
            },
            other => return Err(format!("{other}: what is a session of it?")),
        })
    }

    fn fuel(&self, module: &Module, members: u32) -> Result<String> {
        let session = Session {
            id: [0; 32],
            parameters: self.parameters.clone(),
        };
        let budget = Budget::new(FUEL, SLICE_FUEL_MAX, MEMORY_BYTES).map_err(|e| e.to_string())?;
        let inputs = (0..members).map(|member| Some((self.value)(member, members).into()));
        let inputs: Vec<Input> = inputs.collect();
        let (outcome, fuel) = module.clone().within(budget, session).measure(&inputs, 0);
        match outcome {
            Outcome::Result(_) => Ok(grouped(fuel)),
            other => Err(format!("{}: {other:?}", self.what)),
        }
    }
}

/// Numbers without a pattern, the same each time.
fn number(of: u32) -> i64 {
    (u64::from(of + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40).cast_signed()
}

/// A site where half of what is needed in the first period is there, and capacity for one and a half of all.
fn site(member: u32, members: u32) -> Vec<u8> {
    let small = |which: u32, end: i64| (number(member * 64 + which) % end) as u32;
    let (stock, effort) = (5, 2);
    let (cost_to_make, cost_to_keep) = (10 + small(1, 20), 1 + small(2, 4));
    let (capacity, demand) = ([30, 30], [5 + small(3, 10), 5 + small(4, 10)]);
    let lanes = (0..members).map(|to| 1 + small(8 + to, 15));
    let before = [stock, effort, cost_to_make, cost_to_keep];
    let numbers = before
        .into_iter()
        .chain(capacity)
        .chain(demand)
        .chain(lanes);
    numbers.flat_map(u32::to_be_bytes).collect()
}

/// Digits in threes.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    let groups: Vec<_> = groups.map(String::from_utf8_lossy).collect();
    groups.join(",")
}
