//! Fair exchange of items: all members get all items, or nobody gets any.
//!
//! Each member's card puts its item in during the first rounds. When all items are there and match
//! their descriptions, the members agree, by [uniform interactive consistency](crate::uic) on one
//! bit each, to release them. That is fair whatever the hosts do as long as fewer than half of
//! them are corrupt.
//!
//! With more corrupt hosts a card can be cut off at the moment of decision, and no protocol prevents
//! it. So nobody knows when that moment is: the agreement begins after a secret number of *cover
//! rounds*, drawn uniformly by all cards together. Every packet looks the same, and a card that
//! misses one before the agreement refuses. A cut is unfair only in the few rounds until the
//! decision: one, or two with three members and more. So with `N` slots its chance is as many in `N`. No
//! protocol does better than inversely to the number of rounds: Avoine, Gärtner, Guerraoui and Vukolić
//! 2005, *Gracefully degrading fair exchange with security modules*.
//!
//! **When the items leave the card** matters as much. The host drives its card's rounds: released at the
//! decision, a host would look at the result before it forwards the packet that others decide by.
//! The card hands it out at the end of its own next round, whatever that brings. Who takes its card ahead
//! so far, to look, has it miss a packet: unless the agreement had begun, it refuses. It says so from the
//! packet after the next on, since the next was sealed before. So of three members and more, two corrupt
//! hosts get one round more by looking: if one's card tells nothing, the agreement may begin in the very next
//! round, for which that card consents, and the other one's card can be cut off with the items then.
//! [`Odds`] are 1 in `N` for two members and 3 in `N` for more.

mod item;
mod machine;
mod plan;
mod slot;
mod turn;

pub use item::matches;
pub use machine::{Exchange, Items, Outcome};
pub use plan::{
    ITEMS_BYTES_MAX, Odds, Plan, PlanError, Release, SEED_BYTES, SETUP_ROUNDS_MAX, SLOTS_MAX,
};
pub use slot::slot;
pub use turn::{Setup, Turn};
