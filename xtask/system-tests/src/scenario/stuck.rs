//! How exchanges get stuck, by what happens to hosts and not to their programs.

use super::cast::Cast;
use super::trace::departures;
use crate::host::Host;
use crate::program::Failure;

/// Host A while it hangs.
#[derive(Debug)]
#[must_use = "host A hangs until Cast::cut"]
pub struct Hanging {
    /// What its card had confirmed before.
    confirmed: usize,
}

impl Cast {
    /// Host A hangs; B accepts an offer, and its agreement leaves host B.
    ///
    /// # Errors
    /// [`Failure`] if it does not.
    pub fn accept_while_a_hangs(&mut self, n1: &str) -> Result<Hanging, Failure> {
        let confirmed = departures(&self.a, "confirmation")?;
        self.a.signal("STOP")?;
        self.accept_alone(n1).map(|()| Hanging { confirmed })
    }

    /// Behind [`accept_while_a_hangs`](Self::accept_while_a_hangs): host B loses its power, host A goes on, its card
    /// takes the agreement and confirms it to nobody.
    ///
    /// # Errors
    /// [`Failure`] if it does not.
    pub fn cut(&mut self, hanging: Hanging) -> Result<(), Failure> {
        self.b.kill();
        self.a.signal("CONT")?;
        confirmed(&self.a, hanging.confirmed)
    }

    /// Host A is stopped; B accepts an offer, and its agreement meets nobody.
    ///
    /// # Errors
    /// [`Failure`] if it does not.
    pub fn accept_while_a_is_away(&mut self, n1: &str) -> Result<(), Failure> {
        self.a.stop()?;
        self.accept_alone(n1)
    }

    /// Behind [`accept_while_a_is_away`](Self::accept_while_a_is_away): host A starts again, its card
    /// takes the late agreement and confirms it.
    ///
    /// # Errors
    /// [`Failure`] if it does not.
    pub fn a_comes_back(&mut self) -> Result<(), Failure> {
        self.a.restart()?;
        confirmed(&self.a, 0)
    }

    /// B orders to accept, and its wallet goes once the agreement left.
    fn accept_alone(&self, n1: &str) -> Result<(), Failure> {
        let before = departures(&self.b, "agreement")?;
        let mut wallet = self.b.wallet(&["accept", n1]).background()?;
        let left = || Ok(departures(&self.b, "agreement")? > before);
        let left = self.b.wait_for("the agreement", left);
        wallet.kill().and_then(|()| wallet.wait()).ok();
        left
    }
}

/// The card of a host takes one agreement more than it had taken, and confirms it.
fn confirmed(host: &Host, before: usize) -> Result<(), Failure> {
    let more = || Ok(departures(host, "confirmation")? > before);
    host.wait_for("the confirmation", more)
}
