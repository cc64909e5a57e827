//! `pals function new`.

use std::fs;
use std::path::Path;

use pals::template::template;
use serde_json::json;

use crate::report::{Failure, Report};

pub(super) fn run(name: &str) -> Result<Report, Failure> {
    let files = template(name).map_err(Failure::Name)?;
    let directory = Path::new(name);
    fs::create_dir(directory).map_err(Failure::file(directory))?;
    crate_template::write(directory, &files)?;
    let paths: Vec<&str> = files.iter().map(|(path, _)| *path).collect();
    Ok(Report {
        text: format!(
            "{name}/ has {} files; {name}/README.md says how to test, build and try it",
            paths.len()
        ),
        json: json!({ "directory": name, "files": paths }),
    })
}
