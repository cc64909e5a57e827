//! Sets that are searched and never changed.

/// Values, sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Set<T>(Box<[T]>);

impl<T: Ord> Set<T> {
    pub(super) fn new(mut values: Vec<T>) -> Self {
        values.sort_unstable();
        values.dedup();
        Self(values.into())
    }

    pub(super) fn contains(&self, value: &T) -> bool {
        self.0.binary_search(value).is_ok()
    }

    pub(super) fn values(&self) -> &[T] {
        &self.0
    }
}

/// The first and the last number of a range.
pub(super) type Range = (u32, u32);

/// Numbers: ranges that neither meet nor touch, sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ranges(Box<[Range]>);

impl Ranges {
    pub(super) fn new(mut ranges: Vec<Range>) -> Self {
        ranges.sort_unstable();
        let mut merged: Vec<Range> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match merged.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => {
                    before.1 = before.1.max(last);
                }
                _ => merged.push((first, last)),
            }
        }
        Self(merged.into())
    }

    pub(super) fn contains(&self, number: u32) -> bool {
        let after = self.0.partition_point(|range| range.0 <= number);
        after > 0 && number <= self.0[after - 1].1
    }

    pub(super) fn ranges(&self) -> &[Range] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_meet_or_touch_are_one() {
        let ranges = Ranges::new(vec![(7, 9), (1, 3), (4, 5), (8, 20), (u32::MAX, u32::MAX)]);
        assert_eq!(ranges.ranges(), [(1, 5), (7, 20), (u32::MAX, u32::MAX)]);
        let inside = |number| ranges.contains(number);
        assert!([1, 5, 7, 20, u32::MAX].into_iter().all(inside));
        assert!(![0, 6, 21, u32::MAX - 1].into_iter().any(inside));
    }
}
