//! Plans of supply chains.

use etp_function::Session;
use microlp::{ComparisonOp, OptimizationDirection, Problem, Variable};
use num_bigint::{BigInt, Sign};
use num_rational::BigRational;
use plan::{NO_LANE, Outcome, Plan, ROWS_MAX, VARIABLES_MAX};

use crate::engine::{Both, Dice, Value, runs};

#[derive(Clone, Debug)]
struct Site {
    stock: Vec<u32>,
    effort: Vec<u32>,
    cost_to_make: Vec<i32>,
    cost_to_keep: Vec<i32>,
    capacity: Vec<u32>,
    /// By product, then period.
    demand: Vec<Vec<u32>>,
    cost_to_send: Vec<i32>,
}

impl Site {
    fn value(&self) -> Vec<u8> {
        let mut value = Vec::new();
        let mut many =
            |numbers: &[u32]| value.extend(numbers.iter().flat_map(|it| it.to_be_bytes()));
        let signed = |numbers: &[i32]| {
            numbers
                .iter()
                .map(|it| it.cast_unsigned())
                .collect::<Vec<_>>()
        };
        many(&self.stock);
        many(&self.effort);
        many(&signed(&self.cost_to_make));
        many(&signed(&self.cost_to_keep));
        many(&self.capacity);
        many(&self.demand.concat());
        many(&signed(&self.cost_to_send));
        value
    }
}

#[derive(Debug)]
struct Chain {
    products: usize,
    periods: usize,
    sites: Vec<Option<Site>>,
}

/// The amounts that a site is told, by product and period: made, kept, and by member sent and received.
#[derive(Debug)]
struct Amounts {
    made: Vec<BigRational>,
    kept: Vec<BigRational>,
    sent: Vec<Vec<BigRational>>,
    received: Vec<Vec<BigRational>>,
}

impl Chain {
    fn run(&self) -> Vec<Vec<u8>> {
        let session = Session {
            id: [0; 32],
            parameters: &[self.products as u8, self.periods as u8],
        };
        let values = self.sites.iter().map(|site| Some(site.as_ref()?.value()));
        let values: Vec<Value> = values.collect();
        Both::new::<Plan>("plan").run_all(&session, &values)
    }

    fn moments(&self) -> usize {
        self.products * self.periods
    }

    fn read(&self, result: &[u8]) -> Amounts {
        let mut left = &result[1..];
        let mut number = || {
            let len = usize::from(u16::from_be_bytes(left[..2].try_into().unwrap()));
            let number = BigInt::from_bytes_be(Sign::Plus, &left[2..2 + len]);
            assert!(len == 0 || left[2] != 0, "no leading zeros");
            left = &left[2 + len..];
            number
        };
        let mut amount = || {
            let (numerator, denominator) = (number(), number());
            let fraction = BigRational::new(numerator.clone(), denominator.clone());
            assert_eq!(*fraction.denom(), denominator, "it is reduced");
            assert_eq!(*fraction.numer(), numerator);
            fraction
        };
        let mut amounts = Amounts {
            made: Vec::new(),
            kept: Vec::new(),
            sent: Vec::new(),
            received: Vec::new(),
        };
        for _ in 0..self.moments() {
            amounts.made.push(amount());
            amounts.kept.push(amount());
            let (sent, received) = (0..self.sites.len()).map(|_| (amount(), amount())).unzip();
            amounts.sent.push(sent);
            amounts.received.push(received);
        }
        assert!(left.is_empty());
        amounts
    }

    /// The sites' amounts fit together and meet every demand and capacity; what they cost.
    fn check(&self, amounts: &[Option<Amounts>]) -> BigRational {
        let mut cost = whole(0);
        for (number, (site, of)) in self.sites.iter().zip(amounts).enumerate() {
            let (Some(site), Some(of)) = (site, of) else {
                assert!(site.is_none() && of.is_none());
                continue;
            };
            for (moment, sent) in of.sent.iter().enumerate() {
                for (to, sent) in sent.iter().enumerate() {
                    let zero = *sent == whole(0);
                    let other = amounts[to].as_ref().map(|it| &it.received[moment][number]);
                    assert!(
                        zero && other.is_none() || other == Some(sent),
                        "both are told the same"
                    );
                    assert!(zero || to != number && site.cost_to_send[to] != NO_LANE);
                    cost += sent * whole(site.cost_to_send[to]);
                }
            }
            cost += self.check_site(site, of);
        }
        cost
    }

    fn check_site(&self, site: &Site, of: &Amounts) -> BigRational {
        let mut cost = whole(0);
        for period in 0..self.periods {
            let mut effort = whole(0);
            for product in 0..self.products {
                let moment = product * self.periods + period;
                let before = match period {
                    0 => whole(site.stock[product]),
                    _ => of.kept[moment - 1].clone(),
                };
                let (sent, received) = (&of.sent[moment], &of.received[moment]);
                let comes = before + &of.made[moment] + received.iter().sum::<BigRational>();
                let goes = &of.kept[moment] + sent.iter().sum::<BigRational>();
                assert_eq!(comes - goes, whole(site.demand[product][period]));
                effort += &of.made[moment] * whole(site.effort[product]);
                cost += &of.made[moment] * whole(site.cost_to_make[product]);
                cost += &of.kept[moment] * whole(site.cost_to_keep[product]);
            }
            assert!(effort <= whole(site.capacity[period]));
        }
        cost
    }

    /// What a solver with floating point says: the least cost, or why there is none.
    fn by_floats(&self) -> Result<f64, Outcome> {
        let mut problem = Problem::new(OptimizationDirection::Minimize);
        let limits = (0.0, f64::INFINITY);
        let lanes =
            |site: &Site, to: usize| self.sites[to].is_some() && site.cost_to_send[to] != NO_LANE;
        // Of each site and moment: made, kept, and sent by receiver.
        let variables: Vec<Vec<Vec<Option<Variable>>>> = (self.sites.iter().enumerate())
            .map(|(number, site)| {
                let site = site.as_ref();
                let all = site.into_iter().flat_map(|site| {
                    (0..self.moments()).map(move |moment| (site, moment / self.periods))
                });
                all.map(|(site, product)| {
                    let mut of = vec![
                        Some(problem.add_var(site.cost_to_make[product].into(), limits)),
                        Some(problem.add_var(site.cost_to_keep[product].into(), limits)),
                    ];
                    for to in 0..self.sites.len() {
                        let is_lane = to != number && lanes(site, to);
                        of.push(
                            is_lane.then(|| problem.add_var(site.cost_to_send[to].into(), limits)),
                        );
                    }
                    of
                })
                .collect()
            })
            .collect();
        for (number, site) in self.sites.iter().enumerate() {
            let Some(site) = site else { continue };
            for moment in 0..self.moments() {
                let (product, period) = (moment / self.periods, moment % self.periods);
                let own = &variables[number][moment];
                let mut terms = vec![(own[0].unwrap(), 1.0), (own[1].unwrap(), -1.0)];
                if period > 0 {
                    terms.push((variables[number][moment - 1][1].unwrap(), 1.0));
                }
                terms.extend(own[2..].iter().flatten().map(|sent| (*sent, -1.0)));
                let others = variables
                    .iter()
                    .filter_map(|of| of.get(moment)?[2 + number]);
                terms.extend(others.map(|received| (received, 1.0)));
                let stock = if period == 0 { site.stock[product] } else { 0 };
                let bound = f64::from(site.demand[product][period]) - f64::from(stock);
                problem.add_constraint(&terms, ComparisonOp::Eq, bound);
            }
            for period in 0..self.periods {
                let effort = (0..self.products).map(|product| {
                    let made = variables[number][product * self.periods + period][0];
                    (made.unwrap(), f64::from(site.effort[product]))
                });
                let terms: Vec<_> = effort.collect();
                problem.add_constraint(&terms, ComparisonOp::Le, site.capacity[period].into());
            }
        }
        match problem.solve() {
            Ok(solved) => Ok(solved.into_solution().unwrap().objective()),
            Err(microlp::Error::Infeasible) => Err(Outcome::Infeasible),
            Err(microlp::Error::Unbounded) => Err(Outcome::Unbounded),
            Err(error) => panic!("{error}"),
        }
    }
}

fn whole(number: impl Into<BigInt>) -> BigRational {
    BigRational::from_integer(number.into())
}

/// Capacities are short and in large numbers, so that the numbers on the way have more than 64 bits. Nobody but the
/// sites' own check is asked.
#[test]
fn random_plans_with_large_numbers_are_complete() {
    let (mut optimal, mut long) = (0, 0);
    runs(12, |dice| {
        let mut chain = chain(dice);
        for site in chain.sites.iter_mut().flatten() {
            let mut large = |least: u32| least + dice.below(1 << 30) as u32;
            site.effort.iter_mut().for_each(|it| *it = large(1 << 30));
            let costs = site.cost_to_make.iter_mut();
            costs.for_each(|it| *it = large(0).cast_signed());
            site.capacity
                .iter_mut()
                .for_each(|it| *it = 3 * large(1 << 28));
            site.demand.iter_mut().flatten().for_each(|it| *it %= 3);
            site.stock.iter_mut().for_each(|it| *it %= 2);
        }
        let results = chain.run();
        if results.iter().any(|it| it[0] == Outcome::Optimal as u8) {
            let amounts = results
                .iter()
                .map(|it| (it.len() > 1).then(|| chain.read(it)));
            let amounts: Vec<_> = amounts.collect();
            chain.check(&amounts);
            let mut made = amounts.iter().flatten().flat_map(|of| &of.made);
            optimal += 1;
            long += usize::from(made.any(|it| it.denom().bits() > 63));
        }
    });
    assert!(optimal > 2 && long > 1, "{optimal}, {long} of them long");
}

fn chain(dice: &mut Dice) -> Chain {
    let members = 1 + dice.below(4) as usize;
    let (products, periods) = (1 + dice.below(2) as usize, 1 + dice.below(3) as usize);
    let has_gains = dice.one_in(5);
    let site = |dice: &mut Dice| {
        let low = if has_gains { -9 } else { 0 };
        let mut many = |count: usize, low: i64, high: i64| -> Vec<i64> {
            (0..count).map(|_| dice.between(low, high)).collect()
        };
        let unsigned = |of: Vec<i64>| of.into_iter().map(|it| it as u32).collect::<Vec<_>>();
        let signed = |of: Vec<i64>| of.into_iter().map(|it| it as i32).collect::<Vec<_>>();
        let sends = many(members, low, 20).into_iter();
        let sends = sends.map(|it| if it == 7 { NO_LANE } else { it as i32 });
        Site {
            cost_to_send: sends.collect(),
            stock: unsigned(many(products, 0, 12)),
            effort: unsigned(many(products, 1, 5)),
            cost_to_make: signed(many(products, low, 30)),
            cost_to_keep: signed(many(products, 0, 6)),
            capacity: unsigned(many(periods, 0, 90)),
            demand: (0..products)
                .map(|_| unsigned(many(periods, 0, 15)))
                .collect(),
        }
    };
    Chain {
        products,
        periods,
        sites: (0..members)
            .map(|_| (!dice.one_in(8)).then(|| site(dice)))
            .collect(),
    }
}

#[test]
fn random_plans_are_complete_and_cost_what_another_solver_finds() {
    let mut optimal = 0;
    runs(60, |dice| {
        let chain = chain(dice);
        let results = chain.run();
        let of_sites = results.iter().zip(&chain.sites);
        for (result, site) in of_sites {
            assert_eq!(result[0] == Outcome::NoSite as u8, site.is_none());
        }
        let Some(outcome) = results
            .iter()
            .map(|it| it[0])
            .find(|it| *it != Outcome::NoSite as u8)
        else {
            return;
        };
        let by_floats = chain.by_floats();
        let expected = by_floats
            .as_ref()
            .map_or_else(|why| *why as u8, |_| Outcome::Optimal as u8);
        assert_eq!(outcome, expected, "{chain:?}");
        if let Ok(by_floats) = by_floats {
            let amounts = results
                .iter()
                .map(|it| (it.len() > 1).then(|| chain.read(it)));
            let cost = chain.check(&amounts.collect::<Vec<_>>());
            let cost: f64 = cost.numer().to_string().parse::<f64>().unwrap()
                / cost.denom().to_string().parse::<f64>().unwrap();
            assert!(
                (cost - by_floats).abs() <= 1e-6 * by_floats.abs().max(1.0),
                "{cost} {by_floats}"
            );
            optimal += 1;
        }
    });
    assert!((20..60).contains(&optimal), "{optimal}");
}

/// One site makes, the other needs; half of a unit is left to make.
fn two() -> Chain {
    let maker = Site {
        stock: vec![3],
        effort: vec![2],
        cost_to_make: vec![5],
        cost_to_keep: vec![1],
        capacity: vec![9],
        demand: vec![vec![0]],
        cost_to_send: vec![0, 4],
    };
    let user = Site {
        stock: vec![0],
        capacity: vec![0],
        demand: vec![vec![7]],
        cost_to_send: vec![NO_LANE, 0],
        ..maker.clone()
    };
    Chain {
        products: 1,
        periods: 1,
        sites: vec![Some(maker), Some(user)],
    }
}

#[test]
fn what_is_needed_is_made_where_it_can_be_and_sent() {
    let mut chain = two();
    let results = chain.run();
    let (maker, user) = (chain.read(&results[0]), chain.read(&results[1]));
    assert_eq!((&maker.made[0], &maker.kept[0]), (&whole(4), &whole(0)));
    assert_eq!(
        (&maker.sent[0][1], &user.received[0][0]),
        (&whole(7), &whole(7))
    );
    assert_eq!(user.made[0], whole(0));
    chain.sites[1].as_mut().unwrap().demand = vec![vec![8]];
    assert_eq!(
        chain.run(),
        vec![vec![Outcome::Infeasible as u8]; 2],
        "a half too much"
    );
}

#[test]
fn gains_without_end_are_told_as_such() {
    let mut chain = two();
    let maker = chain.sites[0].as_mut().unwrap();
    (maker.effort, maker.cost_to_make) = (vec![0], vec![-5]);
    assert_eq!(chain.run(), vec![vec![Outcome::Unbounded as u8]; 2]);
}

#[test]
fn numbers_as_large_as_there_are_are_exact() {
    let mut chain = two();
    let maker = chain.sites[0].as_mut().unwrap();
    (maker.effort, maker.capacity) = (vec![u32::MAX - 4], vec![u32::MAX]);
    maker.stock = vec![6];
    chain.periods = 2;
    for site in chain.sites.iter_mut().flatten() {
        site.capacity = vec![site.capacity[0]; 2];
        site.demand = vec![vec![site.demand[0][0], 0]];
    }
    chain.sites[0].as_mut().unwrap().cost_to_make = vec![i32::MAX];
    let results = chain.run();
    let amounts: Vec<_> = results.iter().map(|it| Some(chain.read(it))).collect();
    let total = BigInt::from(i32::MAX) + 4 * 7;
    assert_eq!(chain.check(&amounts), whole(total));
}

#[test]
fn a_plan_has_its_largest() {
    // One site: two variables a moment, and a row more than products a period.
    let chain = |products: usize, periods: usize| {
        let site = Site {
            stock: vec![1; products],
            effort: vec![1; products],
            cost_to_make: vec![1; products],
            cost_to_keep: vec![0; products],
            capacity: vec![1; periods],
            demand: vec![vec![0; periods]; products],
            cost_to_send: vec![0],
        };
        let sites = vec![Some(site)];
        Chain {
            products,
            periods,
            sites,
        }
    };
    assert_eq!(
        (ROWS_MAX, chain(1, ROWS_MAX / 2).run()[0][0]),
        (192, Outcome::Optimal as u8)
    );
    assert_eq!(
        chain(1, ROWS_MAX / 2 + 1).run()[0][0],
        Outcome::TooLarge as u8
    );
}

#[test]
fn a_plan_has_its_most_variables() {
    // So many sites with nothing to do, each with a lane to each: as many variables as sites and one more, each.
    let chain = |count: usize| {
        let site = Site {
            stock: vec![0],
            effort: vec![0],
            cost_to_make: vec![0],
            cost_to_keep: vec![0],
            capacity: vec![0],
            demand: vec![vec![0]],
            cost_to_send: vec![0; count],
        };
        let sites = vec![Some(site); count];
        let (products, periods) = (1, 1);
        Chain {
            products,
            periods,
            sites,
        }
    };
    let outcome = |count: usize| {
        let session = Session {
            id: [0; 32],
            parameters: &[1, 1],
        };
        let values: Vec<Value> = chain(count)
            .sites
            .iter()
            .map(|it| Some(it.as_ref()?.value()))
            .collect();
        session.evaluate::<Plan>(&values, 0)[0]
    };
    const { assert!(63 * 64 <= VARIABLES_MAX && VARIABLES_MAX < 64 * 65) };
    assert_eq!(
        [outcome(63), outcome(64)],
        [Outcome::Optimal as u8, Outcome::TooLarge as u8]
    );
}

#[test]
fn what_is_no_shape_is_no_plan() {
    let both = Both::new::<Plan>("plan");
    for parameters in [&[][..], &[1], &[1, 0], &[0, 1], &[1, 1, 1]] {
        let session = Session {
            id: [0; 32],
            parameters,
        };
        let result = both.run(&session, &[Some(vec![0; 200])], 0);
        assert_eq!(result, [Outcome::NoPlan as u8]);
    }
}
