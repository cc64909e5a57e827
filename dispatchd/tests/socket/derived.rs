//! Derived capabilities: send-only, narrower, and gone with their parent.

use libetp::codec::List;
use libetp::frame::body::{Derive, RequestError, Token};
use libetp::frame::{Origin, kind};
use libetp::{EntityId, Mtype, VerdictCode};

use crate::harness::{DOMAIN, Daemon, PRIVATE, Program, Setup, daemon};
use crate::helper;

fn derive(parent: &mut Program, to: Option<&[EntityId]>, mtypes: Option<&[Mtype]>) -> Token {
    let derive = Derive {
        destinations: to.map(|ids| List(ids.to_vec())),
        mtypes: mtypes.map(|mtypes| List(mtypes.to_vec())),
    };
    parent.ask(kind::DERIVE, &derive);
    parent.come().read(kind::DERIVED)
}

fn adopt(daemon: &Daemon, token: &Token) -> Program {
    let mut program = daemon.greet();
    program.ask(kind::ADOPT, token);
    let acquired = program.acquired();
    assert_eq!((acquired.secret, acquired.resumed), (None, false));
    program
}

#[test]
fn a_derived_capability_sends_as_its_parent_what_it_may_and_nothing_else() {
    let daemon = daemon();
    let (mut parent, mut to) = (daemon.acquire(), daemon.acquire());
    let token = derive(
        &mut parent,
        Some(&[to.id, DOMAIN.card()]),
        Some(&[PRIVATE, Mtype::SIGN, Mtype::AUTH]),
    );
    let mut derived = adopt(&daemon, &token);
    assert_eq!(derived.id, parent.id);
    derived.send(to.id, PRIVATE, b"for my parent");
    let (_, origin, message) = to.come().delivery();
    assert_eq!((origin, message.header.src), (Origin::App, parent.id));
    for (dst, mtype, words) in [
        (parent.id, PRIVATE, "derived-scope"),
        (to.id, Mtype(0xC002), "derived-scope"),
        (DOMAIN.card(), Mtype::SIGN, "privileged-derived"),
        (DOMAIN.card(), Mtype::AUTH, "auth-derived"),
    ] {
        let number = derived.send(dst, mtype, b"");
        let detail = derived.expect_failed(number, VerdictCode::Refused);
        assert!(detail.starts_with(words), "{detail}");
    }
    assert_eq!(daemon.counter("derived-scope"), 2);
    assert_eq!(daemon.host.count("privileged-derived"), 1);
    to.send(parent.id, PRIVATE, b"to the parent only");
    assert_eq!(parent.come().delivery().2.param, b"to the parent only");
    assert_eq!(derived.flush(), []);
}

#[test]
fn a_token_is_good_once() {
    let daemon = daemon();
    let mut parent = daemon.acquire();
    let token = derive(&mut parent, None, None);
    let _derived = adopt(&daemon, &token);
    let mut second = daemon.greet();
    for token in [token, Token { token: [0; 32] }, Token { token: [255; 32] }] {
        let number = second.ask(kind::ADOPT, &token);
        second.expect_refusal(number, RequestError::BadToken);
    }
    assert_eq!(daemon.host.count("bad-token"), 3);
}

#[test]
fn what_is_derived_ends_with_its_parent() {
    let daemon = daemon();
    let mut parent = daemon.acquire();
    let mut child = adopt(&daemon, &derive(&mut parent, None, None));
    let mut grandchild = adopt(&daemon, &derive(&mut child, None, None));
    let unused = derive(&mut child, None, None);
    let sibling = derive(&mut parent, None, None);
    drop(child);
    grandchild.expect_closing(RequestError::ParentGone);
    let mut late = daemon.greet();
    let number = late.ask(kind::ADOPT, &unused);
    late.expect_refusal(number, RequestError::BadToken);
    let mut sibling = adopt(&daemon, &sibling);
    parent.say(kind::RELEASE, &[0x80]);
    assert_eq!(parent.come().kind, kind::RELEASED);
    sibling.expect_closing(RequestError::ParentGone);
    parent.acquire(false);
}

#[test]
fn a_derived_capability_may_be_handed_to_another_user() {
    let daemon = daemon();
    let (mut parent, mut to) = (daemon.acquire(), daemon.acquire());
    let token = derive(&mut parent, Some(&[to.id, DOMAIN.card()]), None);
    let argument = format!("{} {}", libetp::text::hex(&token.token), to.id);
    let said = helper::run("adopt", daemon.socket(), &argument, None);
    assert_eq!(said, [parent.id.to_string()]);
    assert_eq!(to.come().delivery().2.header.src, parent.id);
    // Guard sees whose right it is, not who holds it.
    let events = daemon.host.events.lock().unwrap();
    let refused = events
        .iter()
        .find(|event| event.name == "privileged-derived")
        .unwrap();
    let own = nix::unistd::geteuid().as_raw();
    assert_eq!(refused.principal.map(|principal| principal.uid), Some(own));
}

#[test]
fn derivations_are_limited_in_number_and_size() {
    let limits = dispatchd::router::Limits {
        derived_max: 2,
        derived_list_max: 3,
        ..Default::default()
    };
    let daemon = Setup {
        limits,
        ..Setup::default()
    }
    .start();
    let mut parent = daemon.acquire();
    let id = parent.id;
    derive(&mut parent, Some(&[id; 3]), None);
    let long = Derive {
        destinations: Some(List(vec![id; 4])),
        mtypes: None,
    };
    let number = parent.ask(kind::DERIVE, &long);
    parent.expect_refusal(number, RequestError::Quota);
    derive(&mut parent, None, None);
    let third = Derive {
        destinations: None,
        mtypes: None,
    };
    let number = parent.ask(kind::DERIVE, &third);
    parent.expect_refusal(number, RequestError::Quota);
}
