//! A member's site in a supply chain, as its owner writes it.

use serde::Deserialize;

use super::plan::Shape;

/// A lane that there is not.
pub const NO_LANE: i32 = i32::MIN;

/// A site, in JSON. Lists are by product, period or member.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Units of each product at the beginning.
    pub stock: Vec<u32>,
    /// Capacity that a unit of each product takes.
    pub effort: Vec<u32>,
    /// What making a unit of each product costs.
    pub cost_to_make: Vec<i32>,
    /// What keeping a unit of each product until the next period costs.
    pub cost_to_keep: Vec<i32>,
    /// Capacity in each period.
    pub capacity: Vec<u32>,
    /// Of each product, in each period: units that are wanted here.
    pub demand: Vec<Vec<u32>>,
    /// What sending a unit to each member costs; `None` if there is no lane. The own entry is not read.
    pub cost_to_send: Vec<Option<i32>>,
}

/// What is wrong with a site.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SiteError {
    /// No product, no period, or more than 255.
    #[error(
        "a plan has 1 to 255 products and periods; `stock` is by product, `capacity` by period"
    )]
    Shape,
    /// A list of another length.
    #[error("`{list}` has {found} entries and needs {expected}, {of}")]
    Length {
        /// Which.
        list: &'static str,
        /// How many there are.
        found: usize,
        /// How many there have to be.
        expected: usize,
        /// One for each what.
        of: &'static str,
    },
    /// A cost that stands for a lane that there is not.
    #[error("a cost of {NO_LANE} cannot be written; null says that there is no lane")]
    NoLane,
}

impl Site {
    /// How many products and periods it has.
    ///
    /// # Errors
    /// [`SiteError::Shape`].
    pub fn shape(&self) -> Result<Shape, SiteError> {
        let count = |list: usize| u8::try_from(list).ok().filter(|count| *count > 0);
        let counts = count(self.stock.len()).zip(count(self.capacity.len()));
        let (products, periods) = counts.ok_or(SiteError::Shape)?;
        Ok(Shape { products, periods })
    }

    /// The input of a member in a plan of that shape among `n`.
    ///
    /// # Errors
    /// [`SiteError`].
    pub fn value(&self, shape: Shape, n: usize) -> Result<Vec<u8>, SiteError> {
        self.check(shape, n)?;
        let unsigned = |list: &[u32]| list.iter().flat_map(|it| it.to_be_bytes()).collect();
        let signed = |list: &[i32]| list.iter().flat_map(|it| it.to_be_bytes()).collect();
        let demand = self.demand.concat();
        let lanes = self.cost_to_send.iter();
        let lanes: Vec<i32> = lanes.map(|cost| cost.unwrap_or(NO_LANE)).collect();
        let parts: [Vec<u8>; 7] = [
            unsigned(&self.stock),
            unsigned(&self.effort),
            signed(&self.cost_to_make),
            signed(&self.cost_to_keep),
            unsigned(&self.capacity),
            unsigned(&demand),
            signed(&lanes),
        ];
        Ok(parts.concat())
    }

    fn check(&self, shape: Shape, n: usize) -> Result<(), SiteError> {
        let products = (usize::from(shape.products), "one for each product");
        let periods = (usize::from(shape.periods), "one for each period");
        let members = (n, "one for each member");
        let lists = [
            ("stock", self.stock.len(), products),
            ("effort", self.effort.len(), products),
            ("cost_to_make", self.cost_to_make.len(), products),
            ("cost_to_keep", self.cost_to_keep.len(), products),
            ("capacity", self.capacity.len(), periods),
            ("demand", self.demand.len(), products),
            ("cost_to_send", self.cost_to_send.len(), members),
        ];
        let demands = self.demand.iter().map(|it| ("demand", it.len(), periods));
        for (list, found, (expected, of)) in lists.into_iter().chain(demands) {
            if found != expected {
                return Err(SiteError::Length {
                    list,
                    found,
                    expected,
                    of,
                });
            }
        }
        match self.cost_to_send.contains(&Some(NO_LANE)) {
            true => Err(SiteError::NoLane),
            false => Ok(()),
        }
    }
}
