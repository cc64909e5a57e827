//! `scheme show`.

use std::fmt::{self, Display};

use etp_pki::Role;
use etp_pki::scheme::{SchemeFile, inspect, load_leaves, read_certificates, utc};
use serde::Serialize;

use super::Failure;
use super::arguments::ShowArguments;
use super::report::{Hex, LeafReport};

/// What a path leads to.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum ShowReport {
    Scheme(SchemeReport),
    Certificate(LeafReport),
}

/// A scheme.
#[derive(Debug, Serialize)]
pub(super) struct SchemeReport {
    name: String,
    /// Key id of the root.
    id: Hex,
    suite: u8,
    epoch: u64,
    intermediates: Vec<IntermediateReport>,
    /// Leaves that were issued in this directory.
    issued: Vec<LeafReport>,
}

#[derive(Debug, Serialize)]
struct IntermediateReport {
    role: String,
    /// The pinned key id.
    key: Hex,
    not_after: String,
}

pub(super) fn run(arguments: &ShowArguments) -> Result<ShowReport, Failure> {
    let path = &arguments.path;
    let toml = path
        .extension()
        .is_some_and(|extension| extension == "toml");
    if !path.is_dir() && !toml {
        let leaf = read_certificates(path)?
            .into_iter()
            .next()
            .unwrap_or_default();
        let leaf = inspect(&leaf).map_err(Failure::certificate(path))?;
        return Ok(ShowReport::Certificate(LeafReport::from(&leaf)));
    }
    let scheme = SchemeFile::load(path)?;
    let issued = path.join("issued");
    let issued = if issued.is_dir() {
        load_leaves(&issued)?
    } else {
        Vec::new()
    };
    let issued = issued.iter().map(|named| {
        let leaf = inspect(&named.der).map_err(Failure::certificate(&named.name))?;
        Ok(LeafReport::from(&leaf))
    });
    Ok(ShowReport::Scheme(SchemeReport {
        id: Hex(scheme.id().map_err(Failure::certificate(path))?.to_vec()),
        suite: scheme.suite,
        epoch: scheme.epoch,
        intermediates: Role::ALL.map(|role| intermediate(&scheme, role)).into(),
        issued: issued.collect::<Result<_, Failure>>()?,
        name: scheme.name,
    }))
}

fn intermediate(scheme: &SchemeFile, role: Role) -> IntermediateReport {
    IntermediateReport {
        role: role.to_string(),
        key: Hex(scheme.pin(role).to_vec()),
        not_after: utc(scheme.intermediate_not_after(role)),
    }
}

impl Display for ShowReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scheme(scheme) => scheme.fmt(f),
            Self::Certificate(leaf) => leaf.fmt(f),
        }
    }
}

impl Display for SchemeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "scheme {}, epoch {}, suite {}",
            self.name, self.epoch, self.suite
        )?;
        writeln!(f, "  id        {}", self.id)?;
        for it in &self.intermediates {
            writeln!(f, "  {:<9} {} until {}", it.role, it.key, it.not_after)?;
        }
        if !self.issued.is_empty() {
            writeln!(f, "issued here")?;
        }
        for leaf in &self.issued {
            let domain = leaf.domain.as_deref().unwrap_or_default();
            writeln!(
                f,
                "  {:<9} {} until {} {domain}",
                leaf.role, leaf.key, leaf.not_after
            )?;
        }
        Ok(())
    }
}
