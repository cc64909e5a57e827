//! What modules are written with, and for whom.

use crate_template::Files;
use guard_policies::plugin::{Plugin, PluginSettings, template};
use oncard_function::Module;

use super::fuel;
use super::list::{Language, List};
use crate::shell::Result;

/// A kit for modules, with the list of those that are kept.
pub(super) struct Kit {
    /// The list of modules, a file.
    pub(super) list: &'static str,
    /// Directory of the kit's crate.
    pub(super) sdk: &'static str,
    /// Name of the kit's crate.
    pub(super) package: &'static str,
    /// What modules in Rust are built on: `core` or `std`.
    pub(super) foundation: &'static str,
    /// The tests of the modules, as `cargo nextest run` finds them.
    pub(super) tests: &'static [&'static str],
    /// The environment variable with the directory where these look for modules instead of those that are kept.
    pub(super) variable: &'static str,
    /// Modules to begin anew.
    pub(super) new: &'static [(&'static str, Language)],
    /// Files of a new module.
    pub(super) template: fn(Language, &str) -> Result<Files>,
    /// Whether a module loads.
    pub(super) load: fn(&[u8]) -> Result,
    /// Writes what the modules cost into their page.
    pub(super) keep_figures: fn(&List) -> Result,
    /// Whether the page says what they cost.
    pub(super) check_figures: fn(&List) -> Result,
}

pub(super) const KITS: [Kit; 2] = [
    Kit {
        list: "guard-policies/plugins/modules.toml",
        sdk: "guard-policies/sdk",
        package: "etp-guard",
        foundation: "core",
        tests: &["guard-policies", "--test", "plugin", "shipped::"],
        variable: "GUARD_PLUGINS",
        new: &[("new-in-rust", Language::Rust), ("new-in-c", Language::C)],
        template: |language, name| template::template(language.of_template(), name),
        load: |bytes| Plugin::load(bytes, &PluginSettings::default()).map(drop),
        keep_figures: |_| Ok(()),
        check_figures: |_| Ok(()),
    },
    Kit {
        list: "apps/pals/functions/modules.toml",
        sdk: "apps/pals/sdk",
        package: "etp-function",
        foundation: "std",
        tests: &["pals", "--test", "functions"],
        variable: "FUNCTION_MODULES",
        new: &[("new-function", Language::Rust)],
        template: |_, name| pals::template::template(name),
        load: |bytes| Module::load(bytes).map(drop).map_err(|e| e.to_string()),
        keep_figures: fuel::keep,
        check_figures: fuel::check,
    },
];
