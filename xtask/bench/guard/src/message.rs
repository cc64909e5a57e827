//! The message that is judged.

use guard_policies::{Entry, Facts, Locality};
use libetp::{Domain, Header, Mtype, Port};

/// Where it comes in.
pub(crate) const HOST: [u8; 32] = [7; 32];
const HOME: Domain = Domain([1; 12]);
const ABROAD: Domain = Domain([2; 12]);

struct Home;

impl Locality for Home {
    fn is_local(&self, domain: Domain) -> bool {
        domain == HOME
    }

    fn is_owner(&self, _uid: u32, _domain: Domain) -> bool {
        false
    }
}

/// An offer of 200 bytes from another host, to which no built-in rule objects.
pub(crate) fn facts() -> Facts<'static> {
    let header = Header {
        src: ABROAD.entity(Port(70_000)),
        dst: HOME.entity(Port(9)),
        mtype: Mtype::OFFER,
    };
    Facts::new(Entry::Remote(HOST), header, &[0; 200], &Home)
}
