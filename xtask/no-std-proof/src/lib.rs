//! Proof that the card's half needs no standard library: a static library with its own panic
//! handler and allocator that uses a whole card, from certificate to response APDU.
//!
//! If any crate below pulled in `std`, there would be two panic handlers, and rustc would refuse
//! (E0152). Feature `std` does that on purpose, to show that the proof can fail.

#![no_std]

extern crate alloc;

mod memory;

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::panic::PanicInfo;

use etp_pki::{Anchors, Role};
use libetp::codec;
use libetp::digest::Hash;
use oncard_keys::KeysProgram;
use oncard_runtime::{
    Card, CardError, MemoryStore, Personalisation, PinCost, PowerUp, Program, Store, personalise,
};
use oncard_thirdparty as _;
use oncard_trustedpals::PalsProgram;
use oncard_voucher::VoucherProgram;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}

/// Makes a card of a certificate, powers it up and gives the length of its answer to a command; 0
/// if no card can be made of it.
///
/// # Safety
/// The pointers must be valid for reads of the lengths beside them.
#[allow(
    unsafe_code,
    reason = "an entry point for C: names and pointers cross the language border"
)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenet_card_answer(
    certificate: *const u8,
    certificate_bytes: usize,
    command: *const u8,
    command_bytes: usize,
) -> usize {
    // SAFETY: the caller promises that both are readable.
    let (certificate, command) = unsafe {
        (
            core::slice::from_raw_parts(certificate, certificate_bytes),
            core::slice::from_raw_parts(command, command_bytes),
        )
    };
    answer(certificate, command).map_or(0, |response| response.len())
}

fn answer(certificate: &[u8], command: &[u8]) -> Result<Vec<u8>, CardError> {
    let intermediates = codec::List(vec![[1; 32]; Role::ALL.len()]);
    let anchors = Anchors { intermediates };
    let leaf = etp_pki::verify(certificate, Role::Card, &anchors);
    let given = Personalisation {
        domain: leaf.ok().and_then(|leaf| leaf.domain()).unwrap_or_default(),
        sign_seed: [2; 32],
        agree_secret: [3; 32],
        certificate: certificate.to_vec(),
        anchors,
        class: 0,
        host_key: Some(Hash::default()),
        third_parties: vec![],
        device_key: Some([4; 32]),
        service: None,
        pin_cost: PinCost::LEAST,
    };
    let mut store = MemoryStore::default();
    store.commit(&personalise(&given, b"1234", [5; 32])?)?;
    let power = PowerUp {
        entropy: [6; 32],
        device_key: given.device_key,
    };
    let programs: Vec<Box<dyn Program>> = vec![
        Box::new(KeysProgram),
        Box::new(VoucherProgram),
        Box::new(PalsProgram),
    ];
    Ok(Card::new(store, programs, power)?.transmit(command))
}
