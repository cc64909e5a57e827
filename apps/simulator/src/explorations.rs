//! `simulator explore`: every state within bounds, and every broken variant.

use std::process::ExitCode;

use serde::Serialize;
use simulator::explore::{
    BROKEN, Broken, CONFIGS, CastError, Config, Report, explore, explore_broken,
};

/// Options of `simulator explore`.
#[derive(clap::Args)]
pub(crate) struct Explore {
    /// Only this configuration of the protocol as it is.
    #[arg(long, value_name = "NAME", value_parser = configuration)]
    config: Option<&'static Config>,
    /// Only this broken variant, which must be found out.
    #[arg(long, value_name = "NAME", conflicts_with = "config", value_parser = variant)]
    broken: Option<&'static Broken>,
    /// Leave out the configurations that take minutes.
    #[arg(long, conflicts_with_all = ["config", "broken"])]
    quick: bool,
    /// One JSON document instead of words.
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Default, Serialize)]
struct Summary {
    configurations: Vec<Report>,
    broken: Vec<Report>,
}

impl Summary {
    fn is_as_expected(&self) -> bool {
        self.configurations.iter().all(Report::holds) && !self.broken.iter().any(Report::holds)
    }
}

fn configuration(name: &str) -> Result<&'static Config, String> {
    let names = || CONFIGS.iter().map(|config| config.name);
    let found = CONFIGS.iter().find(|config| config.name == name);
    found.ok_or_else(|| unknown("configuration", names().collect()))
}

fn variant(name: &str) -> Result<&'static Broken, String> {
    let names = || BROKEN.iter().map(|broken| broken.name);
    let found = BROKEN.iter().find(|broken| broken.name == name);
    found.ok_or_else(|| unknown("broken variant", names().collect()))
}

fn unknown(what: &str, names: Vec<&str>) -> String {
    format!("no {what} of that name; there are: {}", names.join(", "))
}

/// Status 1 if a rule is broken, or not broken where it should be.
pub(crate) fn run(explore: &Explore) -> ExitCode {
    match explore_all(explore) {
        Ok(summary) => {
            if explore.json {
                print(&summary);
            }
            ExitCode::from(u8::from(!summary.is_as_expected()))
        }
        Err(error) => {
            eprintln!("simulator: the cards cannot be set up: {error}");
            ExitCode::from(2)
        }
    }
}

fn explore_all(chosen: &Explore) -> Result<Summary, CastError> {
    let mut summary = Summary::default();
    let told = |report: Report| {
        if !chosen.json {
            println!("{report}");
        }
        report
    };
    for config in CONFIGS.iter().filter(|config| chosen.wants(config)) {
        summary.configurations.push(told(explore(config)?));
    }
    for broken in BROKEN.iter().filter(|broken| chosen.wants_broken(broken)) {
        summary.broken.push(told(explore_broken(broken)?));
    }
    Ok(summary)
}

impl Explore {
    fn wants(&self, config: &Config) -> bool {
        match self.config {
            Some(only) => only.name == config.name,
            None => self.broken.is_none() && (config.quick || !self.quick),
        }
    }

    fn wants_broken(&self, broken: &Broken) -> bool {
        match self.broken {
            Some(only) => only.name == broken.name,
            None => self.config.is_none(),
        }
    }
}

fn print(summary: &Summary) {
    match serde_json::to_string_pretty(summary) {
        Ok(text) => println!("{text}"),
        Err(error) => eprintln!("simulator: {error}"),
    }
}
