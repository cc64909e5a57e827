//! What a card and its host write to each other, and the process between them.

use card_proxy::socket::{Answer, Request};
use libetp::exchange::apdu::Apdu;
use libetp::exchange::{Command, ExchangeReply, SelectReply, split};
use libetp::frame;

pub(crate) fn command(bytes: &[u8]) {
    apdu(bytes);
    match Command::parse(bytes) {
        Ok(Command::Exchange(exchange)) => {
            exchange
                .messages()
                .for_each(|message| assert!(message.wire_len() <= bytes.len()));
            let written = exchange.to_bytes();
            assert_eq!(Command::parse(&written), Ok(Command::Exchange(exchange)));
        }
        Ok(Command::Select(select)) => {
            assert_eq!(
                Command::parse(&select.to_bytes()),
                Ok(Command::Select(select))
            );
        }
        Err(error) => assert!(!error.status_word().is_success()),
    }
}

fn apdu(bytes: &[u8]) {
    if let Ok(apdu) = Apdu::parse(bytes) {
        let mut written = Vec::new();
        match apdu.is_short() {
            true => apdu.write_short(&mut written),
            false => apdu.write_extended(&mut written),
        }
        assert_eq!(Apdu::parse(&written), Ok(apdu));
    }
}

pub(crate) fn reply(bytes: &[u8]) {
    let _ = split(bytes);
    if let Ok(reply) = SelectReply::parse(bytes) {
        assert_eq!(reply.to_data(), &bytes[..bytes.len() - 2]);
    }
    let _ = ExchangeReply::parse(bytes);
}

pub(crate) fn socket(bytes: &[u8]) {
    let mut rest = bytes;
    while let Ok(Some((frame, used))) = frame::parse(rest) {
        let mut again = Vec::new();
        if let Ok(request) = Request::read(&frame) {
            request.write(&mut again, frame.number);
        } else if let Ok(answer) = Answer::read(&frame) {
            answer.write(&mut again, frame.number);
        } else {
            return;
        }
        assert_eq!(again, &rest[..used]);
        rest = &rest[used..];
    }
}
