//! A scheme, a personalised card, and ways to power it up.

#![allow(dead_code, reason = "each test binary uses its part")]

use ed25519_dalek::SigningKey;
use etp_pki::scheme::{Authority, Request, Seeds};
use etp_pki::{Anchors, Leaf, Role, verify};
use libetp::params::Param;
use libetp::params::runtime::OrderRefused;
use libetp::{Domain, EntityId, Message, Port};
use oncard_runtime::harness::{CutStore, Host, Wallet};
use oncard_runtime::{
    Card, MemoryStore, OwnerSecrets, Personalisation, PinCost, Program, Store, Writes, personalise,
};
use x25519_dalek::{PublicKey, StaticSecret};

pub(crate) const PIN: &[u8] = b"2468";
pub(crate) const PUK: &[u8] = b"1357924680135792";
pub(crate) const NOW: u64 = 1_750_000_000;
pub(crate) const HOST_KEY: [u8; 32] = [0x42; 32];

/// Everything about one card that its owner and the scheme know.
pub(crate) struct Made {
    pub(crate) authority: Authority,
    pub(crate) card: Personalisation,
    pub(crate) leaf: Leaf,
    pub(crate) agree: [u8; 32],
    pub(crate) store: MemoryStore,
}

pub(crate) fn authority() -> Authority {
    let mut number = 0;
    let intermediates = [0; 6].map(|_: u8| {
        number += 1;
        [number; 32]
    });
    let seeds = Seeds {
        root: [0x77; 32],
        intermediates,
    };
    Authority::generate("test", &seeds, NOW).unwrap()
}

pub(crate) fn anchors(authority: &Authority) -> Anchors {
    authority.file().anchors()
}

/// What a card with these keys is given.
pub(crate) fn personalisation(authority: &Authority, seed: u8, epoch: u64) -> Personalisation {
    let sign_seed = [seed; 32];
    let agree_secret = [seed ^ 0xFF; 32];
    let sign = SigningKey::from_bytes(&sign_seed)
        .verifying_key()
        .to_bytes();
    let agree = PublicKey::from(&StaticSecret::from(agree_secret)).to_bytes();
    let request = Request::card(sign, agree, epoch);
    let certificate = authority.issue(Role::Card, &request, NOW).unwrap();
    let leaf = verify(&certificate, Role::Card, &anchors(authority)).unwrap();
    Personalisation {
        domain: leaf.domain().unwrap(),
        sign_seed,
        agree_secret,
        certificate,
        anchors: anchors(authority),
        class: 0,
        host_key: Some(HOST_KEY),
        third_parties: vec![[0x33; 32]],
        device_key: None,
        service: None,
        pin_cost: PinCost::LEAST,
    }
}

pub(crate) fn stored(card: &Personalisation) -> MemoryStore {
    let writes = personalise(card, PIN, [9; 32]).unwrap();
    let mut store = MemoryStore::default();
    store.commit(&writes).unwrap();
    store
}

pub(crate) fn made() -> Made {
    let authority = authority();
    let card = personalisation(&authority, 0xA1, 0);
    let leaf = verify(&card.certificate, Role::Card, &card.anchors).unwrap();
    Made {
        store: stored(&card),
        agree: leaf.agree.unwrap(),
        authority,
        card,
        leaf,
    }
}

/// A card that was made with a PUK.
pub(crate) fn made_with_puk() -> Made {
    let mut made = made();
    let owner = OwnerSecrets {
        pin: PIN,
        puk: Some(PUK),
    };
    let writes = personalise(&made.card, owner, [9; 32]).unwrap();
    made.store = MemoryStore::default();
    made.store.commit(&writes).unwrap();
    made
}

impl Made {
    pub(crate) fn domain(&self) -> Domain {
        self.card.domain
    }

    pub(crate) fn id(&self, port: u32) -> EntityId {
        self.domain().entity(Port(port))
    }

    pub(crate) fn daemon(&self) -> EntityId {
        self.domain().entity(Port::DAEMON)
    }

    /// A card over a copy of the store.
    pub(crate) fn boot(&self) -> Card<MemoryStore> {
        boot(self.store.clone(), vec![])
    }

    pub(crate) fn boot_with(&self, programs: Vec<Box<dyn Program>>) -> Card<MemoryStore> {
        boot(self.store.clone(), programs)
    }

    pub(crate) fn boot_cut(&self) -> Card<CutStore> {
        Card::new(CutStore::new(self.store.clone()), vec![], [1; 32]).unwrap()
    }

    /// From the daemon to the card.
    pub(crate) fn order<P: Param>(&self, param: P) -> Message {
        param.into_message(self.daemon(), self.domain().card())
    }

    /// From a program to the card.
    pub(crate) fn from<P: Param>(&self, port: u32, param: P) -> Message {
        param.into_message(self.id(port), self.domain().card())
    }
}

pub(crate) fn boot<S: Store>(store: S, programs: Vec<Box<dyn Program>>) -> Card<S> {
    Card::new(store, programs, [1; 32]).unwrap()
}

/// A host with an open session.
pub(crate) fn selected<S: Store>(card: &mut Card<S>) -> Host {
    let mut host = Host::new(*b"session1");
    host.select(card).unwrap();
    host
}

/// A wallet of that port, authenticated.
pub(crate) fn authenticated<S: Store>(
    made: &Made,
    host: &mut Host,
    card: &mut Card<S>,
    port: u32,
) -> Wallet {
    let mut wallet = Wallet::new(made.id(port));
    wallet.authenticate(host, card, &made.agree, PIN).unwrap();
    wallet
}

/// The parameters of the only message, which must be of that type.
pub(crate) fn only<P: Param>(said: &[Message]) -> P {
    let [message] = said else {
        panic!("expected one message: {said:?}");
    };
    read(message)
}

pub(crate) fn read<P: Param>(message: &Message) -> P {
    assert_eq!(message.header.mtype, P::MTYPE, "{message:?}");
    P::from_param(&message.param).unwrap()
}

/// The code of the only message, an `order-refused`.
pub(crate) fn refusal(said: &[Message]) -> u16 {
    only::<OrderRefused>(said).code
}

pub(crate) fn count<S: Store>(card: &Card<S>, name: &str) -> u64 {
    let mut counters = card.counters();
    counters
        .find(|(found, _)| *found == name)
        .map_or(0, |(_, count)| count)
}

/// Every entry of a store.
pub(crate) fn dump(store: &impl Store) -> Writes {
    let entries = store.scan(&[], None, usize::MAX).unwrap();
    entries
        .into_iter()
        .map(|(key, value)| (key, Some(value)))
        .collect()
}
