//! Statistics of one key figure.

use etp_function::exact::rounded;

use crate::SPREAD_MIN;

/// See the crate. In the order in which it is written.
pub(crate) struct Statistics {
    mean: i64,
    lower: i64,
    median: i64,
    upper: i64,
    variance: u128,
    best: i64,
}

impl Statistics {
    /// Of at least one figure.
    pub(crate) fn of(mut figures: Vec<i64>) -> Self {
        figures.sort_unstable();
        let at = |quarters: usize| figures[(quarters * figures.len()).div_ceil(4) - 1];
        let has_spread = figures.len() >= SPREAD_MIN;
        let highest = &figures[figures.len() - figures.len().div_ceil(4)..];
        Self {
            mean: mean(&figures),
            lower: at(1),
            median: at(2),
            upper: at(3),
            variance: if has_spread { variance(&figures) } else { 0 },
            best: if has_spread { mean(highest) } else { 0 },
        }
    }

    /// For a member with that figure.
    pub(crate) fn write(&self, own: i64, to: &mut Vec<u8>) {
        for number in [self.mean, self.lower, self.median, self.upper] {
            to.extend(number.to_be_bytes());
        }
        let quartiles = [self.lower, self.median, self.upper];
        let below = quartiles.iter().filter(|quartile| own > **quartile);
        to.push(1 + below.count() as u8);
        to.extend(self.variance.to_be_bytes());
        to.extend(self.best.to_be_bytes());
    }
}

fn sum(figures: &[i64]) -> i128 {
    figures.iter().map(|it| i128::from(*it)).sum()
}

fn mean(figures: &[i64]) -> i64 {
    // It lies between numbers of 64 bits.
    rounded(sum(figures), figures.len() as i128) as i64
}

/// (k Σx² - (Σx)²) / k². With `MEMBERS_MAX` figures of `FIGURE_MAX` the first product is below 2^126.
fn variance(figures: &[i64]) -> u128 {
    let count = figures.len() as i128;
    let squares: i128 = figures.iter().map(|it| i128::from(*it).pow(2)).sum();
    let spread = count * squares - sum(figures).pow(2);
    rounded(spread, count * count).unsigned_abs()
}
