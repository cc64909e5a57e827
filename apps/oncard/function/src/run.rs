//! A module at work.
//!
//! ```text
//! Begin --instance--> Buffer --address--> Run --address, length--> Ended
//!                       |  ^               |  ^
//!                       no fuel for the next block: the slice ends, and the next one adds its fuel
//! ```
//! A trap ends it at once, with nothing. Whatever is over before the last slice idles until then.

use alloc::boxed::Box;
use alloc::vec::Vec;

use wasmi::{TypedResumableCall, TypedResumableCallOutOfFuel};
use zeroize::Zeroizing;

use crate::idle::Idle;
use crate::instance::Instance;
use crate::limits::Budget;
use crate::module::{Module, Outcome};
use crate::work::{Trap, Work};

/// See the module's head.
pub(crate) struct Run {
    budget: Budget,
    /// Slices that are left.
    left: u32,
    stage: Stage,
    /// Kept to the end: that it is erased is not to be seen before.
    instance: Option<Instance>,
    idle: Option<Idle>,
}

enum Stage {
    Begin(Module, Zeroizing<Vec<u8>>),
    Buffer(Paused<i32>, Zeroizing<Vec<u8>>),
    Run(Paused<i64>),
    Ended(Result<Zeroizing<Vec<u8>>, Trap>),
}

/// A call that waits for more fuel.
type Paused<R> = TypedResumableCallOutOfFuel<R>;
type Called<R> = Result<TypedResumableCall<R>, wasmi::Error>;

impl Run {
    pub(crate) fn new(module: Module, budget: Budget, input: Zeroizing<Vec<u8>>) -> Self {
        Self {
            budget,
            left: budget.slices(),
            stage: Stage::Begin(module, input),
            instance: None,
            idle: Idle::new(),
        }
    }

    /// All of it, and the fuel that went into it.
    pub(crate) fn measure(mut self) -> (Outcome, u64) {
        let advanced = self.advance(self.budget.fuel());
        let left = self.instance.as_ref().map_or(0, Instance::fuel);
        let outcome = match advanced {
            Ok(Stage::Ended(Ok(result))) => Outcome::Result(result),
            Ok(Stage::Ended(Err(Trap))) | Err(Trap) => Outcome::Trapped,
            Ok(_) => Outcome::OutOfFuel,
        };
        (outcome, self.budget.fuel() - left)
    }

    fn advance(&mut self, fuel: u64) -> Result<Stage, Trap> {
        let stage = core::mem::replace(&mut self.stage, Stage::Ended(Err(Trap)));
        if let Stage::Begin(module, _) = &stage {
            self.instance = Some(Instance::new(module, self.budget)?);
        }
        let instance = self.instance.as_mut().ok_or(Trap)?;
        instance.refuel(fuel)?;
        match stage {
            Stage::Begin(_, input) => {
                let called = instance.call_buffer(&input);
                instance.after_buffer(called, input)
            }
            Stage::Buffer(call, input) if instance.can(call.required_fuel()) => {
                let called = instance.resume(call);
                instance.after_buffer(called, input)
            }
            Stage::Run(call) if instance.can(call.required_fuel()) => {
                let called = instance.resume(call);
                instance.after_run(called)
            }
            other => Ok(other),
        }
    }
}

impl Instance {
    /// The input goes to where the module wants it.
    fn after_buffer(
        &mut self,
        called: Called<i32>,
        input: Zeroizing<Vec<u8>>,
    ) -> Result<Stage, Trap> {
        match called {
            Ok(TypedResumableCall::Finished(address)) => {
                let called = self.call_run(address, &input)?;
                self.after_run(called)
            }
            Ok(TypedResumableCall::OutOfFuel(call)) => Ok(Stage::Buffer(call, input)),
            _ => Err(Trap),
        }
    }

    fn after_run(&self, called: Called<i64>) -> Result<Stage, Trap> {
        match called {
            Ok(TypedResumableCall::Finished(place)) => {
                Ok(Stage::Ended(Ok(self.result(place.cast_unsigned())?)))
            }
            Ok(TypedResumableCall::OutOfFuel(call)) => Ok(Stage::Run(call)),
            _ => Err(Trap),
        }
    }
}

impl Work for Run {
    fn slice(&mut self) {
        let Some(left) = self.left.checked_sub(1) else {
            return;
        };
        self.left = left;
        let mut idle = self.budget.slice();
        if !matches!(self.stage, Stage::Ended(_)) {
            let advanced = self.advance(self.budget.slice());
            self.stage = advanced.unwrap_or(Stage::Ended(Err(Trap)));
            idle = self.instance.as_ref().map_or(idle, Instance::fuel);
        }
        if let (Stage::Ended(_), Some(burner)) = (&self.stage, &mut self.idle) {
            burner.burn(idle);
        }
    }

    fn finish(self: Box<Self>) -> Result<Zeroizing<Vec<u8>>, Trap> {
        match self.stage {
            Stage::Ended(result) if self.left == 0 => result,
            _ => Err(Trap),
        }
    }
}
