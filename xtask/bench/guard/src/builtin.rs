//! The built-in rules.

use std::hint::black_box;

use guard_policies::objection;

use crate::clock::Contender;
use crate::message;

pub(crate) fn contender() -> Contender {
    Contender {
        name: "built-in rules".into(),
        judge: Box::new(|| {
            black_box(objection(&black_box(message::facts())));
        }),
        base: 0,
    }
}
