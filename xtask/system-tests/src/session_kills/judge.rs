//! What must be so when a session is over.

use super::endings::{End, Ending};
use super::sum;

/// A session that is over.
#[derive(Clone, Copy, Debug)]
pub struct Trial<'t> {
    /// What each member gave.
    pub numbers: &'t [i64],
    /// For how many corrupt hosts it was agreed on.
    pub corrupt: usize,
    /// The hosts to which something was done.
    pub touched: &'t [usize],
    /// What each member was told.
    pub ends: &'t [End],
    /// What cards of touched hosts said afterwards, with their members.
    pub later: &'t [(usize, Ending)],
}

/// What is to be said of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It ended as it has to.
    Right,
    /// It was not started, and did not have to be.
    Unstarted,
    /// The machine was so busy that hosts looked slow which nobody touched.
    Undecided(String),
    /// It ended as it never may.
    Violation(String),
}

/// Holds a session against what is promised of all of them.
pub fn judge(trial: &Trial<'_>) -> Verdict {
    match trial.check_sums() {
        Err(words) => Verdict::Violation(words),
        Ok(_) if trial.touched.len() > trial.corrupt => Verdict::Right,
        Ok(counted) => trial.judge_untouched(counted.as_deref()),
    }
}

impl Trial<'_> {
    /// Whose numbers are in the sum that all have who have one.
    fn check_sums(&self) -> Result<Option<Vec<usize>>, String> {
        let mut all: Option<(usize, Vec<usize>)> = None;
        let ends = self.ends.iter().map(|end| &end.ending).enumerate();
        let later = self.later.iter().map(|(member, ending)| (*member, ending));
        for (member, ending) in ends.chain(later) {
            let Ending::Sum(sum, count) = ending else {
                continue;
            };
            let counted = self.counted(member, *sum, *count)?;
            let (first, same) = all.get_or_insert((member, counted.clone()));
            if *same != counted {
                return Err(format!(
                    "member {first} has the sum of {same:?}, member {member} that of {counted:?}"
                ));
            }
        }
        Ok(all.map(|(_, counted)| counted))
    }

    fn counted(&self, member: usize, sum: i128, count: usize) -> Result<Vec<usize>, String> {
        let counted = sum::members(sum, self.numbers);
        let counted = counted.filter(|counted| counted.len() == count);
        let wrong =
            || format!("member {member} has {sum} of {count}, which no members' numbers are");
        let counted = counted.ok_or_else(wrong)?;
        match counted.contains(&member) {
            true => Ok(counted),
            false => Err(format!(
                "member {member} has a sum without its own number: of {counted:?}"
            )),
        }
    }

    fn judge_untouched(&self, counted: Option<&[usize]>) -> Verdict {
        let mut untouched = self.untouched();
        let is_unstarted = |at: usize| self.ends[at].ending == Ending::Unstarted;
        if self.touched.contains(&0) && untouched.clone().all(is_unstarted) {
            return Verdict::Unstarted;
        }
        let has_none = |at: &usize| !matches!(self.ends[*at].ending, Ending::Sum(..));
        let wrong = match (untouched.clone().find(has_none), counted) {
            (Some(at), _) => format!("member {at} has no sum: {:?}", self.ends[at]),
            (None, Some(counted)) => match untouched.find(|at| !counted.contains(at)) {
                Some(at) => format!("the sum is without the number of member {at}"),
                None => return Verdict::Right,
            },
            (None, None) => return Verdict::Right,
        };
        match self.looked_slow() {
            Some(slow) => Verdict::Undecided(format!("{wrong}; {slow}")),
            None => Verdict::Violation(wrong),
        }
    }

    fn untouched(&self) -> impl Iterator<Item = usize> + Clone {
        (0..self.ends.len()).filter(|at| !self.touched.contains(at))
    }

    /// A host that nobody touched, and that somebody missed whom nobody touched.
    fn looked_slow(&self) -> Option<String> {
        let missed = |at: usize| {
            let mut missed = self.ends[at].missed.iter();
            let slow = missed.find(|of| !self.touched.contains(of))?;
            Some(format!("member {at} missed something of member {slow}"))
        };
        self.untouched().find_map(missed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBERS: [i64; 3] = [7, 5_000, 3_000_000];

    fn sum(of: &[usize]) -> Ending {
        let sum = of.iter().map(|at| i128::from(NUMBERS[*at])).sum();
        Ending::Sum(sum, of.len())
    }

    fn halted() -> Ending {
        Ending::Without("halted".into())
    }

    fn ends(endings: [Ending; 3]) -> [End; 3] {
        let missed = Vec::new();
        endings.map(|ending| End {
            ending,
            missed: missed.clone(),
        })
    }

    fn judged(touched: &[usize], ends: &[End], later: &[(usize, Ending)]) -> Verdict {
        judge(&Trial {
            numbers: &NUMBERS,
            corrupt: 1,
            touched,
            ends,
            later,
        })
    }

    fn of(touched: &[usize], endings: [Ending; 3]) -> Verdict {
        judged(touched, &ends(endings), &[])
    }

    fn is_violation(verdict: &Verdict) -> bool {
        matches!(verdict, Verdict::Violation(_))
    }

    #[test]
    fn sums_with_and_without_a_touched_host_are_right() {
        let all = || sum(&[0, 1, 2]);
        let some = || sum(&[0, 2]);
        assert_eq!(of(&[], [all(), all(), all()]), Verdict::Right);
        assert_eq!(of(&[1], [all(), all(), all()]), Verdict::Right);
        assert_eq!(of(&[1], [all(), halted(), all()]), Verdict::Right);
        assert_eq!(of(&[1], [some(), halted(), some()]), Verdict::Right);
    }

    #[test]
    fn different_sums_are_found_whoever_was_touched() {
        let endings = || [sum(&[0, 1, 2]), halted(), sum(&[0, 2])];
        for touched in [&[][..], &[1], &[2], &[0, 1, 2]] {
            assert!(is_violation(&of(touched, endings())), "{touched:?}");
        }
        let told = ends([sum(&[0, 2]), halted(), sum(&[0, 2])]);
        assert_eq!(judged(&[1], &told, &[(1, halted())]), Verdict::Right);
        let later = [(1, sum(&[0, 1, 2]))];
        assert!(
            is_violation(&judged(&[1], &told, &later)),
            "also afterwards"
        );
    }

    #[test]
    fn sums_of_other_numbers_and_without_the_own_one_are_found() {
        let wrong = [Ending::Sum(8, 1), Ending::Sum(5_007, 3), sum(&[1, 2])];
        for ending in wrong {
            let endings = [ending.clone(), halted(), halted()];
            assert!(is_violation(&of(&[0, 1, 2], endings)), "{ending:?}");
        }
    }

    #[test]
    fn whom_nobody_touched_has_a_sum_and_is_in_it() {
        let some = || sum(&[0, 2]);
        assert!(is_violation(&of(&[1], [some(), halted(), halted()])));
        assert!(is_violation(&of(
            &[1],
            [some(), halted(), Ending::Unstarted]
        )));
        assert!(is_violation(&of(
            &[],
            [some(), Ending::Unknown("?".into()), some()]
        )));
        assert!(is_violation(&of(&[2], [sum(&[0, 2]), halted(), halted()])));
        assert_eq!(of(&[1, 2], [halted(), halted(), halted()]), Verdict::Right);
    }

    #[test]
    fn only_the_first_members_host_can_keep_a_session_from_starting() {
        let unstarted = || [Ending::Unstarted, Ending::Unstarted, Ending::Unstarted];
        assert_eq!(of(&[0], unstarted()), Verdict::Unstarted);
        assert!(is_violation(&of(&[1], unstarted())));
        let one = [halted(), sum(&[1, 2]), Ending::Unstarted];
        assert!(is_violation(&of(&[0], one)));
    }

    #[test]
    fn a_session_is_undecided_if_untouched_hosts_looked_slow_to_each_other() {
        let mut told = ends([sum(&[0, 2]), halted(), halted()]);
        told[0].missed = vec![1];
        assert!(
            is_violation(&judged(&[1], &told, &[])),
            "touched ones may be slow"
        );
        told[0].missed = vec![1, 2];
        assert!(matches!(judged(&[1], &told, &[]), Verdict::Undecided(_)));
        told[1].ending = sum(&[0, 1, 2]);
        assert!(
            is_violation(&judged(&[1], &told, &[])),
            "that excuses no other sum"
        );
    }
}
