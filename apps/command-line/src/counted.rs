//! Numbers with their nouns.

/// `1 message`, `2 messages`.
pub fn counted(count: u64, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_not_many() {
        let said: Vec<_> = (0..3).map(|n| counted(n, "card", "cards")).collect();
        assert_eq!(said, ["0 cards", "1 card", "2 cards"]);
    }
}
