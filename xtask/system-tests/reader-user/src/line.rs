//! The lines that it is told and answers.

use pcsc::{Disposition, ShareMode, State};

/// What it is told.
pub(crate) enum Line {
    Connect(ShareMode),
    Transmit(Vec<u8>),
    Repeat(usize, Vec<u8>),
    Begin,
    End,
    Wait(State),
    Disconnect(Disposition),
    /// Nothing that is known.
    Unknown,
}

impl Line {
    pub(crate) fn parse(line: &str) -> Self {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["connect", "shared"] => Self::Connect(ShareMode::Shared),
            ["connect", "exclusive"] => Self::Connect(ShareMode::Exclusive),
            ["connect", "direct"] => Self::Connect(ShareMode::Direct),
            ["transmit", command] => bytes(command).map_or(Self::Unknown, Self::Transmit),
            ["repeat", count, command] => {
                let parsed = count.parse().ok().zip(bytes(command));
                parsed.map_or(Self::Unknown, |(count, command)| {
                    Self::Repeat(count, command)
                })
            }
            ["begin"] => Self::Begin,
            ["end"] => Self::End,
            ["wait", "inserted"] => Self::Wait(State::PRESENT),
            ["wait", "empty"] => Self::Wait(State::EMPTY),
            ["disconnect", "leave"] => Self::Disconnect(Disposition::LeaveCard),
            ["disconnect", "reset"] => Self::Disconnect(Disposition::ResetCard),
            ["disconnect", "unpower"] => Self::Disconnect(Disposition::UnpowerCard),
            _ => Self::Unknown,
        }
    }
}

/// Answers a line.
pub(crate) fn answer(done: Result<String, pcsc::Error>) {
    match done {
        Ok(words) => println!("ok {words}"),
        Err(error) => println!("{error:?}"),
    }
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits = hex.as_bytes().chunks(2).map(std::str::from_utf8);
    digits
        .map(|pair| u8::from_str_radix(pair.ok()?, 16).ok())
        .collect()
}
