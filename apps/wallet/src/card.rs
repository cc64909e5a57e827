//! Orders to the own card.

use std::time::Duration;

use card_owner::Owner;
use libetp::EntityId;
use libetp::client::ClientError;
use libetp::client::blocking::{Capability, CardSession};
use libetp::params::voucher::{Disputed, ExchangeResult, Offer};

use crate::cli::Cli;
use crate::disputes::Dispute;
use crate::mail::{ANSWER_TIMEOUT, Wallet};
use crate::program::Failure;
use crate::records;

/// An authenticated channel to the card, and the id that it belongs to.
pub(crate) struct Orders(card_owner::Orders);

impl Orders {
    /// Authenticates with the PIN.
    pub(crate) fn open(wallet: &mut Wallet, cli: &Cli) -> Result<Self, Failure> {
        let secret = card_owner::secret(&mut wallet.capability, &cli.access())?;
        let owner = Owner {
            capability: &mut wallet.capability,
            card: wallet.settings.card.pin(),
            wrong_pin_unix_s: wallet.records.wrong_pin_unix_s,
        };
        let connect = || card_owner::connect(&wallet.settings.socket, &wallet.trust);
        let keep = |wrong_pin_unix_s| {
            wallet.records.wrong_pin_unix_s = wrong_pin_unix_s;
            wallet.home.store(records::FILE, &wallet.records)
        };
        card_owner::Orders::open(owner, &secret, connect, keep).map(Self)
    }

    /// Gives orders with the session and the id that is authenticated.
    pub(crate) fn give<T>(
        &mut self,
        wallet: &mut Wallet,
        order: impl FnOnce(&mut CardSession, &mut Capability) -> Result<T, ClientError>,
    ) -> Result<T, Failure> {
        let (session, capability) = self.0.authenticated(&mut wallet.capability);
        Ok(order(session, capability)?)
    }

    /// Accepts an offer and waits for the end of the exchange.
    pub(crate) fn accept(
        &mut self,
        wallet: &mut Wallet,
        offer: &Offer,
        timeout: Duration,
    ) -> Result<ExchangeResult, ClientError> {
        let (session, capability) = self.0.authenticated(&mut wallet.capability);
        session.accept(capability, offer, timeout)
    }

    /// Takes an open offer back.
    pub(crate) fn cancel(
        &mut self,
        wallet: &mut Wallet,
        n1: [u8; 32],
        timeout: Duration,
    ) -> Result<ExchangeResult, ClientError> {
        let (session, capability) = self.0.authenticated(&mut wallet.capability);
        session.cancel_offer(capability, n1, timeout)
    }

    /// Has the card ask the third party; it answers as soon as it did.
    pub(crate) fn dispute(
        &mut self,
        wallet: &mut Wallet,
        dispute: Dispute,
        xid: [u8; 32],
        third_party_ids: &[EntityId],
    ) -> Result<Disputed, ClientError> {
        let (session, capability) = self.0.authenticated(&mut wallet.capability);
        let ids = third_party_ids;
        match dispute {
            Dispute::Resolve => session.order_resolve(capability, xid, ids, ANSWER_TIMEOUT),
            Dispute::Abort => session.order_abort(capability, xid, ids, ANSWER_TIMEOUT),
        }
    }

    /// The card may forget the result of an exchange.
    pub(crate) fn acknowledge(
        &mut self,
        wallet: &mut Wallet,
        result: &ExchangeResult,
    ) -> Result<(), Failure> {
        let card = self.0.card();
        let (_, capability) = self.0.authenticated(&mut wallet.capability);
        capability.send_param(card, &result.acknowledgement())?;
        Ok(())
    }

    /// Runs with the id that gives the orders as the wallet's: what the card answers later comes
    /// to that one.
    pub(crate) fn as_orderer<T>(
        &mut self,
        wallet: &mut Wallet,
        run: impl FnOnce(&mut Wallet) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let Some(substitute) = self.0.substitute() else {
            return run(wallet);
        };
        std::mem::swap(substitute, &mut wallet.capability);
        let result = run(wallet);
        std::mem::swap(substitute, &mut wallet.capability);
        result
    }
}
