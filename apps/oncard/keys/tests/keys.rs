//! The key service, through a card's commands.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use ed25519_dalek::SigningKey;
use etp_pki::scheme::{Authority, Request, Seeds};
use etp_pki::{Leaf, Role, verify};
use libetp::params::Param;
use libetp::params::keys::{
    Challenge, ChallengeBody, ChallengeResponse, Sign, Signature, Verified, Verify,
};
use libetp::params::runtime::{OrderRefused, RefusalCode};
use libetp::{Domain, EntityId, Message, Mtype, Port, codec};
use oncard_keys::{KeysProgram, TAG_CHALLENGE, TAG_SIGN};
use oncard_runtime::harness::{Cut, CutStore, Host, Wallet};
use oncard_runtime::{Card, MemoryStore, Personalisation, PinCost, Store, personalise};
use x25519_dalek::{PublicKey, StaticSecret};

const NOW: u64 = 1_750_000_000;
const PIN: &[u8] = b"9731";

struct Owned {
    card: Card<MemoryStore>,
    host: Host,
    leaf: Leaf,
}

fn authority() -> Authority {
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

fn card(authority: &Authority, seed: u8) -> Owned {
    let (sign_seed, agree_secret) = ([seed; 32], [seed ^ 0xFF; 32]);
    let sign = SigningKey::from_bytes(&sign_seed)
        .verifying_key()
        .to_bytes();
    let agree = PublicKey::from(&StaticSecret::from(agree_secret)).to_bytes();
    let request = Request::card(sign, agree, 0);
    let certificate = authority.issue(Role::Card, &request, NOW).unwrap();
    let anchors = authority.file().anchors();
    let leaf = verify(&certificate, Role::Card, &anchors).unwrap();
    let given = Personalisation {
        domain: leaf.domain().unwrap(),
        sign_seed,
        agree_secret,
        certificate,
        anchors,
        class: 0,
        host_key: None,
        third_parties: vec![],
        device_key: None,
        service: None,
        pin_cost: PinCost::LEAST,
    };
    let mut store = MemoryStore::default();
    store
        .commit(&personalise(&given, PIN, [seed; 32]).unwrap())
        .unwrap();
    let mut card = Card::new(store, vec![Box::new(KeysProgram)], [seed; 32]).unwrap();
    let mut host = Host::new([1; 8]);
    host.select(&mut card).unwrap();
    Owned { card, host, leaf }
}

impl Owned {
    fn ask(&mut self, message: Message) -> Vec<Message> {
        self.host.talk(&mut self.card, &[message]).unwrap()
    }

    fn id(&self) -> EntityId {
        self.card.identity().domain.entity(Port(1))
    }

    fn wallet(&mut self) -> Wallet {
        let mut wallet = Wallet::new(self.id());
        let agree = self.leaf.agree.unwrap();
        wallet
            .authenticate(&mut self.host, &mut self.card, &agree, PIN)
            .unwrap();
        wallet
    }

    fn signs(&mut self, data: &[u8]) -> Signature {
        let order = self.wallet().order(Sign {
            data: data.to_vec(),
        });
        only(&self.ask(order))
    }

    fn verifies(&mut self, data: &[u8], signed: &Signature) -> Verified {
        let verify = Verify {
            data: data.to_vec(),
            signature: signed.signature,
            certificate: signed.certificate.clone(),
        };
        let message = verify.into_message(self.id(), self.card.identity().card());
        only(&self.ask(message))
    }
}

fn only<P: Param>(said: &[Message]) -> P {
    let [message] = said else {
        panic!("expected one message: {said:?}");
    };
    assert_eq!(message.header.mtype, P::MTYPE, "{message:?}");
    P::from_param(&message.param).unwrap()
}

#[test]
fn one_card_signs_and_another_verifies() {
    let authority = authority();
    let (mut ours, mut theirs) = (card(&authority, 1), card(&authority, 2));
    let signed = ours.signs(b"a contract");
    ours.leaf
        .check_signature(TAG_SIGN, &b"a contract".to_vec(), &signed.signature)
        .unwrap();
    let verified = theirs.verifies(b"a contract", &signed);
    assert_eq!((verified.valid, verified.key), (true, Some(ours.leaf.key)));
}

#[test]
fn what_does_not_verify_is_answered_no() {
    let authority = authority();
    let (mut ours, mut theirs) = (card(&authority, 1), card(&authority, 2));
    let signed = ours.signs(b"a contract");
    let no = |verified: Verified| assert_eq!((verified.valid, verified.key), (false, None));
    no(theirs.verifies(b"another contract", &signed));
    let mut forged = signed.clone();
    forged.signature[10] ^= 1;
    no(theirs.verifies(b"a contract", &forged));
    let mut swapped = signed.clone();
    swapped.certificate = theirs.card.identity().certificate.clone();
    no(theirs.verifies(b"a contract", &swapped));
    let mut garbage = signed;
    garbage.certificate = vec![0x30; 50];
    no(theirs.verifies(b"a contract", &garbage));
}

/// Only a card's certificate is a signer here, whatever else the scheme certified.
#[test]
fn a_certificate_of_another_role_does_not_verify() {
    let authority = authority();
    let mut theirs = card(&authority, 2);
    let key = SigningKey::from_bytes(&[5; 32]);
    let public = key.verifying_key().to_bytes();
    let data = b"a contract".to_vec();
    let input = libetp::digest::signature_input(TAG_SIGN, &data);
    let signature = ed25519_dalek::Signer::sign(&key, &input).to_bytes();
    for role in [Role::Issuer, Role::Redeemer, Role::Service, Role::OffCard] {
        let certificate = authority
            .issue(role, &Request::key(public, 0), NOW)
            .unwrap();
        let signed = Signature {
            signature,
            certificate,
        };
        assert!(!theirs.verifies(&data, &signed).valid, "{role}");
    }
}

#[test]
fn signing_is_an_order() {
    let authority = authority();
    let mut ours = card(&authority, 1);
    let sign = Sign {
        data: b"a contract".to_vec(),
    };
    let bare = sign
        .clone()
        .into_message(ours.id(), ours.card.identity().card());
    let refused: OrderRefused = only(&ours.ask(bare));
    assert_eq!(refused.code, RefusalCode::NotAuthenticated as u16);
    let mut forged = Wallet::new(ours.id()).order(sign);
    let refused: OrderRefused = only(&ours.ask(forged.clone()));
    assert_eq!(refused.code, RefusalCode::NotAuthenticated as u16);
    forged.header.src = Domain([2; 12]).entity(Port(1));
    assert!(ours.ask(forged).is_empty());
}

#[test]
fn a_challenge_is_answered_to_anybody_and_binds_the_asker() {
    let authority = authority();
    let mut ours = card(&authority, 1);
    let asker = Domain([2; 12]).entity(Port(77));
    let nonce = [6; 32];
    let message = Challenge { nonce }.into_message(asker, ours.card.identity().card());
    let said = ours.ask(message);
    assert_eq!(said[0].header.dst, asker);
    let response: ChallengeResponse = only(&said);
    let body = |asker| ChallengeBody { nonce, asker };
    let check = |body: &ChallengeBody| {
        ours.leaf
            .check_signature(TAG_CHALLENGE, body, &response.signature)
    };
    check(&body(asker)).unwrap();
    assert!(check(&body(Domain([2; 12]).entity(Port(78)))).is_err());
}

/// A challenge's answer never passes for an ordered signature, whatever the nonce is.
#[test]
fn a_challenge_can_not_be_made_a_signature() {
    let authority = authority();
    let (mut ours, mut theirs) = (card(&authority, 1), card(&authority, 2));
    let (asker, nonce) = (theirs.id(), [6; 32]);
    let message = Challenge { nonce }.into_message(asker, ours.card.identity().card());
    let response: ChallengeResponse = only(&ours.ask(message));
    let signed = Signature {
        signature: response.signature,
        certificate: response.certificate,
    };
    let body = codec::to_vec(&ChallengeBody { nonce, asker });
    assert!(!theirs.verifies(&body, &signed).valid);
    assert!(!theirs.verifies(&nonce, &signed).valid);
}

/// Power fails before or after the commit of a signature: the owner gets it once or never, and a
/// host that learns from SELECT that it was made gets it without another order.
#[test]
fn a_signature_survives_lost_power_or_was_never_made() {
    for (cut, made) in [(Cut::Before(0), false), (Cut::After(0), true)] {
        let mut ours = card(&authority(), 1);
        let order = ours.wallet().order(Sign {
            data: b"once".to_vec(),
        });
        let mut run = Card::new(
            CutStore::new(ours.card.store().clone()),
            vec![Box::new(KeysProgram)],
            [7; 32],
        )
        .unwrap();
        // The wallet's channel ended with the power: it authenticates again.
        ours.host.select(&mut run).unwrap();
        let mut wallet = Wallet::new(order.header.src);
        let agree = ours.leaf.agree.unwrap();
        wallet
            .authenticate(&mut ours.host, &mut run, &agree, PIN)
            .unwrap();
        let before = ours.host.clone().sequence;
        run.store_mut().cut(Some(cut));
        let order = wallet.order(Sign {
            data: b"once".to_vec(),
        });
        assert!(ours.host.exchange(&mut run, &[order]).is_err());
        let survivor = CutStore::new(run.into_store().survivor());
        let mut run = Card::new(survivor, vec![Box::new(KeysProgram)], [8; 32]).unwrap();
        let reply = ours.host.select(&mut run).unwrap();
        assert_eq!(reply.executed(before, 0), made, "{cut:?}");
        let said = ours.host.talk(&mut run, &[]).unwrap();
        let signed = said
            .iter()
            .filter(|m| m.header.mtype == Mtype::SIGNATURE)
            .count();
        assert_eq!(signed, usize::from(made), "{cut:?}");
        assert!(ours.host.talk(&mut run, &[]).unwrap().is_empty());
    }
}

#[test]
fn malformed_and_answers_are_refused() {
    let authority = authority();
    let mut ours = card(&authority, 1);
    let card_id = ours.card.identity().card();
    for (mtype, code) in [
        (Mtype::VERIFY, RefusalCode::Malformed),
        (Mtype::CHALLENGE, RefusalCode::Malformed),
        (Mtype::SIGNATURE, RefusalCode::UnknownType),
        (Mtype::VERIFIED, RefusalCode::UnknownType),
    ] {
        let message = Message::new(ours.id(), card_id, mtype, vec![0x80]);
        let refused: OrderRefused = only(&ours.ask(message));
        assert_eq!((refused.code, refused.mtype), (code as u16, mtype));
    }
}
