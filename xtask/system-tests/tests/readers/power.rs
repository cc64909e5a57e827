//! Power that is lost in the middle of an exchange, by either card, before and after each command between the two.

use libetp::Mtype;
use system_tests::reader::{PcscService, Slot};
use system_tests::scenario::{Cast, Holding};
use system_tests::{Binaries, Deployment, Host};

use crate::gate::{OwnCard, Stop};

/// What the cards say to each other, and whether it is said to card A.
const STEPS: [(Mtype, bool); 3] = [
    (Mtype::AGREEMENT, true),
    (Mtype::CONFIRMATION, false),
    (Mtype::COMMITMENT, true),
];

/// Puts the card of a host into its reader, in the hands of this test.
fn insert(host: &Host, slot: &Slot) -> OwnCard {
    OwnCard::insert(&host.path().join("card"), slot)
}

/// Card A's voucher first.
fn held(cast: &Cast) -> [Holding; 2] {
    let mut held = cast.holdings().unwrap();
    held.sort_by(|x, y| x.host.cmp(&y.host));
    held.try_into().unwrap()
}

#[test]
fn a_card_that_loses_power_between_two_commands_of_an_exchange_loses_no_voucher() {
    let deployment = Deployment::create(Binaries::beside_this_program().unwrap()).unwrap();
    let service = PcscService::start(&deployment.path().join("pcscd"), 2).unwrap();
    let slots = [service.slot(0), service.slot(1)];
    let mut cast = Cast::assemble_with(&deployment, |a, b| {
        a.put_into_reader(&slots[0], &[], &[]);
        b.put_into_reader(&slots[1], &[], &[]);
    })
    .unwrap();
    cast.issue(&cast.a, "a book").unwrap();
    cast.issue(&cast.b, "a film").unwrap();
    cast.a.kill_card();
    cast.b.kill_card();
    let mut cards = [insert(&cast.a, &slots[0]), insert(&cast.b, &slots[1])];
    cast.a.wait_until("live").unwrap();
    cast.b.wait_until("live").unwrap();
    for (mtype, is_a) in STEPS {
        for stop in [Stop::Before, Stop::After] {
            let [of_a, of_b] = held(&cast);
            let n1 = cast.offer_to_b(&of_a.vid, &of_b.vid).unwrap();
            let at = usize::from(!is_a);
            cards[at].stop_at(stop, mtype);
            let mut accept = cast.b.wallet(&["accept", &n1]).background().unwrap();
            cards[at].wait();
            let host = if is_a { &cast.a } else { &cast.b };
            cards[at].pull();
            cards[at] = insert(host, &slots[at]);
            accept.wait().unwrap();
            for host in [&cast.a, &cast.b] {
                let result = cast.result(host, &n1).unwrap();
                assert_eq!(
                    result["outcome"], "completed",
                    "{stop:?} {mtype}: {result:#}"
                );
            }
            let [now_a, now_b] = held(&cast);
            assert_eq!(
                [now_a.vid, now_b.vid],
                [of_b.vid, of_a.vid],
                "{stop:?} {mtype}"
            );
        }
    }
}
