//! A function computed twice, and chance.

use std::path::{Path, PathBuf};

use etp_function::{Function, Session};
use oncard_function::limits::SLICE_FUEL_MAX;
use oncard_function::{Budget, Module, Outcome};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use zeroize::Zeroizing;

/// Directory of modules that were just built, instead of those that are kept.
const BUILT: &str = "FUNCTION_MODULES";
const FUEL: u64 = 20_000_000_000;
const MEMORY_BYTES: u32 = 64 << 20;

/// A member's value; `None` if nothing came of it.
pub(crate) type Value = Option<Vec<u8>>;

/// A module as it is shipped.
pub(crate) fn module(name: &str) -> Module {
    let kept = || {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("functions")
            .join(name)
    };
    let directory = std::env::var_os(BUILT).map_or_else(kept, PathBuf::from);
    let path = directory.join(name).with_extension("wasm");
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Module::load(&bytes).unwrap()
}

/// A function, natively and as a module.
pub(crate) struct Both {
    module: Module,
    native: fn(&Session<'_>, &[Value], usize) -> Vec<u8>,
}

impl Both {
    pub(crate) fn new<F: Function>(name: &str) -> Self {
        Self {
            module: module(name),
            native: |session, values, me| session.evaluate::<F>(values, me),
        }
    }

    /// What a member is told, the same both ways.
    pub(crate) fn run(&self, session: &Session<'_>, values: &[Value], me: usize) -> Vec<u8> {
        let native = (self.native)(session, values, me);
        let told = oncard_function::Session {
            id: session.id,
            parameters: session.parameters.to_vec(),
        };
        let budget = Budget::new(FUEL, SLICE_FUEL_MAX, MEMORY_BYTES).unwrap();
        let inputs = values
            .iter()
            .cloned()
            .map(|value| value.map(Zeroizing::new));
        let inputs: Vec<_> = inputs.collect();
        let (outcome, _) = self
            .module
            .clone()
            .within(budget, told)
            .measure(&inputs, me);
        let Outcome::Result(result) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(*result, native, "a card and this machine differ");
        native
    }

    /// What each member is told.
    pub(crate) fn run_all(&self, session: &Session<'_>, values: &[Value]) -> Vec<Vec<u8>> {
        let members = 0..values.len();
        members.map(|me| self.run(session, values, me)).collect()
    }
}

/// Chance, from a seed.
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    /// Below that number.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0.next_u64() % end
    }

    pub(crate) fn any(&mut self) -> u64 {
        self.0.next_u64()
    }

    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1) as u64) as i64
    }

    pub(crate) fn one_in(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }

    pub(crate) fn id(&mut self) -> [u8; 32] {
        std::array::from_fn(|_| self.any() as u8)
    }

    pub(crate) fn bytes(&mut self, len: u64) -> Vec<u8> {
        (0..len).map(|_| self.any() as u8).collect()
    }
}

/// So many runs with a seed each, which a failure has above it.
pub(crate) fn runs(count: u64, mut run: impl FnMut(&mut Dice)) {
    let first = std::env::var("FUNCTIONS_SEED").map_or(1, |seed| seed.parse().unwrap());
    for seed in first..first + count {
        println!("FUNCTIONS_SEED={seed}");
        run(&mut Dice(ChaCha8Rng::seed_from_u64(seed)));
    }
}
