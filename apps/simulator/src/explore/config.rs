//! What is explored: who has what, who may do what how often, what may go wrong.

/// A voucher, by one letter.
pub(crate) type Name = char;

/// Bounds of an exploration. Everything within them is tried.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is about.
    pub about: &'static str,
    /// Vouchers that card A and card B hold at the beginning, a letter each.
    pub(crate) held: [&'static str; 2],
    /// All vouchers that there are.
    pub(crate) vouchers: &'static str,
    /// How often each card may begin an exchange.
    pub(crate) starts: [u8; 2],
    /// How often each card may agree to one.
    pub(crate) accepts: [u8; 2],
    /// How often each card may open itself for an issue.
    pub(crate) issues: [u8; 2],
    /// What the issuer signs for any open card, as often as it is asked.
    pub(crate) issued: &'static str,
    /// What may be redeemed.
    pub(crate) redeemed: &'static str,
    /// Whether A's offers may be for X, beside B.
    pub(crate) offers_to_x: bool,
    /// Whether there is X, a broken card with a good certificate.
    pub(crate) x: bool,
    /// Whether X asks the third party also about exchanges that no honest card is in.
    pub(crate) x_asks_about_all: bool,
    /// Whether hosts alter m1: nobody signs it.
    pub(crate) altered: bool,
    /// Whether power fails after a transaction and all that it sent is lost.
    pub(crate) torn: bool,
    /// Whether S_B forgets what repeats m4.
    pub(crate) forgets_done: bool,
    /// Whether results are acknowledged some time or never, or else at once.
    pub(crate) acknowledged_late: bool,
    /// Whether the ordinary tests have the time for it.
    pub quick: bool,
}

impl Config {
    const fn new(name: &'static str, about: &'static str) -> Self {
        Self {
            name,
            about,
            held: ["p", "qr"],
            vouchers: "pqr",
            starts: [2, 0],
            accepts: [0, 2],
            issues: [0, 0],
            issued: "",
            redeemed: "",
            offers_to_x: false,
            x: false,
            x_asks_about_all: false,
            altered: false,
            torn: false,
            forgets_done: true,
            acknowledged_late: false,
            quick: true,
        }
    }

    /// As `new`, with one voucher each.
    pub(crate) const fn pair(name: &'static str, about: &'static str) -> Self {
        Self {
            held: ["p", "q"],
            vouchers: "pq",
            ..Self::new(name, about)
        }
    }
}

/// What is explored of the protocol as it is.
pub const CONFIGS: &[Config] = &[
    Config {
        starts: [1, 0],
        accepts: [0, 1],
        issues: [0, 1],
        issued: "p",
        redeemed: "q",
        torn: true,
        altered: true,
        acknowledged_late: true,
        ..Config::pair(
            "one",
            "1 offer, 1 agreement; power cuts, altered m1, late acknowledgements, double issue, redeemed",
        )
    },
    Config {
        torn: true,
        altered: true,
        ..Config::new("cuts", "2 offers x 2 agreements; power cuts, altered m1")
    },
    Config {
        starts: [3, 0],
        ..Config::new("offers", "3 offers x 2 agreements")
    },
    Config {
        x: true,
        offers_to_x: true,
        altered: true,
        forgets_done: false,
        quick: false,
        ..Config::pair(
            "broken",
            "2 offers x 2 agreements with a broken card; altered m1",
        )
    },
    Config {
        x: true,
        offers_to_x: true,
        altered: true,
        torn: true,
        starts: [1, 0],
        ..Config::pair(
            "broken-cuts",
            "1 offer x 2 agreements with a broken card; power cuts, altered m1",
        )
    },
    Config {
        x: true,
        offers_to_x: true,
        starts: [1, 0],
        ..Config::new(
            "broken-three",
            "1 offer x 2 agreements with a broken card, three vouchers",
        )
    },
    Config {
        x: true,
        offers_to_x: true,
        x_asks_about_all: true,
        starts: [1, 0],
        accepts: [0, 1],
        ..Config::pair(
            "broken-asks",
            "1 offer, 1 agreement with a broken card that asks T about everything",
        )
    },
    Config {
        starts: [1, 1],
        accepts: [1, 1],
        torn: true,
        ..Config::new("roles", "both cards in both roles; power cuts")
    },
    Config {
        starts: [1, 1],
        accepts: [1, 1],
        x: true,
        ..Config::new(
            "broken-roles",
            "both cards in both roles with a broken card",
        )
    },
    Config {
        starts: [1, 0],
        issues: [1, 1],
        issued: "pq",
        redeemed: "p",
        ..Config::pair(
            "issues",
            "1 offer x 2 agreements; one voucher issued twice, redeemed",
        )
    },
    Config {
        starts: [1, 0],
        accepts: [0, 1],
        issues: [1, 1],
        issued: "q",
        redeemed: "q",
        x: true,
        offers_to_x: true,
        ..Config::pair(
            "broken-issues",
            "1 offer, 1 agreement with a broken card; double issue, redeemed",
        )
    },
    Config {
        torn: true,
        altered: true,
        acknowledged_late: true,
        quick: false,
        ..Config::new(
            "late",
            "2 offers x 2 agreements; power cuts, altered m1, late acknowledgements",
        )
    },
    Config {
        starts: [2, 2],
        accepts: [2, 2],
        quick: false,
        ..Config::pair("roles-twice", "both cards twice in both roles")
    },
];
