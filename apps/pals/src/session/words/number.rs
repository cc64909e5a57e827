//! Sums and the like.

use pals::{Maximum, Quorum, Sum};
use serde_json::{Value, json};

pub(super) fn agreed(what: &str, Quorum { inputs_min }: Quorum) -> String {
    format!("All learn {what} and how many gave one; with fewer than {inputs_min} only how many.")
}

pub(super) fn sum(Sum { count, sum }: &Sum) -> String {
    let Some((sum, mean)) = sum else {
        return too_few(*count);
    };
    let is_whole = *sum == i128::from(*mean) * i128::from(*count);
    let about = if is_whole { "" } else { "about " };
    format!("The sum of {count} numbers is {sum}, their mean {about}{mean}.")
}

pub(super) fn maximum(Maximum { count, maximum }: &Maximum) -> String {
    match maximum {
        Some(maximum) => format!("The largest of {count} numbers is {maximum}."),
        None => too_few(*count),
    }
}

fn too_few(count: u16) -> String {
    format!("Only {count} gave a number: too few for a result.")
}

/// A sum is larger than numbers that programs read from JSON, and a mean may be.
pub(super) fn sum_facts(Sum { count, sum }: &Sum) -> Value {
    let (sum, mean) = sum.unzip();
    let (sum, mean) = (sum.map(|it| it.to_string()), mean.map(|it| it.to_string()));
    json!({ "count": count, "sum": sum, "mean": mean })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_that_is_rounded_is_told_as_such() {
        let of = |count, total, mean| {
            sum(&Sum {
                count,
                sum: Some((total, mean)),
            })
        };
        assert!(of(3, 42, 14).ends_with("is 42, their mean 14."));
        assert!(of(3, -43, -14).ends_with("is -43, their mean about -14."));
        let few = sum(&Sum {
            count: 1,
            sum: None,
        });
        assert!(few.contains("Only 1"), "{few}");
    }
}
