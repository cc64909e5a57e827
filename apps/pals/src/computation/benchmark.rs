//! Key figures compared.

use etp_function::Reader;

use crate::millionths::Millionths;

/// Fewer members are never compared.
pub const TAKE_PART_MIN: u16 = 5;
/// Most key figures of a member.
pub const FIGURES_MAX: usize = 64;

/// What a member learns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compared {
    /// Too few gave key figures.
    TooFew,
    /// The member's own were none.
    NoFigures,
    /// The session has too many members.
    TooMany,
    /// How the own figures compare.
    Done(Comparison),
}

/// The statistics of a group, and one's own place in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// How many take part.
    pub members: u16,
    /// For each key figure.
    pub figures: Vec<Figure>,
}

/// A key figure of all who take part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Rounded.
    pub mean: Millionths,
    /// Lower quartile, median and upper quartile.
    pub quartiles: [Millionths; 3],
    /// In which quarter the own figure is: 1 the lowest, 4 the best.
    pub quarter: u8,
    /// What is told if enough take part.
    pub spread: Option<Spread>,
}

/// See [`Figure::spread`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    /// In millionths of millionths.
    pub variance: u128,
    /// Mean of the best quarter.
    pub best: Millionths,
}

impl Spread {
    /// The root of the variance, rounded down.
    pub fn deviation(&self) -> Millionths {
        // A root of 128 bits has 64; figures are below 2^57, and so is what they deviate.
        Millionths(i64::try_from(self.variance.isqrt()).unwrap_or(i64::MAX))
    }
}

impl Compared {
    pub(super) fn read(result: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(result);
        let (outcome, members, has_spread) = (reader.u8()?, reader.u16()?, reader.u8()? == 1);
        let mut figures = Vec::new();
        let mut rest = reader;
        while rest != Reader::new(&[]) {
            figures.push(figure(&mut rest, has_spread)?);
        }
        match (outcome, figures.is_empty()) {
            (0, true) => Some(Self::TooFew),
            (1, false) => Some(Self::Done(Comparison { members, figures })),
            (2, true) => Some(Self::NoFigures),
            (3, true) => Some(Self::TooMany),
            _ => None,
        }
    }
}

fn figure(reader: &mut Reader<'_>, has_spread: bool) -> Option<Figure> {
    let mean = Millionths(reader.i64()?);
    let quartiles = [reader.i64()?, reader.i64()?, reader.i64()?];
    let quarter = reader.u8()?;
    let spread = Spread {
        variance: reader.u128()?,
        best: Millionths(reader.i64()?),
    };
    Some(Figure {
        mean,
        quartiles: quartiles.map(Millionths),
        quarter,
        spread: has_spread.then_some(spread),
    })
}
