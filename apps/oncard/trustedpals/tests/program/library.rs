//! What a card keeps of functions: pieces in, in order, and all of it out again.

use libetp::Port;
use libetp::digest::{Hash, sha256};
use libetp::params::Param;
use libetp::params::pals::{
    ApproveFunction, FUNCTIONS_MAX, ForgetFunction, Functions, KeptFunction, ListFunctions,
    LoadFunction, PIECE_BYTES,
};
use libetp::params::runtime::RefusalCode;
use libetp::{Message, Mtype};
use oncard_function::limits::MODULE_BYTES_MAX;

use crate::modules::{SUM, padded};
use crate::table::{Seat, Table, refusal};

const MALFORMED: Option<RefusalCode> = Some(RefusalCode::Malformed);
const STATE: Option<RefusalCode> = Some(RefusalCode::State);

/// Two pieces and a half.
const BYTES: usize = PIECE_BYTES as usize * 5 / 2;

/// What a card answered to an order about functions.
#[track_caller]
pub(crate) fn kept(said: &[Message]) -> Vec<KeptFunction> {
    let [answer] = said else {
        panic!("one answer: {said:?}");
    };
    assert_eq!(answer.header.mtype, Mtype::FUNCTIONS, "{:?}", refusal(said));
    Functions::from_param(&answer.param).unwrap().functions.0
}

impl Seat {
    /// The card is given all of a function.
    pub(crate) fn load(&mut self, function: &[u8]) -> Hash {
        for piece in LoadFunction::pieces(function) {
            kept(&self.order(piece));
        }
        sha256(function)
    }

    /// The card is given a function that its owner approves.
    pub(crate) fn take_function(&mut self, function: &[u8]) -> Hash {
        let hash = self.load(function);
        kept(&self.order(ApproveFunction { hash }));
        hash
    }

    fn functions(&mut self) -> Vec<KeptFunction> {
        kept(&self.order(ListFunctions {}))
    }

    /// How much of its only function there is.
    fn stored_bytes(&mut self) -> u32 {
        let [function] = &self.functions()[..] else {
            panic!("one function");
        };
        function.stored
    }

    /// What is stored by the program.
    fn entries(&self) -> usize {
        let is_ours = |(key, _): &&(Vec<u8>, Vec<u8>)| key[0] == oncard_trustedpals::FAMILY;
        self.stored().iter().filter(is_ours).count()
    }
}

fn seat() -> Seat {
    Table::without_functions(2).seats.swap_remove(0)
}

fn pieces() -> Vec<LoadFunction> {
    LoadFunction::pieces(&padded(BYTES)).collect()
}

#[test]
fn a_function_is_loaded_in_pieces_approved_and_forgotten() {
    let (mut seat, function) = (seat(), padded(BYTES));
    assert_eq!(seat.functions(), []);
    let hash = sha256(&function);
    let mut stored = 0;
    for piece in LoadFunction::pieces(&function) {
        stored += piece.bytes.len() as u32;
        let expected = KeptFunction {
            hash,
            total: BYTES as u32,
            stored,
            is_approved: false,
        };
        assert_eq!(kept(&seat.order(piece)), [expected]);
    }
    for _ in 0..2 {
        let [function] = &kept(&seat.order(ApproveFunction { hash }))[..] else {
            panic!("one function");
        };
        assert!(function.is_approved);
    }
    assert_eq!(kept(&seat.order(ForgetFunction { hash })), []);
    assert_eq!(seat.entries(), 0, "nothing of it stays");
    for said in [
        seat.order(ForgetFunction { hash }),
        seat.order(ApproveFunction { hash }),
    ] {
        assert_eq!(refusal(&said), Some(RefusalCode::NotFound));
    }
}

#[test]
fn only_the_owner_may() {
    let mut seat = seat();
    let piece = pieces().swap_remove(0);
    for mtype in [
        Mtype::LOAD_FUNCTION,
        Mtype::APPROVE_FUNCTION,
        Mtype::FORGET_FUNCTION,
        Mtype::LIST_FUNCTIONS,
    ] {
        assert!(mtype.is_privileged());
    }
    assert_eq!(refusal(&seat.tell(piece.clone())), MALFORMED);
    let mut message = seat.message(piece);
    message.header.src = seat.id().domain.entity(Port(9));
    assert_eq!(
        refusal(&seat.give(message)),
        Some(RefusalCode::NotAuthenticated)
    );
    assert_eq!(seat.entries(), 0);
}

#[test]
fn pieces_come_in_order_and_again() {
    let (mut seat, pieces) = (seat(), pieces());
    assert_eq!(refusal(&seat.order(pieces[1].clone())), STATE);
    assert_eq!(seat.functions(), [], "no part of it is kept");
    for piece in &pieces[..2] {
        for _ in 0..2 {
            let [function] = &kept(&seat.order(piece.clone()))[..] else {
                panic!("one function");
            };
            assert_eq!(function.stored, piece.offset + PIECE_BYTES);
        }
    }
    kept(&seat.order(pieces[0].clone()));
    assert_eq!(seat.stored_bytes(), 2 * PIECE_BYTES);
    let mut other = pieces[0].clone();
    other.bytes[7] ^= 1;
    assert_eq!(refusal(&seat.order(other)), STATE);
    let hash = pieces[0].hash;
    let said = seat.order(ApproveFunction { hash });
    assert_eq!(refusal(&said), STATE, "not all is there");
    kept(&seat.order(pieces[2].clone()));
    kept(&seat.order(pieces[2].clone()));
    assert_eq!(seat.stored_bytes() as usize, BYTES);
}

#[test]
fn what_is_no_piece_is_refused_and_changes_nothing() {
    let (mut seat, pieces) = (seat(), pieces());
    kept(&seat.order(pieces[0].clone()));
    let changes: [fn(&mut LoadFunction); 6] = [
        |it| it.bytes.truncate(PIECE_BYTES as usize - 1),
        |it| it.bytes.push(0),
        |it| it.bytes.clear(),
        |it| it.offset += 1,
        |it| it.offset = it.total,
        |it| it.offset = u32::MAX,
    ];
    for change in changes {
        let mut piece = pieces[1].clone();
        change(&mut piece);
        assert_eq!(refusal(&seat.order(piece)), MALFORMED);
    }
    let mut longer = pieces[1].clone();
    longer.total += 1;
    assert_eq!(refusal(&seat.order(longer)), STATE);
    assert_eq!(seat.stored_bytes(), PIECE_BYTES);
    let mut last = pieces[2].clone();
    last.bytes.pop();
    kept(&seat.order(pieces[1].clone()));
    assert_eq!(refusal(&seat.order(last)), MALFORMED, "cut off");
}

#[test]
fn what_has_another_hash_is_never_whole() {
    let (mut seat, function) = (seat(), padded(BYTES));
    let mut pieces: Vec<LoadFunction> = LoadFunction::pieces(&function).collect();
    pieces[1].bytes[100] ^= 1;
    kept(&seat.order(pieces[0].clone()));
    kept(&seat.order(pieces[1].clone()));
    assert_eq!(refusal(&seat.order(pieces[2].clone())), MALFORMED);
    assert_eq!(seat.stored_bytes(), 2 * PIECE_BYTES);
    let hash = pieces[0].hash;
    assert_eq!(refusal(&seat.order(ApproveFunction { hash })), STATE);
    kept(&seat.order(ForgetFunction { hash }));
    seat.take_function(&function);
    assert_eq!(seat.stored_bytes() as usize, BYTES);
}

#[test]
fn what_is_no_function_is_not_kept() {
    let mut seat = seat();
    let importing = wat::parse_str(r#"(module (import "env" "clock" (func)))"#).unwrap();
    for rubbish in [vec![0x55; 1_000], importing] {
        for piece in LoadFunction::pieces(&rubbish) {
            assert_eq!(refusal(&seat.order(piece)), MALFORMED);
        }
    }
    assert_eq!(seat.entries(), 0);
}

#[test]
fn a_function_has_its_longest() {
    let mut seat = seat();
    let said = seat.order(LoadFunction {
        hash: [1; 32],
        offset: 0,
        total: MODULE_BYTES_MAX as u32 + 1,
        bytes: vec![0; PIECE_BYTES as usize],
    });
    assert_eq!(refusal(&said), MALFORMED);
    let nothing = LoadFunction {
        hash: sha256(&[]),
        offset: 0,
        total: 0,
        bytes: vec![],
    };
    assert_eq!(refusal(&seat.order(nothing)), MALFORMED);
    seat.take_function(&padded(MODULE_BYTES_MAX));
    assert_eq!(seat.stored_bytes() as usize, MODULE_BYTES_MAX);
}

#[test]
fn a_card_keeps_so_many_functions() {
    let mut seat = seat();
    let part = |at: usize| {
        let mut piece = pieces().swap_remove(0);
        piece.hash = [at as u8; 32];
        piece
    };
    for at in 0..FUNCTIONS_MAX {
        assert_eq!(kept(&seat.order(part(at))).len(), at + 1);
    }
    let past = part(FUNCTIONS_MAX);
    assert_eq!(refusal(&seat.order(past.clone())), Some(RefusalCode::Limit));
    kept(&seat.order(part(3)));
    kept(&seat.order(ForgetFunction { hash: [3; 32] }));
    assert_eq!(kept(&seat.order(past)).len(), FUNCTIONS_MAX);
}

/// Who lost power asks how much is there, and goes on; what was approved stays so.
#[test]
fn power_is_lost_between_pieces() {
    let mut seat = seat();
    for piece in pieces() {
        let end = piece.offset + piece.bytes.len() as u32;
        kept(&seat.order(piece));
        seat.lose_power(None);
        assert_eq!(seat.stored_bytes(), end);
    }
    let hash = seat.load(SUM);
    kept(&seat.order(ApproveFunction { hash }));
    let before = seat.functions();
    seat.lose_power(None);
    assert_eq!(seat.functions(), before);
    assert_eq!(before.iter().filter(|it| it.is_approved).count(), 1);
}
