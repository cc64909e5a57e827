//! What a member says of its site.

use etp_function::Reader;

/// A lane that there is not.
pub const NO_LANE: i32 = i32::MIN;

/// How large a plan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) members: usize,
    pub(crate) products: usize,
    pub(crate) periods: usize,
}

/// A site. Lists are by product, period or member; `demand` is by product, and then by period.
pub(crate) struct Site {
    pub(crate) stock: Vec<i64>,
    pub(crate) effort: Vec<i64>,
    pub(crate) cost_to_make: Vec<i64>,
    pub(crate) cost_to_keep: Vec<i64>,
    pub(crate) capacity: Vec<i64>,
    pub(crate) demand: Vec<Vec<i64>>,
    /// `None` where there is no lane.
    pub(crate) cost_to_send: Vec<Option<i64>>,
}

impl Shape {
    /// As the parameters state it.
    pub(crate) fn read(parameters: &[u8], members: usize) -> Option<Self> {
        let [products, periods] = *parameters else {
            return None;
        };
        let (products, periods) = (products.into(), periods.into());
        let shape = Self {
            members,
            products,
            periods,
        };
        (products > 0 && periods > 0).then_some(shape)
    }
}

impl Site {
    /// `None` if the value is too short for that shape.
    pub(crate) fn read(value: &[u8], shape: Shape) -> Option<Self> {
        let mut reader = Reader::new(value);
        Some(Self {
            stock: many(shape.products, || amount(&mut reader))?,
            effort: many(shape.products, || amount(&mut reader))?,
            cost_to_make: many(shape.products, || reader.i32().map(i64::from))?,
            cost_to_keep: many(shape.products, || reader.i32().map(i64::from))?,
            capacity: many(shape.periods, || amount(&mut reader))?,
            demand: many(shape.products, || {
                many(shape.periods, || amount(&mut reader))
            })?,
            cost_to_send: many(shape.members, || reader.i32().map(lane))?,
        })
    }
}

fn many<T>(count: usize, read: impl FnMut() -> Option<T>) -> Option<Vec<T>> {
    core::iter::repeat_with(read).take(count).collect()
}

fn amount(reader: &mut Reader<'_>) -> Option<i64> {
    reader.u32().map(i64::from)
}

fn lane(cost: i32) -> Option<i64> {
    (cost != NO_LANE).then_some(cost.into())
}
