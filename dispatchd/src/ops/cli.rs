//! The command line.

use std::path::PathBuf;

use clap::Parser;
use libetp::Domain;

const EXAMPLES: &str = "\
Start a daemon of your own, with one soft card:
  etpctl scheme init --name demo scheme
  etpctl scheme enrol host --scheme scheme --out identity
  etpctl scheme enrol card --scheme scheme --out card --host identity/host.der
  dispatchd --print-default-config > dispatchd.toml   # then set [host], [scheme], [[card]]
  dispatchd --config dispatchd.toml --check
  dispatchd --config dispatchd.toml

Signals: SIGTERM and SIGINT end the daemon after programs and cards have finished. SIGHUP loads the
rule file of [guard] anew; the rest of the configuration takes a restart, which durable ids survive.

Exit codes: 0 ended as asked, 1 failed while running, 2 command line, 3 configuration, 4 cannot
start (socket, state or address in use), 5 did not finish in time when it was stopped.";

/// Per-host daemon of TENeT: carries eTP messages between programs, cards and other hosts.
#[derive(Clone, Debug, Parser)]
#[command(name = "dispatchd", version, after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub struct Options {
    /// The configuration file.
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present_any = ["print_default_config", "print_limits"]
    )]
    pub config: Option<PathBuf>,

    /// Read the configuration and every file it names, say what is wrong, and end.
    #[arg(long)]
    pub check: bool,

    /// Print the commented default configuration, and end.
    #[arg(long, exclusive = true)]
    pub print_default_config: bool,

    /// Print the fixed limits of protocol and daemon, and end.
    #[arg(long, exclusive = true)]
    pub print_limits: bool,

    /// Write the line READY=1 to this open file descriptor when programs can connect, and close
    /// it. For service managers other than systemd.
    #[arg(long, value_name = "N", conflicts_with = "check")]
    pub ready_fd: Option<i32>,

    /// Say what accepting that the card of a domain was restored from an older state means; with
    /// --confirm accept it, for one start. The daemon must not run.
    #[arg(long, value_name = "DOMAIN", conflicts_with_all = ["check", "ready_fd"])]
    pub accept_rollback: Option<Domain>,

    /// Do what --accept-rollback describes.
    #[arg(long, requires = "accept_rollback")]
    pub confirm: bool,

    /// Allow policies that disturb messages on purpose. For experiments only: status says so.
    #[cfg(feature = "experiment")]
    #[arg(long)]
    pub experiment: bool,

    /// Forget that the domain is this host's, and its card's key, and end. Then another host may
    /// serve it. The daemon must not run.
    #[arg(
        long,
        value_name = "DOMAIN",
        conflicts_with_all = ["check", "ready_fd", "accept_rollback"]
    )]
    pub forget_domain: Option<Domain>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Options::command().debug_assert();
        let read = |arguments: &[&str]| Options::try_parse_from(arguments);
        assert!(read(&["dispatchd"]).is_err());
        assert!(read(&["dispatchd", "--config", "f", "--forget-domain", "xyz"]).is_err());
        assert!(read(&["dispatchd", "--print-limits"]).is_ok());
        assert!(read(&["dispatchd", "--config", "f", "--check"]).is_ok());
    }
}
