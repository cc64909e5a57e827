//! The simplex method as textbooks have it: a table of fractions, two phases, Bland's rule. Nothing is fast here.

use num_rational::BigRational;
use plan::program::{Program, Row, Sense};

fn whole(number: i64) -> BigRational {
    BigRational::from_integer(number.into())
}

/// Columns: the variables, one for what each row leaves, an artificial one for each row, and the bounds.
struct Table {
    rows: Vec<Vec<BigRational>>,
    basic: Vec<usize>,
    artificial: usize,
}

/// The solution, or `None` if there is none or no end.
pub(crate) fn solve(program: &Program) -> Option<Vec<BigRational>> {
    let mut table = Table::new(program);
    let artificial = table.artificial;
    table.descend(|column| whole(i64::from(column >= artificial)))?;
    let left = table.basic.iter().zip(&table.rows);
    let mut left = left.filter(|(basic, _)| **basic >= artificial);
    if left.any(|(_, row)| row.last() != Some(&whole(0))) {
        return None;
    }
    table.expel();
    table.descend(|column| whole(program.costs.get(column).copied().unwrap_or(0)))?;
    let mut solution = vec![whole(0); program.costs.len()];
    for (basic, row) in table.basic.iter().zip(&table.rows) {
        if let Some(value) = solution.get_mut(*basic) {
            *value = row.last()?.clone();
        }
    }
    Some(solution)
}

impl Table {
    fn new(program: &Program) -> Self {
        let (variables, rows) = (program.costs.len(), program.rows.len());
        let mut table = Self {
            rows: Vec::new(),
            basic: Vec::new(),
            artificial: variables + rows,
        };
        for (number, row) in program.rows.iter().enumerate() {
            table.add(number, row, variables, rows);
        }
        table
    }

    fn add(&mut self, number: usize, row: &Row, variables: usize, rows: usize) {
        let sign = if row.bound < 0 { -1 } else { 1 };
        let slack = match row.sense {
            Sense::AtMost => sign,
            Sense::Equal => 0,
            Sense::AtLeast => -sign,
        };
        let mut line = vec![whole(0); variables + 2 * rows + 1];
        for (variable, coefficient) in &row.terms {
            line[*variable] = whole(sign * coefficient);
        }
        line[variables + number] = whole(slack);
        line[variables + 2 * rows] = whole(sign * row.bound);
        let basic = if slack == 1 {
            variables
        } else {
            self.artificial
        } + number;
        line[basic] = whole(1);
        self.basic.push(basic);
        self.rows.push(line);
    }

    /// `None` if there is no end.
    fn descend(&mut self, cost: impl Fn(usize) -> BigRational) -> Option<()> {
        loop {
            let reduced = |column: &usize| {
                let lines = self.basic.iter().zip(&self.rows);
                let of_basic = lines.map(|(basic, row)| cost(*basic) * &row[*column]);
                cost(*column) - of_basic.sum::<BigRational>()
            };
            let Some(column) = (0..self.artificial).find(|it| reduced(it) < whole(0)) else {
                return Some(());
            };
            let above = (0..self.rows.len()).filter(|row| self.rows[*row][column] > whole(0));
            let ratio = |row: &usize| {
                let line = &self.rows[*row];
                (
                    line.last().map(|bound| bound / &line[column]),
                    self.basic[*row],
                )
            };
            let row = above.min_by_key(ratio)?;
            self.pivot(row, column);
        }
    }

    fn pivot(&mut self, row: usize, column: usize) {
        let by = self.rows[row][column].clone();
        self.rows[row].iter_mut().for_each(|it| *it /= &by);
        let pivot = self.rows[row].clone();
        for (number, line) in self.rows.iter_mut().enumerate() {
            let by = line[column].clone();
            if number != row && by != whole(0) {
                line.iter_mut()
                    .zip(&pivot)
                    .for_each(|(it, of)| *it -= &by * of);
            }
        }
        self.basic[row] = column;
    }

    fn expel(&mut self) {
        for row in (0..self.rows.len()).rev() {
            if self.basic[row] < self.artificial {
                continue;
            }
            let present = |column: &usize| self.rows[row][*column] != whole(0);
            match (0..self.artificial).find(present) {
                Some(column) => self.pivot(row, column),
                None => {
                    self.rows.remove(row);
                    self.basic.remove(row);
                }
            }
        }
    }
}
