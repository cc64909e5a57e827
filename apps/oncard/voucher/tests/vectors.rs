//! `docs/vectors/voucher.json`: every value is computed again from the inputs beside it.
//! `WRITE_VECTORS=1` writes the file.

use ed25519_dalek::{Signer, SigningKey};
use etp_pki::{check_signature, key_id};
use libetp::codec::{Encode, from_slice, to_vec};
use libetp::digest::{Hash, SUITE, signature_input};
use libetp::id::parse_hex;
use libetp::params::thirdparty::ResolveRequest;
use libetp::params::voucher::{
    AgreementBody, Evidence, IssueBody, Outcome, OutcomeBody, ReceiptBody, RedeemBody, Voucher,
    exchange_hash, n2_hash,
};
use libetp::text::hex;
use libetp::{Domain, EntityId};
use serde::{Deserialize, Serialize};

const PATH: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../../docs/vectors/voucher.json"
);

/// Bytes as lower-case hexadecimal digits.
type Hex = String;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    about: String,
    suite: u8,
    vouchers: Vec<VoucherVector>,
    exchange: ExchangeVector,
    dispute: DisputeVector,
    issue: IssueVector,
    redeem: RedeemVector,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct VoucherVector {
    issuer_seed: Hex,
    promise: Hex,
    min_class: u8,
    redeemer: Option<Hex>,
    serial: Hex,
    issuer: Hex,
    vid: Hex,
    issuer_signature: Hex,
    encoded: Hex,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExchangeVector {
    a_seed: Hex,
    b_seed: Hex,
    third_party_seed: Hex,
    sa: String,
    sb: String,
    n1: Hex,
    n2: Hex,
    a_key: Hex,
    b_key: Hex,
    third_party: Hex,
    hx: Hex,
    h2: Hex,
    body: Hex,
    xid: Hex,
    agree_input: Hex,
    agree_signature: Hex,
    confirm_signature: Hex,
}

/// Signatures are over the xid of the exchange, and over [xid, outcome].
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DisputeVector {
    /// Stands for DER of S_A's certificate in `resolve_request`.
    certificate_a: Hex,
    /// Stands for DER of S_B's certificate in `resolve_request`.
    certificate_b: Hex,
    resolve_signature: Hex,
    abort_signature: Hex,
    resolve_request: Hex,
    resolved_body: Hex,
    resolved_signature: Hex,
    aborted_body: Hex,
    aborted_signature: Hex,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IssueVector {
    challenge: Hex,
    body: Hex,
    issue_signature: Hex,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RedeemVector {
    redeemer_seed: Hex,
    challenge: Hex,
    body: Hex,
    redeem_signature: Hex,
    redeemed_signature: Hex,
    receipt_signature: Hex,
}

fn unhex<const N: usize>(text: &str) -> [u8; N] {
    parse_hex(text).unwrap_or_else(|| panic!("not {N} bytes: {text}"))
}

fn bytes(text: &str) -> Vec<u8> {
    let digits = (0..text.len() / 2).map(|at| &text[2 * at..2 * at + 2]);
    digits.flat_map(unhex::<1>).collect()
}

fn key(seed: &str) -> SigningKey {
    SigningKey::from_bytes(&unhex(seed))
}

fn id_of(seed: &str) -> Hash {
    key_id(&key(seed).verifying_key().to_bytes())
}

fn sign(seed: &str, tag: &str, body: &impl Encode) -> Hex {
    let key = key(seed);
    let signature = key.sign(&signature_input(tag, body)).to_bytes();
    let public = key.verifying_key().to_bytes();
    assert!(check_signature(&public, tag, body, &signature).is_ok());
    hex(&signature)
}

/// Computes what follows from the inputs of a voucher.
fn voucher(input: VoucherVector) -> VoucherVector {
    let mut voucher = Voucher {
        issuer: id_of(&input.issuer_seed),
        promise: bytes(&input.promise),
        min_class: input.min_class,
        redeemer: input.redeemer.as_deref().map(unhex),
        serial: unhex(&input.serial),
        issuer_signature: [0; 64],
    };
    let issuer_signature = sign(&input.issuer_seed, "voucher", &voucher.vid());
    voucher.issuer_signature = unhex(&issuer_signature);
    let encoded = to_vec(&voucher);
    assert_eq!(from_slice(&encoded), Ok(voucher.clone()));
    VoucherVector {
        issuer: hex(&voucher.issuer),
        vid: hex(&voucher.vid()),
        issuer_signature,
        encoded: hex(&encoded),
        ..input
    }
}

fn exchange(input: ExchangeVector, vouchers: &[VoucherVector]) -> ExchangeVector {
    let id = |text: &str| -> EntityId { text.parse().expect("an entity id") };
    let (a_key, b_key) = (id_of(&input.a_seed), id_of(&input.b_seed));
    let third_party = id_of(&input.third_party_seed);
    let (vid1, vid2) = (unhex(&vouchers[0].vid), unhex(&vouchers[1].vid));
    let n1 = unhex(&input.n1);
    let body = AgreementBody {
        suite: SUITE,
        a_key,
        b_key,
        third_party,
        sa: id(&input.sa),
        sb: id(&input.sb),
        hx: exchange_hash(&a_key, &b_key, &third_party, &vid1, &vid2, &n1),
        h2: n2_hash(&unhex(&input.n2)),
    };
    ExchangeVector {
        a_key: hex(&a_key),
        b_key: hex(&b_key),
        third_party: hex(&third_party),
        hx: hex(&body.hx),
        h2: hex(&body.h2),
        body: hex(&to_vec(&body)),
        xid: hex(&body.xid()),
        agree_input: hex(&signature_input("agree", &body)),
        agree_signature: sign(&input.b_seed, "agree", &body),
        confirm_signature: sign(&input.a_seed, "confirm", &body.xid()),
        ..input
    }
}

fn dispute(input: DisputeVector, of: &ExchangeVector) -> DisputeVector {
    let xid: Hash = unhex(&of.xid);
    let body = |outcome: Outcome| OutcomeBody {
        xid,
        outcome: outcome as u8,
    };
    let (resolved, aborted) = (body(Outcome::Resolved), body(Outcome::Aborted));
    let resolve_signature = sign(&of.a_seed, "resolve", &xid);
    let request = ResolveRequest {
        evidence: Evidence {
            body: from_slice(&bytes(&of.body)).expect("the body of the exchange"),
            signature: unhex(&of.agree_signature),
            certificate: bytes(&input.certificate_b),
            status: None,
        },
        signature: unhex(&resolve_signature),
        certificate: bytes(&input.certificate_a),
    };
    DisputeVector {
        resolve_signature,
        abort_signature: sign(&of.b_seed, "abort", &xid),
        resolve_request: hex(&to_vec(&request)),
        resolved_body: hex(&to_vec(&resolved)),
        resolved_signature: sign(&of.third_party_seed, "outcome", &resolved),
        aborted_body: hex(&to_vec(&aborted)),
        aborted_signature: sign(&of.third_party_seed, "outcome", &aborted),
        ..input
    }
}

fn issue(input: IssueVector, to: &ExchangeVector, voucher: &VoucherVector) -> IssueVector {
    let body = IssueBody {
        vid: unhex(&voucher.vid),
        card_key: unhex(&to.a_key),
        challenge: unhex(&input.challenge),
    };
    IssueVector {
        body: hex(&to_vec(&body)),
        issue_signature: sign(&voucher.issuer_seed, "issue", &body),
        ..input
    }
}

fn redeem(input: RedeemVector, card: &ExchangeVector, voucher: &VoucherVector) -> RedeemVector {
    let body = RedeemBody {
        vid: unhex(&voucher.vid),
        challenge: unhex(&input.challenge),
        redeemer: id_of(&input.redeemer_seed),
    };
    let receipt = ReceiptBody {
        vid: body.vid,
        challenge: body.challenge,
    };
    RedeemVector {
        body: hex(&to_vec(&body)),
        redeem_signature: sign(&input.redeemer_seed, "redeem", &body),
        redeemed_signature: sign(&card.a_seed, "redeemed", &body),
        receipt_signature: sign(&input.redeemer_seed, "receipt", &receipt),
        ..input
    }
}

fn compute(input: File) -> File {
    let vouchers: Vec<_> = input.vouchers.into_iter().map(voucher).collect();
    let exchange = exchange(input.exchange, &vouchers);
    File {
        dispute: dispute(input.dispute, &exchange),
        issue: issue(input.issue, &exchange, &vouchers[0]),
        redeem: redeem(input.redeem, &exchange, &vouchers[0]),
        vouchers,
        exchange,
        ..input
    }
}

/// The inputs of a new file; what follows from them is left empty.
fn inputs() -> File {
    let seed = |byte: u8| hex(&[byte; 32]);
    let none = Hex::new;
    let voucher = |seed: Hex, promise: &str, min_class, redeemer, serial: u8| VoucherVector {
        issuer_seed: seed,
        promise: hex(promise.as_bytes()),
        min_class,
        redeemer,
        serial: hex(&[serial; 16]),
        issuer: none(),
        vid: none(),
        issuer_signature: none(),
        encoded: none(),
    };
    let redeemer = Some(hex(&id_of(&seed(0x15))));
    let card = |byte: u8| Domain([byte; 12]).card().to_string();
    File {
        about: "docs/protocol/vouchers.md. Seeds are Ed25519 private keys (RFC 8032). The \
                exchange gives vouchers[0] for vouchers[1], the dispute is about it; issue and redeem are \
                of vouchers[0] and the card of a_seed."
            .into(),
        suite: SUITE,
        vouchers: vec![
            voucher(seed(0x11), "one coffee", 0, redeemer, 0xA1),
            voucher(seed(0x12), "{\"title\":\"one cake\"}", 2, None, 0xA2),
        ],
        exchange: ExchangeVector {
            a_seed: seed(0x13),
            b_seed: seed(0x14),
            third_party_seed: seed(0x16),
            sa: card(0x01),
            sb: card(0x02),
            n1: seed(0x21),
            n2: seed(0x22),
            a_key: none(),
            b_key: none(),
            third_party: none(),
            hx: none(),
            h2: none(),
            body: none(),
            xid: none(),
            agree_input: none(),
            agree_signature: none(),
            confirm_signature: none(),
        },
        dispute: DisputeVector {
            certificate_a: hex(b"certificate of A"),
            certificate_b: hex(b"certificate of B"),
            resolve_signature: none(),
            abort_signature: none(),
            resolve_request: none(),
            resolved_body: none(),
            resolved_signature: none(),
            aborted_body: none(),
            aborted_signature: none(),
        },
        issue: IssueVector {
            challenge: seed(0x31),
            body: none(),
            issue_signature: none(),
        },
        redeem: RedeemVector {
            redeemer_seed: seed(0x15),
            challenge: seed(0x32),
            body: none(),
            redeem_signature: none(),
            redeemed_signature: none(),
            receipt_signature: none(),
        },
    }
}

fn read(text: &str) -> File {
    serde_json::from_str(text).expect("the file is what this test writes")
}

#[test]
fn the_vectors_follow_from_their_inputs() {
    if std::env::var_os("WRITE_VECTORS").is_some() {
        let text = serde_json::to_string_pretty(&compute(inputs())).expect("plain data");
        std::fs::write(PATH, text + "\n").expect("docs/vectors can be written");
    }
    let text = std::fs::read_to_string(PATH).expect("docs/vectors/voucher.json is there");
    let file = read(&text);
    assert_eq!(file.suite, SUITE);
    assert_eq!(compute(read(&text)), file);
    assert_eq!(
        compute(inputs()),
        file,
        "the inputs are the documented ones"
    );
}
