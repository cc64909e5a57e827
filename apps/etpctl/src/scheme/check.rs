//! `scheme check`.

use std::fmt::{self, Display};

use etp_pki::scheme::{Finding, SchemeFile, load_leaves, now};
use serde::Serialize;

use super::Failure;
use super::arguments::CheckArguments;

/// What the check found.
#[derive(Debug, Serialize)]
pub(super) struct CheckReport {
    ok: bool,
    scheme: String,
    /// How many certificates beside root and intermediates were read.
    leaves: usize,
    findings: Vec<FindingReport>,
}

#[derive(Debug, Serialize)]
struct FindingReport {
    certificate: String,
    problem: String,
}

pub(super) fn run(arguments: &CheckArguments) -> Result<CheckReport, Failure> {
    let scheme = SchemeFile::load(&arguments.path)?;
    let issued = Some(arguments.path.join("issued")).filter(|path| path.is_dir());
    let mut leaves = Vec::new();
    for directory in issued.iter().chain(&arguments.leaves) {
        leaves.extend(load_leaves(directory)?);
    }
    let findings = scheme.check(&leaves, now()?);
    Ok(CheckReport {
        ok: findings.is_empty(),
        scheme: scheme.name,
        leaves: leaves.len(),
        findings: findings.iter().map(FindingReport::from).collect(),
    })
}

impl CheckReport {
    /// Makes findings the command's failure.
    pub(super) fn judge(&self) -> Result<(), Failure> {
        match self.ok {
            true => Ok(()),
            false => Err(Failure::Findings(self.findings.len())),
        }
    }
}

impl From<&Finding> for FindingReport {
    fn from(finding: &Finding) -> Self {
        Self {
            certificate: finding.certificate.clone(),
            problem: finding.problem.to_string(),
        }
    }
}

impl Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "{}: {}", finding.certificate, finding.problem)?;
        }
        if self.ok {
            let (scheme, leaves) = (&self.scheme, self.leaves);
            writeln!(
                f,
                "scheme {scheme} is in order: root, intermediates, {leaves} leaves"
            )?;
        }
        Ok(())
    }
}
