//! What the owner may see: holdings and exchanges.

use alloc::vec::Vec;

use libetp::EntityId;
use libetp::codec::{self, List};
use libetp::params::voucher::{ExchangeState, Exchanges, Holding, ListVouchers, Vouchers};

use crate::fault::Fault;
use crate::ledger::Ledger;
use crate::limits::PAGE_BYTES_MAX;
use crate::records::{Exchange, Finished, OpenOffer};

/// `list-vouchers`: as many as fit into one message, behind `after`.
pub(crate) fn vouchers(
    owner: EntityId,
    order: &ListVouchers,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), Fault> {
    let (page, more) = page(order.after, ledger)?;
    let vouchers = List(page);
    ledger.send(owner, Vouchers { vouchers, more });
    Ok(())
}

/// `list-exchanges`: everything open or unacknowledged; results are sent again, to the asker.
pub(crate) fn exchanges(owner: EntityId, ledger: &mut Ledger<'_, '_>) -> Result<(), Fault> {
    let results = ledger.all::<Finished>()?;
    let mut states: Vec<ExchangeState> = Vec::new();
    states.extend(
        ledger
            .all::<OpenOffer>()?
            .iter()
            .map(|(n1, offer)| offer.state(*n1)),
    );
    states.extend(
        ledger
            .all::<Exchange>()?
            .iter()
            .map(|(_, running)| running.state()),
    );
    states.extend(results.iter().map(|(_, finished)| finished.state()));
    states.sort_by_key(|state| state.n1);
    let exchanges = List(states);
    ledger.send(owner, Exchanges { exchanges });
    for (n1, finished) in results {
        tell_again(owner, n1, finished, ledger);
    }
    Ok(())
}

fn tell_again(owner: EntityId, n1: [u8; 32], mut finished: Finished, ledger: &mut Ledger<'_, '_>) {
    if finished.told != owner {
        finished.told = owner;
        ledger.put(&n1, &finished);
    }
    ledger.send(owner, finished.result);
}

/// The holdings behind `after` that fit into a page, and whether more follow.
fn page(
    mut after: Option<[u8; 32]>,
    ledger: &Ledger<'_, '_>,
) -> Result<(Vec<Holding>, bool), Fault> {
    let (mut page, mut bytes) = (Vec::new(), 0);
    while let Some((vid, held)) = ledger.next_held(after)? {
        let voucher = held.voucher;
        let holding = Holding { vid, voucher };
        bytes += codec::to_vec(&holding).len();
        if bytes > PAGE_BYTES_MAX {
            return Ok((page, true));
        }
        page.push(holding);
        after = Some(vid);
    }
    Ok((page, false))
}
