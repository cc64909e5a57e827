//! The simplex method in two phases, with Bland's rule, which never cycles.
//!
//! A fraction `number / denominator` has the same denominator in all of the dictionary, and all numbers are whole:
//! they are minors of the matrix of the program (Edmonds 1967, Bareiss 1968). So the division in each step leaves no
//! rest, and no fraction is ever reduced.

use core::cmp::Ordering::{Equal, Greater, Less};

use num_bigint::BigInt;

use crate::dictionary::Dictionary;
use crate::number::Number;
use crate::program::{Outcome, Program};

/// Solves a program; `None` if a number does not fit.
pub(crate) fn solve<N: Number>(program: &Program) -> Option<Outcome> {
    let mut dictionary = Dictionary::<N>::new(program);
    let artificial = dictionary.artificial;
    dictionary.aim(|variable| i64::from(variable >= artificial))?;
    // Bounded: no variable is less than zero.
    descend(&mut dictionary)?;
    if dictionary.target.bound.sign() != Equal {
        return Some(Outcome::Infeasible);
    }
    expel_artificial(&mut dictionary)?;
    dictionary.aim(|variable| program.costs.get(variable).copied().unwrap_or(0))?;
    Some(match descend(&mut dictionary)? {
        true => solution(&dictionary, program.costs.len()),
        false => Outcome::Unbounded,
    })
}

/// Goes down until nothing is lower. `Some(false)` if there is no end.
fn descend<N: Number>(dictionary: &mut Dictionary<N>) -> Option<bool> {
    while let Some(column) = entering(dictionary) {
        let Some(line) = leaving(dictionary, column) else {
            return Some(false);
        };
        dictionary.pivot(line, column)?;
    }
    Some(true)
}

/// The column of the first variable that lowers the target.
fn entering<N: Number>(dictionary: &Dictionary<N>) -> Option<usize> {
    let entries = dictionary.target.entries.iter().enumerate();
    let lowering = entries.filter(|(_, entry)| entry.sign() == Less);
    let columns = lowering.map(|(column, _)| column);
    columns.min_by_key(|column| dictionary.other[*column])
}

/// The line that bounds the variable of that column first; of several, that of the first variable.
fn leaving<N: Number>(dictionary: &Dictionary<N>, column: usize) -> Option<usize> {
    let mut best: Option<usize> = None;
    for (number, line) in dictionary.lines.iter().enumerate() {
        let entry = &line.entries[column];
        if entry.sign() != Greater {
            continue;
        }
        let is_better = best.is_none_or(|best| {
            let other = &dictionary.lines[best];
            let factor = &other.entries[column];
            match line.bound.compare_scaled(factor, &other.bound, entry) {
                Equal => dictionary.basic[number] < dictionary.basic[best],
                order => order == Less,
            }
        });
        if is_better {
            best = Some(number);
        }
    }
    best
}

/// Makes no artificial variable basic. A line that is about nothing else says nothing, and goes.
fn expel_artificial<N: Number>(dictionary: &mut Dictionary<N>) -> Option<()> {
    for line in (0..dictionary.lines.len()).rev() {
        if dictionary.basic[line] < dictionary.artificial {
            continue;
        }
        let entries = dictionary.lines[line].entries.iter().enumerate();
        let present = entries.filter(|(_, entry)| !entry.is_zero());
        let columns = present.map(|(column, _)| column);
        match columns.min_by_key(|column| dictionary.other[*column]) {
            Some(column) => {
                dictionary.make_positive(line, column);
                dictionary.pivot(line, column)?;
            }
            None => dictionary.forget(line),
        }
    }
    Some(())
}

fn solution<N: Number>(dictionary: &Dictionary<N>, variables: usize) -> Outcome {
    let mut numerators = vec![BigInt::ZERO; variables];
    for (variable, line) in dictionary.basic.iter().zip(&dictionary.lines) {
        if let Some(numerator) = numerators.get_mut(*variable) {
            *numerator = line.bound.clone().into();
        }
    }
    Outcome::Optimal(numerators, dictionary.denominator.clone().into())
}
