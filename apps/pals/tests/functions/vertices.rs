//! Linear programs by hand: every corner of what the rows allow is looked at.

use num_bigint::BigInt;
use num_rational::BigRational;
use plan::program::{Program, Row, Sense};

fn whole(number: i64) -> BigRational {
    BigRational::from_integer(number.into())
}

/// A row with all its coefficients.
fn dense(row: &Row, variables: usize) -> Vec<BigRational> {
    let mut dense = vec![whole(0); variables];
    for (variable, coefficient) in &row.terms {
        dense[*variable] = whole(*coefficient);
    }
    dense
}

fn product(left: &[BigRational], right: &[BigRational]) -> BigRational {
    left.iter()
        .zip(right)
        .map(|(left, right)| left * right)
        .sum()
}

/// Whether a point meets all rows and has no negative part.
pub(crate) fn is_feasible(program: &Program, point: &[BigRational]) -> bool {
    let meets = |row: &Row| {
        let (sum, bound) = (product(&dense(row, point.len()), point), whole(row.bound));
        match row.sense {
            Sense::AtMost => sum <= bound,
            Sense::Equal => sum == bound,
            Sense::AtLeast => sum >= bound,
        }
    };
    point.iter().all(|it| *it >= whole(0)) && program.rows.iter().all(meets)
}

pub(crate) fn cost(program: &Program, point: &[BigRational]) -> BigRational {
    let costs: Vec<BigRational> = program.costs.iter().map(|it| whole(*it)).collect();
    product(&costs, point)
}

/// The one point on these planes, by Gauss.
fn solve(mut planes: Vec<Vec<BigRational>>) -> Option<Vec<BigRational>> {
    let variables = planes.len();
    for column in 0..variables {
        let at = (column..variables).find(|at| planes[*at][column] != whole(0))?;
        planes.swap(column, at);
        let by = planes[column][column].clone();
        planes[column].iter_mut().for_each(|it| *it /= &by);
        let pivot = planes[column].clone();
        for plane in planes
            .iter_mut()
            .enumerate()
            .filter(|(at, _)| *at != column)
        {
            let by = plane.1[column].clone();
            for (it, of) in plane.1.iter_mut().zip(&pivot) {
                *it -= &by * of;
            }
        }
    }
    Some(
        planes
            .iter()
            .map(|plane| plane[variables].clone())
            .collect(),
    )
}

/// The least cost at a corner; `None` if there is no corner, and so no point at all.
pub(crate) fn least(program: &Program) -> Option<BigRational> {
    let variables = program.costs.len();
    let rows = program.rows.iter().map(|row| {
        let mut plane = dense(row, variables);
        plane.push(whole(row.bound));
        plane
    });
    let axes = (0..variables).map(|axis| {
        let mut plane = vec![whole(0); variables + 1];
        plane[axis] = whole(1);
        plane
    });
    let planes: Vec<Vec<BigRational>> = rows.chain(axes).collect();
    let mut least = None;
    for chosen in 0_u32..1 << planes.len() {
        if chosen.count_ones() as usize != variables {
            continue;
        }
        let of = planes
            .iter()
            .enumerate()
            .filter(|(at, _)| chosen >> at & 1 == 1);
        let corner = solve(of.map(|(_, plane)| plane.clone()).collect());
        if let Some(corner) = corner.filter(|it| is_feasible(program, it)) {
            let cost = cost(program, &corner);
            least = Some(least.map_or(cost.clone(), |least: BigRational| least.min(cost)));
        }
    }
    least
}

/// A solution as fractions.
pub(crate) fn point(numerators: &[BigInt], denominator: &BigInt) -> Vec<BigRational> {
    let fraction = |it: &BigInt| BigRational::new(it.clone(), denominator.clone());
    numerators.iter().map(fraction).collect()
}
