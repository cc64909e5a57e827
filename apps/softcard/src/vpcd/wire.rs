//! Frames between the virtual reader and its card: `u16 length | body`, big endian, both ways.
//!
//! A body of one byte may be an order to the card; any other is a command APDU. Power and reset are not
//! answered, the other two are.

/// Most bytes of a body, in either direction.
pub const BODY_BYTES_MAX: usize = u16::MAX as usize;
/// Bytes before a body.
const PREFIX_BYTES: usize = 2;

const POWER_OFF: u8 = 0x00;
const POWER_ON: u8 = 0x01;
const RESET: u8 = 0x02;
const SEND_ATR: u8 = 0x04;

/// What the reader says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// The card loses its power.
    PowerOff,
    /// The card gets power.
    PowerOn,
    /// The card loses its memory and keeps its power.
    Reset,
    /// Say the ATR. With this the reader asks, twice a second, whether the card is there.
    SendAtr,
    /// Carry out a command APDU. It may be of any length, and empty.
    Transmit(Vec<u8>),
}

impl Order {
    fn from_body(body: &[u8]) -> Self {
        match body {
            [POWER_OFF] => Self::PowerOff,
            [POWER_ON] => Self::PowerOn,
            [RESET] => Self::Reset,
            [SEND_ATR] => Self::SendAtr,
            command => Self::Transmit(command.to_vec()),
        }
    }
}

/// Takes the first whole frame out of what was read so far, if there is one.
pub fn take(read: &mut Vec<u8>) -> Option<Order> {
    let (prefix, rest) = read.split_first_chunk::<PREFIX_BYTES>()?;
    let length = usize::from(u16::from_be_bytes(*prefix));
    let order = Order::from_body(rest.get(..length)?);
    read.drain(..PREFIX_BYTES + length);
    Some(order)
}

/// An answer as a frame. `None` if it is too long for one, or empty: for more than the length of an empty
/// answer the reader would wait for ever.
pub fn frame(body: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(body.len())
        .ok()
        .filter(|length| *length > 0)?;
    Some([&length.to_be_bytes(), body].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read_one_by_one_however_they_arrive() {
        let select = [0, 0xA4, 4, 0];
        let said = [
            &[0, 1, 4, 0, 1, 1][..],
            &[0, 4],
            &select,
            &[0, 1, 2, 0, 1, 0, 0, 1, 3, 0, 0],
        ];
        let expected = [
            Order::SendAtr,
            Order::PowerOn,
            Order::Transmit(select.to_vec()),
            Order::Reset,
            Order::PowerOff,
            Order::Transmit(vec![3]),
            Order::Transmit(vec![]),
        ];
        let (mut read, mut orders) = (Vec::new(), Vec::new());
        for byte in said.concat() {
            read.push(byte);
            orders.extend(take(&mut read));
        }
        assert_eq!(orders, expected);
        assert!(read.is_empty());
        let mut at_once = said.concat();
        let orders: Vec<_> = std::iter::from_fn(|| take(&mut at_once)).collect();
        assert_eq!(orders, expected);
    }

    #[test]
    fn answers_have_from_one_byte_to_the_most_that_the_length_tells() {
        assert_eq!(frame(&[]), None);
        assert_eq!(frame(&[0x90, 0]), Some(vec![0, 2, 0x90, 0]));
        let longest = frame(&[7; BODY_BYTES_MAX]).unwrap_or_default();
        assert_eq!(longest[..3], [0xFF, 0xFF, 7]);
        assert_eq!(longest.len(), BODY_BYTES_MAX + 2);
        assert_eq!(frame(&[7; BODY_BYTES_MAX + 1]), None);
    }
}
