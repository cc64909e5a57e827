//! What a card's directory must be, and what is refused by name.

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use oncard_runtime::CardError;
use redb::{Database, TableDefinition};
use softcard::{
    AtRest, DEVICE_KEY_BYTES, DeviceKey, NewCard, SoftCard, SoftCardError, StoreOpenError,
};
use support::{PIN, Scheme};
use tempfile::TempDir;

fn place() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

/// A card that is not powered; gives its state file.
fn card_in(directory: &Path) -> PathBuf {
    drop(SoftCard::create(directory, Scheme::new().new_card()).expect("works"));
    directory.join("card.redb")
}

fn mode(path: &Path) -> u32 {
    path.metadata().expect("works").permissions().mode() & 0o7777
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("works");
}

fn open_error(directory: &Path) -> SoftCardError {
    SoftCard::open(directory, None).expect_err("refused")
}

fn state_error(directory: &Path) -> StoreOpenError {
    match open_error(directory) {
        SoftCardError::State { source, .. } => source,
        other => panic!("{other}"),
    }
}

fn softcard(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_softcard"));
    command.args(arguments).output().expect("works")
}

#[test]
fn a_card_is_one_file_for_its_owner_alone() {
    let place = place();
    let directory = place.path().join("card");
    let state = card_in(&directory);
    assert_eq!((mode(&directory), mode(&state)), (0o700, 0o600));
    let names: Vec<_> = directory
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["card.redb"]);
}

#[test]
fn a_new_card_takes_no_directory_that_is_in_use() {
    let place = place();
    let state = card_in(&place.path().join("card"));
    let before = fs::read(&state).unwrap();
    let again = SoftCard::create(&place.path().join("card"), Scheme::new().new_card());
    assert!(matches!(again, Err(SoftCardError::NotEmpty(_))));
    assert_eq!(fs::read(&state).unwrap(), before);

    let open_to_all = place.path().join("open");
    fs::create_dir(&open_to_all).unwrap();
    chmod(&open_to_all, 0o755);
    let refused = SoftCard::create(&open_to_all, Scheme::new().new_card()).unwrap_err();
    assert!(
        matches!(refused, SoftCardError::Permissions { mode: 0o755, .. }),
        "{refused}"
    );
    chmod(&open_to_all, 0o700);
    assert!(SoftCard::create(&open_to_all, Scheme::new().new_card()).is_ok());
}

#[test]
fn what_personalisation_refuses_leaves_no_card() {
    let place = place();
    let directory = place.path().join("card");
    let mut new = Scheme::new().new_card();
    new.certificate = Scheme::new().new_card().certificate;
    let refused = SoftCard::create(&directory, new).unwrap_err();
    assert!(
        matches!(refused, SoftCardError::Card(CardError::Certificate(_))),
        "{refused}"
    );
    let mut new = Scheme::new().new_card();
    new.pin = b"123".to_vec().into();
    let refused = SoftCard::create(&directory, new).unwrap_err();
    assert!(
        matches!(refused, SoftCardError::Card(CardError::PinLength)),
        "{refused}"
    );
    assert!(!directory.exists(), "nothing is left behind");
    assert!(SoftCard::create(&directory, Scheme::new().new_card()).is_ok());
}

#[test]
fn loosened_permissions_are_refused() {
    let place = place();
    let directory = place.path().join("card");
    let state = card_in(&directory);
    for (path, loose, tight) in [(&state, 0o640, 0o600), (&directory, 0o701, 0o700)] {
        chmod(path, loose);
        match open_error(&directory) {
            SoftCardError::Permissions { path: named, mode } => {
                assert_eq!((&named, mode), (path, loose));
            }
            other => panic!("{other}"),
        }
        chmod(path, tight);
    }
    assert!(SoftCard::open(&directory, None).is_ok());
}

#[test]
fn a_symbolic_link_is_no_state_file() {
    let place = place();
    let directory = place.path().join("card");
    let state = card_in(&directory);
    let elsewhere = place.path().join("elsewhere");
    fs::rename(&state, &elsewhere).unwrap();
    symlink(&elsewhere, &state).unwrap();
    assert!(matches!(open_error(&directory), SoftCardError::NotPlain(_)));
    fs::remove_file(&elsewhere).unwrap();
    assert!(matches!(open_error(&directory), SoftCardError::NotPlain(_)));
}

#[test]
fn the_second_opener_is_refused_by_name() {
    let place = place();
    let directory = place.path().join("card");
    card_in(&directory);
    let card = SoftCard::open(&directory, None).unwrap();
    assert!(matches!(state_error(&directory), StoreOpenError::InUse));
    let other_process = softcard(&["info", directory.to_str().unwrap()]);
    assert!(!other_process.status.success());
    let words = String::from_utf8(other_process.stderr).unwrap();
    assert!(words.contains("in use"), "{words}");
    drop(card);
    assert!(SoftCard::open(&directory, None).is_ok());
}

#[test]
fn a_place_without_a_card_is_named() {
    let place = place();
    chmod(place.path(), 0o700);
    assert!(matches!(open_error(place.path()), SoftCardError::NoCard(_)));
    let nowhere = open_error(&place.path().join("nowhere"));
    assert!(matches!(nowhere, SoftCardError::NoCard(_)), "{nowhere}");
    let words = nowhere.to_string();
    assert!(
        words.contains("etpctl scheme enrol card --out /"),
        "{words}"
    );
    fs::write(place.path().join("card.redb.new"), b"half").unwrap();
    assert!(matches!(
        open_error(place.path()),
        SoftCardError::Unfinished(_)
    ));
}

/// Writes a meta record into a state file, or removes it, as another version would have.
fn rewrite_meta(state: &Path, key: &str, value: Option<&[u8]>) {
    const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
    let database = Database::open(state).expect("works");
    let transaction = database.begin_write().expect("works");
    let mut meta = transaction.open_table(META).expect("works");
    match value {
        Some(value) => drop(meta.insert(key, value).expect("works")),
        None => drop(meta.remove(key).expect("works")),
    }
    drop(meta);
    transaction.commit().expect("works");
}

#[test]
fn another_format_is_refused_by_number_and_kept() {
    let place = place();
    let directory = place.path().join("card");
    let state = card_in(&directory);
    for found in [0, softcard::STATE_FORMAT + 1, u32::MAX] {
        rewrite_meta(&state, "format", Some(&found.to_be_bytes()));
        match state_error(&directory) {
            StoreOpenError::Format { found: named } => assert_eq!(named, found),
            other => panic!("{other}"),
        }
    }
    rewrite_meta(
        &state,
        "format",
        Some(&softcard::STATE_FORMAT.to_be_bytes()),
    );
    assert!(SoftCard::open(&directory, None).is_ok(), "nothing was lost");
}

#[test]
fn a_file_that_does_not_say_what_it_is_is_refused() {
    for (key, value) in [
        ("format", None),
        ("format", Some(&b"one"[..])),
        ("at-rest", None),
        ("at-rest", Some(&b"tpm"[..])),
    ] {
        let place = place();
        let directory = place.path().join("card");
        let state = card_in(&directory);
        rewrite_meta(&state, key, value);
        let error = state_error(&directory);
        assert!(
            matches!(error, StoreOpenError::Corrupt(_)),
            "{key} {value:?}: {error}"
        );
    }
}

#[test]
fn garbage_is_refused_and_never_started_afresh() {
    let place = place();
    let directory = place.path().join("card");
    let state = card_in(&directory);
    let whole = fs::read(&state).unwrap();
    let other_database = {
        let path = place.path().join("other.redb");
        drop(Database::create(&path).unwrap());
        fs::read(path).unwrap()
    };
    let garbage: Vec<(&str, Vec<u8>)> = vec![
        ("empty", Vec::new()),
        ("text", b"not a card\n".repeat(1_000)),
        ("zeros", vec![0; whole.len()]),
        ("first page only", whole[..4_096].to_vec()),
        ("half", whole[..whole.len() / 2].to_vec()),
        ("without its last byte", whole[..whole.len() - 1].to_vec()),
        ("header missing", whole[512..].to_vec()),
        ("another database", other_database),
    ];
    for (what, bytes) in garbage {
        fs::write(&state, &bytes).unwrap();
        let error = state_error(&directory);
        assert!(
            matches!(error, StoreOpenError::Corrupt(_)),
            "{what}: {error:?}"
        );
        let again = state_error(&directory);
        assert!(
            matches!(again, StoreOpenError::Corrupt(_)),
            "{what}, again: {again:?}"
        );
    }
    fs::write(&state, &whole).unwrap();
    assert!(SoftCard::open(&directory, None).is_ok());
}

#[test]
fn a_device_key_protects_the_card() {
    let place = place();
    let directory = place.path().join("card");
    let path = place.path().join("device.key");
    let key = DeviceKey::create(&path, &directory).unwrap();
    assert_eq!((mode(&path), path.metadata().unwrap().len()), (0o600, 32));
    let mut new = Scheme::new().new_card();
    let sign = new.keys.public().key_id();
    new.device_key = Some(key);
    let card = SoftCard::create(&directory, new).unwrap();
    assert_eq!(
        (card.at_rest(), card.identity().key),
        (AtRest::DeviceKey, sign)
    );
    drop(card);

    assert!(matches!(
        open_error(&directory),
        SoftCardError::DeviceKeyNeeded
    ));
    let other = DeviceKey::create(&place.path().join("other.key"), &directory).unwrap();
    let refused = SoftCard::open(&directory, Some(other)).unwrap_err();
    assert!(
        matches!(refused, SoftCardError::Card(CardError::DeviceKey)),
        "{refused}"
    );
    let key = DeviceKey::load(&path, &directory).unwrap();
    let mut card = SoftCard::open(&directory, Some(key)).unwrap();
    card_proxy::Link::reset(&mut card).unwrap();
    assert_eq!(card.info().unwrap().at_rest, AtRest::DeviceKey);
}

#[test]
fn a_device_key_that_protects_nothing_is_refused() {
    let place = place();
    let directory = place.path().join("card");
    card_in(&directory);
    let path = place.path().join("device.key");
    let key = DeviceKey::create(&path, &directory).unwrap();
    let refused = SoftCard::open(&directory, Some(key)).unwrap_err();
    assert!(matches!(refused, SoftCardError::DeviceKeyUnused));

    let inside = directory.join("device.key");
    let refused = DeviceKey::create(&inside, &directory).unwrap_err();
    assert!(matches!(refused, SoftCardError::DeviceKeyInside(_)));
    fs::copy(&path, &inside).unwrap();
    chmod(&inside, 0o600);
    let detour = directory.join("..").join("card").join("device.key");
    let linked = place.path().join("linked");
    symlink(&directory, &linked).unwrap();
    for path in [&inside, &detour, &linked.join("device.key")] {
        let refused = DeviceKey::load(path, &directory).unwrap_err();
        assert!(
            matches!(refused, SoftCardError::DeviceKeyInside(_)),
            "{refused}"
        );
    }
}

#[test]
fn a_device_key_file_is_checked() {
    let place = place();
    let directory = place.path().join("card");
    let path = place.path().join("device.key");
    for length in [0, DEVICE_KEY_BYTES - 1, DEVICE_KEY_BYTES + 1, 100] {
        fs::write(&path, vec![1; length]).unwrap();
        chmod(&path, 0o400);
        let refused = DeviceKey::load(&path, &directory).unwrap_err();
        assert!(
            matches!(refused, SoftCardError::DeviceKeyLength { .. }),
            "{refused}"
        );
        fs::remove_file(&path).unwrap();
    }
    fs::write(&path, [1; DEVICE_KEY_BYTES]).unwrap();
    for mode in [0o644, 0o440, 0o402] {
        chmod(&path, mode);
        let refused = DeviceKey::load(&path, &directory).unwrap_err();
        assert!(
            matches!(refused, SoftCardError::Permissions { .. }),
            "{refused}"
        );
    }
    chmod(&path, 0o400);
    assert!(DeviceKey::load(&path, &directory).is_ok());
    let linked = place.path().join("linked.key");
    symlink(&path, &linked).unwrap();
    assert!(matches!(
        DeviceKey::load(&linked, &directory),
        Err(SoftCardError::NotPlain(_))
    ));
    let kept = DeviceKey::create(&path, &directory);
    assert!(
        matches!(kept, Err(SoftCardError::Io { .. })),
        "an existing key is kept"
    );
}

#[test]
fn secrets_are_never_printed() {
    let new = Scheme::new().new_card();
    let place = place();
    let key = DeviceKey::create(&place.path().join("k"), &place.path().join("card")).unwrap();
    let keys = format!("{:?} {key:?}", new.keys);
    assert!(
        keys.contains("PublicKeys") && keys.ends_with("DeviceKey"),
        "{keys}"
    );
    assert!(!format!("{new:?}").contains(&format!("{PIN:?}")[..]));
}

#[test]
fn info_is_for_people_and_for_programs() {
    let place = place();
    let directory = place.path().join("card");
    card_in(&directory);
    let info = SoftCard::open(&directory, None).unwrap().info().unwrap();
    let directory = directory.to_str().unwrap();
    let text = softcard(&["info", directory]);
    assert!(text.status.success());
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains(&info.domain.to_string()) && text.contains("whoever owns its host"));
    let json = softcard(&["info", directory, "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["domain"], info.domain.to_string());
    assert_eq!(
        (&json["class"], &json["generation"]),
        (&0.into(), &0.into())
    );
    assert_eq!(json["at_rest"], "none");
}

#[test]
fn info_tells_the_service_and_the_tries_that_are_left() {
    let (place, scheme) = (place(), Scheme::new());
    let told = |name: &str, new: NewCard| {
        let directory = place.path().join(name);
        drop(SoftCard::create(&directory, new).unwrap());
        let directory = directory.to_str().unwrap();
        let text = softcard(&["info", directory]).stdout;
        let json = softcard(&["info", directory, "--json"]).stdout;
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        (String::from_utf8(text).unwrap(), json)
    };
    let (text, json) = told("plain", scheme.new_card());
    assert!(text.ends_with("service     none\nPIN         3 tries left\nPUK         none\n"));
    assert_eq!(json["pin_tries_left"], 3);
    assert!(json["service"].is_null() && json["puk_tries_left"].is_null());

    let mut new = scheme.new_card();
    new.service = Some(scheme.service());
    new.puk = Some(b"8642086420864208".to_vec().into());
    let (text, json) = told("third-party", new);
    let key = scheme.third_party.key_id();
    let key = key.map(|byte| format!("{byte:02x}")).concat();
    assert!(
        text.contains(&format!("service     third party {key}\n")),
        "{text}"
    );
    assert!(text.ends_with("PUK         10 tries left\n"), "{text}");
    assert_eq!(
        (&json["service"], &json["puk_tries_left"]),
        (&key.into(), &10.into())
    );
}

#[test]
fn what_is_wrong_is_told_to_people_and_to_programs() {
    let place = place();
    let nowhere = place.path().join("nowhere");
    let text = softcard(&["info", nowhere.to_str().unwrap()]);
    assert_eq!(text.status.code(), Some(1));
    let words = String::from_utf8(text.stderr).unwrap();
    assert!(
        words.starts_with("softcard: ") && words.contains("nowhere"),
        "{words}"
    );
    let json = |arguments: &[&str]| {
        let output = softcard(arguments);
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code(), document["error"]["kind"].clone())
    };
    assert_eq!(
        json(&["info", nowhere.to_str().unwrap(), "--json"]),
        (Some(1), "other".into())
    );
    assert_eq!(json(&["info", "--json"]), (Some(2), "usage".into()));
}

#[test]
fn the_manual_page_is_that_of_the_command_line() {
    let printed = String::from_utf8(softcard(&["--print-man-page"]).stdout).unwrap();
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/man/softcard.1");
    assert!(printed.contains(".SS softcard info"), "{printed}");
    let kept = fs::read_to_string(kept).unwrap();
    assert!(printed == kept, "run `cargo xtask codegen`");
}
