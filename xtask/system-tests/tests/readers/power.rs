//! Power that is lost in the middle of an exchange, by either card, before and after each command that it is made of.

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

/// Hosts a and b with a voucher each, and their cards in readers, in the hands of this test.
struct Table {
    cast: Cast,
    slots: [Slot; 2],
    cards: [OwnCard; 2],
    _service: PcscService,
}

impl Table {
    fn lay(deployment: &Deployment) -> Self {
        let service = PcscService::start(&deployment.path().join("pcscd"), 2).unwrap();
        let slots = [service.slot(0), service.slot(1)];
        let mut cast = Cast::assemble_with(deployment, |a, b| {
            a.put_into_reader(&slots[0], &[], &[]);
            b.put_into_reader(&slots[1], &[], &[]);
        })
        .unwrap();
        cast.issue(&cast.a, "a book").unwrap();
        cast.issue(&cast.b, "a film").unwrap();
        cast.a.kill_card();
        cast.b.kill_card();
        let cards = [insert(&cast.a, &slots[0]), insert(&cast.b, &slots[1])];
        let mut table = Self {
            cast,
            slots,
            cards,
            _service: service,
        };
        table.wait_for_the_cards();
        table
    }

    fn wait_for_the_cards(&mut self) {
        self.cast.a.wait_until("live").unwrap();
        self.cast.b.wait_until("live").unwrap();
    }

    /// Waits until that card is where it was to stop, pulls it, and puts it back.
    fn cut(&mut self, card: usize) {
        self.cards[card].wait();
        self.cards[card].pull();
        let host = [&self.cast.a, &self.cast.b][card];
        self.cards[card] = insert(host, &self.slots[card]);
    }

    /// Card A's voucher first.
    fn held(&self) -> [Holding; 2] {
        let mut held = self.cast.holdings().unwrap();
        held.sort_by(|x, y| x.host.cmp(&y.host));
        held.try_into().unwrap()
    }

    /// Each card has what the other had.
    fn is_exchanged(&self, before: &[Holding; 2], n1: &str, what: &str) {
        let [of_a, of_b] = before;
        for host in [&self.cast.a, &self.cast.b] {
            let result = self.cast.result(host, n1).unwrap();
            assert_eq!(result["outcome"], "completed", "{what}: {result:#}");
        }
        let [now_a, now_b] = self.held();
        assert_eq!([&now_a.vid, &now_b.vid], [&of_b.vid, &of_a.vid], "{what}");
    }

    /// The offer that is open at A, if there is one.
    fn open_offer(&self) -> Option<String> {
        let history = self.cast.a.wallet(&["history"]).json().unwrap();
        let mut exchanges = history["exchanges"].as_array().into_iter().flatten();
        let open = exchanges.find(|exchange| exchange["state"] == "open");
        open.map(|exchange| exchange["n1"].as_str().unwrap().to_owned())
    }
}

fn deployment() -> Deployment {
    Deployment::create(Binaries::beside_this_program().unwrap()).unwrap()
}

#[test]
fn a_card_that_loses_power_between_two_commands_of_an_exchange_loses_no_voucher() {
    let deployment = deployment();
    let mut table = Table::lay(&deployment);
    for (mtype, is_a) in STEPS {
        for stop in [Stop::Before, Stop::After] {
            let before = table.held();
            let n1 = table.cast.offer_to_b(&before[0].vid, &before[1].vid);
            let n1 = n1.unwrap();
            let at = usize::from(!is_a);
            table.cards[at].stop_at(stop, mtype);
            let accept = table.cast.b.wallet(&["accept", &n1]).background();
            table.cut(at);
            accept.unwrap().wait().unwrap();
            table.is_exchanged(&before, &n1, &format!("{stop:?} {mtype}"));
        }
    }
}

/// What the owner ordered may have been carried out or not, and the owner's program may not know. It can look, and
/// order again.
#[test]
fn a_card_that_loses_power_with_an_order_of_its_owner_loses_no_voucher() {
    let deployment = deployment();
    let mut table = Table::lay(&deployment);
    for stop in [Stop::Before, Stop::After] {
        let before = table.held();
        let [of_a, of_b] = &before;
        table.cards[0].stop_at(stop, Mtype::START_EXCHANGE);
        let offer = table.cast.offer_command(&of_a.vid, &of_b.vid).background();
        table.cut(0);
        offer.unwrap().wait().unwrap();
        table.wait_for_the_cards();
        let n1 = table.open_offer().unwrap_or_else(|| {
            assert_eq!(stop, Stop::Before, "what was carried out is known");
            table.cast.offer_to_b(&of_a.vid, &of_b.vid).unwrap()
        });
        table.cast.inbox_of_b(&n1).unwrap();
        table.cards[1].stop_at(stop, Mtype::ACCEPT);
        let accept = table.cast.b.wallet(&["accept", &n1]).background();
        table.cut(1);
        accept.unwrap().wait().unwrap();
        table.wait_for_the_cards();
        // Refused, if it was carried out.
        table.cast.accept(&n1).ok();
        table.is_exchanged(&before, &n1, &format!("{stop:?}"));
    }
}
