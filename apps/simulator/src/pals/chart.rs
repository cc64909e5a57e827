//! A chart of a tally as SVG: a bar for each ending, and a mark where theory has it.

use std::fmt::Write;

use super::tally::{Claim, Tally};

/// Pixels.
const WIDTH: f64 = 720.0;
const ROW: f64 = 44.0;
const HEAD: f64 = 48.0;
const LEFT: f64 = 16.0;
/// From 0 to 1.
const SCALE: f64 = WIDTH - 2.0 * LEFT - 72.0;

/// The chart. What was claimed and never seen has a row too.
pub fn svg(title: &str, tally: &Tally, claims: &[Claim]) -> String {
    let unseen = claims.iter().map(|claim| claim.ending.as_str());
    let mut endings: Vec<&str> = tally.endings().map(|(ending, _)| ending).collect();
    endings.extend(unseen.filter(|ending| tally.frequency(ending) == 0.0));
    let height = HEAD + ROW * endings.len() as f64 + LEFT;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"white\"/>\n"
    );
    let runs = tally.runs();
    text(&mut out, LEFT, 28.0, &format!("{title}, {runs} runs"));
    for (number, ending) in endings.iter().enumerate() {
        let top = HEAD + ROW * number as f64;
        row(&mut out, top, ending, tally, claims);
    }
    out.push_str("</svg>\n");
    out
}

fn row(out: &mut String, top: f64, ending: &str, tally: &Tally, claims: &[Claim]) {
    let frequency = tally.frequency(ending);
    text(out, LEFT, top + 13.0, ending);
    rect(out, (LEFT, top + 19.0), SCALE, "#eeeeee");
    rect(out, (LEFT, top + 19.0), frequency * SCALE, "#4477aa");
    let value = format!("{:.3} %", 100.0 * frequency);
    text(out, LEFT + SCALE + 8.0, top + 31.0, &value);
    for claim in claims.iter().filter(|claim| claim.ending == ending) {
        mark(out, top + 16.0, claim, tally);
    }
}

/// A line where theory has it, in a band as wide as chance may make it.
fn mark(out: &mut String, top: f64, claim: &Claim, tally: &Tally) {
    let tolerance = tally.tolerance(claim.frequency);
    let at = |frequency: f64| LEFT + SCALE * frequency.clamp(0.0, 1.0);
    let (low, high) = (
        at(claim.frequency - tolerance),
        at(claim.frequency + tolerance),
    );
    let (width, x) = (high - low, at(claim.frequency));
    let what = if claim.is_most { "at most" } else { "theory" };
    // Writing to a string does not fail.
    let _ = writeln!(
        out,
        "<rect x=\"{low:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"20\" fill=\"#cc3311\" \
         opacity=\"0.25\"/>\n<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{top:.1}\" y2=\"{:.1}\" \
         stroke=\"#cc3311\" stroke-width=\"2\"><title>{what} {:.3} %</title></line>",
        top + 20.0,
        100.0 * claim.frequency,
    );
}

fn rect(out: &mut String, (x, y): (f64, f64), width: f64, fill: &str) {
    let _ = writeln!(
        out,
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"14\" fill=\"{fill}\"/>"
    );
}

fn text(out: &mut String, x: f64, y: f64, words: &str) {
    let escaped = words.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(out, "<text x=\"{x:.1}\" y=\"{y:.1}\">{escaped}</text>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ending_has_a_row_and_every_claim_a_mark() {
        let mut tally = Tally::default();
        tally.add("a < b".into());
        let claim = |ending: &str| Claim {
            ending: ending.into(),
            frequency: 0.5,
            is_most: true,
        };
        let svg = svg("title", &tally, &[claim("a < b"), claim("never")]);
        assert!(svg.contains("a &lt; b") && svg.contains("never"), "{svg}");
        assert_eq!(svg.matches("<line").count(), 2);
        assert!(svg.contains("100.000 %") && svg.contains("0.000 %"));
    }
}
