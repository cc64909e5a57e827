//! The word by which members know each other.

use std::fmt;
use std::str::FromStr;

use libetp::EntityId;
use libetp::client::text::hex;
use libetp::digest::Hash;
use libetp::id::parse_hex;
use libetp::params::pals::Member;

/// A member's card and program in one word: `KEY@ID`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberCode {
    /// Key id of the card.
    pub key: Hash,
    /// The owner's program.
    pub program: EntityId,
}

/// Why a word is no [`MemberCode`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a member code is KEY@ID, as `pals id` prints it: 64 hexadecimal digits, @, and the id of a program"
)]
pub struct MemberCodeError;

impl MemberCode {
    /// As a descriptor names it.
    pub fn member(&self) -> Member {
        Member {
            key: self.key,
            program: self.program,
        }
    }
}

impl From<&Member> for MemberCode {
    fn from(member: &Member) -> Self {
        Self {
            key: member.key,
            program: member.program,
        }
    }
}

impl fmt::Display for MemberCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", hex(&self.key), self.program)
    }
}

impl FromStr for MemberCode {
    type Err = MemberCodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (key, program) = text.split_once('@').ok_or(MemberCodeError)?;
        let program: EntityId = program.parse().map_err(|_| MemberCodeError)?;
        if !program.port.is_assignable() {
            return Err(MemberCodeError);
        }
        let key = parse_hex(key).ok_or(MemberCodeError)?;
        Ok(Self { key, program })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_reads_back_and_others_are_refused() {
        let key = "ab".repeat(32);
        let word = format!("{key}@02aabbccddeeff0011223344:7");
        let code: MemberCode = word.parse().unwrap();
        assert_eq!(code.to_string(), word);
        assert_eq!(MemberCode::from(&code.member()), code);
        let card = format!("{key}@02aabbccddeeff0011223344:0");
        for wrong in [
            "",
            "@",
            key.as_str(),
            "ab@02aabbccddeeff0011223344:7",
            &card,
        ] {
            assert_eq!(wrong.parse::<MemberCode>(), Err(MemberCodeError), "{wrong}");
        }
    }
}
