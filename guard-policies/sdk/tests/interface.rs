//! The plugin's side of `docs/protocol/guard-plugin.md`, held to its vectors.

use etp_guard::export::{Buffer, State};
use etp_guard::limits::{BUFFER_BYTES, PARAM_BYTES_MAX, REASON_BYTES_MAX};
use etp_guard::{Complaint, Context, Entry, Guard, Message, Output, Settings, Verdict};
use serde_json::Value;

fn vectors() -> Value {
    let text = include_str!("../../../docs/vectors/guard-plugin.json");
    serde_json::from_str(text).expect("JSON")
}

fn bytes(vector: &Value) -> Vec<u8> {
    let hex = vector.as_str().expect("hexadecimal digits");
    let pairs = (0..hex.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex"))
        .collect()
}

/// A plugin with the memory that it shares with the host.
struct Running<G> {
    state: State<G>,
    buffer: Box<Buffer>,
    output: Box<Output>,
    log: Vec<String>,
}

impl<G: Guard> Running<G> {
    fn new() -> Self {
        Self {
            state: State::NEW,
            buffer: Box::new([0; BUFFER_BYTES]),
            output: Box::new(Output::EMPTY),
            log: Vec::new(),
        }
    }

    fn put(&mut self, input: &[u8]) -> i32 {
        self.buffer[..input.len()].copy_from_slice(input);
        input.len() as i32
    }

    /// The code, and what is in the buffer.
    fn check(&mut self, input: &[u8]) -> (i64, &[u8]) {
        let len = self.put(input);
        let log = &mut self.log;
        let answer = self.state.check(
            &mut self.buffer,
            &mut self.output,
            &mut |line| log.push(line.into()),
            len,
        );
        (
            answer >> 32,
            &self.buffer[..(answer & 0xffff_ffff) as usize],
        )
    }

    fn configure(&mut self, settings: &[u8]) -> Result<(), String> {
        let len = self.put(settings);
        let answer = self
            .state
            .configure(&mut self.buffer, &mut self.output, len);
        match answer {
            0 => Ok(()),
            len => Err(String::from_utf8_lossy(&self.buffer[..len as usize]).into_owned()),
        }
    }
}

/// Logs every message as it reads it.
#[derive(Default)]
struct Reader;

impl Guard for Reader {
    fn check(&mut self, message: &Message<'_>, cx: &mut Context<'_>) -> Verdict {
        let groups = message.credentials.and_then(|who| who.groups);
        let groups = groups.map(|groups| groups.iter().collect::<Vec<_>>());
        let Message {
            entry, src, dst, ..
        } = message;
        cx.log(&format!("{entry:?} {src:?} {dst:?} {:#x}", message.mtype));
        cx.log(&format!("{groups:?} {} {:?}", cx.tick_ms(), message.param));
        Verdict::Pass
    }
}

#[test]
fn inputs_are_read_as_they_were_meant() {
    let vectors = vectors();
    let read = |name: &str| {
        let mut running = Running::<Reader>::new();
        assert_eq!(running.check(&bytes(&vectors["inputs"][name])).0, 0);
        running.log
    };
    let hello = Some(b"hello");
    let ids = "02686572652d69742d69732e:7 0274686572652d69742d6973:9 0xc001";
    for (name, entry, groups) in [
        ("from a program", Entry::App, Some(vec![4, 27])),
        ("from a program of which little is known", Entry::App, None),
        ("from a card", Entry::Card, None),
        ("from another host", Entry::Remote, None),
        ("from the daemon", Entry::Host, None),
    ] {
        let log = read(name);
        assert_eq!(log[0], format!("{entry:?} {ids}"), "{name}");
        assert_eq!(log[1], format!("{groups:?} 61000 {hello:?}"), "{name}");
    }
    assert!(read("with a secret param")[1].ends_with("61000 None"));
}

#[test]
fn what_is_no_input_traps() {
    let vectors = vectors();
    let whole = bytes(&vectors["inputs"]["from a program"]);
    for cut in 0..whole.len() {
        let input = whole[..cut].to_vec();
        let checking = std::panic::catch_unwind(move || {
            Running::<Reader>::new().check(&input);
        });
        assert!(checking.is_err(), "cut at {cut}");
    }
}

/// Takes the settings of the vector and no others.
#[derive(Default)]
struct Picky;

impl Guard for Picky {
    fn check(&mut self, _: &Message<'_>, _: &mut Context<'_>) -> Verdict {
        Verdict::Pass
    }

    fn configure<'s>(&mut self, settings: &Settings<'s>) -> Result<(), Complaint<'s>> {
        settings.only(&["night", "refuse", "wait_s", "words"])?;
        assert_eq!(settings.number("wait_s", 1..=60, 5)?, 60);
        assert_eq!(settings.boolean("refuse")?, Some(true));
        let mut words = settings.list("words")?.expect("set");
        assert_eq!((words.left(), words.next_integer()), (2, None));
        assert_eq!(
            [words.next_text(), words.next_text()],
            [Some("quiet"), Some("please")]
        );
        assert_eq!((words.left(), words.next_text()), (0, None));
        let night = settings.table("night")?.expect("set");
        assert_eq!(night.text("from")?, Some("22:00"));
        assert_eq!(night.integer("offset")?, Some(-3));
        assert_eq!(night.number("until", 0..=9, 7)?, 7);
        for complaint in [
            settings.integer("words").err(),
            settings.number("wait_s", 61..=70, 61).err(),
            settings.table("wait_s").err(),
            settings.table("words").err(),
            settings.list("refuse").err(),
            settings.text("refuse").err(),
            settings.boolean("wait_s").err(),
        ] {
            assert!(complaint.is_some());
        }
        night.only(&["from"])
    }
}

#[test]
fn settings_are_read_and_misspelt_ones_found() {
    let settings = bytes(&vectors()["settings"]["bytes"]);
    let complaint = Running::<Picky>::new().configure(&settings);
    assert_eq!(
        complaint,
        Err("`offset` is no setting of this plugin".into())
    );
    assert_eq!(Running::<Reader>::new().configure(&[0x80]), Ok(()));
    let unknown = Running::<Reader>::new().configure(&settings);
    assert_eq!(unknown, Err("`night` is no setting of this plugin".into()));
}

/// A reason whose limit falls inside a character.
fn long() -> &'static str {
    let text = "x".repeat(REASON_BYTES_MAX - 1) + "\u{e9} and more";
    Box::leak(text.into_boxed_str())
}

/// Answers with the verdict that its param numbers.
#[derive(Default)]
struct Speaking;

impl Guard for Speaking {
    fn check(&mut self, message: &Message<'_>, cx: &mut Context<'_>) -> Verdict {
        match message.param {
            Some(b"drop") => Verdict::Drop("a"),
            Some(b"refuse") => Verdict::Refuse("bc"),
            Some(b"hold") => Verdict::Hold("def"),
            Some(b"long") => Verdict::Refuse(long()),
            Some(b"full") => {
                cx.rewrite().write(&[7; PARAM_BYTES_MAX]);
                Verdict::Rewrite
            }
            Some(b"past") => {
                cx.rewrite().write(&[7; PARAM_BYTES_MAX]).write(&[7]);
                Verdict::Rewrite
            }
            _ => {
                cx.rewrite().write(b"thrown away");
                cx.rewrite().write(b"new ").write(b"param");
                Verdict::Rewrite
            }
        }
    }
}

fn saying(param: &[u8]) -> (i64, Vec<u8>) {
    let mut input = bytes(&vectors()["inputs"]["from a card"]);
    input.truncate(input.len() - 6);
    input.push(0x40 + param.len() as u8);
    input.extend(param);
    let mut running = Running::<Speaking>::new();
    let (code, out) = running.check(&input);
    (code, out.to_vec())
}

#[test]
fn verdicts_are_written_as_the_host_reads_them() {
    assert_eq!(saying(b"drop"), (1, b"a".to_vec()));
    assert_eq!(saying(b"refuse"), (2, b"bc".to_vec()));
    assert_eq!(saying(b"hold"), (3, b"def".to_vec()));
    assert_eq!(saying(b""), (4, b"new param".to_vec()));
}

#[test]
fn output_has_the_limits_of_the_host() {
    let (_, reason) = saying(b"long");
    let reason = String::from_utf8(reason).expect("no character is cut in two");
    assert_eq!(reason.len(), REASON_BYTES_MAX - 1);
    assert_eq!(saying(b"full"), (4, vec![7; PARAM_BYTES_MAX]));
    assert!(std::panic::catch_unwind(|| saying(b"past")).is_err());
}
