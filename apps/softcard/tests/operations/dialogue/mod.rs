//! Dialogues with cards, as tables that people read. `TENET_WRITE_VECTORS=1` writes them anew.

mod flows;
mod record;
mod table;

use std::fs;
use std::path::{Path, PathBuf};

use libetp::exchange::INS_EXCHANGE;

use flows::{FLOWS, Flow};
use record::Record;
use table::HEAD;

fn file(flow: &Flow) -> PathBuf {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/dialogues");
    directory.join(format!("{}.md", flow.name))
}

fn play(flow: &Flow) -> Record {
    let mut record = Record::new();
    (flow.play)(&mut record);
    record
}

fn page(flow: &Flow) -> String {
    let lines: String = play(flow).rows.iter().map(|row| row.line()).collect();
    format!("# {}\n\n{HEAD}{lines}", flow.title)
}

#[test]
fn recorded_dialogues_are_what_is_said() {
    for flow in FLOWS {
        let (path, page) = (file(flow), page(flow));
        if std::env::var_os("TENET_WRITE_VECTORS").is_some() {
            fs::write(&path, &page).expect("written");
        }
        let recorded = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(
            recorded,
            page,
            "{} differs; TENET_WRITE_VECTORS=1 writes it",
            path.display()
        );
    }
}

#[test]
fn an_exchange_takes_five_commands() {
    let flow = FLOWS.iter().find(|flow| flow.name == "exchange");
    let rows = play(flow.expect("recorded")).rows;
    let instructions: Vec<u8> = rows.iter().map(|row| row.said.command[1]).collect();
    assert_eq!(instructions, [INS_EXCHANGE; 5]);
}
