//! What programs and cards write.

use libetp::client::control::{self, ControlReply, ControlRequest};
use libetp::codec::{self, Decode, Encode, canonical};
use libetp::frame::{self, body};
use libetp::params::{Privileged, host, keys, runtime, voucher};
use libetp::{EntityId, Message};

pub(crate) fn canonical(bytes: &[u8]) {
    let _ = canonical::validate(bytes);
}

pub(crate) fn message(bytes: &[u8]) {
    if let Ok(message) = Message::from_bytes(bytes) {
        assert_eq!(message.to_bytes(), bytes);
    }
    let text = core::str::from_utf8(bytes).unwrap_or_default();
    if let Ok(id) = text.parse::<EntityId>() {
        assert_eq!(id.to_string().parse(), Ok(id));
    }
}

/// What is accepted is the same bytes when written again.
fn one_form<T: Encode + Decode>(bytes: &[u8]) {
    if let Ok(value) = codec::from_slice::<T>(bytes) {
        assert_eq!(codec::to_vec(&value), bytes);
    }
}

macro_rules! one_form {
    ($bytes:expr => $($type:ty),* $(,)?) => { $(one_form::<$type>($bytes);)* };
}

pub(crate) fn params(bytes: &[u8]) {
    one_form!(bytes => Privileged, host::Undeliverable, host::Ping, keys::Sign, keys::Verify,
        runtime::Hello, runtime::Statement, runtime::Auth, runtime::AuthPayload,
        runtime::SetPinPayload, runtime::AuthFailed, runtime::OrderRefused, runtime::CardInfo,
        voucher::StartExchange, voucher::Offer, voucher::Agreement, voucher::Confirmation,
        voucher::Commitment, voucher::ExchangeResult, voucher::Issue, voucher::Redeem,
        voucher::Vouchers, voucher::Exchanges, body::Hello, body::Acquire, body::Resume,
        body::Derive, body::Token, body::Acquired, body::VerdictBody, body::Closing);
}

pub(crate) fn socket_frame(bytes: &[u8]) {
    let mut rest = bytes;
    while let Ok(Some((frame, used))) = frame::parse(rest) {
        let mut again = Vec::new();
        frame::write(&mut again, frame.kind, frame.number, &[frame.body]);
        assert_eq!(again, &rest[..used]);
        rest = &rest[used..];
    }
}

pub(crate) fn control(bytes: &[u8]) {
    let _ = control::decode::<ControlRequest>(bytes);
    let _ = control::decode::<ControlReply>(bytes);
}
