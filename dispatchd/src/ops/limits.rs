//! `--print-limits`: what no configuration changes.

use std::fmt::Write;

use libetp::limits as protocol;

use crate::{card, config, ops, router, table};

type Limit = (&'static str, u64);

const PROTOCOL: &[Limit] = &[
    ("message_bytes_max", protocol::MESSAGE_BYTES_MAX as u64),
    ("param_bytes_max", protocol::PARAM_BYTES_MAX as u64),
    ("frame_bytes_max", protocol::FRAME_BYTES_MAX as u64),
    ("detail_bytes_max", protocol::DETAIL_BYTES_MAX as u64),
    (
        "certificate_bytes_max",
        protocol::CERTIFICATE_BYTES_MAX as u64,
    ),
    ("promise_bytes_max", protocol::PROMISE_BYTES_MAX as u64),
    ("cbor_depth_max", protocol::CBOR_DEPTH_MAX as u64),
];

const DAEMON: &[Limit] = &[
    ("card_answer_ms_max", card_proxy::socket::ANSWER_MS_MAX),
    ("card_greeting_ms_max", card_proxy::socket::GREETING_MS_MAX),
    (
        "card_flow_messages_max",
        table::CARD_FLOW_MESSAGES_MAX as u64,
    ),
    ("card_window_messages", router::CARD_WINDOW_MESSAGES as u64),
    ("config_bytes_max", config::CONFIG_BYTES_MAX),
    (
        "events_per_second_max",
        ops::throttle::EVENTS_PER_SECOND_MAX as u64,
    ),
    ("held_messages_max", card::HELD_MESSAGES_MAX as u64),
    ("hello_ms_max", card::HELLO_MS_MAX),
    ("reopen_ms_min", card::REOPEN_MS_MIN),
    ("reopen_ms_max", card::REOPEN_MS_MAX),
    (
        "socket_path_bytes_max",
        libetp::local::SOCKET_PATH_BYTES_MAX as u64,
    ),
    ("statements_max", card::STATEMENTS_MAX as u64),
];

/// Every fixed limit, as `name = value` lines that are TOML.
pub fn print() -> String {
    let mut text = String::new();
    for (section, limits) in [("protocol", PROTOCOL), ("daemon", DAEMON)] {
        // Writing to a String does not fail.
        let _ = writeln!(text, "[{section}]");
        for (name, value) in limits {
            let _ = writeln!(text, "{name} = {value}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn limits_are_toml() {
        let limits: toml::Table = super::print().parse().unwrap();
        assert_eq!(
            limits["protocol"]["message_bytes_max"].as_integer(),
            Some(65_524)
        );
    }
}
