//! Denied access, and what only looks like it.

use pcsc::Error;

/// How often access may be denied in a row until it is said that it is: a service that is about to begin or to end
/// says so, too.
pub const DENIALS_MAX: u32 = 5;

/// Denials in a row.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Denials(u32);

impl Denials {
    /// What an error is to be called.
    pub(crate) fn count(&mut self, error: Error) -> Error {
        if error != Error::SecurityViolation {
            return error;
        }
        self.0 = self.0.saturating_add(1);
        match self.0 <= DENIALS_MAX {
            true => Error::NoService,
            false => error,
        }
    }

    /// There is access.
    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_denials_are_a_service_that_is_not_there_and_one_more_is_a_denial() {
        let mut denials = Denials::default();
        for _ in 0..DENIALS_MAX {
            assert_eq!(denials.count(Error::SecurityViolation), Error::NoService);
            assert_eq!(denials.count(Error::CommError), Error::CommError);
        }
        let denied = Error::SecurityViolation;
        assert_eq!(denials.count(denied), denied);
        denials.reset();
        assert_eq!(denials.count(denied), Error::NoService);
    }
}
