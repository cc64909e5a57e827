//! Every parser that reads what others wrote, as a fuzz target.
//!
//! A target takes any bytes. It must not panic, and what a parser accepts must, written again, be
//! the same bytes: then no two inputs mean the same. `cargo xtask fuzz` looks for new inputs; the ordinary tests
//! replay those kept under `corpora/`.

mod card;
mod guard;
mod host;
mod plugin;
mod state;
mod wire;

pub use state::Write;

/// A parser under test.
pub struct Target {
    /// Its name; also its directory under `corpora/`.
    pub name: &'static str,
    /// Feeds it bytes; panics if a property does not hold.
    pub run: fn(&[u8]),
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target {
        name: "canonical",
        run: wire::canonical,
    },
    Target {
        name: "message",
        run: wire::message,
    },
    Target {
        name: "params",
        run: wire::params,
    },
    Target {
        name: "socket_frame",
        run: wire::socket_frame,
    },
    Target {
        name: "control",
        run: wire::control,
    },
    Target {
        name: "card_command",
        run: card::command,
    },
    Target {
        name: "card_reply",
        run: card::reply,
    },
    Target {
        name: "card_socket",
        run: card::socket,
    },
    Target {
        name: "link_frame",
        run: host::link_frame,
    },
    Target {
        name: "saved_capability",
        run: host::saved_capability,
    },
    Target {
        name: "certificate",
        run: host::certificate,
    },
    Target {
        name: "scheme_file",
        run: host::scheme_file,
    },
    Target {
        name: "configuration",
        run: host::configuration,
    },
    Target {
        name: "plugin",
        run: plugin::module,
    },
    Target {
        name: "plugin_answer",
        run: plugin::answer,
    },
    Target {
        name: "card_state",
        run: state::card,
    },
    Target {
        name: "daemon_state",
        run: state::daemon,
    },
    Target {
        name: "expression",
        run: guard::expression,
    },
    Target {
        name: "rule_file",
        run: guard::rule_file,
    },
    Target {
        name: "case_file",
        run: guard::case_file,
    },
    Target {
        name: "guard_capture",
        run: guard::guard_capture,
    },
];

/// The target of that name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
