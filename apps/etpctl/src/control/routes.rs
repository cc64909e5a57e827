//! `etpctl routes`.

use libetp::client::control::{ControlReply, ControlRequest, RouteEntry};
use serde_json::json;

use super::table::Table;
use super::{Daemon, Failure, Report};

pub(super) fn run(daemon: &Daemon) -> Result<Report, Failure> {
    match daemon.ask(&ControlRequest::Routes)? {
        ControlReply::Routes(routes) => Ok(Report {
            text: table(&routes).or("no domains are known"),
            json: json!({ "routes": routes }),
        }),
        _ => Err(Failure::OtherAnswer),
    }
}

fn table(routes: &[RouteEntry]) -> Table {
    let mut table = Table::new(&["DOMAIN", "VIA", "HOST", "STATE", "STATEMENT"]);
    for route in routes {
        let host = route.host.as_deref().unwrap_or("this host");
        let statement = route
            .statement
            .map_or_else(|| "-".into(), |number| number.to_string());
        table.row([&route.domain, &route.via, host, &route.state, &statement]);
    }
    table
}
