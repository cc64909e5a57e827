//! A function without a card.

use crate::{Function, Inputs};

/// What a session tells its function beside the inputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Session<'s> {
    /// Which session it is. Nobody could choose it.
    pub id: [u8; 32],
    /// The parameters of the function: public, and the same for all members.
    pub parameters: &'s [u8],
}

/// What member `me` is told if the members give this, in a session without parameters: [`Session::evaluate`].
///
/// # Panics
/// As that does.
pub fn evaluate<F: Function>(values: &[Option<impl AsRef<[u8]>>], me: usize) -> Vec<u8> {
    Session::default().evaluate::<F>(values, me)
}

impl Session<'_> {
    /// What member `me` is told if the members give this: `None` is a member without a value. It goes the way that it
    /// goes on a card, encoded and read again.
    ///
    /// # Panics
    /// If the function does, or there is no member `me`. On a card the first is a result for nobody.
    pub fn evaluate<F: Function>(&self, values: &[Option<impl AsRef<[u8]>>], me: usize) -> Vec<u8> {
        let encoded = self.encode(values, me);
        let inputs = Inputs::read(&encoded);
        F::run(&inputs.expect("`me` is one of the members"))
    }

    /// What a card writes into the module's memory. Values shorter than the longest are ended with zeros, as members
    /// do.
    ///
    /// # Panics
    /// If there are more than 65,535 members or bytes of parameters, or a value is longer than 4 GiB.
    pub fn encode(&self, values: &[Option<impl AsRef<[u8]>>], me: usize) -> Vec<u8> {
        let values = values.iter().map(|value| value.as_ref().map(AsRef::as_ref));
        let value_bytes = values.clone().flatten().map(<[u8]>::len).max();
        let value_bytes = value_bytes.unwrap_or_default();
        let number = |of: usize| u16::try_from(of).expect("at most 65,535").to_be_bytes();
        let len = u32::try_from(value_bytes).expect("values shorter than 4 GiB");
        let mut to = Vec::new();
        to.extend(number(values.len()));
        to.extend(number(me));
        to.extend(self.id);
        to.extend(number(self.parameters.len()));
        to.extend(self.parameters);
        to.extend(len.to_be_bytes());
        for value in values {
            to.push(u8::from(value.is_some()));
            let end = to.len() + value_bytes;
            to.extend_from_slice(value.unwrap_or_default());
            to.resize(end, 0);
        }
        to
    }
}
