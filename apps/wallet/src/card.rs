//! Orders to the own card.

use std::time::Duration;

use libetp::EntityId;
use libetp::client::ClientError;
use libetp::client::blocking::{Capability, CardSession};
use libetp::params::runtime::{CardInfo, CardInfoRequest, RefusalCode};
use libetp::params::voucher::{Disputed, ExchangeResult, Offer};

use crate::cli::Cli;
use crate::disputes::Dispute;
use crate::failure::Failure;
use crate::mail::{ANSWER_TIMEOUT, Wallet, now};
use crate::pin;

/// An authenticated channel to the card, and the id that it belongs to.
pub(crate) struct Orders {
    pub(crate) session: CardSession,
    /// A card takes one wrong PIN from an id and then no more from it until its next power-up;
    /// after one, orders go out under a second, passing id.
    substitute: Option<Capability>,
}

/// After a wrong PIN the own id is not tried again for so long: each try in vain counts against
/// this user at the daemon. A card forgets at its next power-up, which nobody can see from here.
const OWN_ID_RESTS_SECONDS: u64 = 6 * 3_600;

impl Orders {
    /// Authenticates with the PIN.
    pub(crate) fn open(wallet: &mut Wallet, cli: &Cli) -> Result<Self, Failure> {
        let secret = secret(wallet, cli)?;
        let wrong_at = wallet.records.wrong_pin_unix_s;
        if wrong_at.is_some_and(|wrong_at| now() < wrong_at + OWN_ID_RESTS_SECONDS) {
            return Self::open_substitute(wallet, &secret);
        }
        let pin = wallet.settings.card.pin();
        let opened =
            CardSession::authenticate(&mut wallet.capability, &pin, &secret, ANSWER_TIMEOUT);
        let refusal = opened.as_ref().err().and_then(ClientError::refusal);
        let tried_in_vain = matches!(
            refusal,
            Some(RefusalCode::WrongPin | RefusalCode::NoChallenge)
        );
        let wrong_at = tried_in_vain.then(now);
        if wallet.records.wrong_pin_unix_s != wrong_at {
            wallet.records.wrong_pin_unix_s = wrong_at;
            wallet.save()?;
        }
        match refusal {
            Some(RefusalCode::NoChallenge) => Self::open_substitute(wallet, &secret),
            _ => Ok(Self {
                session: opened?,
                substitute: None,
            }),
        }
    }

    fn open_substitute(wallet: &Wallet, secret: &[u8]) -> Result<Self, Failure> {
        let pin = wallet.settings.card.pin();
        let mut other = wallet.connect()?.acquire(Some(pin.domain), false)?;
        let session = CardSession::authenticate(&mut other, &pin, secret, ANSWER_TIMEOUT)?;
        Ok(Self {
            session,
            substitute: Some(other),
        })
    }

    /// Gives orders with the session and the id that is authenticated.
    pub(crate) fn give<T>(
        &mut self,
        wallet: &mut Wallet,
        order: impl FnOnce(&mut CardSession, &mut Capability) -> Result<T, ClientError>,
    ) -> Result<T, Failure> {
        let capability = self.substitute.as_mut().unwrap_or(&mut wallet.capability);
        Ok(order(&mut self.session, capability)?)
    }

    /// Accepts an offer and waits for the end of the exchange.
    pub(crate) fn accept(
        &mut self,
        wallet: &mut Wallet,
        offer: &Offer,
        timeout: Duration,
    ) -> Result<ExchangeResult, ClientError> {
        let capability = self.substitute.as_mut().unwrap_or(&mut wallet.capability);
        self.session.accept(capability, offer, timeout)
    }

    /// Takes an open offer back.
    pub(crate) fn cancel(
        &mut self,
        wallet: &mut Wallet,
        n1: [u8; 32],
        timeout: Duration,
    ) -> Result<ExchangeResult, ClientError> {
        let capability = self.substitute.as_mut().unwrap_or(&mut wallet.capability);
        self.session.cancel_offer(capability, n1, timeout)
    }

    /// Has the card ask the third party; it answers as soon as it did.
    pub(crate) fn dispute(
        &mut self,
        wallet: &mut Wallet,
        dispute: Dispute,
        xid: [u8; 32],
        third_party_ids: &[EntityId],
    ) -> Result<Disputed, ClientError> {
        let capability = self.substitute.as_mut().unwrap_or(&mut wallet.capability);
        let (session, ids) = (&mut self.session, third_party_ids);
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
        let card = self.session.card();
        let capability = self.substitute.as_mut().unwrap_or(&mut wallet.capability);
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
        let Some(substitute) = self.substitute.as_mut() else {
            return run(wallet);
        };
        std::mem::swap(substitute, &mut wallet.capability);
        let result = run(wallet);
        std::mem::swap(substitute, &mut wallet.capability);
        result
    }
}

fn secret(wallet: &mut Wallet, cli: &Cli) -> Result<pin::Secret, Failure> {
    match &cli.pin_file {
        // The card itself tells the tries that are left, when it refuses.
        Some(path) => pin::from_file(path),
        None => {
            let card = wallet.settings.id.domain.card();
            let tries_left = info(&mut wallet.capability, card)?.retries_left;
            pin::current(None, tries_left)
        }
    }
}

/// What the card says of itself.
pub(crate) fn info(capability: &mut Capability, card: EntityId) -> Result<CardInfo, Failure> {
    Ok(capability.call(card, &CardInfoRequest {}, ANSWER_TIMEOUT)?)
}
