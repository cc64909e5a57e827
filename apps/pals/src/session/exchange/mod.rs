//! `pals exchange`: items against items.

mod begin;
mod deal;
mod describe;
mod item;
mod received;

use card_owner::Access;

pub(super) use deal::Deal;

use super::ended::Ended;
use super::look;
use super::options::Exchange;
use super::program::Failure;
use crate::report::Report;
use received::Received;

pub(super) fn run(access: &Access<'_>, command: &Exchange) -> Result<Report, Failure> {
    match command {
        Exchange::Describe(describe) => describe::run(describe),
        Exchange::Create(create) => begin::create(access, create),
        Exchange::Join(join) => begin::join(access, join),
        Exchange::Result(folder) => {
            let (deal, result) = look::exchanged(access)?;
            let received = Received::into(&folder.into, &deal.roster)?;
            let ended = Ended::new(&deal, result, Vec::new());
            ended.report_of(Some(NAME), |items| received.write(items, &deal.roster))
        }
    }
}

const NAME: &str = "exchange";
const INVITATION: &str = "an exchange";

/// What came of the last exchange, without the items.
pub(super) fn shown(ended: Ended<'_>) -> Result<Report, Failure> {
    ended.report_of(Some(NAME), |_| {
        let text = "You got all items. `pals exchange result --into DIR` writes them to files.";
        Ok((text.into(), serde_json::Value::Null))
    })
}
