//! Records of the daemon's state: each table once.

use dispatchd::state::Witness;
use libetp::codec::{List, to_vec};
use libetp::{Domain, EntityId, Port};
use parser_corpus::Write;

use super::keep;

const DOMAIN: Domain = Domain([1; 12]);

libetp::structure! {
    struct Capability {
        uid: u32,
        name: String,
        current: [u8; 32],
        previous: Option<[u8; 32]>,
        spent: List<[u8; 32]>,
    }
}

pub(super) fn keep_all() {
    let witness = Witness {
        generation: 9,
        highest_port: 511,
        highest_number: 9 << 16,
        rollback_accepted: false,
    };
    kept("witness", 1, &DOMAIN.0, to_vec(&witness));
    kept("local-domain", 2, &DOMAIN.0, to_vec(&[1_u8; 32]));
    kept("domain-key", 3, &DOMAIN.0, to_vec(&[1_u8; 32]));
    kept("statement-number", 4, &[7; 32], to_vec(&u64::MAX));
    let capability = Capability {
        uid: 1_000,
        name: "wallet".into(),
        current: [1; 32],
        previous: Some([2; 32]),
        spent: List(vec![[3; 32]]),
    };
    let id: EntityId = DOMAIN.entity(Port(9));
    kept("capability", 5, &id.to_bytes(), to_vec(&capability));
    kept("format", 0, b"format", to_vec(&2_u64));
    kept("no-format", 0, b"format", vec![]);
    kept("short-key", 5, b"short", to_vec(&capability));
}

fn kept(name: &str, place: u8, key: &[u8], value: Vec<u8>) {
    let write = Write {
        place,
        key: key.into(),
        value: Some(value),
    };
    keep("daemon_state", name, &write.to_bytes());
}
