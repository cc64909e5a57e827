//! The bytes of `docs/vectors/card-socket.json`.

use card_proxy::socket::{Absent, Answer, Failed, Present, Reason, Request};
use libetp::frame;
use serde_json::Value;

const VECTORS: &str = include_str!("../../../../docs/vectors/card-socket.json");

fn vectors(part: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(VECTORS).expect("JSON");
    all[part].as_array().expect("a list").clone()
}

fn bytes(of: &Value) -> Vec<u8> {
    let text = of.as_str().expect("hexadecimal digits");
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal digits");
    (0..text.len()).step_by(2).map(byte).collect()
}

fn text(of: &Value) -> String {
    of.as_str().expect("text").into()
}

fn number(of: &Value) -> u64 {
    of.as_u64().expect("a number")
}

#[test]
fn requests_are_those_of_the_vectors() {
    for vector in vectors("requests") {
        let command = bytes(&vector["command"].as_str().unwrap_or_default().into());
        let request = match vector["kind"].as_str() {
            Some("HELLO") => Request::Hello {
                version: number(&vector["version"]) as u8,
                software: text(&vector["software"]),
            },
            Some("TRANSMIT") => Request::Transmit(&command),
            Some("RESET") => Request::Reset,
            other => panic!("{other:?}"),
        };
        let (expected, mut written) = (bytes(&vector["bytes"]), Vec::new());
        request.write(&mut written, number(&vector["number"]));
        assert_eq!(written, expected, "{}", vector["name"]);
        let (frame, taken) = frame::parse(&expected).expect("a frame").expect("whole");
        assert_eq!(taken, expected.len());
        assert_eq!(Request::read(&frame).expect("good"), request);
    }
}

#[test]
fn answers_are_those_of_the_vectors() {
    for vector in vectors("answers") {
        let response = bytes(&vector["response"].as_str().unwrap_or_default().into());
        let answer = match vector["kind"].as_str() {
            Some("PRESENT") => Answer::Present(Present {
                version: number(&vector["version"]) as u8,
                server: text(&vector["server"]),
                command_bytes_max: number(&vector["command_bytes_max"]) as u32,
            }),
            Some("RESPONSE") => Answer::Response(&response),
            Some("POWERED") => Answer::Powered,
            Some("ABSENT") => Answer::Absent(Absent::new(&text(&vector["detail"]))),
            Some("FAILED") => Answer::Failed(Failed::new(
                Reason::from_u8(number(&vector["reason"]) as u8).expect("a reason"),
                &text(&vector["detail"]),
            )),
            other => panic!("{other:?}"),
        };
        let (expected, mut written) = (bytes(&vector["bytes"]), Vec::new());
        answer.write(&mut written, number(&vector["number"]));
        assert_eq!(written, expected, "{}", vector["name"]);
        let (frame, _) = frame::parse(&expected).expect("a frame").expect("whole");
        assert_eq!(Answer::read(&frame).expect("good"), answer);
    }
}

#[test]
fn malformed_frames_are_refused() {
    for vector in vectors("malformed") {
        let bytes = bytes(&vector["bytes"]);
        let frame = frame::parse(&bytes).ok().flatten();
        let read =
            |(frame, _): &(_, _)| Request::read(frame).is_ok() || Answer::read(frame).is_ok();
        assert!(!frame.as_ref().is_some_and(read), "{}", vector["name"]);
    }
}
