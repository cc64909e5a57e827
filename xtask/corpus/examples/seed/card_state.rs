//! Records of a card: each kind once.

use libetp::codec::{List, to_vec};
use libetp::params::voucher::{AgreementBody, Evidence, ExchangeResult, RedeemBody};
use libetp::{Domain, Port};
use oncard_voucher::records::{
    Committed, Count, Exchange, Finished, Given, Held, OpenIssue, OpenOffer, Record, Redemption,
    Secret, Side, Stage, Wanted,
};
use parser_corpus::Write;

use super::{keep, message, voucher};

const RUNTIME: u8 = 0x01;
const ID: [u8; 32] = [0x44; 32];

libetp::structure! {
    struct Head {
        generation: u64,
        command: Option<Vec<u8>>,
    }

    struct Pin {
        memory_kib: u32,
        passes: u32,
        salt: [u8; 32],
        verifier: [u8; 32],
    }
}

pub(super) fn keep_all() {
    runtime();
    numbers();
    vouchers();
    exchanges();
    third_party();
}

fn of_runtime(key: &[u8], value: Vec<u8>) -> Write {
    Write {
        place: RUNTIME,
        key: key.into(),
        value: Some(value),
    }
}

fn kept(name: &str, writes: &[Write]) {
    let bytes: Vec<u8> = writes.iter().flat_map(Write::to_bytes).collect();
    keep("card_state", name, &bytes);
}

fn runtime() {
    let head = Head {
        generation: 7,
        command: None,
    };
    let number = (7_u64 << 16).to_be_bytes();
    let waiting = [&[0x20], number.as_slice()].concat();
    kept(
        "head-outbox",
        &[
            of_runtime(&[5], to_vec(&head)),
            of_runtime(&waiting, message().to_bytes()),
        ],
    );
    let pin = |memory_kib, passes| Pin {
        memory_kib,
        passes,
        salt: [1; 32],
        verifier: [2; 32],
    };
    kept("pin", &[of_runtime(&[3], to_vec(&pin(8, 1)))]);
    let costly = pin(u32::MAX, u32::MAX);
    kept("pin-costly", &[of_runtime(&[3], to_vec(&costly))]);
    let missing = |key| Write {
        place: RUNTIME,
        key: vec![key],
        value: None,
    };
    kept("missing", &[missing(1), missing(2), missing(5)]);
}

/// Counters at their end.
fn numbers() {
    let head = Head {
        generation: (1 << 48) - 1,
        command: None,
    };
    kept("worn-out", &[of_runtime(&[5], to_vec(&head))]);
    kept("ports", &[of_runtime(&[6], to_vec(&(u32::MAX - 255)))]);
    kept("no-ports", &[of_runtime(&[6], to_vec(&0_u32))]);
    kept("statements", &[of_runtime(&[7], to_vec(&u64::MAX))]);
    kept("fresh", &[of_runtime(&[8], to_vec(&u64::MAX))]);
    kept("count", &[record(&[0; 32], &Count { vouchers: u64::MAX })]);
    let long = [&[0x20], u64::MAX.to_be_bytes().as_slice()].concat();
    kept("outbox-long", &[of_runtime(&long, vec![0; 65_530])]);
}

fn record<R: Record>(id: &[u8; 32], record: &R) -> Write {
    Write {
        place: oncard_voucher::FAMILY,
        key: R::key(id),
        value: Some(record.to_value()),
    }
}

fn held() -> Held {
    Held {
        voucher: voucher(),
        issuer_certificate: vec![0x30, 0],
    }
}

fn vouchers() {
    let ordered_by = Domain([1; 12]).entity(Port(300));
    let redemption = Redemption {
        body: RedeemBody {
            vid: ID,
            challenge: [1; 32],
            redeemer: [2; 32],
        },
        signature: [3; 64],
        redeemer_public: [4; 32],
        ordered_by,
    };
    kept("held", &[record(&voucher().vid(), &held())]);
    kept("issue", &[record(&ID, &OpenIssue { ordered_by })]);
    kept("redemption", &[record(&ID, &redemption)]);
}

fn exchanges() {
    let ordered_by = Domain([1; 12]).entity(Port(300));
    let (sa, sb) = (Domain([1; 12]).card(), Domain([2; 12]).card());
    let offer = OpenOffer {
        vid1: ID,
        vid2: [2; 32],
        pb: Domain([2; 12]).entity(Port(256)),
        third_party: [4; 32],
        third_party_ids: List(vec![]),
        ordered_by,
    };
    kept("offer", &[record(&ID, &offer)]);
    let running = Exchange {
        side: Side::Offering,
        stage: Stage::Wait,
        n1: [1; 32],
        n2: None,
        vid1: [2; 32],
        vid2: [3; 32],
        evidence: evidence(),
        certificate_a: vec![0x30, 0],
        third_party_ids: List(vec![sb]),
        ordered_by,
    };
    let xid = running.xid();
    let (given, wanted) = (Given { held: held() }, Wanted { held: held() });
    kept("running", &[record(&xid, &running)]);
    kept(
        "given-wanted",
        &[record(&xid, &given), record(&xid, &wanted)],
    );
    let committed = Committed {
        order: u64::MAX,
        n1: [1; 32],
        n2: Secret([2; 32]),
        sa,
        confirmation: [5; 32],
    };
    kept("committed", &[record(&ID, &committed)]);
    let finished = Finished {
        side: Side::Agreeing,
        give: [1; 32],
        want: [2; 32],
        peer: sb,
        result: result(),
        ordered_by,
        told: ordered_by,
    };
    kept("finished", &[record(&ID, &finished)]);
}

fn third_party() {
    use oncard_thirdparty::records::{TALLY_KEY, Tally, VERSION, outcome_key};
    let tally = Tally {
        resolved: u64::MAX,
        aborted: 1,
    };
    let write = |key: Vec<u8>, value: Vec<u8>| Write {
        place: oncard_thirdparty::FAMILY,
        key,
        value: Some([&[VERSION], value.as_slice()].concat()),
    };
    let outcome = write(outcome_key(&ID), vec![1]);
    kept(
        "third-party",
        &[write(TALLY_KEY.into(), to_vec(&tally)), outcome],
    );
}

fn evidence() -> Evidence {
    let body = AgreementBody {
        suite: libetp::digest::SUITE,
        a_key: [1; 32],
        b_key: [2; 32],
        third_party: [4; 32],
        sa: Domain([1; 12]).card(),
        sb: Domain([2; 12]).card(),
        hx: [5; 32],
        h2: [6; 32],
    };
    Evidence {
        body,
        signature: [7; 64],
        certificate: vec![0x30, 0],
        status: None,
    }
}

fn result() -> ExchangeResult {
    ExchangeResult {
        n1: ID,
        xid: Some([1; 32]),
        outcome: 0,
        lost: Some([1; 32]),
        gained: Some([2; 32]),
    }
}
