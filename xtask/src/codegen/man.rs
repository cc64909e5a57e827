//! The manual pages of the command-line programs, as each prints its own.

use crate::shell::{Result, cargo, output};

/// Programs with a generated page; packages of the same names.
const PROGRAMS: &[&str] = &["etpctl", "wallet", "softcard", "etp-card-proxy", "pals"];

/// Each page: the file that holds it, and what belongs there.
pub(super) fn pages() -> Result<Vec<(String, String)>> {
    let page = |program: &&str| {
        let mut run = cargo();
        run.args(["run", "--quiet", "--package", program, "--bin", program]);
        let page = output(run.args(["--", "--print-man-page"]))?;
        Ok((format!("docs/man/{program}.1"), page))
    };
    PROGRAMS.iter().map(page).collect()
}
