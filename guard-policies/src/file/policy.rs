//! One policy of a rule file.

use std::ops::Range;

use libetp::Mtype;
use libetp::digest::Hash;
use libetp::id::parse_hex;
use toml::Spanned;

use super::load::{Files, Source, digest_of};
use super::text::{HoldText, Kind, PolicyText};
use super::{Names, Problem, mtype};
use crate::chain::{HoldSettings, Link, Settings};
use crate::expression::{Expression, ExpressionText};
use crate::plugin::limits::MODULE_BYTES_MAX;
use crate::plugin::{Plugin, PluginSettings};
use crate::table::{Conditions, Table};
use crate::{Approver, Policy};

/// Longest name of a policy in bytes.
pub const NAME_BYTES_MAX: usize = 64;
/// Longest wait for an answer about a held message, in seconds.
pub const HOLD_SECONDS_MAX: u64 = 3_600;
/// The word for administrators where an approver is named.
const ADMINISTRATOR: &str = "administrator";

/// Compiles a policy. `context` is the hash of the file that it stands in, and of all names.
pub(super) fn compile(
    text: &Spanned<PolicyText>,
    source: &Source,
    names: &Names,
    files: &dyn Files,
    context: Hash,
) -> Result<Link, Problem> {
    let policy = text.get_ref();
    check_name(&policy.name)?;
    only_keys_of_its_kind(text)?;
    let settings = settings(policy, names)?;
    let when = policy.when.as_ref();
    let when = when.map(|it| Conditions::compile(it, names)).transpose()?;
    let (made, plugin): (Box<dyn Policy>, Vec<u8>) = match policy.kind.get_ref() {
        Kind::Table => (Box::new(table(text, names)?), Vec::new()),
        Kind::Expression => {
            let mtypes = when.as_ref().and_then(Conditions::mtypes);
            let made = expression(text, names, mtypes.as_deref())?;
            (Box::new(made), Vec::new())
        }
        Kind::Plugin => {
            let (plugin, module) = plugin(text, source, files)?;
            (Box::new(plugin), module)
        }
        Kind::Adversary => (adversary(text, files)?, Vec::new()),
    };
    let name = policy.name.get_ref().clone();
    let digest = digest_of(&[&context, name.as_bytes(), &plugin]);
    let link = Link::new(name, digest, when, settings, made);
    Ok(match &policy.when {
        Some(conditions) => link.asked_about(conditions.to_string()),
        None => link,
    })
}

fn check_name(name: &Spanned<String>) -> Result<(), Problem> {
    let text = name.get_ref();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if text.is_empty() || text.len() > NAME_BYTES_MAX || !text.chars().all(is_plain) {
        let what = format!("a policy's name has 1 to {NAME_BYTES_MAX} letters, digits, - _ or .");
        return Err(Problem::new(name.span(), what));
    }
    if crate::Rule::named(text).is_some() || text == "default" {
        let what = format!("`{text}` is the name of a built-in rule");
        return Err(Problem::new(name.span(), what));
    }
    Ok(())
}

/// Where a key stands, if it does.
fn place<T>(key: &Option<Spanned<T>>) -> Option<Range<usize>> {
    key.as_ref().map(Spanned::span)
}

/// A key without effect is an error.
fn only_keys_of_its_kind(text: &Spanned<PolicyText>) -> Result<(), Problem> {
    let policy = text.get_ref();
    let keys = [
        ("rule", Kind::Table, place(&policy.rule)),
        ("pass_if", Kind::Expression, place(&policy.pass_if)),
        ("drop_if", Kind::Expression, place(&policy.drop_if)),
        ("refuse_if", Kind::Expression, place(&policy.refuse_if)),
        ("hold_if", Kind::Expression, place(&policy.hold_if)),
        ("reason", Kind::Expression, place(&policy.reason)),
        ("file", Kind::Plugin, place(&policy.file)),
        ("sha256", Kind::Plugin, place(&policy.sha256)),
        ("fuel", Kind::Plugin, place(&policy.fuel)),
        ("memory_kib", Kind::Plugin, place(&policy.memory_kib)),
        ("settings", Kind::Plugin, place(&policy.settings)),
        ("adversary", Kind::Adversary, place(&policy.adversary)),
    ];
    let own = *policy.kind.get_ref();
    for (key, kind, place) in keys {
        if let Some(place) = place
            && kind != own
        {
            let what = format!("`{key}` means nothing in a policy of kind {own:?}").to_lowercase();
            return Err(Problem::new(place, what));
        }
    }
    if !policy.rewrite.is_empty() && own != Kind::Plugin {
        let what = "only a plugin can rewrite messages";
        return Err(Problem::new(policy.kind.span(), what));
    }
    Ok(())
}

fn settings(policy: &PolicyText, names: &Names) -> Result<Settings, Problem> {
    let rewrite = policy.rewrite.iter().map(rewritable);
    Ok(Settings {
        on_error: policy.on_error,
        mode: policy.mode,
        is_slow: policy.slow,
        hold: match &policy.hold {
            Some(hold) => hold_settings(hold, names)?,
            None => HoldSettings::default(),
        },
        may_rewrite: rewrite.collect::<Result<_, _>>()?,
    })
}

/// Nobody but the sender changes what cards sign, order or keep secret.
fn rewritable(name: &Spanned<String>) -> Result<Mtype, Problem> {
    let found = mtype(name.get_ref()).map_err(|what| Problem::new(name.span(), what))?;
    let is_plain = [Mtype::PING, Mtype::PONG].contains(&found) || found.family() >= VENDOR_FIRST;
    match is_plain && !found.is_privileged() && !found.is_secret() {
        true => Ok(found),
        false => {
            let what = format!("`{}` cannot be rewritten", name.get_ref());
            let help = "only ping, pong and types of vendors (0x4000 and up) can: what cards say \
                        to each other is signed or bound to an order";
            Err(Problem::new(name.span(), what).help(help))
        }
    }
}

/// First family of message types that this project does not define.
const VENDOR_FIRST: u8 = 0x40;

fn hold_settings(text: &HoldText, names: &Names) -> Result<HoldSettings, Problem> {
    let mut settings = HoldSettings::default();
    if let Some(approver) = &text.approver
        && approver.get_ref() != ADMINISTRATOR
    {
        let id = names.entity(approver.get_ref());
        let id = id.map_err(|what| {
            Problem::new(approver.span(), what).help("or write \"administrator\"")
        })?;
        settings.approver = Approver::Entity(id);
    }
    if let Some(seconds) = &text.seconds {
        let value = *seconds.get_ref();
        if !(1..=HOLD_SECONDS_MAX).contains(&value) {
            let what = format!("`seconds` is from 1 to {HOLD_SECONDS_MAX}");
            return Err(Problem::new(seconds.span(), what));
        }
        settings.wait_ms = value * 1_000;
    }
    Ok(settings)
}

fn missing(text: &Spanned<PolicyText>, key: &str) -> Problem {
    let policy = text.get_ref();
    let what = format!("policy `{}` has no `{key}`", policy.name.get_ref());
    Problem::new(policy.name.span(), what)
}

fn table(text: &Spanned<PolicyText>, names: &Names) -> Result<Table, Problem> {
    let rules = text.get_ref().rule.as_ref();
    let rules = rules.ok_or_else(|| missing(text, "rule"))?;
    Table::compile(rules.get_ref(), names)
}

fn expression(
    text: &Spanned<PolicyText>,
    names: &Names,
    mtypes: Option<&[Mtype]>,
) -> Result<Expression, Problem> {
    let policy = text.get_ref();
    let conditions = ExpressionText {
        pass_if: policy.pass_if.clone(),
        drop_if: policy.drop_if.clone(),
        refuse_if: policy.refuse_if.clone(),
        hold_if: policy.hold_if.clone(),
        reason: policy.reason.clone(),
    };
    let whole = |problem: Problem| match problem.at.is_empty() {
        true => Problem {
            at: policy.name.span(),
            ..problem
        },
        false => problem,
    };
    Expression::compile(&conditions, names, mtypes).map_err(whole)
}

fn plugin(
    text: &Spanned<PolicyText>,
    source: &Source,
    files: &dyn Files,
) -> Result<(Plugin, Vec<u8>), Problem> {
    let policy = text.get_ref();
    let file = policy.file.as_ref().ok_or_else(|| missing(text, "file"))?;
    let path = source.resolve(file.get_ref());
    let module = files.read(&path, MODULE_BYTES_MAX);
    let module = module
        .map_err(|error| Problem::new(file.span(), format!("{}: {error}", path.display())))?;
    let mut settings = PluginSettings::default();
    if let Some(fuel) = &policy.fuel {
        settings.fuel = *fuel.get_ref();
    }
    if let Some(kib) = &policy.memory_kib {
        settings.memory_bytes = kib.get_ref().saturating_mul(1_024);
    }
    if let Some(table) = &policy.settings {
        settings.settings = table.get_ref().clone();
    }
    if let Some(hex) = &policy.sha256 {
        let hash = parse_hex(hex.get_ref());
        let wrong = || Problem::new(hex.span(), "a SHA-256 is 64 hexadecimal digits");
        settings.sha256 = Some(hash.ok_or_else(wrong)?);
    }
    let plugin = Plugin::load(&module, &settings);
    let plugin =
        plugin.map_err(|what| Problem::new(file.span(), format!("{}: {what}", path.display())))?;
    Ok((plugin, module))
}

#[cfg(feature = "experiment")]
fn adversary(text: &Spanned<PolicyText>, files: &dyn Files) -> Result<Box<dyn Policy>, Problem> {
    if !files.allows_experiments() {
        let problem = Problem::new(text.get_ref().kind.span(), "this policy is for experiments");
        return Err(problem.help("start dispatchd with --experiment"));
    }
    let table = text.get_ref().adversary.as_ref();
    let table = table.ok_or_else(|| missing(text, "adversary"))?;
    let made = crate::adversary::read(table.get_ref().clone());
    made.map_err(|what| Problem::new(table.span(), what))
}

#[cfg(not(feature = "experiment"))]
fn adversary(text: &Spanned<PolicyText>, _: &dyn Files) -> Result<Box<dyn Policy>, Problem> {
    let what = "this program has no adversary";
    let help = "build it with the feature `experiment`, for experiments only";
    Err(Problem::new(text.get_ref().kind.span(), what).help(help))
}
