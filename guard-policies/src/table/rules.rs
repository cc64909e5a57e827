//! The rules in their order, and the search for the first that is met.

use crate::file::{Names, Problem};
use crate::{Answer, Facts, Opinion, Policy, Text};

use super::conditions::Conditions;
use super::index::{Candidates, Index};
use super::limits::{RATES_MAX, REASON_BYTES_MAX, RULES_MAX, TABLE_VALUES_MAX};
use super::read;
use super::text::RuleText;

/// Ordered rules. The first whose conditions are met decides.
///
/// Rules are found by what the message has: by hash for sources, destinations, domains, hosts,
/// users, groups and types that a rule names, and by search for ranges, among rules that have the
/// same names. Not found that way, but asked one by one, are rules that differ in nothing but
/// `entry`, `local` or `foreign`, `derived`, `time` and `rate`.
#[derive(Debug)]
pub struct Table {
    rules: Box<[Rule]>,
    index: Index,
    /// Numbers of the rules that have a rate, ascending.
    rated: Box<[u32]>,
}

#[derive(Debug)]
struct Rule {
    conditions: Conditions,
    /// The bit of its place in [`Table::rated`], or none.
    rated: u64,
    then: Then,
    reason: Text,
    /// For people.
    line: Box<str>,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug)]
enum Then {
    Pass,
    Next,
    Drop,
    Refuse,
    Hold,
}

const THENS: [(&str, Then); 5] = [
    ("pass", Then::Pass),
    ("next", Then::Next),
    ("drop", Then::Drop),
    ("refuse", Then::Refuse),
    ("hold", Then::Hold),
];

/// What is said where the rule says nothing.
const REASON: &str = "a table rule is against it";

impl Table {
    /// Reads what an administrator wrote.
    ///
    /// # Errors
    ///
    /// What cannot be read or could never be met, and what is more than a table may have.
    pub fn compile(rules: &[RuleText], names: &Names) -> Result<Self, Problem> {
        if let Some(rule) = rules.get(RULES_MAX) {
            let problem = Problem::new(rule.then.span(), format!("rule {}", RULES_MAX + 1));
            return Err(problem.help(format!("a table has at most {RULES_MAX} rules")));
        }
        let mut compiled = Compiled::default();
        for rule in rules {
            compiled.add(rule, names)?;
        }
        Ok(compiled.into_table())
    }

    /// The number of the rule that decides, from 0 on.
    fn find(&self, facts: &Facts<'_>) -> Option<usize> {
        let mut search = Search {
            rules: &self.rules,
            facts,
            best: self.rules.len(),
            rated: 0,
        };
        self.index.search(facts, &mut search);
        let best = search.best;
        self.first_exceeded(search.rated, best, facts)
            .or_else(|| (best < self.rules.len()).then_some(best))
    }

    /// Counts the message for the rules that it meets but for their rates, up to the first
    /// that it meets altogether.
    fn first_exceeded(&self, mut rated: u64, before: usize, facts: &Facts<'_>) -> Option<usize> {
        while rated != 0 {
            let number = self.rated[rated.trailing_zeros() as usize] as usize;
            if number >= before {
                return None;
            }
            let rate = self.rules[number].conditions.rate();
            if rate.is_some_and(|rate| rate.is_exceeded(facts)) {
                return Some(number);
            }
            rated &= rated - 1;
        }
        None
    }
}

impl Policy for Table {
    fn judge(&self, facts: &Facts<'_>) -> Answer {
        let rule = self.find(facts).map(|number| &self.rules[number]);
        rule.map_or(Opinion::Indifferent, Rule::opinion).into()
    }

    fn reads_membership(&self) -> bool {
        let mut rules = self.rules.iter();
        rules.any(|rule| rule.conditions.read_membership())
    }

    fn explain(&self) -> Vec<String> {
        let rules = self.rules.iter().enumerate();
        rules
            .map(|(i, rule)| format!("{}. {}", i + 1, rule.line))
            .collect()
    }
}

impl Rule {
    fn opinion(&self) -> Opinion {
        match self.then {
            Then::Pass => Opinion::Pass,
            Then::Next => Opinion::Indifferent,
            Then::Drop => Opinion::Drop(self.reason.clone()),
            Then::Refuse => Opinion::Refuse(self.reason.clone()),
            Then::Hold => Opinion::Hold(self.reason.clone()),
        }
    }
}

/// One search.
struct Search<'s> {
    rules: &'s [Rule],
    facts: &'s Facts<'s>,
    /// The first rule without a rate that is met, as far as is known.
    best: usize,
    /// The rules that are met but for their rates, as far as is known.
    rated: u64,
}

impl Candidates for Search<'_> {
    fn is_past(&self, number: u32) -> bool {
        number as usize >= self.best
    }

    fn ask(&mut self, numbers: &[u32]) {
        for &number in numbers {
            if self.is_past(number) {
                return;
            }
            let rule = &self.rules[number as usize];
            if rule.conditions.is_met(self.facts) {
                self.meet(number as usize, rule.rated);
            }
        }
    }
}

impl Search<'_> {
    fn meet(&mut self, number: usize, rated: u64) {
        match rated {
            0 => self.best = number,
            bit => self.rated |= bit,
        }
    }
}

/// Rules as they are compiled one by one.
#[derive(Default)]
struct Compiled {
    rules: Vec<Rule>,
    rated: Vec<u32>,
    values: usize,
}

impl Compiled {
    fn add(&mut self, text: &RuleText, names: &Names) -> Result<(), Problem> {
        self.check_reached(text)?;
        let conditions = Conditions::compile(&text.conditions, names)?;
        self.values += conditions.values();
        if self.values > TABLE_VALUES_MAX {
            let what = format!("the rules up to this one have {} values", self.values);
            let help = format!("a table has at most {TABLE_VALUES_MAX}");
            return Err(Problem::new(text.then.span(), what).help(help));
        }
        let then = THENS.map(|(name, _)| name);
        let then = read::choice(text.then.get_ref(), &then);
        let rule = Rule {
            rated: self.rate(&conditions, text)?,
            conditions,
            then: THENS[then.map_err(|wrong| wrong.at(text.then.span()))?].1,
            reason: reason(text)?,
            line: line(text).into(),
        };
        self.rules.push(rule);
        Ok(())
    }

    fn check_reached(&self, text: &RuleText) -> Result<(), Problem> {
        let conditions = self.rules.last().map(|rule| &rule.conditions);
        let takes_all = |all: &Conditions| all.all().is_empty() && all.rate().is_none();
        if !conditions.is_some_and(takes_all) {
            return Ok(());
        }
        let problem = Problem::new(text.then.span(), "no message comes as far as this rule");
        Err(problem.help("the rule before it has no conditions: give it some, or make it the last"))
    }

    fn rate(&mut self, conditions: &Conditions, text: &RuleText) -> Result<u64, Problem> {
        if conditions.rate().is_none() {
            return Ok(0);
        }
        let place = self.rated.len();
        if place == RATES_MAX {
            let what = format!("at most {RATES_MAX} rules of a table have a rate");
            return Err(Problem::new(text.then.span(), what)
                .help("count more messages together with `per`, or make two policies of it"));
        }
        self.rated.push(self.rules.len() as u32);
        Ok(1 << place)
    }

    fn into_table(self) -> Table {
        let conditions = self.rules.iter().map(|rule| rule.conditions.all());
        Table {
            index: Index::build(conditions),
            rules: self.rules.into(),
            rated: self.rated.into(),
        }
    }
}

fn reason(text: &RuleText) -> Result<Text, Problem> {
    let Some(reason) = &text.reason else {
        return Ok(REASON.into());
    };
    let words = reason.get_ref();
    if words.len() > REASON_BYTES_MAX || words.contains(char::is_control) {
        let what = format!("a reason is one line of at most {REASON_BYTES_MAX} bytes");
        return Err(Problem::new(reason.span(), what));
    }
    Ok(words.clone().into())
}

fn line(text: &RuleText) -> String {
    let reason = text.reason.as_ref();
    let reason = reason.map_or(String::new(), |reason| format!(": {}", reason.get_ref()));
    format!("{} {}{reason}", text.then.get_ref(), text.conditions)
}
