//! Three hosts with owners at two, where runs take place one after the other.

use libetp::EntityId;
use libetp::id::parse_hex;
use libetp::params::voucher::{ExchangeResult, Vid, Xid};

use super::fight::{fight, persist, settle};
use super::judge::{self, Verdicts};
use super::reaper::Reaper;
use super::script::{Place, Script, Side, VOUCHERS};
use super::tally::Tally;
use super::trader::{Arbiter, Deal, Trader};
use crate::binaries::Binaries;
use crate::deployment::Deployment;
use crate::owner::{Mint, Owner};
use crate::program::Failure;
use crate::reader::PcscService;

/// A deployment with vouchers to trade.
pub struct Arena {
    deployment: Deployment,
    /// Which script a seed has here.
    script: fn(u64) -> Script,
    reaper: Reaper,
    owners: [Owner; 2],
    arbiter: Arbiter,
    vouchers: Vec<Vid>,
    verdicts: Verdicts,
    tally: Tally,
}

impl Arena {
    /// Deploys hosts a and b with the same number of vouchers, and t with the third party.
    ///
    /// # Errors
    /// [`Failure`] of the first program that does not do as it should.
    pub fn prepare(binaries: Binaries) -> Result<Self, Failure> {
        Self::deploy(Deployment::create(binaries)?, None)
    }

    /// The same, with the cards of a and b in readers.
    ///
    /// # Errors
    /// [`Failure`] of the first program that does not do as it should.
    pub fn prepare_in_readers(binaries: Binaries) -> Result<Self, Failure> {
        let deployment = Deployment::create(binaries)?;
        let service = PcscService::start(&deployment.path().join("pcscd"), 2)?;
        Self::deploy(deployment, Some(service))
    }

    fn deploy(deployment: Deployment, service: Option<PcscService>) -> Result<Self, Failure> {
        let key = deployment.enrol("service", "service")?;
        let mut a = deployment.host("a", &key)?;
        let mut b = deployment.host("b", &key)?;
        if let Some(service) = &service {
            a.put_into_reader(&service.slot(0), &[], &[]);
            b.put_into_reader(&service.slot(1), &[], &[]);
        }
        let mut t = deployment.third_party("t", &deployment.path().join("service"))?;
        t.start(&[&a.peer, &b.peer])?;
        b.start(&[&a.peer, &t.peer])?;
        a.start(&[&b.peer, &t.peer])?;
        let mut owners = [Owner::at(&a, &deployment)?, Owner::at(&b, &deployment)?];
        let vouchers = issue(&deployment, &mut owners)?;
        let arbiter = arbiter(&key, &t.card())?;
        let answers = owners.each_ref().map(Owner::answers);
        Ok(Self {
            deployment,
            script: match service {
                Some(_) => Script::in_readers,
                None => Script::new,
            },
            reaper: Reaper::new([a, b, t], service, answers),
            owners,
            arbiter,
            vouchers,
            verdicts: Verdicts::default(),
            tally: Tally::default(),
        })
    }

    /// What the runs so far came to.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// Plays one run to its end and judges it.
    ///
    /// # Errors
    /// [`Failure`] with the seed, what happened, and where the logs are kept.
    pub fn run(mut self, seed: u64) -> Result<Self, Failure> {
        let script = (self.script)(seed);
        let mut diary = Vec::new();
        match self.play(&script, &mut diary) {
            Ok(()) => Ok(self),
            Err(failure) => Err(self.report(&script, &diary, &failure)),
        }
    }

    /// After all runs: the third party is killed once more, and still says the same.
    ///
    /// # Errors
    /// [`Failure`] if it does not.
    pub fn ask_again(&mut self) -> Result<(), Failure> {
        self.reaper.strike(Place::T)?;
        for xid in self.verdicts.decided() {
            self.hear(xid, &[])?;
        }
        Ok(())
    }

    fn report(self, script: &Script, diary: &[String], failure: &Failure) -> Failure {
        let logs = self.deployment.keep();
        Failure::new(format!(
            "seed {}: {failure}\n{script:#?}\n{}\nlogs and cards are kept in {}",
            script.seed,
            diary.join("\n"),
            logs.path().display(),
        ))
    }

    fn play(&mut self, script: &Script, diary: &mut Vec<String>) -> Result<(), Failure> {
        self.reaper.house(script.homes)?;
        let deals = self.deals(script)?;
        let ids = self.owners.each_ref().map(Owner::id);
        let [a, b] = &mut self.owners;
        let trader = |owner, side: Side| {
            let (peer, manner) = (ids[side.other() as usize], script.manners[side as usize]);
            Trader::new(owner, peer, self.arbiter, manner, side.dice(script.seed))
        };
        let (mut a, mut b) = (trader(a, Side::A), trader(b, Side::B));
        [a.deals, b.deals] = deals;
        let kills = fight(&mut self.reaper, script, [&mut a, &mut b]);
        let kills = kills.and_then(|kills| settle([&mut a, &mut b]).map(|()| kills));
        for (name, trader) in [("a", &a), ("b", &b)] {
            diary.extend(trader.diary.iter().map(|line| format!("  {name}: {line}")));
        }
        self.tally.kills = self.tally.kills + kills?;
        self.tally.runs += 1;
        let results = [a.results, b.results];
        let agreed: Vec<(Xid, [u8; 32])> = a.agreed.into_iter().chain(b.agreed).collect();
        self.tally.count(&results);
        judge::alike(&results[0], &results[1])?;
        judge::alike(&results[1], &results[0])?;
        results.iter().try_for_each(judge::traded_once)?;
        for (xid, n1) in agreed {
            let exchange = (n1, Some(xid));
            self.hear(xid, &results.each_ref().map(|side| side.get(&exchange)))?;
        }
        let held = self.held()?;
        judge::once(&self.vouchers, [&held[0], &held[1]])
    }

    /// The script's trades with the vouchers that are where they are now.
    fn deals(&mut self, script: &Script) -> Result<[Vec<Deal>; 2], Failure> {
        let held = self.held()?;
        let mut deals = [Vec::new(), Vec::new()];
        for trade in &script.trades {
            deals[trade.by as usize].push(Deal {
                give: held[trade.by as usize][trade.number],
                want: held[trade.by.other() as usize][trade.number],
                failed: 0,
                settled: false,
            });
        }
        Ok(deals)
    }

    fn held(&mut self) -> Result<[Vec<Vid>; 2], Failure> {
        let [a, b] = &mut self.owners;
        Ok([persist(|| a.vouchers())?, persist(|| b.vouchers())?])
    }

    fn hear(&mut self, xid: Xid, results: &[Option<&ExchangeResult>]) -> Result<(), Failure> {
        let (owner, id) = (&mut self.owners[0], self.arbiter.id);
        let said = persist(|| owner.decided(id, xid))?;
        self.verdicts.hear(xid, said, results)
    }
}

fn issue(deployment: &Deployment, owners: &mut [Owner; 2]) -> Result<Vec<Vid>, Failure> {
    let mut mint = Mint::enrol(deployment, "mint")?;
    let mut vouchers = Vec::new();
    for owner in owners {
        for _ in 0..VOUCHERS {
            vouchers.push(mint.issue(owner)?);
        }
    }
    Ok(vouchers)
}

fn arbiter(key: &str, card: &str) -> Result<Arbiter, Failure> {
    let key = parse_hex(key).ok_or_else(|| Failure::new(format!("not a key id: {key}")))?;
    let id = card.parse::<EntityId>();
    let id = id.map_err(|error| Failure::new(format!("{card}: {error}")))?;
    Ok(Arbiter { key, id })
}
