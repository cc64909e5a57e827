//! An auction among five hosts of which one drops messages and one crashes; twice, with other bids.

use serde::Serialize;
use serde_json::Value;

use super::running::Running;
use super::wire::{Wire, between_cards, mark};
use super::{Parties, text_or_empty};
use crate::deployment::Deployment;
use crate::host::{Host, Peer};
use crate::program::Failure;

const N: usize = 5;
/// Whose host loses what two other members' cards say to its own.
const DROPPING: usize = 1;
/// Whom it does not hear.
const UNHEARD: [usize; 2] = [2, 3];
/// Whose host ends in the middle.
const CRASHING: usize = 4;

/// The bids, and what has to come of them: those of the two hosts that are not right do not count, since their cards
/// were left out before the cards agreed on the bids.
const AUCTIONS: [([u64; N], usize, u64); 2] =
    [([30, 60, 70, 50, 90], 2, 50), ([80, 10, 20, 40, 5], 0, 40)];

/// What came of the auctions.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// One after the other.
    pub auctions: Vec<Auction>,
    /// Whether hosts saw the same in both.
    pub same_on_the_wire: bool,
    /// Whether all ended as it had to.
    pub as_it_had_to: bool,
}

/// An auction.
#[derive(Clone, Debug, Serialize)]
pub struct Auction {
    /// In order.
    pub members: Vec<Member>,
}

/// A member of it.
#[derive(Clone, Debug, Serialize)]
pub struct Member {
    /// What its host is called.
    pub host: String,
    /// What its host does.
    pub part: &'static str,
    /// What it bid.
    pub bid: u64,
    /// What its card told it.
    pub told: String,
    /// What its host saw go between cards: source, destination, type, number, and bytes in all.
    pub wire: Vec<(String, String, String, usize, u64)>,
}

/// Plays it.
///
/// # Errors
/// [`Failure`] if something cannot be started, or does not end.
pub fn perform(at: &Deployment) -> Result<Report, Failure> {
    let mut parties = Parties::assemble_with(at, N, prepare)?;
    let mut told = Vec::new();
    for (bids, ..) in AUCTIONS {
        told.push(auction(&mut parties, &bids)?);
        parties.hosts[CRASHING].restart()?;
    }
    let as_it_had_to = AUCTIONS
        .iter()
        .zip(&told)
        .all(|((_, winner, price), told)| {
            let right = [0, 2, 3].into_iter();
            let mut expected = right.map(|at| (at, (at == *winner).then_some(*price)));
            expected
                .all(|(at, price)| told.ends[at]["price"].as_u64() == price && told.has_result(at))
        });
    let wires = [&told[0].wires, &told[1].wires];
    let same_on_the_wire = wires[0] == wires[1];
    let told = AUCTIONS.iter().zip(told);
    let auctions = told.map(|((bids, ..), told)| told.report(&parties, bids));
    Ok(Report {
        auctions: auctions.collect(),
        same_on_the_wire,
        as_it_had_to: as_it_had_to && same_on_the_wire,
    })
}

/// Guard of one host drops what comes from two others.
fn prepare(host: &Host, peers: &[Peer]) -> Result<(), Failure> {
    if host.peer.domains != peers[DROPPING].domains {
        return Ok(());
    }
    let unheard: Vec<&String> = UNHEARD.iter().flat_map(|at| &peers[*at].domains).collect();
    let rules = format!(
        "version = 1\n\n[[policy]]\nname = \"omits\"\nkind = \"table\"\n\n[[policy.rule]]\n\
         mtype = \"session-packet\"\nsrc_domain = {unheard:?}\nthen = \"drop\"\nreason = \"hostile\"\n"
    );
    host.write_rules(&host.rules(), &rules)
}

/// What an auction came to.
struct Told {
    /// What each `pals` printed; null of the host that crashed.
    ends: Vec<Value>,
    /// Of the hosts that did not.
    wires: Vec<Wire>,
}

/// All join; the one that will crash stands still from the start on, and its daemon is killed in the middle.
fn auction(parties: &mut Parties, bids: &[u64]) -> Result<Told, Failure> {
    let staying = 0..CRASHING;
    let marks = parties.hosts[staying.clone()].iter().map(mark);
    let marks = marks.collect::<Result<Vec<_>, _>>()?;
    let bids: Vec<String> = bids.iter().map(u64::to_string).collect();
    let bid = |at: usize| ["--bid", bids[at].as_str()];
    let mut members = vec![parties.create(&["auction"], &bid(0))?];
    let mut crashing = parties.join(CRASHING, &["auction"], &bid(CRASHING))?;
    crashing.wait_for("waiting for the start")?;
    crashing.signal("STOP")?;
    for at in 1..CRASHING {
        members.push(parties.join(at, &["auction"], &bid(at))?);
    }
    members[0].wait_for(&format!("nothing came in time from member {CRASHING}"))?;
    parties.hosts[CRASHING].kill();
    drop(crashing);
    let ends = members.into_iter().map(end);
    let mut ends = ends.collect::<Result<Vec<_>, _>>()?;
    ends.push(Value::Null);
    let hosts = parties.hosts[staying].iter().zip(marks);
    let wires = hosts.map(|(host, mark)| between_cards(host, mark));
    let wires = wires.collect::<Result<_, _>>()?;
    Ok(Told { ends, wires })
}

fn end(member: Running) -> Result<Value, Failure> {
    member.end()?.json()
}

impl Told {
    fn has_result(&self, at: usize) -> bool {
        self.ends[at]["outcome"] == "result"
    }

    fn report(self, parties: &Parties, bids: &[u64]) -> Auction {
        let member = |(at, host): (usize, &Host)| Member {
            host: host.name.clone(),
            part: part(at),
            bid: bids[at],
            told: words(&self.ends[at]),
            wire: self
                .wires
                .get(at)
                .map_or_else(Vec::new, |wire| totals(wire, parties)),
        };
        let members = parties.hosts.iter().enumerate().map(member);
        Auction {
            members: members.collect(),
        }
    }
}

fn part(at: usize) -> &'static str {
    match at {
        DROPPING => "drops messages",
        CRASHING => "crashes",
        _ => "right",
    }
}

fn words(end: &Value) -> String {
    match (end["won"].as_bool(), end["price"].as_u64()) {
        (Some(true), Some(price)) => format!("won, at the price of {price}"),
        (Some(_), _) => "did not win".into(),
        (None, _) if end.is_null() => "nothing".into(),
        (None, _) => format!("no result: {}", text_or_empty(&end["error"], "outcome")),
    }
}

/// Numbers and bytes by type, with hosts by name.
fn totals(wire: &Wire, parties: &Parties) -> Vec<(String, String, String, usize, u64)> {
    let name = |card: &String| {
        let host = parties.hosts.iter().find(|host| host.card() == *card);
        host.map_or_else(|| card.clone(), |host| host.name.clone())
    };
    let mut all = Vec::new();
    for ((src, dst), messages) in wire {
        let mut types: Vec<&String> = messages.iter().map(|(mtype, _)| mtype).collect();
        types.dedup();
        types.sort();
        types.dedup();
        for mtype in types {
            let of_type = messages.iter().filter(|(other, _)| other == mtype);
            let (count, bytes) = of_type.fold((0, 0), |(n, sum), (_, bytes)| (n + 1, sum + bytes));
            all.push((name(src), name(dst), mtype.clone(), count, bytes));
        }
    }
    all.sort();
    all
}
