//! Some variables by the others.

use core::mem;

use crate::number::Number;
use crate::program::{Program, Row, Sense};

/// `denominator * variable + sum(entry * other) = bound`; for the target `sum(entry * other) - bound` is the
/// denominator times the costs.
pub(crate) struct Line<N> {
    pub(crate) entries: Vec<N>,
    pub(crate) bound: N,
}

/// Variables are those of the program, then one for each row, which takes up what the row leaves, then an *artificial*
/// one for each row, zero in every solution.
pub(crate) struct Dictionary<N> {
    /// The variable of each line. It has the value `bound / denominator`.
    pub(crate) basic: Vec<usize>,
    /// The variable of each column. It has the value 0.
    pub(crate) other: Vec<usize>,
    pub(crate) lines: Vec<Line<N>>,
    /// What is to become as low as can be.
    pub(crate) target: Line<N>,
    /// Above zero.
    pub(crate) denominator: N,
    /// Variables from here on are artificial.
    pub(crate) artificial: usize,
}

impl<N: Number> Dictionary<N> {
    pub(crate) fn new(program: &Program) -> Self {
        let (variables, rows) = (program.costs.len(), program.rows.len());
        let surplus = (0..rows).filter(|row| slack_sign(&program.rows[*row]) == -1);
        let surplus: Vec<usize> = surplus.collect();
        let artificial = variables + rows;
        let basic = (0..rows).map(|row| match slack_sign(&program.rows[row]) {
            1 => variables + row,
            _ => artificial + row,
        });
        let line = |number: usize| {
            let mut line = line(&program.rows[number], variables);
            let of_surplus = surplus.iter().map(|row| i64::from(*row == number));
            line.entries.extend(of_surplus.map(|is| N::from(-is)));
            line
        };
        let of_surplus = surplus.iter().map(|row| variables + row);
        Self {
            basic: basic.collect(),
            other: (0..variables).chain(of_surplus).collect(),
            lines: (0..rows).map(line).collect(),
            target: Line::empty(),
            denominator: N::from(1),
            artificial,
        }
    }

    /// Makes the sum of these costs the target.
    pub(crate) fn aim(&mut self, cost: impl Fn(usize) -> i64) -> Option<()> {
        let one = N::from(1);
        let scaled = |variable: &usize| {
            N::from(0).eliminated(&one, &N::from(-cost(*variable)), &self.denominator, &one)
        };
        let entries = self.other.iter().map(scaled).collect::<Option<_>>()?;
        let bound = N::from(0);
        let mut target = Line { entries, bound };
        for (variable, line) in self.basic.iter().zip(&self.lines) {
            let cost = N::from(cost(*variable));
            if !cost.is_zero() {
                target.subtract(&cost, line)?;
            }
        }
        self.target = target;
        Some(())
    }

    /// Exchanges the variable of a line for that of a column, whose entry in the line is above zero.
    pub(crate) fn pivot(&mut self, line: usize, column: usize) -> Option<()> {
        let mut above = mem::replace(&mut self.lines[line], Line::empty());
        let by = above.entries[column].clone();
        let pivot = Pivot {
            column,
            by: &by,
            divisor: &self.denominator,
            present: above.present(column),
            above: &above,
        };
        let lines = self.lines.iter_mut().enumerate();
        for (_, other) in lines.filter(|(number, _)| *number != line) {
            pivot.eliminate(other)?;
        }
        pivot.eliminate(&mut self.target)?;
        above.entries[column] = mem::replace(&mut self.denominator, by);
        self.lines[line] = above;
        mem::swap(&mut self.basic[line], &mut self.other[column]);
        if self.other[column] >= self.artificial {
            self.drop_column(column);
        }
        Some(())
    }

    /// Changes the sign of a line whose bound is zero if it has to.
    pub(crate) fn make_positive(&mut self, line: usize, column: usize) {
        let line = &mut self.lines[line];
        if line.entries[column].sign().is_lt() {
            for entry in &mut line.entries {
                entry.negate();
            }
        }
    }

    /// Drops a line.
    pub(crate) fn forget(&mut self, line: usize) {
        self.lines.remove(line);
        self.basic.remove(line);
    }

    fn drop_column(&mut self, column: usize) {
        self.other.swap_remove(column);
        for line in self.lines.iter_mut().chain([&mut self.target]) {
            line.entries.swap_remove(column);
        }
    }
}

/// A step, as it is for every line but its own.
struct Pivot<'p, N> {
    column: usize,
    /// The entry that everything turns on, and the next denominator.
    by: &'p N,
    divisor: &'p N,
    above: &'p Line<N>,
    /// Columns of `above` that are not zero, without the own one.
    present: Vec<usize>,
}

impl<N: Number> Pivot<'_, N> {
    fn eliminate(&self, line: &mut Line<N>) -> Option<()> {
        let left = mem::replace(&mut line.entries[self.column], N::from(0));
        if self.by == self.divisor {
            // What is zero above changes nothing.
            if left.is_zero() {
                return Some(());
            }
            for column in &self.present {
                self.step(
                    &mut line.entries[*column],
                    &left,
                    &self.above.entries[*column],
                )?;
            }
        } else {
            for (entry, above) in line.entries.iter_mut().zip(&self.above.entries) {
                self.step(entry, &left, above)?;
            }
        }
        self.step(&mut line.bound, &left, &self.above.bound)?;
        line.entries[self.column] = left;
        line.entries[self.column].negate();
        Some(())
    }

    fn step(&self, entry: &mut N, left: &N, above: &N) -> Option<()> {
        if !entry.is_zero() || !(left.is_zero() || above.is_zero()) {
            *entry = entry.eliminated(self.by, left, above, self.divisor)?;
        }
        Some(())
    }
}

impl<N: Number> Line<N> {
    fn empty() -> Self {
        Self {
            entries: Vec::new(),
            bound: N::from(0),
        }
    }

    fn present(&self, without: usize) -> Vec<usize> {
        let entries = self.entries.iter().enumerate();
        let present = entries.filter(|(column, it)| *column != without && !it.is_zero());
        present.map(|(column, _)| column).collect()
    }

    fn subtract(&mut self, factor: &N, other: &Self) -> Option<()> {
        let one = N::from(1);
        let own = self.entries.iter_mut().chain([&mut self.bound]);
        for (own, other) in own.zip(other.entries.iter().chain([&other.bound])) {
            *own = own.eliminated(&one, factor, other, &one)?;
        }
        Some(())
    }
}

/// 1 if what a row leaves is added to it once its bound is not negative, -1 if it is taken away, 0 in an equation.
fn slack_sign(row: &Row) -> i64 {
    match row.sense {
        Sense::AtMost => sign(row),
        Sense::Equal => 0,
        Sense::AtLeast => -sign(row),
    }
}

fn sign(row: &Row) -> i64 {
    if row.bound < 0 { -1 } else { 1 }
}

fn line<N: Number>(row: &Row, variables: usize) -> Line<N> {
    let mut entries = vec![N::from(0); variables];
    for (variable, coefficient) in &row.terms {
        entries[*variable] = N::from(sign(row) * coefficient);
    }
    let bound = N::from(sign(row) * row.bound);
    Line { entries, bound }
}
