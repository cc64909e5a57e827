//! What the owner lets in is let in, and nothing else: the card wants its owner's order.

use libetp::Mtype;
use libetp::codec::to_vec;
use libetp::params::Privileged;
use libetp::params::runtime::{OrderRefused, RefusalCode};
use libetp::params::voucher::Offer;

use crate::program::Program;
use crate::scene::{Scene, said};

#[test]
fn an_offer_waits_for_the_owners_word_and_the_card_for_the_owners_order() {
    let scene = Scene::set();
    let n1 = scene.offer();
    let asked = scene.asked();
    assert_eq!(asked.len(), 1, "{asked:#?}");
    let question = &asked[0];
    for (field, expected) in [
        ("from", scene.cast.a.card().as_str()),
        ("to", &scene.cast.wallets[1]),
        ("type", "offer"),
        ("entry", "remote"),
        ("policy", "ask-the-owner"),
    ] {
        assert_eq!(question[field], expected, "{question:#}");
    }
    assert!(scene.offers().is_empty());
    said(
        &scene.b(&["inbox"]),
        0,
        &["Held by Guard until you say something: 1"],
    );
    scene.unchanged();

    let number = question["number"].to_string();
    said(
        &scene.b(&["allow", &number]),
        0,
        &["Allowed", "wallet accept"],
    );
    scene.cast.inbox_of_b(&n1).unwrap();
    said(&scene.b(&["asks"]), 0, &["Guard asks nothing"]);
    scene.unchanged();
    assert!(scene.traced("b", "accept").is_empty());

    scene.cast.accept(&n1).unwrap();
    for host in [&scene.cast.a, &scene.cast.b] {
        let result = scene.cast.result(host, &n1).unwrap();
        assert_eq!(result["state"], "completed", "{result:#}");
    }
    scene.traded();
    assert_eq!(scene.cast.b.counter("guard-approved").unwrap(), 1);
}

/// A hostile program has an offer and makes an `accept` of it; its owner is fooled into letting
/// that in.
#[test]
fn an_order_that_guard_was_told_to_let_in_is_still_no_order_to_the_card() {
    let mut hostile = None;
    let scene = Scene::with_rules(|cast, policy| {
        let (id, saved) = Program::leave(&cast.b);
        hostile = Some((id, saved));
        let wallet = &cast.wallets[1];
        format!(
            "{policy}\n[[policy]]\nname = \"orders\"\nkind = \"table\"\n\
             hold = {{ approver = \"{wallet}\", seconds = 600 }}\n\
             [[policy.rule]]\nsrc = \"{id}\"\nmtype = \"accept\"\nthen = \"hold\"\n"
        )
    });
    let (id, saved) = hostile.unwrap();
    scene.offer_to(&id.to_string());
    let mut program = Program::return_to(&scene.cast.b, &saved);
    let offer: Offer = program.receive();
    let order = to_vec(&Privileged {
        counter: 1,
        tag: [0; 16],
        body: to_vec(&offer),
    });
    program.send(&scene.cast.b.card(), Mtype::ACCEPT, &order);
    let asked = scene.asked();
    assert_eq!(asked[0]["type"], "accept", "{asked:#?}");
    assert_eq!(asked[0]["policy"], "orders");
    let number = asked[0]["number"].to_string();
    said(&scene.b(&["allow", &number]), 0, &["Allowed"]);

    let refused: OrderRefused = program.receive();
    let code = RefusalCode::from_u16(refused.code);
    assert_eq!(code, Some(RefusalCode::NotAuthenticated), "{refused:?}");
    scene.unchanged();
    scene.cancel();
    scene.unchanged();
}
