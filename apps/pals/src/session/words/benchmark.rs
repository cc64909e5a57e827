//! Key figures compared.

use pals::{Compared, Comparison, Figure, Quorum, TAKE_PART_MIN};
use serde_json::{Value, json};

/// In which quarter a figure is.
const QUARTERS: [&str; 4] = [
    "in the lowest quarter",
    "in the second quarter",
    "in the third quarter",
    "in the best quarter",
];

pub(super) fn agreed(Quorum { inputs_min }: Quorum) -> String {
    let least = inputs_min.max(TAKE_PART_MIN);
    format!(
        "All learn mean and quartiles of each key figure, and each member in which quarter its own is; \
         nothing, if fewer than {least} give theirs."
    )
}

pub(super) fn told(compared: &Compared) -> String {
    match compared {
        Compared::TooFew => {
            "Too few members gave key figures: who compares fewer could work them out.".into()
        }
        Compared::NoFigures => "What you gave are no key figures.".into(),
        Compared::TooMany => "The session has too many members for a comparison.".into(),
        Compared::Done(Comparison { members, figures }) => {
            let lines: Vec<String> = figures.iter().enumerate().map(line).collect();
            format!("Of {members} members:\n{}", lines.join("\n"))
        }
    }
}

fn line((at, figure): (usize, &Figure)) -> String {
    let Figure {
        mean,
        quartiles: [lower, median, upper],
        spread,
        ..
    } = figure;
    let mut line = format!(
        "  key figure {}: you are {}; mean {mean}, quartiles {lower}, {median} and {upper}",
        at + 1,
        quarter(figure)
    );
    if let Some(spread) = spread {
        let (deviation, best) = (spread.deviation(), spread.best);
        line += &format!(", standard deviation {deviation}, mean of the best quarter {best}");
    }
    line
}

fn quarter(figure: &Figure) -> &'static str {
    let at = usize::from(figure.quarter.saturating_sub(1));
    QUARTERS.get(at).copied().unwrap_or("nowhere")
}

/// Decimals are texts: they may have more digits than numbers that programs read from JSON.
pub(super) fn facts(compared: &Compared) -> Value {
    let (comparison, figures) = match compared {
        Compared::TooFew => ("too-few", None),
        Compared::NoFigures => ("no-figures", None),
        Compared::TooMany => ("too-many", None),
        Compared::Done(done) => ("done", Some(done)),
    };
    let count = figures.map(|it| it.members);
    let figures = figures.map(|it| it.figures.iter().map(figure_facts).collect::<Vec<_>>());
    json!({ "comparison": comparison, "count": count, "figures": figures })
}

fn figure_facts(figure: &Figure) -> Value {
    let [lower, median, upper] = figure.quartiles.map(|it| it.to_string());
    let spread = figure.spread;
    json!({
        "mean": figure.mean.to_string(),
        "lower": lower,
        "median": median,
        "upper": upper,
        "quarter": figure.quarter,
        "deviation": spread.map(|it| it.deviation().to_string()),
        "best": spread.map(|it| it.best.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use pals::{Millionths, Spread};

    use super::*;

    #[test]
    fn a_comparison_says_for_each_figure_where_one_is() {
        let figure = |quarter, spread| Figure {
            mean: Millionths(1_500_000),
            quartiles: [1, 2, 3].map(|it| Millionths(it * 1_000_000)),
            quarter,
            spread,
        };
        let spread = Spread {
            variance: 4_000_000_000_000,
            best: Millionths(3_500_000),
        };
        let compared = Compared::Done(Comparison {
            members: 8,
            figures: vec![figure(1, None), figure(4, Some(spread))],
        });
        let text = told(&compared);
        assert!(text.contains("figure 1: you are in the lowest quarter; mean 1.5"));
        assert!(text.ends_with("deviation 2, mean of the best quarter 3.5"));
        let facts = facts(&compared);
        assert_eq!(facts["figures"][0]["best"], Value::Null);
        assert_eq!(facts["figures"][1]["deviation"], "2");
        assert_eq!(facts["count"], 8);
    }
}
