//! What can be delivered when certain messages were sent: the messages themselves, to anybody and
//! again and again, and everything that owners, issuers and X can make of them.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use libetp::Mtype;
use libetp::codec::List;
use libetp::params::voucher::{Agreement, Commitment, IssueChallenge, Offer, Xid};

use super::cast::{CARDS, Cast, THIRD_PARTIES};
use super::config::Config;
use super::forge::{self, Known};
use super::intern::Interner;
use super::letter::{Letter, Reader};

/// Something that can be delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Input {
    pub(crate) actor: usize,
    /// Its number.
    pub(crate) letter: u32,
    /// Only while an honest card is in this exchange: otherwise nobody can read what comes of it.
    pub(crate) only_in: Option<Xid>,
}

/// What the adversary makes of up to three messages, once made.
pub(crate) struct Deriver<'c> {
    cast: &'c Cast,
    config: &'c Config,
    made: HashMap<Vec<u32>, Rc<[Input]>>,
}

impl<'c> Deriver<'c> {
    pub(crate) fn new(cast: &'c Cast, config: &'c Config) -> Self {
        Self {
            cast,
            config,
            made: HashMap::new(),
        }
    }

    /// Everything that can be delivered when these were sent.
    pub(crate) fn inputs(
        &mut self,
        sent: &BTreeSet<u32>,
        letters: &mut Interner<Letter>,
    ) -> Vec<Input> {
        let of_type = |mtype: Mtype| -> Vec<u32> {
            let is = |letter: &&u32| letters.thing(**letter).mtype == mtype;
            sent.iter().filter(is).copied().collect()
        };
        let mut sources: Vec<Vec<u32>> = vec![Vec::new()];
        sources.extend(sent.iter().map(|letter| vec![*letter]));
        if self.config.x {
            for offer in of_type(Mtype::OFFER) {
                for m2 in of_type(Mtype::AGREEMENT) {
                    sources.push(vec![offer, m2]);
                    let m4 = of_type(Mtype::COMMITMENT).into_iter();
                    sources.extend(m4.map(|m4| vec![offer, m2, m4]));
                }
            }
        }
        let made = sources.into_iter().map(|source| self.make(source, letters));
        let all: BTreeSet<Input> = made.flat_map(|made| made.to_vec()).collect();
        all.into_iter().collect()
    }

    fn make(&mut self, source: Vec<u32>, letters: &mut Interner<Letter>) -> Rc<[Input]> {
        if let Some(known) = self.made.get(&source) {
            return Rc::clone(known);
        }
        let read: Vec<Rc<Letter>> = source
            .iter()
            .map(|number| Rc::clone(letters.thing(*number)))
            .collect();
        let mut inputs = Inputs {
            cast: self.cast,
            config: self.config,
            letters,
            made: Vec::new(),
        };
        match read.as_slice() {
            [] => inputs.make_of_nothing(),
            [one] => inputs.make_of_one(one),
            [offer, m2] => inputs.make_of_two(offer, m2),
            [offer, m2, m4] => inputs.make_of_three(offer, m2, m4),
            _ => unreachable!("sources are at most three letters"),
        }
        let made: Rc<[Input]> = inputs.made.into();
        self.made.insert(source, Rc::clone(&made));
        made
    }
}

struct Inputs<'c> {
    cast: &'c Cast,
    config: &'c Config,
    letters: &'c mut Interner<Letter>,
    made: Vec<Input>,
}

impl Inputs<'_> {
    fn push(&mut self, actor: usize, letter: Letter, only_in: Option<Xid>) {
        let letter = self.letters.number(letter);
        self.made.push(Input {
            actor,
            letter,
            only_in,
        });
    }

    fn deliver_to_cards(&mut self, letter: &Letter) {
        (0..CARDS).for_each(|card| self.push(card, letter.clone(), None));
    }

    fn deliver_to_third_parties(&mut self, letter: &Letter, only_in: Option<Xid>) {
        THIRD_PARTIES.for_each(|judge| self.push(judge, letter.clone(), only_in));
    }

    /// X offers what it likes, real or not.
    fn make_of_nothing(&mut self) {
        if self.config.x {
            let offers = forge::offers(self.cast)
                .into_iter()
                .chain(forge::false_offers(self.cast));
            offers.for_each(|offer| self.accept(&offer));
        }
    }

    fn make_of_one(&mut self, letter: &Letter) {
        match letter.reader() {
            Reader::Cards => self.deliver_to_cards(letter),
            Reader::ThirdParties => self.deliver_to_third_parties(letter, None),
            Reader::Owners | Reader::Nobody => {}
        }
        if let Some(challenge) = letter.read() {
            self.issues(letter, &challenge);
        }
        if let Some(offer) = letter.read() {
            self.accepts(&offer);
            if self.config.x {
                let agreements = forge::agreements(self.cast, &offer);
                agreements.iter().for_each(|m2| self.agree(m2, &[]));
            }
        }
        if let Some(m2) = letter.read::<Agreement>()
            && self.config.x
        {
            self.about(&Known::of(&m2));
        }
    }

    /// X agrees with the h2 of another agreement.
    fn make_of_two(&mut self, offer: &Letter, m2: &Letter) {
        if let (Some(offer), Some(m2)) = (offer.read(), m2.read::<Agreement>()) {
            let stolen = forge::agreement(self.cast, &offer, m2.body.h2, offer.third_party);
            stolen.iter().for_each(|m2| self.agree(m2, &[]));
        }
    }

    /// X commits with a secret that the other card revealed.
    fn make_of_three(&mut self, offer: &Letter, m2: &Letter, m4: &Letter) {
        let read = (
            offer.read(),
            m2.read::<Agreement>(),
            m4.read::<Commitment>(),
        );
        if let (Some(offer), Some(m2), Some(m4)) = read {
            let stolen = forge::agreement(self.cast, &offer, m2.body.h2, offer.third_party);
            stolen.iter().for_each(|m2| self.agree(m2, &[m4.n2]));
        }
    }

    /// Any owner may accept any m1, as it is or altered on its way: nobody signs it.
    fn accepts(&mut self, offer: &Offer) {
        self.accept(offer);
        if self.config.altered {
            let other = &self.cast.actors[CARDS + 1];
            self.accept(&Offer {
                third_party: other.key,
                third_party_ids: List(vec![other.id]),
                ..offer.clone()
            });
            if self.config.x {
                self.accept(&forge::usurped(self.cast, offer));
            }
        }
    }

    fn accept(&mut self, offer: &Offer) {
        for card in (0..CARDS).filter(|card| self.config.accepts[*card] > 0) {
            let owner = self.cast.actors[card].wallet();
            self.push(card, Letter::of_type(owner, Mtype::ACCEPT, offer), None);
        }
    }

    /// The issuer signs every voucher that it issues for whatever challenge it is shown, and what
    /// it signed is delivered as often as one likes.
    fn issues(&mut self, letter: &Letter, challenge: &IssueChallenge) {
        for name in self.config.issued.chars() {
            let voucher = self.cast.voucher(name).clone();
            let issue = self.cast.world.issue(voucher, challenge);
            self.deliver_to_cards(&Letter::new(letter.src, &issue));
        }
    }

    /// An m2 of X, with the wanted voucher or a false one, and what goes on from there.
    fn agree(&mut self, m2: &Agreement, revealed: &[[u8; 32]]) {
        let known = Known::of(m2);
        let x = self.cast.x.id;
        self.deliver_to_cards(&Letter::new(x, m2));
        let with_false = forge::with_false_voucher(self.cast, m2);
        self.deliver_to_cards(&Letter::new(x, &with_false));
        self.about(&known);
        let commitments = forge::commitments(self.cast, &known, revealed);
        commitments.iter().for_each(|m4| self.deliver_to_cards(m4));
    }

    /// What X says about an exchange, its own or not.
    fn about(&mut self, known: &Known) {
        self.deliver_to_cards(&forge::confirmation(self.cast, known.xid));
        let only_in = (!self.config.x_asks_about_all).then_some(known.xid);
        for request in forge::requests(self.cast, known) {
            self.deliver_to_third_parties(&request, only_in);
        }
        for outcome in forge::outcomes(self.cast, known.xid) {
            self.deliver_to_cards(&outcome);
        }
    }
}
