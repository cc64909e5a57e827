//! Which of many ranges hold a number: a segment tree.

use crate::table::set::Ranges;

/// Rules by their ranges. The ranges' ends cut the numbers into pieces, which are the leaves of a
/// binary tree; a range stands at the few nodes that cover it exactly.
#[derive(Debug)]
pub(super) struct Stab {
    /// First number of each piece but that of the numbers before all ranges.
    starts: Box<[u32]>,
    /// What stands at each node, leaves last; node `i` is over `2 * i` and `2 * i + 1`.
    nodes: Box<[Box<[u32]>]>,
}

impl Stab {
    /// Of rules, whose numbers ascend, and their ranges.
    pub(super) fn build(rules: &[(u32, &Ranges)]) -> Self {
        let ranges = || rules.iter().flat_map(|(_, ranges)| ranges.ranges());
        let starts = ranges().flat_map(|range| [Some(range.0), range.1.checked_add(1)]);
        let mut starts: Vec<u32> = starts.flatten().collect();
        starts.sort_unstable();
        starts.dedup();
        let leaves = starts.len() + 1;
        let mut nodes = vec![Vec::new(); 2 * leaves];
        for (number, ranges) in rules {
            for (first, last) in ranges.ranges() {
                let cover = cover(leaves, piece(&starts, *first), piece(&starts, *last));
                cover.into_iter().for_each(|node| nodes[node].push(*number));
            }
        }
        Self {
            starts: starts.into(),
            nodes: nodes.into_iter().map(Vec::into_boxed_slice).collect(),
        }
    }

    /// The rules that have a range with the number: lists, in each of which numbers ascend.
    pub(super) fn holding(&self, number: u32) -> impl Iterator<Item = &[u32]> {
        let leaf = self.nodes.len() / 2 + piece(&self.starts, number);
        let path = std::iter::successors(Some(leaf), |node| Some(node / 2));
        path.take_while(|node| *node > 0)
            .map(|node| &*self.nodes[node])
    }
}

fn piece(starts: &[u32], number: u32) -> usize {
    starts.partition_point(|start| *start <= number)
}

/// The nodes that cover the pieces from `first` to `last`.
fn cover(leaves: usize, first: usize, last: usize) -> Vec<usize> {
    let (mut from, mut to) = (leaves + first, leaves + last + 1);
    let mut nodes = Vec::new();
    while from < to {
        if from % 2 == 1 {
            nodes.push(from);
            from += 1;
        }
        if to % 2 == 1 {
            to -= 1;
            nodes.push(to);
        }
        (from, to) = (from / 2, to / 2);
    }
    nodes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_range_with_the_number_is_found_once() {
        let ranges = [
            vec![(0, u32::MAX)],
            vec![(5, 9), (20, 20)],
            vec![(9, 10)],
            vec![(u32::MAX, u32::MAX)],
        ];
        let ranges = ranges.map(Ranges::new);
        let rules: Vec<_> = (0..).zip(&ranges).collect();
        let stab = Stab::build(&rules);
        for number in (0..30).chain([u32::MAX - 1, u32::MAX]) {
            let mut found: Vec<u32> = stab.holding(number).flatten().copied().collect();
            found.sort_unstable();
            let holds = |rule: &u32| ranges[*rule as usize].contains(number);
            let expected: Vec<u32> = (0..4).filter(holds).collect();
            assert_eq!(found, expected, "{number}");
        }
    }
}
