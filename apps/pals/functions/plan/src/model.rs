//! The linear program of a supply chain.

use crate::program::{Program, Row, Sense};
use crate::site::{Shape, Site};

/// What a variable is about, at its site, of a product, in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activity {
    /// Made.
    Make,
    /// Kept until the next period.
    Keep,
    /// Sent to another site, where it arrives in the same period.
    Send(usize),
}

/// A variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) site: usize,
    pub(crate) product: usize,
    pub(crate) period: usize,
    pub(crate) activity: Activity,
}

/// The sites of a plan: `None` where a member has none.
pub(crate) struct Model<'m> {
    shape: Shape,
    sites: &'m [Option<Site>],
    /// By site, then product, then period; first what is made, then what is kept, then what is sent, by receiver.
    pub(crate) variables: Vec<Variable>,
}

impl<'m> Model<'m> {
    pub(crate) fn new(shape: Shape, sites: &'m [Option<Site>]) -> Self {
        let mut model = Self {
            shape,
            sites,
            variables: Vec::new(),
        };
        for (number, site) in model.present() {
            for (product, period) in model.moments() {
                let variable = |activity| Variable {
                    site: number,
                    product,
                    period,
                    activity,
                };
                let lanes = model.present().filter(|(to, _)| *to != number);
                let lanes = lanes.filter(|(to, _)| site.cost_to_send[*to].is_some());
                let sends = lanes.map(|(to, _)| Activity::Send(to));
                let all = [Activity::Make, Activity::Keep].into_iter().chain(sends);
                let all: Vec<Variable> = all.map(variable).collect();
                model.variables.extend(all);
            }
        }
        model
    }

    /// How many rows the program has.
    pub(crate) fn rows(&self) -> usize {
        self.present().count() * self.shape.periods * (self.shape.products + 1)
    }

    /// The rows are by site: what is made and kept of each product in each period, then the capacity of each period.
    pub(crate) fn program(&self) -> Program {
        let costs = self.variables.iter().map(|variable| self.cost(variable));
        let mut program = Program {
            costs: costs.collect(),
            rows: self.empty_rows(),
        };
        for (number, variable) in self.variables.iter().enumerate() {
            self.enter(number, variable, &mut program.rows);
        }
        program
    }

    fn present(&self) -> impl Iterator<Item = (usize, &'m Site)> + use<'m> {
        let sites = self.sites.iter().enumerate();
        sites.filter_map(|(number, site)| Some((number, site.as_ref()?)))
    }

    /// Every product and period.
    fn moments(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let Shape {
            products, periods, ..
        } = self.shape;
        (0..products).flat_map(move |product| (0..periods).map(move |period| (product, period)))
    }

    fn cost(&self, variable: &Variable) -> i64 {
        let cost = |site: &Site| match variable.activity {
            Activity::Make => Some(site.cost_to_make[variable.product]),
            Activity::Keep => Some(site.cost_to_keep[variable.product]),
            Activity::Send(to) => site.cost_to_send[to],
        };
        self.sites[variable.site]
            .as_ref()
            .and_then(cost)
            .unwrap_or_default()
    }

    fn empty_rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        for (_, site) in self.present() {
            for (product, period) in self.moments() {
                let stock = if period == 0 { site.stock[product] } else { 0 };
                rows.push(row(Sense::Equal, site.demand[product][period] - stock));
            }
            rows.extend(site.capacity.iter().map(|it| row(Sense::AtMost, *it)));
        }
        rows
    }

    /// Enters a variable into the rows that it is in.
    fn enter(&self, number: usize, variable: &Variable, rows: &mut [Row]) {
        let Variable {
            site,
            product,
            period,
            activity,
        } = *variable;
        let mut term = |row: usize, coefficient: i64| {
            if coefficient != 0 {
                rows[row].terms.push((number, coefficient));
            }
        };
        match activity {
            Activity::Make => {
                term(self.balance(site, product, period), 1);
                let effort = self.sites[site].as_ref().map_or(0, |it| it.effort[product]);
                term(self.capacity(site, period), effort);
            }
            Activity::Keep => {
                term(self.balance(site, product, period), -1);
                if period + 1 < self.shape.periods {
                    term(self.balance(site, product, period + 1), 1);
                }
            }
            Activity::Send(to) => {
                term(self.balance(site, product, period), -1);
                term(self.balance(to, product, period), 1);
            }
        }
    }

    /// The row in which a product of a site is balanced.
    fn balance(&self, site: usize, product: usize, period: usize) -> usize {
        self.first_row(site) + product * self.shape.periods + period
    }

    fn capacity(&self, site: usize, period: usize) -> usize {
        self.first_row(site) + self.shape.products * self.shape.periods + period
    }

    fn first_row(&self, site: usize) -> usize {
        let before = self.sites[..site].iter().flatten().count();
        before * self.shape.periods * (self.shape.products + 1)
    }
}

fn row(sense: Sense, bound: i64) -> Row {
    Row {
        terms: Vec::new(),
        sense,
        bound,
    }
}
