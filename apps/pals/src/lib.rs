//! The half of secure computations that runs on hosts.

mod computation;
mod controller;
mod exchange;
mod grant;
mod kept;
mod member;
mod millionths;
mod proposal;
mod shipped;
pub mod template;

pub use computation::{
    Activities, Amount, AuctionTerms, Compared, Comparison, Computation, FIGURES_MAX, Figure,
    Found, Maximum, NO_LANE, Other, Planned, Quorum, Sale, Shape, Site, SiteError, Spread, Sum,
    TAKE_PART_MIN,
};
pub use controller::{Controller, Step};
pub use exchange::{DescriptionWord, DescriptionWordError, ExchangeProposal, SLOTS};
pub use grant::Grant;
pub use kept::{Library, find};
pub use member::{MemberCode, MemberCodeError};
pub use millionths::{Millionths, MillionthsError};
pub use proposal::{COVER_ROUNDS, Proposal, ROUND_MS};
pub use shipped::Shipped;
