//! `etpctl guard new`.

use std::fs;
use std::path::Path;

use guard_policies::plugin::template::{Language, template};
use serde_json::json;

use super::{Failure, New};
use crate::control::Report;

pub(super) fn run(arguments: &New) -> Result<Report, Failure> {
    let language = match arguments.rust {
        true => Language::Rust,
        false => Language::C,
    };
    let files = template(language, &arguments.name).map_err(Failure::Name)?;
    let directory = Path::new(&arguments.name);
    fs::create_dir(directory).map_err(Failure::file(directory))?;
    crate_template::write(directory, &files)?;
    let (shown, paths): (_, Vec<_>) = (directory.display(), files.iter().map(|it| it.0).collect());
    Ok(Report {
        text: format!(
            "{shown}/ has {} files; {shown}/README.md says how to build, test and load it",
            paths.len()
        ),
        json: json!({ "directory": shown.to_string(), "files": paths }),
    })
}
