//! Linear programs: what the simplex method finds, and what there is.

use num_rational::BigRational;
use plan::program::{Outcome, Program, Row, Sense};

use crate::engine::{Dice, runs};
use crate::textbook;
use crate::vertices::{cost, is_feasible, least, point};

fn program(dice: &mut Dice, variables: u64, rows: u64, size: i64) -> Program {
    let row = |dice: &mut Dice| {
        let term = |variable| (variable as usize, dice.between(-size, size));
        let terms: Vec<_> = (0..variables).map(term).collect();
        Row {
            terms: terms.into_iter().filter(|(_, it)| *it != 0).collect(),
            sense: [Sense::AtMost, Sense::Equal, Sense::AtLeast][dice.below(3) as usize],
            bound: dice.between(-2 * size, 2 * size),
        }
    };
    let rows = (0..rows).map(|_| row(dice)).collect();
    let costs = (0..variables).map(|_| dice.between(-size, size)).collect();
    Program { costs, rows }
}

/// Whether costs have no end: with no row in the way, there is a direction of which every step costs less.
fn is_endless(program: &Program) -> bool {
    let mut directions = program.clone();
    for row in &mut directions.rows {
        row.bound = 0;
    }
    let all = (0..program.costs.len()).map(|variable| (variable, 1));
    directions.rows.push(Row {
        terms: all.collect(),
        sense: Sense::Equal,
        bound: 1,
    });
    let zero = BigRational::from_integer(0.into());
    least(&directions).is_some_and(|cost| cost < zero)
}

fn check(program: &Program) -> usize {
    match program.solve() {
        Outcome::Optimal(numerators, denominator) => {
            let point = point(&numerators, &denominator);
            assert!(is_feasible(program, &point), "{program:?}: {point:?}");
            assert_eq!(Some(cost(program, &point)), least(program), "{program:?}");
            assert!(!is_endless(program), "{program:?}");
            0
        }
        Outcome::Infeasible => {
            assert_eq!(least(program), None, "{program:?}");
            1
        }
        Outcome::Unbounded => {
            assert!(
                least(program).is_some() && is_endless(program),
                "{program:?}"
            );
            2
        }
    }
}

#[test]
fn the_simplex_method_ends_where_the_best_corner_is() {
    let mut outcomes = [0; 3];
    runs(600, |dice| {
        let (variables, rows) = (1 + dice.below(3), dice.below(4));
        let size = [2, 9, 1 << 40][dice.below(3) as usize];
        outcomes[check(&program(dice, variables, rows, size))] += 1;
    });
    assert!(outcomes.iter().all(|times| *times > 50), "{outcomes:?}");
}

#[test]
fn of_several_solutions_it_is_that_of_the_rule() {
    let mut solved = 0;
    runs(600, |dice| {
        // Small numbers, of which many are equal: many steps could be others.
        let (variables, rows) = (3 + dice.below(5), 2 + dice.below(5));
        let mut program = program(dice, variables, rows, 2);
        for row in &mut program.rows {
            row.sense = Sense::AtMost;
            row.bound = (dice.below(3) / 2) as i64;
        }
        program.costs.iter_mut().for_each(|it| *it = (*it).signum());
        let found = match program.solve() {
            Outcome::Optimal(numerators, denominator) => Some(point(&numerators, &denominator)),
            _ => None,
        };
        assert_eq!(found, textbook::solve(&program), "{program:?}");
        solved += usize::from(found.is_some());
    });
    assert!(solved > 100, "{solved}");
}

fn row(terms: &[i64], sense: Sense, bound: i64) -> Row {
    let terms = terms.iter().copied().enumerate();
    Row {
        terms: terms.collect(),
        sense,
        bound,
    }
}

#[test]
fn rows_that_say_the_same_twice_are_no_trouble() {
    let rows = vec![
        row(&[1, 1], Sense::Equal, 2),
        row(&[2, 2], Sense::Equal, 4),
        row(&[-1, -1], Sense::Equal, -2),
        row(&[0, 0], Sense::Equal, 0),
    ];
    let costs = vec![3, 2];
    assert_eq!(check(&Program { costs, rows }), 0);
}

/// Beale 1955: the rule of the steepest descent goes round for ever.
#[test]
fn a_program_on_which_other_rules_cycle_is_solved() {
    let program = Program {
        costs: vec![-75, 15_000, -2, 600],
        rows: vec![
            row(&[25, -6_000, -4, 900], Sense::AtMost, 0),
            row(&[50, -9_000, -2, 300], Sense::AtMost, 0),
            row(&[0, 0, 1, 0], Sense::AtMost, 1),
        ],
    };
    assert_eq!(check(&program), 0);
    let Outcome::Optimal(numerators, denominator) = program.solve() else {
        panic!("there is a solution");
    };
    let cost = cost(&program, &point(&numerators, &denominator));
    assert_eq!(cost, BigRational::from_integer((-5).into()));
}
