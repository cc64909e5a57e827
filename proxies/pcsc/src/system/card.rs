//! The real PC/SC.

use std::ffi::CString;

use pcsc::{Card, Context, Disposition, Error, Protocols, Scope, ShareMode, Status};

use crate::service::{Fault, Opened, Power, Service, Sharing, carry_with};
use crate::transport::{Protocol, Transport};

/// `CM_IOCTL_GET_FEATURE_REQUEST` (PC/SC part 10, 2.2).
const GET_FEATURES: u32 = 3_400;
/// The feature that gives properties of the reader (PC/SC part 10, 2.6).
const FEATURE_PROPERTIES: u8 = 0x12;
/// The property `dwMaxAPDUDataSize` (PC/SC part 10, 2.6.8).
const PROPERTY_DATA_MAX: u8 = 0x0A;

/// PC/SC of this machine, for one card.
pub struct System {
    context: Option<Context>,
    card: Option<Card>,
    /// What the open card's reader says of itself.
    reader_data_max: Option<u32>,
    received: Box<[u8]>,
}

impl Default for System {
    fn default() -> Self {
        Self {
            context: None,
            card: None,
            reader_data_max: None,
            received: vec![0; pcsc::MAX_BUFFER_SIZE_EXTENDED].into(),
        }
    }
}

impl Service for System {
    fn establish(&mut self) -> Result<(), Error> {
        self.release();
        self.context = Some(Context::establish(Scope::System)?);
        Ok(())
    }

    fn connect(&mut self, reader: &str, sharing: Sharing) -> Result<Opened, Error> {
        self.close();
        let context = self.context.as_ref().ok_or(Error::InvalidHandle)?;
        let reader = CString::new(reader).map_err(|_| Error::UnknownReader)?;
        let card = context.connect(&reader, mode(sharing), Protocols::ANY)?;
        self.reader_data_max = data_max(&card);
        let opened = opened(&card, self.reader_data_max);
        self.card = Some(card);
        opened.inspect_err(|_| self.close())
    }

    fn reconnect(&mut self, sharing: Sharing, power: Power) -> Result<Opened, Error> {
        let card = self.card.as_mut().ok_or(Error::InvalidHandle)?;
        let disposition = match power {
            Power::Leave => Disposition::LeaveCard,
            Power::Reset => Disposition::ResetCard,
        };
        card.reconnect(mode(sharing), Protocols::ANY, disposition)?;
        opened(card, self.reader_data_max)
    }

    fn has_power(&mut self) -> Result<bool, Error> {
        let card = self.card.as_ref().ok_or(Error::InvalidHandle)?;
        Ok(card.status2_owned()?.status().contains(Status::POWERED))
    }

    fn carry(&mut self, sharing: Sharing, transport: &mut Transport) -> Result<Vec<u8>, Fault> {
        let gone = Fault::Service(Error::InvalidHandle);
        let card = self.card.as_mut().ok_or(gone)?;
        match sharing {
            Sharing::Exclusive => carry_over(card, transport, &mut self.received),
            Sharing::Shared => {
                let transaction = card.transaction().map_err(Fault::Service)?;
                let carried = carry_over(&transaction, transport, &mut self.received);
                // A card that was reset or pulled has no transaction to end.
                let _ = transaction.end(Disposition::LeaveCard);
                carried
            }
        }
    }

    fn close(&mut self) {
        if let Some(card) = self.card.take()
            && let Err((card, _)) = card.disconnect(Disposition::LeaveCard)
        {
            // A handle that cannot be closed has no card that could be reset.
            drop(card);
        }
    }

    fn release(&mut self) {
        self.close();
        self.context = None;
    }
}

impl Drop for System {
    fn drop(&mut self) {
        self.release();
    }
}

fn mode(sharing: Sharing) -> ShareMode {
    match sharing {
        Sharing::Exclusive => ShareMode::Exclusive,
        Sharing::Shared => ShareMode::Shared,
    }
}

fn opened(card: &Card, reader_data_max: Option<u32>) -> Result<Opened, Error> {
    let status = card.status2_owned()?;
    Ok(Opened {
        protocol: match status.protocol2() {
            Some(pcsc::Protocol::T0) => Protocol::T0,
            _ => Protocol::T1,
        },
        reader_data_max,
        atr: status.atr().to_vec(),
    })
}

fn carry_over(
    card: &Card,
    transport: &mut Transport,
    received: &mut [u8],
) -> Result<Vec<u8>, Fault> {
    carry_with(transport, |apdu, transport| {
        let response = card.transmit(apdu, received).map_err(Fault::Service)?;
        transport.received(response).map_err(Fault::Transport)
    })
}

/// What the reader carries, if its driver tells: many do not.
fn data_max(card: &Card) -> Option<u32> {
    let mut buffer = [0; pcsc::MAX_BUFFER_SIZE];
    let features = card.control(pcsc::ctl_code(GET_FEATURES.into()), &[], &mut buffer);
    let code = big_endian(field(features.ok()?, FEATURE_PROPERTIES)?)?;
    let properties = card.control(code.into(), &[], &mut buffer).ok()?;
    little_endian(field(properties, PROPERTY_DATA_MAX)?)
}

/// The value of a field: tag, length, value.
fn field(mut fields: &[u8], tag: u8) -> Option<&[u8]> {
    loop {
        let (&[found, length], rest) = fields.split_first_chunk()?;
        let (value, after) = rest.split_at_checked(length.into())?;
        if found == tag {
            return Some(value);
        }
        fields = after;
    }
}

fn big_endian(value: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(value.try_into().ok()?))
}

fn little_endian(value: &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(value.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_their_tag_and_cut_ones_are_not() {
        let fields = [0x06, 4, 1, 2, 3, 4, 0x0A, 4, 0, 0, 1, 0, 0x0B, 2, 9];
        assert_eq!(field(&fields, 0x0A).and_then(little_endian), Some(0x10000));
        assert_eq!(field(&fields, 0x06).and_then(big_endian), Some(0x0102_0304));
        assert_eq!(field(&fields, 0x0B), None);
        assert_eq!(field(&fields, 0x12), None);
        assert_eq!(field(&[], 0x12), None);
        assert_eq!(little_endian(&[1, 2]), None);
    }
}
