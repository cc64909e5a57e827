//! Plans of supply chains.

use std::fmt;

use etp_function::Reader;
use num_bigint::BigUint;

/// How large a plan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// How many products, at least 1.
    pub products: u8,
    /// How many periods, at least 1.
    pub periods: u8,
}

/// What a member learns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Planned {
    /// What the own site does of each product, and in it in each period.
    Optimal(Vec<Activities>),
    /// The demands cannot be met.
    Infeasible,
    /// Gains have no end.
    Unbounded,
    /// The plan would have too many variables or rows, or be too long to be told.
    TooLarge,
    /// The member has no site.
    NoSite,
}

/// What a site does of a product in a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activities {
    /// The product, from 0.
    pub product: usize,
    /// The period, from 0.
    pub period: usize,
    /// Units made.
    pub made: Amount,
    /// Units kept until the next period.
    pub kept: Amount,
    /// Units sent to each member, in order.
    pub sent: Vec<Amount>,
    /// Units received from each member, in order.
    pub received: Vec<Amount>,
}

/// A fraction that is not negative, reduced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amount {
    numerator: BigUint,
    denominator: BigUint,
}

impl Amount {
    /// Whether it is nothing.
    pub fn is_zero(&self) -> bool {
        self.numerator == BigUint::ZERO
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let mut number = || {
            let len = reader.u16()?.into();
            reader.bytes(len).map(BigUint::from_bytes_be)
        };
        let (numerator, denominator) = (number()?, number()?);
        (denominator != BigUint::ZERO).then_some(Self {
            numerator,
            denominator,
        })
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.denominator == BigUint::from(1_u8) {
            true => write!(f, "{}", self.numerator),
            false => write!(f, "{}/{}", self.numerator, self.denominator),
        }
    }
}

impl Shape {
    /// Most rows of a plan.
    pub const ROWS_MAX: usize = 192;

    /// Rows of a plan of `n` sites.
    pub fn rows(self, n: usize) -> usize {
        n * usize::from(self.periods) * (usize::from(self.products) + 1)
    }

    pub(super) fn read(parameters: &[u8]) -> Option<Self> {
        let [products, periods] = *parameters else {
            return None;
        };
        (products > 0 && periods > 0).then_some(Self { products, periods })
    }

    pub(super) fn write(self) -> Vec<u8> {
        vec![self.products, self.periods]
    }
}

impl Planned {
    pub(super) fn read(result: &[u8], shape: Shape, n: usize) -> Option<Self> {
        let mut reader = Reader::new(result);
        let planned = match reader.u8()? {
            1 => Self::Optimal(activities(&mut reader, shape, n)?),
            2 => Self::Infeasible,
            3 => Self::Unbounded,
            4 => Self::TooLarge,
            5 => Self::NoSite,
            _ => return None,
        };
        reader.rest().is_empty().then_some(planned)
    }
}

fn activities(reader: &mut Reader<'_>, shape: Shape, n: usize) -> Option<Vec<Activities>> {
    let products = 0..usize::from(shape.products);
    let moments = products.flat_map(|product| (0..shape.periods).map(move |it| (product, it)));
    let read = moments.map(|(product, period)| {
        let (made, kept) = (Amount::read(reader)?, Amount::read(reader)?);
        let lanes = (0..n).map(|_| Some((Amount::read(reader)?, Amount::read(reader)?)));
        let (sent, received) = lanes.collect::<Option<Vec<_>>>()?.into_iter().unzip();
        Some(Activities {
            product,
            period: period.into(),
            made,
            kept,
            sent,
            received,
        })
    });
    read.collect()
}
