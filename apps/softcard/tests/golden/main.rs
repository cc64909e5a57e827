//! State files of earlier versions stay readable for ever.
//!
//! `golden/v1` was made once by the ignored tests and is never made again: a card that lost
//! this test lost its owner's vouchers.

#[path = "../support/mod.rs"]
mod support;

mod disputes;
mod sessions;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use libetp::Port;
use libetp::params::runtime::{EnrolHost, HostEnrolled};
use libetp::params::voucher::{ListVouchers, Vouchers};
use oncard_runtime::harness::{Host, Wallet};
use oncard_runtime::{Card, PowerUp};
use redb::backends::FileBackend;
use serde_json::{Value, json};
use softcard::{AtRest, DeviceKey, RedbStore, SoftCard};
use support::{PIN, Scheme, agree_key, answer, live, ports, programs, reserve_ports};

/// Which cards there are: their directory, and whether a device key is beside it. Power was cut
/// from the last one while it was open.
const CARDS: [(&str, bool); 3] = [("plain", false), ("device-key", true), (POWER_CUT, false)];
const POWER_CUT: &str = "power-cut";

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/v1")
}

fn key_file(name: &str) -> String {
    format!("{name}.key")
}

/// Opens the state file of a directory as a card that a test can talk to.
fn open(directory: &Path, device_key: Option<[u8; 32]>) -> Card<RedbStore> {
    let path = directory.join("card.redb");
    let store = RedbStore::open(move || {
        let file = fs::File::options().read(true).write(true).open(&path)?;
        Ok(FileBackend::new(file).expect("a backend"))
    });
    let power = PowerUp {
        entropy: [77; 32],
        device_key,
    };
    Card::new(store.expect("opens"), programs(), power).expect("powered up")
}

fn read_key(path: &Path) -> [u8; 32] {
    fs::read(path).expect("a key").try_into().expect("32 bytes")
}

fn facts(directory: &Path, key: Option<DeviceKey>) -> Value {
    let info = SoftCard::open(directory, key)
        .expect("opens")
        .info()
        .expect("info");
    json!({
        "domain": info.domain.to_string(),
        "key": info.key.map(|byte| format!("{byte:02x}")).concat(),
        "class": info.class,
        "generation": info.generation,
        "at_rest": info.at_rest.name(),
    })
}

#[test]
#[ignore = "made golden/v1, once; refuses to overwrite it"]
fn make_golden_state() {
    let (golden, scheme) = (golden(), Scheme::new());
    let mut expected = serde_json::Map::new();
    for (name, protected) in CARDS {
        let directory = golden.join(name);
        assert!(!directory.exists(), "golden state is never made again");
        let key_path = golden.join(key_file(name));
        let key = protected.then(|| DeviceKey::create(&key_path, &directory).expect("a key"));
        let mut new = scheme.new_card();
        new.device_key.clone_from(&key);
        drop(SoftCard::create(&directory, new).expect("created"));
        let bytes = protected.then(|| read_key(&key_path));
        let mut card = open(&directory, bytes);
        live(&mut card, &scheme, 300);
        let state = directory.join("card.redb");
        let as_cut = fs::read(&state).expect("readable");
        drop(card);
        expected.insert(name.to_owned(), facts(&directory, key));
        if name == POWER_CUT {
            fs::write(&state, as_cut).expect("written");
        }
    }
    let text = serde_json::to_string_pretty(&expected).expect("JSON") + "\n";
    fs::write(golden.join("expected.json"), text).expect("written");
}

/// A copy that tests may write to, with the modes that version control does not keep.
fn copy(name: &str, protected: bool, to: &Path) -> (PathBuf, Option<PathBuf>) {
    let directory = to.join(name);
    fs::create_dir(&directory).expect("a directory");
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o700)).expect("0700");
    let place = |from: PathBuf, to: PathBuf| {
        fs::copy(from, &to).expect("copied");
        fs::set_permissions(&to, fs::Permissions::from_mode(0o600)).expect("0600");
        to
    };
    let state = golden().join(name).join("card.redb");
    place(state, directory.join("card.redb"));
    let key = || place(golden().join(key_file(name)), to.join(key_file(name)));
    let key = protected.then(key);
    (directory, key)
}

#[test]
fn cards_of_version_1_live_on() {
    let expected = fs::read(golden().join("expected.json")).expect("golden/v1/expected.json");
    let expected: Value = serde_json::from_slice(&expected).expect("JSON");
    for (name, protected) in CARDS {
        let to = tempfile::tempdir().expect("a directory");
        let (directory, key_path) = copy(name, protected, to.path());
        let key = key_path
            .as_ref()
            .map(|path| DeviceKey::load(path, &directory).expect("a key"));
        assert_eq!(
            key.is_some(),
            expected[name]["at_rest"] == AtRest::DeviceKey.name()
        );
        assert_eq!(facts(&directory, key), expected[name], "{name}");

        let mut card = open(&directory, key_path.as_deref().map(read_key));
        let domain = card.identity().domain;
        let mut host = Host::new(*b"a host's");
        host.select(&mut card).expect("selected");
        let said = host
            .talk(&mut card, &[reserve_ports(domain)])
            .expect("ports");
        let block = ports(said.last().expect("a block"));
        assert_eq!(
            (block.first, block.count),
            (513, 256),
            "two blocks were reserved before"
        );
        let mut wallet = Wallet::new(domain.entity(Port(block.first)));
        let agree = agree_key(&card);
        wallet
            .authenticate(&mut host, &mut card, &agree, PIN)
            .expect("the PIN of the time");
        let list = wallet.order(ListVouchers { after: None });
        let held: Vouchers = answer(&mut host, &mut card, list);
        let promises: Vec<_> = held
            .vouchers
            .0
            .iter()
            .map(|held| held.voucher.promise.len())
            .collect();
        assert_eq!(promises, [300]);
        let enrol = wallet.order(EnrolHost { host_key: [8; 32] });
        answer::<_, HostEnrolled>(&mut host, &mut card, enrol);
    }
}
