//! A scheme, its issuer, and what an owner does with a card.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part of it")]

pub mod disk;
pub mod home;
pub mod reader;
pub mod run;

use ed25519_dalek::{Signer, SigningKey};
use etp_pki::Role;
use etp_pki::scheme::{Authority, Request, Seeds};
use libetp::digest::signature_input;
use libetp::params::Param;
use libetp::params::keys::Sign;
use libetp::params::runtime::{EnrolHost, HostEnrolled, PortsReserved, ReservePorts};
use libetp::params::voucher::{Issue, IssueBegin, IssueBody, IssueChallenge, Issued, Voucher};
use libetp::{Domain, Message, Mtype, Port};
use oncard_keys::KeysProgram;
use oncard_runtime::harness::{Host, Wallet};
use oncard_runtime::{Card, Personalisation, Program, ServiceKey, Store, Writes, personalise};
use oncard_thirdparty::ThirdPartyProgram;
use oncard_trustedpals::PalsProgram;
use oncard_voucher::VoucherProgram;
use softcard::{KeyPair, NewCard, PinCost, PublicKeys};

pub const PIN: &[u8] = b"2468";
/// 2026-01-01, for certificates that do not change.
const NOW_S: u64 = 1_767_225_600;
const SIGN_SEED: [u8; 32] = [11; 32];
const AGREE_SECRET: [u8; 32] = [12; 32];

/// A key and its certificate.
pub struct Holder {
    key: SigningKey,
    pub certificate: Vec<u8>,
}

impl Holder {
    fn new(authority: &Authority, role: Role, seed: [u8; 32]) -> Self {
        let key = SigningKey::from_bytes(&seed);
        let request = Request::key(key.verifying_key().to_bytes(), 1);
        let certificate = authority.issue(role, &request, NOW_S);
        Self {
            key,
            certificate: certificate.expect("a certificate"),
        }
    }

    pub fn key_id(&self) -> [u8; 32] {
        etp_pki::key_id(&self.key.verifying_key().to_bytes())
    }

    pub fn sign<B: libetp::codec::Encode>(&self, tag: &str, body: &B) -> [u8; 64] {
        self.key.sign(&signature_input(tag, body)).to_bytes()
    }
}

/// Who certifies cards, issues and redeems vouchers and decides disputes in a test.
pub struct Scheme {
    authority: Authority,
    pub issuer: Holder,
    pub redeemer: Holder,
    pub third_party: Holder,
}

impl Scheme {
    pub fn new() -> Self {
        let seeds = Seeds {
            root: [1; 32],
            intermediates: [[2; 32], [3; 32], [4; 32], [5; 32], [6; 32], [7; 32]],
        };
        let authority = Authority::generate("test", &seeds, NOW_S).expect("a scheme");
        Self {
            issuer: Holder::new(&authority, Role::Issuer, [8; 32]),
            redeemer: Holder::new(&authority, Role::Redeemer, [9; 32]),
            third_party: Holder::new(&authority, Role::Service, [10; 32]),
            authority,
        }
    }

    pub fn certify(&self, keys: PublicKeys) -> Vec<u8> {
        let request = Request::card(keys.sign, keys.agree, 1);
        let issued = self.authority.issue(Role::Card, &request, NOW_S);
        issued.expect("a card's certificate")
    }

    pub fn new_card(&self) -> NewCard {
        let keys = KeyPair::generate().expect("random keys");
        NewCard {
            certificate: self.certify(keys.public()),
            keys,
            anchors: self.authority.file().anchors(),
            third_parties: vec![self.third_party.key_id()],
            host_key: None,
            pin: PIN.to_vec().into(),
            puk: None,
            pin_cost: PinCost::LEAST,
            service: None,
            device_key: None,
        }
    }

    /// The key of the third party, for its card.
    pub fn service(&self) -> ServiceKey {
        ServiceKey {
            seed: self.third_party.key.to_bytes(),
            certificate: self.third_party.certificate.clone(),
        }
    }

    /// What a card is made of that is the same in every run.
    pub fn personalisation(&self, sign_seed: [u8; 32], agree_secret: [u8; 32]) -> Personalisation {
        let sign = SigningKey::from_bytes(&sign_seed)
            .verifying_key()
            .to_bytes();
        let secret = x25519_dalek::StaticSecret::from(agree_secret);
        let agree = x25519_dalek::PublicKey::from(&secret).to_bytes();
        Personalisation {
            domain: etp_pki::self_certified_domain(&sign, &agree),
            sign_seed,
            agree_secret,
            certificate: self.certify(PublicKeys { sign, agree }),
            anchors: self.authority.file().anchors(),
            class: 0,
            host_key: None,
            third_parties: vec![self.third_party.key_id()],
            device_key: None,
            service: None,
            pin_cost: PinCost::LEAST,
        }
    }

    /// The first writes of a card that is the same in every run.
    pub fn personalised(&self) -> Writes {
        let card = self.personalisation(SIGN_SEED, AGREE_SECRET);
        personalise(&card, PIN, [13; 32]).expect("a card")
    }

    /// A voucher of the issuer's, for the redeemer.
    pub fn voucher(&self, serial: u8, promise: Vec<u8>) -> Voucher {
        let mut voucher = Voucher {
            issuer: self.issuer.key_id(),
            promise,
            min_class: 0,
            redeemer: Some(self.redeemer.key_id()),
            serial: [serial; 16],
            issuer_signature: [0; 64],
        };
        voucher.issuer_signature = self.issuer.sign("voucher", &voucher.vid());
        voucher
    }

    /// The issuer's answer to a card's challenge.
    pub fn issue(&self, voucher: Voucher, to: &IssueChallenge) -> Issue {
        let body = IssueBody {
            vid: voucher.vid(),
            card_key: to.card_key,
            challenge: to.challenge,
        };
        Issue {
            voucher,
            issuer_certificate: self.issuer.certificate.clone(),
            challenge: to.challenge,
            signature: self.issuer.sign("issue", &body),
        }
    }
}

pub fn programs() -> Vec<Box<dyn Program>> {
    vec![
        Box::new(KeysProgram),
        Box::new(VoucherProgram),
        Box::new(PalsProgram),
        Box::new(ThirdPartyProgram),
    ]
}

pub fn reserve_ports(domain: Domain) -> Message {
    ReservePorts {}.into_message(domain.entity(Port::DAEMON), domain.card())
}

pub fn ports(message: &Message) -> PortsReserved {
    assert_eq!(message.header.mtype, Mtype::PORTS_RESERVED);
    PortsReserved::from_param(&message.param).expect("a block")
}

/// The agreement key of the card of [`Scheme::personalised`].
pub fn agree_key<S: Store>(card: &Card<S>) -> [u8; 32] {
    agree_of(&card.identity().certificate)
}

/// The agreement key in a card's certificate.
pub fn agree_of(certificate: &[u8]) -> [u8; 32] {
    let leaf = etp_pki::scheme::inspect(certificate).expect("a certificate");
    leaf.agree.expect("a card has one")
}

/// A day in the life of a card: ports, authentication, orders, a voucher issued. Panics with what
/// the card said if it does not do its part.
pub fn live<S: Store>(card: &mut Card<S>, scheme: &Scheme, promise_bytes: usize) {
    let domain = card.identity().domain;
    let mut host = Host::new(*b"a host's");
    host.select(card).expect("selected");
    let blocks = host
        .talk(card, &[reserve_ports(domain), reserve_ports(domain)])
        .expect("ports");
    assert_eq!(ports(&blocks[1]).first, ports(&blocks[0]).first + 256);
    let mut wallet = Wallet::new(domain.entity(Port(ports(&blocks[0]).first)));
    let agree = agree_key(card);
    assert!(
        wallet
            .authenticate(&mut host, card, &agree, b"0000")
            .is_err(),
        "a wrong PIN"
    );
    wallet.id = domain.entity(Port(wallet.id.port.0 + 1));
    wallet
        .authenticate(&mut host, card, &agree, PIN)
        .expect("the PIN");
    let enrol = wallet.order(EnrolHost { host_key: [7; 32] });
    answer::<S, HostEnrolled>(&mut host, card, enrol);
    let sign = wallet.order(Sign { data: vec![5; 900] });
    host.talk(card, &[sign]).expect("signed");
    let begin = wallet.order(IssueBegin {});
    let opened: IssueChallenge = answer(&mut host, card, begin);
    let voucher = scheme.voucher(1, vec![b'p'; promise_bytes]);
    let issue = scheme.issue(voucher, &opened);
    let issue = issue.into_message(domain.entity(Port(77)), domain.card());
    answer::<S, Issued>(&mut host, card, issue);
    host.talk(card, &[]).expect("a last confirmation");
}

pub fn answer<S: Store, P: Param>(host: &mut Host, card: &mut Card<S>, message: Message) -> P {
    let said = host.talk(card, &[message]).expect("an answer");
    let right = said.iter().find(|said| said.header.mtype == P::MTYPE);
    let right = right.unwrap_or_else(|| panic!("no {}: {said:?}", P::MTYPE));
    P::from_param(&right.param).expect("its parameters")
}
