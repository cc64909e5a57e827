//! Typed calls to the card's voucher program.

use std::time::Duration;

use super::capability::Capability;
use super::card::CardSession;
use super::error::ClientError;
use super::socket::Socket;
use crate::codec::{CodecError, Decode, Decoder, Encode, Encoder, List};
use crate::id::EntityId;
use crate::mtype::Mtype;
use crate::params::Param;
use crate::params::voucher::{
    CancelOffer, Disputed, ExchangeResult, ExchangeStarted, ExchangeState, Exchanges,
    ForgetRedemption, Holding, Issue, IssueBegin, IssueCancel, IssueCancelled, IssueChallenge,
    Issued, ListExchanges, ListVouchers, Offer, OrderAbort, OrderResolve, Redeem, Redeemed,
    RedemptionForgotten, StartExchange, Vid, Vouchers, Xid,
};

/// The order to accept an offer: the offer as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accept(pub Offer);

impl Encode for Accept {
    fn encode(&self, to: &mut Encoder) {
        self.0.encode(to);
    }
}

impl Decode for Accept {
    fn decode(from: &mut Decoder<'_>) -> Result<Self, CodecError> {
        Offer::decode(from).map(Self)
    }
}

impl Param for Accept {
    const MTYPE: Mtype = Mtype::ACCEPT;
}

/// Most pages of vouchers that are asked for: no card holds more.
const PAGES_MAX: usize = 10_000;

impl CardSession {
    /// Everything that the card holds, in order of vid.
    ///
    /// # Errors
    /// As [`Capability::call`].
    pub async fn list_vouchers<S: Socket>(
        &mut self,
        capability: &mut Capability<S>,
        timeout: Duration,
    ) -> Result<Vec<Holding>, ClientError> {
        let mut all: Vec<Holding> = Vec::new();
        for _ in 0..PAGES_MAX {
            let after = all.last().map(|holding| holding.vid);
            let page: Vouchers = self
                .order(capability, &ListVouchers { after }, timeout)
                .await?;
            let grows = page
                .vouchers
                .0
                .first()
                .is_some_and(|first| Some(first.vid) > after);
            all.extend(page.vouchers.0);
            if !page.more || !grows {
                break;
            }
        }
        Ok(all)
    }

    /// Exchanges that are open, and results that are not acknowledged.
    ///
    /// # Errors
    /// As [`Capability::call`].
    pub async fn list_exchanges<S: Socket>(
        &mut self,
        capability: &mut Capability<S>,
        timeout: Duration,
    ) -> Result<Vec<ExchangeState>, ClientError> {
        let open: Exchanges = self.order(capability, &ListExchanges {}, timeout).await?;
        Ok(open.exchanges.0)
    }

    /// Orders an exchange; the card makes the offer. Its end comes as an [`ExchangeResult`].
    ///
    /// # Errors
    /// As [`Capability::call`].
    pub async fn start_exchange<S: Socket>(
        &mut self,
        capability: &mut Capability<S>,
        order: &StartExchange,
        timeout: Duration,
    ) -> Result<ExchangeStarted, ClientError> {
        let of_order =
            |started: &ExchangeStarted| started.vid1 == order.vid1 && started.vid2 == order.vid2;
        self.order_where(capability, order, timeout, of_order).await
    }

    /// Accepts an offer and waits for the exchange's end. After a timeout the exchange goes on; its
    /// [`ExchangeResult`] comes as a message.
    ///
    /// # Errors
    /// As [`Capability::call`].
    pub async fn accept<S: Socket>(
        &mut self,
        capability: &mut Capability<S>,
        offer: &Offer,
        timeout: Duration,
    ) -> Result<ExchangeResult, ClientError> {
        let n1 = offer.n1;
        let order = Accept(offer.clone());
        let of_offer = |result: &ExchangeResult| result.n1 == n1;
        self.order_where(capability, &order, timeout, of_offer)
            .await
    }

    /// Takes an open offer back.
    ///
    /// # Errors
    /// As [`Capability::call`].
    pub async fn cancel_offer<S: Socket>(
        &mut self,
        capability: &mut Capability<S>,
        n1: [u8; 32],
        timeout: Duration,
    ) -> Result<ExchangeResult, ClientError> {
        let of_offer = |result: &ExchangeResult| result.n1 == n1;
        self.order_where(capability, &CancelOffer { n1 }, timeout, of_offer)
            .await
    }

    /// Has the offering card ask the third party to resolve. The [`ExchangeResult`] comes as a
    /// message once the third party has answered; the order may be repeated until then.
    /// `third_party_ids` says where it is reached now; the offer does, if it is empty.
    ///
    /// # Errors
    /// As [`Capability::call`].
    pub async fn order_resolve<S: Socket>(
        &mut self,
        capability: &mut Capability<S>,
        xid: Xid,
        third_party_ids: &[EntityId],
        timeout: Duration,
    ) -> Result<Disputed, ClientError> {
        let order = OrderResolve {
            xid,
            third_party_ids: List(third_party_ids.to_vec()),
        };
        self.dispute(capability, xid, &order, timeout).await
    }

    /// Has the agreeing card ask the third party to abort; from then on it takes no confirmation.
    /// Otherwise as [`CardSession::order_resolve`].
    ///
    /// # Errors
    /// As [`Capability::call`].
    pub async fn order_abort<S: Socket>(
        &mut self,
        capability: &mut Capability<S>,
        xid: Xid,
        third_party_ids: &[EntityId],
        timeout: Duration,
    ) -> Result<Disputed, ClientError> {
        let order = OrderAbort {
            xid,
            third_party_ids: List(third_party_ids.to_vec()),
        };
        self.dispute(capability, xid, &order, timeout).await
    }

    async fn dispute<S: Socket>(
        &mut self,
        capability: &mut Capability<S>,
        xid: Xid,
        order: &impl Param,
        timeout: Duration,
    ) -> Result<Disputed, ClientError> {
        let of_exchange = |disputed: &Disputed| disputed.xid == xid;
        self.order_where(capability, order, timeout, of_exchange)
            .await
    }

    /// Opens the card for one issue.
    ///
    /// # Errors
    /// As [`Capability::call`].
    pub async fn issue_begin<S: Socket>(
        &mut self,
        capability: &mut Capability<S>,
        timeout: Duration,
    ) -> Result<IssueChallenge, ClientError> {
        self.order(capability, &IssueBegin {}, timeout).await
    }

    /// Closes an open issue.
    ///
    /// # Errors
    /// As [`Capability::call`].
    pub async fn issue_cancel<S: Socket>(
        &mut self,
        capability: &mut Capability<S>,
        challenge: [u8; 32],
        timeout: Duration,
    ) -> Result<IssueCancelled, ClientError> {
        self.order(capability, &IssueCancel { challenge }, timeout)
            .await
    }

    /// Has the card forget a redemption whose receipt never came.
    ///
    /// # Errors
    /// As [`Capability::call`].
    pub async fn forget_redemption<S: Socket>(
        &mut self,
        capability: &mut Capability<S>,
        vid: Vid,
        timeout: Duration,
    ) -> Result<RedemptionForgotten, ClientError> {
        self.order(capability, &ForgetRedemption { vid }, timeout)
            .await
    }

    /// Redeems a voucher: it leaves the card, whose signature says so.
    ///
    /// # Errors
    /// As [`Capability::call`].
    pub async fn redeem<S: Socket>(
        &mut self,
        capability: &mut Capability<S>,
        order: &Redeem,
        timeout: Duration,
    ) -> Result<Redeemed, ClientError> {
        let of_order = |redeemed: &Redeemed| redeemed.vid == order.vid;
        self.order_where(capability, order, timeout, of_order).await
    }
}

/// Puts an issued voucher into the card; needs no authentication, the open challenge admits it.
///
/// # Errors
/// As [`Capability::call`].
pub async fn issue<S: Socket>(
    capability: &mut Capability<S>,
    issue: &Issue,
    timeout: Duration,
) -> Result<Vid, ClientError> {
    let card = capability.id().domain.card();
    let vid = issue.voucher.vid();
    let of_issue = |issued: &Issued| issued.vid == vid;
    let issued: Issued = capability
        .call_where(card, issue, timeout, of_issue)
        .await?;
    Ok(issued.vid)
}
