//! Loading: a rule file, what it includes, and the plugins that it names become a chain.

use std::collections::BTreeSet;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use config_error::ConfigError;
use libetp::digest::{Hash, sha256};

use super::policy;
use super::text::{FileText, VERSION};
use super::{Names, Problem};
use crate::chain::{Chain, Defaults, FuelLimits, Link, POLICIES_MAX};

/// Longest rule file in bytes.
pub const FILE_BYTES_MAX: usize = 4 << 20;
/// Most files that a rule file includes.
pub const INCLUDES_MAX: usize = 64;

/// Where the bytes of files come from.
pub trait Files {
    /// The whole file. One with more than `bytes_max` bytes is an error.
    ///
    /// # Errors
    ///
    /// As of reading.
    fn read(&self, path: &Path, bytes_max: usize) -> io::Result<Vec<u8>>;

    /// Whether policies for experiments may be loaded.
    fn allows_experiments(&self) -> bool {
        false
    }
}

/// A file with its text, so that errors can name a line.
pub(super) struct Source {
    pub(super) path: PathBuf,
    text: String,
    pub(super) parsed: FileText,
}

impl Source {
    fn read(files: &dyn Files, path: &Path) -> Result<Self, ConfigError> {
        let cannot = |error| ConfigError::whole(path, format!("cannot be read: {error}"));
        let bytes = files.read(path, FILE_BYTES_MAX).map_err(cannot)?;
        let text = String::from_utf8(bytes)
            .map_err(|_| ConfigError::whole(path, "is not text: rule files are UTF-8"))?;
        let parsed =
            toml::from_str(&text).map_err(|error| ConfigError::toml(path, &text, &error))?;
        let source = Self {
            path: path.into(),
            text,
            parsed,
        };
        let version = &source.parsed.version;
        match *version.get_ref() {
            VERSION => Ok(source),
            other => Err(source.error(Problem::new(
                version.span(),
                format!("version {other} is not known here: this program reads version {VERSION}"),
            ))),
        }
    }

    pub(super) fn error(&self, problem: Problem) -> ConfigError {
        let error = ConfigError::at(&self.path, &self.text, problem.at, problem.what);
        match problem.help {
            Some(help) => error.help(help),
            None => error,
        }
    }

    /// A path in the file, which starts at the file's directory.
    pub(super) fn resolve(&self, path: &Path) -> PathBuf {
        match self.path.parent() {
            Some(directory) => directory.join(path),
            None => path.into(),
        }
    }
}

/// Loads a rule file and everything that it names. Nothing of it takes effect if there is an
/// error.
///
/// # Errors
///
/// The first thing that is wrong: what cannot be read or resolved, a limit, a plugin that does not
/// load.
pub fn load(path: &Path, files: &dyn Files) -> Result<Chain, ConfigError> {
    let main = Source::read(files, path)?;
    let sources = with_includes(main, files)?;
    let names = names(&sources)?;
    let mut seen = BTreeSet::new();
    let mut links = Vec::new();
    let mut digests = Vec::new();
    for source in &sources {
        digests.extend(sha256(source.text.as_bytes()));
        let context = digest_of(&[source.text.as_bytes(), &names.digest()]);
        for text in &source.parsed.policy {
            if !seen.insert(text.get_ref().name.get_ref().as_str()) {
                let what = format!("there are two policies `{}`", text.get_ref().name.get_ref());
                return Err(source.error(Problem::new(text.get_ref().name.span(), what)));
            }
            let link = policy::compile(text, source, &names, files, context)
                .map_err(|problem| source.error(problem))?;
            digests.extend(link.digest);
            links.push(link);
        }
    }
    if links.len() > POLICIES_MAX {
        let what = format!("{} policies; {POLICIES_MAX} are the limit", links.len());
        return Err(ConfigError::whole(path, what));
    }
    let (defaults, fuel) = settings(&sources)?;
    affordable(&links, fuel, &sources)?;
    Ok(Chain::new(links, defaults, fuel, sha256(&digests)))
}

/// The names of a rule file and of what it includes, for case files about it.
///
/// # Errors
///
/// What cannot be read, or a name with two meanings.
pub fn load_names(path: &Path, files: &dyn Files) -> Result<Names, ConfigError> {
    names(&with_includes(Source::read(files, path)?, files)?)
}

/// The included files in their order, then the file itself: the order of their policies.
fn with_includes(main: Source, files: &dyn Files) -> Result<Vec<Source>, ConfigError> {
    let mut sources = Vec::new();
    for (n, include) in main.parsed.include.iter().enumerate() {
        if n == INCLUDES_MAX {
            let what = format!("more than {INCLUDES_MAX} files are included");
            return Err(main.error(Problem::new(include.span(), what)));
        }
        let included = Source::read(files, &main.resolve(include.get_ref()))?;
        if let Some(again) = included.parsed.include.first() {
            let problem = Problem::new(again.span(), "an included file includes no other")
                .help("list it in the main rule file");
            return Err(included.error(problem));
        }
        sources.push(included);
    }
    sources.push(main);
    Ok(sources)
}

fn names(sources: &[Source]) -> Result<Names, ConfigError> {
    let mut names = Names::default();
    for source in sources {
        for (name, value) in &source.parsed.names {
            names
                .insert(name.get_ref(), value.get_ref())
                .map_err(|what| source.error(Problem::new(value.span(), what)))?;
        }
    }
    Ok(names)
}

/// Defaults and fuel are the main file's.
fn settings(sources: &[Source]) -> Result<(Defaults, FuelLimits), ConfigError> {
    let Some((main, included)) = sources.split_last() else {
        return Ok(Default::default());
    };
    for source in included {
        let parsed = &source.parsed;
        let default: Option<Range<usize>> = parsed.default.as_ref().map(toml::Spanned::span);
        let place = default.or_else(|| parsed.fuel.as_ref().map(toml::Spanned::span));
        if let Some(place) = place {
            let what = "[default] and [fuel] belong into the main rule file";
            return Err(source.error(Problem::new(place, what)));
        }
    }
    let fuel = match &main.parsed.fuel {
        None => FuelLimits::default(),
        Some(fuel) => FuelLimits {
            per_second: fuel.get_ref().per_second,
            burst: fuel.get_ref().burst,
        },
    };
    let default = main.parsed.default.as_ref();
    Ok((
        default.map_or_else(Defaults::default, |it| *it.get_ref()),
        fuel,
    ))
}

/// Every source can save what asking each policy may cost.
fn affordable(links: &[Link], fuel: FuelLimits, sources: &[Source]) -> Result<(), ConfigError> {
    let dear = links.iter().find(|it| it.fuel_max() > fuel.burst);
    let (Some(link), Some(main)) = (dear, sources.last()) else {
        return Ok(());
    };
    let (name, cost, burst) = (&link.name, link.fuel_max(), fuel.burst);
    let what = format!(
        "policy `{name}` may take {cost} fuel for a message, and `burst` is {burst}: it would never be asked, \
         and fail"
    );
    let place = main.parsed.fuel.as_ref().map_or(0..0, toml::Spanned::span);
    let help = format!("let `burst` be {cost} or more, or give the policy less `fuel`");
    Err(main.error(Problem::new(place, what).help(help)))
}

/// A digest that changes with any of the parts.
pub(super) fn digest_of(parts: &[&[u8]]) -> Hash {
    let hashes: Vec<u8> = parts.iter().flat_map(|part| sha256(part)).collect();
    sha256(&hashes)
}
