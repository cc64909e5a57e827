//! Auctions.

use pals::{AuctionTerms, Sale};
use serde_json::{Value, json};

use crate::session::roster::Roster;

pub(super) fn agreed(terms: &AuctionTerms, roster: &Roster) -> String {
    let price = match terms.is_vickrey {
        true => "at the second highest price and at least",
        false => "at that price, which is at least",
    };
    let reserve = terms.reserve;
    let told = match terms.is_price_public {
        true => "All learn the price, but not who pays it",
        false => "The price is told to who wins",
    };
    let auctioneer = terms.auctioneer.map(usize::from);
    let auctioneer = auctioneer.and_then(|at| roster.name(at));
    let auctioneer = auctioneer.map_or(String::new(), |name| {
        format!("; {name} learns who wins at which price, and does not bid")
    });
    format!("Who bids most wins, {price} {reserve}. {told}{auctioneer}.")
}

pub(super) fn told(sale: &Sale, roster: &Roster) -> String {
    match sale {
        Sale::Unsold => "Nobody won: no bid reached the lowest price.".into(),
        Sale::Lost(None) => "You did not win.".into(),
        Sale::Lost(Some(price)) => format!("You did not win. The price is {price}."),
        Sale::Won(price) => format!("You won, at the price of {price}."),
        Sale::Sold(winner, price) => {
            let winner = roster.name(usize::from(*winner)).unwrap_or("somebody");
            format!("{winner} won, at the price of {price}.")
        }
    }
}

/// `winner` is null for who is not told.
pub(super) fn facts(sale: &Sale, me: usize) -> Value {
    let (sold, won, winner, price) = match *sale {
        Sale::Unsold => (false, false, None, None),
        Sale::Lost(price) => (true, false, None, price),
        Sale::Won(price) => (true, true, Some(me), Some(price)),
        Sale::Sold(winner, price) => (true, false, Some(usize::from(winner)), Some(price)),
    };
    json!({ "sold": sold, "won": won, "winner": winner, "price": price })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_auctions_are_told_apart() {
        let roster = Roster::of_names(0, &["a (you)", "b"]);
        let mut terms = AuctionTerms {
            is_vickrey: true,
            reserve: 7,
            auctioneer: None,
            is_price_public: false,
        };
        let vickrey = agreed(&terms, &roster);
        assert!(vickrey.contains("second highest price and at least 7"));
        terms.is_vickrey = false;
        terms.auctioneer = Some(1);
        let first = agreed(&terms, &roster);
        assert!(first.contains("at that price, which is at least 7"));
        assert!(first.ends_with("; b learns who wins at which price, and does not bid."));
    }

    #[test]
    fn the_auctioneer_reads_a_name() {
        let roster = Roster::of_names(0, &["a (you)", "b"]);
        let sold = Sale::Sold(1, 70);
        assert_eq!(told(&sold, &roster), "b won, at the price of 70.");
        assert_eq!(facts(&sold, 0)["winner"], 1);
        assert_eq!(facts(&Sale::Unsold, 0)["sold"], false);
        assert!(told(&Sale::Unsold, &roster).starts_with("Nobody won"));
    }
}
