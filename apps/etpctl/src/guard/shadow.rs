//! `etpctl guard shadow`.

use command_line::counted;
use libetp::client::control::guard::Request;
use libetp::client::text::shown;
use serde_json::{Value, json};

use super::follow::{Follow, message};
use super::session::Session;
use super::write::{Row, head};
use super::{Failure, Shadow, life};
use crate::control::{Daemon, Report, Table, aliases};

pub(super) fn run(daemon: &Daemon, command: &Shadow) -> Result<Report, Failure> {
    match command {
        Shadow::On { file } => {
            let file = std::path::absolute(file).map_err(Failure::file(file))?;
            let file = Some(file.display().to_string());
            life::ordered(daemon, Request::Shadow { file })
        }
        Shadow::Off => life::ordered(daemon, Request::Shadow { file: None }),
        Shadow::Report => report(daemon),
    }
}

fn report(daemon: &Daemon) -> Result<Report, Failure> {
    let aliases = aliases()?;
    let mut session = Session::open(daemon)?;
    let chain = session.chain()?;
    let mut follow = Follow::from_oldest(false);
    let mut table = Table::new(&head(&["NOW", "SHADOW"]));
    let mut values: Vec<Value> = Vec::new();
    loop {
        let records = follow.next(&mut session)?;
        if records.is_empty() {
            break;
        }
        for record in records {
            let Some(differing) = &record.differing else {
                continue;
            };
            let row = Row::new(message(&record).as_ref(), &aliases);
            table.row(row.cells(&[&record.verdict, differing]));
            values.push(row.value(json!({ "now": record.verdict, "shadow": differing })));
        }
    }
    let differs = chain.shadow_differs;
    let text = match &chain.shadow {
        None => "no rule file is watching; `etpctl guard shadow on FILE` has one watch".into(),
        Some(file) => format!(
            "{}: {} would have been judged otherwise; the newest that are still known:\n{}",
            shown(file),
            counted(differs, "message", "messages"),
            table.or("none")
        ),
    };
    let json = json!({ "shadow": chain.shadow, "differs": differs, "newest": values });
    Ok(Report { text, json })
}
