//! Captures bring back what was judged, without what must not be kept; and are read with care.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::Path;

use guard_policies::capture::{
    About, CaptureError, Captured, RECORD_BYTES_MAX, Reader, Writer, replay,
};
use guard_policies::{Decision, Entry, Membership, Now, Outcome, Principal, Record};
use libetp::{Domain, EntityId, Header, Mtype, Port};
use serde_json::Value;

fn about(has_params: bool) -> About {
    About {
        software: "dispatchd 0.1.0".into(),
        has_params,
    }
}

fn outcome(decision: Decision) -> Outcome {
    Outcome {
        decision,
        policy: "limits".into(),
        reason: None,
    }
}

fn record(entry: Entry, mtype: Mtype) -> Record {
    Record {
        entry,
        membership: matches!(entry, Entry::App { .. }).then(|| Membership {
            groups: vec![27, 100],
            cgroup: "/user.slice".into(),
        }),
        header: Header {
            src: Domain([1; 12]).entity(Port(5)),
            dst: Domain([2; 12]).card(),
            mtype,
        },
        size: 39,
        now: Now {
            tick_ms: 5,
            unix_s: 1_790_000_000,
        },
        is_src_local: true,
        is_dst_local: false,
        is_owner: true,
        param: Some(vec![0x81, 0x43, 1, 2, 3]),
    }
}

fn entries() -> [Entry; 4] {
    let principal = Principal {
        uid: 1000,
        gid: 100,
        pid: 4_711,
    };
    [
        Entry::App {
            principal,
            derived: true,
        },
        Entry::Card(Domain([3; 12])),
        Entry::Remote([4; 32]),
        Entry::Host,
    ]
}

fn written(has_params: bool, records: &[Record]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), &about(has_params)).unwrap();
    for (record, decision) in records.iter().zip(Decision::ALL.into_iter().cycle()) {
        writer.add(record, &outcome(decision), 3).unwrap();
    }
    writer.finish().unwrap()
}

fn read(bytes: &[u8]) -> (Vec<Captured>, bool) {
    let mut reader = Reader::new(bytes).unwrap();
    let records: Vec<_> = reader.by_ref().map(Result::unwrap).collect();
    (records, reader.is_cut_off())
}

#[test]
fn what_was_judged_comes_back() {
    let records = entries().map(|entry| record(entry, Mtype::PING));
    let bytes = written(true, &records);
    assert_eq!(Reader::new(&bytes[..]).unwrap().about(), &about(true));
    let (captured, is_cut_off) = read(&bytes);
    assert!(!is_cut_off);
    let back: Vec<Record> = captured.iter().map(|it| it.record.clone()).collect();
    assert_eq!(back, records);
    let decisions: Vec<Decision> = captured.iter().map(|it| it.outcome.decision).collect();
    assert_eq!(decisions, Decision::ALL[..4]);
    assert!(captured.iter().all(|it| it.generation == 3));
}

#[test]
fn params_are_kept_on_demand_and_secrets_never() {
    let records = [Mtype::PING, Mtype::AUTH, Mtype::SET_PIN].map(|it| record(Entry::Host, it));
    for (has_params, kept) in [(false, [false; 3]), (true, [true, false, false])] {
        let bytes = written(has_params, &records);
        let (captured, _) = read(&bytes);
        let found = [0, 1, 2].map(|at: usize| captured[at].record.param.is_some());
        assert_eq!(found, kept);
        assert!(captured.iter().all(|it| it.record.size == 39));
        let seen = bytes.windows(3).filter(|it| *it == [1, 2, 3]).count();
        assert_eq!(seen, kept.iter().filter(|it| **it).count());
    }
}

#[test]
fn a_cut_off_capture_gives_its_whole_records() {
    let records = entries().map(|entry| record(entry, Mtype::PING));
    let bytes = written(true, &records);
    let ends: Vec<usize> = (0..=4)
        .map(|count| written(true, &records[..count]).len())
        .collect();
    for len in ends[0]..=bytes.len() {
        let (captured, is_cut_off) = read(&bytes[..len]);
        let whole = ends.iter().filter(|end| **end <= len).count() - 1;
        assert_eq!(captured.len(), whole);
        assert_eq!(is_cut_off, !ends.contains(&len), "{len}");
    }
    for len in 0..ends[0] {
        assert!(matches!(
            Reader::new(&bytes[..len]),
            Err(CaptureError::NotCapture)
        ));
    }
}

#[test]
fn a_damaged_record_is_named_by_its_place() {
    let records = entries().map(|entry| record(entry, Mtype::PING));
    let start = written(true, &records[..1]).len();
    for junk in [&[0xff][..], &[0x80], &[0xa0], &[0x1c], &[0x9f, 0xff]] {
        let mut bytes = written(true, &records[..1]);
        bytes.extend_from_slice(junk);
        bytes.extend_from_slice(&[0; 8]);
        let mut reader = Reader::new(&bytes[..]).unwrap();
        assert!(reader.next().unwrap().is_ok());
        let error = reader.next().unwrap().unwrap_err();
        assert!(
            matches!(error, CaptureError::Damaged { at, .. } if at == start as u64),
            "{junk:x?}: {error:?}"
        );
        assert!(reader.next().is_none());
    }
    assert!(matches!(
        Reader::new(&[0x81, 0x00][..]),
        Err(CaptureError::NotCapture)
    ));
}

#[test]
fn other_versions_are_refused() {
    let mut bytes = written(true, &[]);
    let version = bytes.iter().position(|byte| *byte == 1).unwrap();
    bytes[version] = 2;
    assert!(matches!(
        Reader::new(&bytes[..]),
        Err(CaptureError::Version(2))
    ));
}

#[test]
fn records_are_limited() {
    let sized = |len: usize| {
        let mut record = record(Entry::Host, Mtype::PING);
        record.param = Some(vec![0; len]);
        let mut writer = Writer::new(Vec::new(), &about(true)).unwrap();
        let added = writer.add(&record, &outcome(Decision::Pass), 1);
        added.map(|()| writer.finish().unwrap())
    };
    let header = written(true, &[]).len();
    let around = sized(100_000).unwrap().len() - header - 100_000;
    let most = sized(RECORD_BYTES_MAX - around).unwrap();
    assert_eq!(read(&most).0.len(), 1);
    let past = sized(RECORD_BYTES_MAX - around + 1);
    assert!(matches!(past, Err(CaptureError::TooLong)));
    let mut endless = written(true, &[]);
    endless.extend_from_slice(&[0x5a, 0x7f, 0xff, 0xff, 0xff]);
    endless.resize(endless.len() + 2 * RECORD_BYTES_MAX, 0);
    let error = Reader::new(&endless[..])
        .unwrap()
        .next()
        .unwrap()
        .unwrap_err();
    assert!(matches!(error, CaptureError::TooLong), "{error:?}");
}

#[test]
fn a_replay_tells_what_changes() {
    let records = entries().map(|entry| record(entry, Mtype::PING));
    let bytes = written(false, &records);
    let stricter = |facts: &guard_policies::Facts<'_>| match facts.entry {
        Entry::Remote(_) | Entry::Host => outcome(Decision::Refuse),
        _ => outcome(Decision::Pass),
    };
    let reader = Reader::new(&bytes[..]).unwrap();
    let found = replay(reader, 1, |_| outcome(Decision::Pass), stricter).unwrap();
    assert_eq!((found.judged, found.changed, found.redacted), (4, 2, 4));
    assert_eq!((found.changes.len(), found.changes[0].at), (1, 2));
    assert_eq!(
        found.to_string(),
        "#2 remote: ping from 010101010101010101010101:5 to 020202020202020202020202:0, 39 bytes\n      \
         before pass by limits\n      \
         after  refuse by limits\n\
         2 of 4 messages are judged differently, the first 1 are shown; 4 were judged without their param"
    );
}

fn vectors() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/vectors/guard-capture.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &Value) -> Vec<u8> {
    let text = text.as_str().unwrap();
    let pairs = (0..text.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

fn entry_of(value: &Value) -> Entry {
    let number = |at: usize| u32::try_from(value[at].as_u64().unwrap()).unwrap();
    match value[0].as_str().unwrap() {
        "app" => Entry::App {
            principal: Principal {
                uid: number(1),
                gid: number(2),
                pid: i32::try_from(number(3)).unwrap(),
            },
            derived: value[4].as_bool().unwrap(),
        },
        "card" => Entry::Card(value[1].as_str().unwrap().parse().unwrap()),
        "remote" => Entry::Remote(unhex(&value[1]).try_into().unwrap()),
        _ => Entry::Host,
    }
}

fn captured_of(value: &Value) -> Captured {
    let id = |name: &str| value[name].as_str().unwrap().parse::<EntityId>().unwrap();
    let number = |name: &str| value[name].as_u64().unwrap();
    let truth = |name: &str| value[name].as_bool().unwrap();
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    let membership = &value["membership"];
    let groups = membership["groups"].as_array();
    Captured {
        record: Record {
            entry: entry_of(&value["entry"]),
            membership: groups.map(|groups| Membership {
                groups: groups
                    .iter()
                    .map(|it| it.as_u64().unwrap() as u32)
                    .collect(),
                cgroup: membership["cgroup"].as_str().unwrap().into(),
            }),
            header: Header {
                src: id("src"),
                dst: id("dst"),
                mtype: Mtype::by_name(value["mtype"].as_str().unwrap()).unwrap(),
            },
            size: number("size") as usize,
            now: Now {
                tick_ms: number("tick_ms"),
                unix_s: number("unix_s"),
            },
            is_src_local: truth("is_src_local"),
            is_dst_local: truth("is_dst_local"),
            is_owner: truth("is_owner"),
            param: value["param"].as_str().map(|_| unhex(&value["param"])),
        },
        outcome: Outcome {
            decision: Decision::by_name(value["decision"].as_str().unwrap()).unwrap(),
            policy: text("policy").unwrap(),
            reason: text("reason"),
        },
        generation: number("generation"),
    }
}

#[test]
fn captures_are_those_of_the_vector() {
    let vector = vectors();
    let header = &vector["header"];
    let about = About {
        software: header["software"].as_str().unwrap().into(),
        has_params: header["has_params"].as_bool().unwrap(),
    };
    let records: Vec<Captured> = vector["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(captured_of)
        .collect();
    let mut writer = Writer::new(Vec::new(), &about).unwrap();
    for captured in &records {
        let Captured {
            record,
            outcome,
            generation,
        } = captured;
        writer.add(record, outcome, *generation).unwrap();
    }
    let bytes = writer.finish().unwrap();
    assert_eq!(hex(&bytes), vector["bytes"].as_str().unwrap());
    assert_eq!(read(&unhex(&vector["bytes"])).0, records);
}
