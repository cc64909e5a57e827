//! An owner with a wallet: what it orders, and how it answers what it hears.

use std::collections::BTreeMap;

use libetp::codec::List;
use libetp::codec::from_slice;
use libetp::digest::Hash;
use libetp::params::Param;
use libetp::params::voucher::{
    CancelOffer, ExchangeResult, ExchangeStarted, IssueBegin, IssueCancel, IssueChallenge,
    ListExchanges, ListVouchers, Offer, OfferRejected, OrderAbort, OrderResolve, ReceiptBody,
    Redeem, RedeemBody, RedeemReceipt, Redeemed, StartExchange, Vid, Xid,
};
use libetp::{EntityId, Message, Mtype};
use oncard_voucher::records::Side;

use crate::checker::Checker;
use crate::dice::Dice;
use crate::wallet::Wallet;
use crate::world::World;

/// How an owner answers, in percent of all cases.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// Accepts an offer.
    pub accepts: u32,
    /// Rejects an offer that it does not accept.
    pub rejects: u32,
    /// Acknowledges results and redemptions.
    pub acknowledges: u32,
}

impl Manner {
    /// Says yes to everything.
    pub const OBLIGING: Self = Self {
        accepts: 100,
        rejects: 0,
        acknowledges: 100,
    };
    /// Does one thing or another.
    pub const ERRATIC: Self = Self {
        accepts: 75,
        rejects: 30,
        acknowledges: 70,
    };
    /// Accepts nothing new.
    pub const RESERVED: Self = Self {
        accepts: 0,
        rejects: 0,
        acknowledges: 100,
    };
}

/// What an owner sees around it.
pub struct Around<'a> {
    /// Issuer, redeemer, third party.
    pub world: &'a World,
    /// Which card is the owner's.
    pub at: usize,
    /// Where the third party is reached.
    pub third_party: EntityId,
    /// Is told what was issued.
    pub checker: &'a mut Checker,
    /// Chance.
    pub dice: &'a mut Dice,
    /// The next serial number of the issuer.
    pub serial: &'a mut u64,
}

/// An owner.
pub struct Party {
    /// Its wallet.
    pub wallet: Wallet,
    /// How it answers.
    pub manner: Manner,
    /// Results heard, by n1 and exchange.
    pub results: BTreeMap<([u8; 32], Option<Xid>), ExchangeResult>,
    card: EntityId,
    offers: Vec<Offer>,
    started: Vec<[u8; 32]>,
    challenges: Vec<[u8; 32]>,
}

impl Party {
    /// An owner of this card.
    pub fn new(wallet: Wallet, manner: Manner) -> Self {
        Self {
            card: wallet.id.domain.card(),
            wallet,
            manner,
            results: BTreeMap::new(),
            offers: Vec::new(),
            started: Vec::new(),
            challenges: Vec::new(),
        }
    }

    /// Orders an exchange.
    pub fn start(&mut self, third_party: (Hash, EntityId), vid1: Vid, vid2: Vid, pb: EntityId) {
        self.wallet.order(&StartExchange {
            vid1,
            vid2,
            pb,
            third_party: third_party.0,
            third_party_ids: List(vec![third_party.1]),
        });
    }

    /// Hears a message, and says what follows from it.
    pub fn hear(&mut self, message: &Message, around: &mut Around<'_>) -> Vec<Message> {
        let mut said = match message.header.mtype {
            Mtype::OFFER => self.hear_offer(message, around),
            Mtype::EXCHANGE_STARTED => self.hear_started(message),
            Mtype::EXCHANGE_RESULT => self.hear_result(message, around),
            Mtype::ISSUE_CHALLENGE => self.hear_challenge(message, around),
            Mtype::REDEEMED => self.hear_redeemed(message, around),
            _ => None,
        }
        .into_iter()
        .collect::<Vec<_>>();
        said.extend(self.wallet.hear(message));
        said.extend(self.wallet.poll());
        said
    }

    fn hear_offer(&mut self, message: &Message, around: &mut Around<'_>) -> Option<Message> {
        let offer: Offer = from_slice(&message.param).ok()?;
        if around.dice.chance(self.manner.accepts) {
            self.accept(&offer);
        } else if around.dice.chance(self.manner.rejects) {
            return Some(self.wallet.say(offer.sa, OfferRejected { n1: offer.n1 }));
        }
        self.offers.push(offer);
        None
    }

    /// Has the card ask the third party to end an exchange.
    pub fn dispute(&mut self, xid: Xid, side: Side, third_party: EntityId) {
        let third_party_ids = List(vec![third_party]);
        match side {
            Side::Offering => self.wallet.order(&OrderResolve {
                xid,
                third_party_ids,
            }),
            Side::Agreeing => self.wallet.order(&OrderAbort {
                xid,
                third_party_ids,
            }),
        }
    }

    /// Orders the card to accept m1.
    pub fn accept(&mut self, offer: &Offer) {
        self.wallet.order_as(Mtype::ACCEPT, offer);
    }

    fn hear_started(&mut self, message: &Message) -> Option<Message> {
        let started = ExchangeStarted::from_param(&message.param).ok()?;
        self.started.push(started.n1);
        None
    }

    fn hear_result(&mut self, message: &Message, around: &mut Around<'_>) -> Option<Message> {
        let result = ExchangeResult::from_param(&message.param).ok()?;
        let acknowledgement = result.acknowledgement();
        self.results.insert((result.n1, result.xid), result);
        let acknowledges = around.dice.chance(self.manner.acknowledges);
        acknowledges.then(|| self.wallet.say(self.card, acknowledgement))
    }

    fn hear_challenge(&mut self, message: &Message, around: &mut Around<'_>) -> Option<Message> {
        let challenge = IssueChallenge::from_param(&message.param).ok()?;
        *around.serial += 1;
        let promise = format!("voucher {}", around.serial);
        let voucher = around.world.voucher(*around.serial, promise.as_bytes(), 0);
        around.checker.issued(voucher.vid());
        self.challenges.push(challenge.challenge);
        let issue = around.world.issue(voucher, &challenge);
        Some(self.wallet.say(self.card, issue))
    }

    fn hear_redeemed(&self, message: &Message, around: &mut Around<'_>) -> Option<Message> {
        let redeemed = Redeemed::from_param(&message.param).ok()?;
        let body = ReceiptBody {
            vid: redeemed.vid,
            challenge: redeemed.challenge,
        };
        let receipt = RedeemReceipt {
            vid: redeemed.vid,
            signature: around.world.redeemer.sign("receipt", &body),
        };
        let acknowledges = around.dice.chance(self.manner.acknowledges);
        acknowledges.then(|| self.wallet.say(self.card, receipt))
    }

    /// Does something of its own accord. `own`: what its card holds; `others`: what it may want,
    /// and whose it is.
    pub fn act(
        &mut self,
        own: &[Vid],
        others: &[(Vid, EntityId)],
        around: &mut Around<'_>,
    ) -> Vec<Message> {
        match around.dice.below(24) {
            0..10 => self.act_start(own, others, around),
            10..13 => self.act_accept_again(around),
            13 => self.wallet.order(&IssueBegin {}),
            14 => self.act_issue_cancel(around),
            15 => self.act_cancel(around),
            16 => self.act_redeem(own, around),
            17 => self.wallet.order(&ListExchanges {}),
            18 => self.wallet.order(&ListVouchers { after: None }),
            19..23 => self.act_dispute(around),
            _ => self.wallet.retry(),
        }
        self.wallet.poll()
    }

    fn act_start(&mut self, own: &[Vid], others: &[(Vid, EntityId)], around: &mut Around<'_>) {
        let give = around.dice.pick(own).copied();
        let want = around.dice.pick(others).copied();
        if let (Some(give), Some((want, pb))) = (give, want) {
            self.start(
                (around.world.third_party, around.third_party),
                give,
                want,
                pb,
            );
        }
    }

    fn act_accept_again(&mut self, around: &mut Around<'_>) {
        if let Some(offer) = around.dice.pick(&self.offers).cloned() {
            self.accept(&offer);
        }
    }

    fn act_cancel(&mut self, around: &mut Around<'_>) {
        if let Some(&n1) = around.dice.pick(&self.started) {
            self.wallet.order(&CancelOffer { n1 });
        }
    }

    fn act_dispute(&mut self, around: &mut Around<'_>) {
        let running = &around.checker.card(around.at).running;
        let running: Vec<(Xid, Side)> = running.iter().map(|(xid, run)| (*xid, run.side)).collect();
        if let Some((xid, side)) = around.dice.pick(&running) {
            self.dispute(*xid, *side, around.third_party);
        }
    }

    fn act_issue_cancel(&mut self, around: &mut Around<'_>) {
        if let Some(&challenge) = around.dice.pick(&self.challenges) {
            self.wallet.order(&IssueCancel { challenge });
        }
    }

    fn act_redeem(&mut self, own: &[Vid], around: &mut Around<'_>) {
        let Some(&vid) = around.dice.pick(own) else {
            return;
        };
        let redeemer = &around.world.redeemer;
        let body = RedeemBody {
            vid,
            challenge: around.dice.bytes(),
            redeemer: redeemer.key_id(),
        };
        self.wallet.order(&Redeem {
            vid,
            challenge: body.challenge,
            redeemer_certificate: redeemer.certificate.clone(),
            signature: redeemer.sign("redeem", &body),
        });
    }
}
