//! Who plays: two hosts with cards and wallets, the third party's host, an issuer, and a host that means no good.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::report::Holding;
use crate::deployment::{Deployment, text};
use crate::host::{Host, Peer};
use crate::program::{Failure, Program};

/// How long a result may take, before the demonstration gives up.
const RESULT_S_MAX: u64 = 60;
/// Port of a host's diagnostics, which answers pings.
const DIAGNOSTICS_PORT: u32 = 0xFFFF_FF00;

/// Everybody, with daemons running and wallets ready.
#[derive(Debug)]
pub struct Cast {
    /// The host that offers.
    pub a: Host,
    /// The host that accepts.
    pub b: Host,
    /// The host whose card is the third party.
    pub t: Host,
    /// Ids of the wallets of A and B.
    pub wallets: [String; 2],
    third_party: String,
    issuer: PathBuf,
    mallory: PathBuf,
    papers: PathBuf,
}

impl Cast {
    /// Enrols everybody, starts the daemons and makes the wallets.
    ///
    /// # Errors
    /// [`Failure`] of the first program that does not do as it should.
    pub fn assemble(at: &Deployment) -> Result<Self, Failure> {
        Self::assemble_with(at, |_, _| {})
    }

    /// The same, when `prepare` has seen hosts a and b.
    ///
    /// # Errors
    /// As [`assemble`](Self::assemble).
    pub fn assemble_with(
        at: &Deployment,
        prepare: impl FnOnce(&mut Host, &mut Host),
    ) -> Result<Self, Failure> {
        let third_party = at.enrol("service", "third-party")?;
        at.enrol("issuer", "issuer")?;
        let mallory_key = at.enrol("host", "mallory")?;
        let mut a = at.host("a", &third_party)?;
        let mut b = at.host("b", &third_party)?;
        prepare(&mut a, &mut b);
        let mut t = at.third_party("t", &at.path().join("third-party"))?;
        let mallory = Peer {
            key: mallory_key,
            address: None,
            domains: Vec::new(),
        };
        t.start(&[&a.peer, &b.peer])?;
        b.start(&[&a.peer, &t.peer, &mallory])?;
        a.start(&[&b.peer, &t.peer])?;
        let wallets = [wallet_of(at, &a)?, wallet_of(at, &b)?];
        let papers = at.path().join("papers");
        fs::create_dir(&papers).map_err(Failure::io(papers.display()))?;
        let (issuer, mallory) = (at.path().join("issuer/issuer"), at.path().join("mallory"));
        Ok(Self {
            a,
            b,
            t,
            wallets,
            third_party,
            issuer,
            mallory,
            papers,
        })
    }

    /// Issues a voucher to the card of a host; its id.
    ///
    /// # Errors
    /// [`Failure`] of the wallet.
    pub fn issue(&self, host: &Host, promise: &str) -> Result<String, Failure> {
        let paper = |name: &str| self.papers.join(format!("{}-{name}", host.name));
        let (challenge, issued) = (paper("challenge"), paper("issued"));
        for old in [&challenge, &issued] {
            fs::remove_file(old).ok();
        }
        fs::write(paper("promise"), promise).map_err(Failure::io("promise"))?;
        host.wallet(&["receive-issue", "--output"])
            .arg(&challenge)
            .run()?;
        let issue = host
            .wallet(&["issuer", "issue", "--identity"])
            .arg(&self.issuer);
        let issue = issue.arg("--promise").arg(paper("promise"));
        issue
            .arg("--to-challenge")
            .arg(&challenge)
            .arg("--output")
            .arg(&issued)
            .run()?;
        text(&host.wallet(&["receive-issue"]).arg(&issued).json()?, "vid")
    }

    /// What both cards hold.
    ///
    /// # Errors
    /// [`Failure`] of a wallet.
    pub fn holdings(&self) -> Result<Vec<Holding>, Failure> {
        let mut holdings = Vec::new();
        for host in [&self.a, &self.b] {
            let list = host.wallet(&["list"]).json()?;
            for voucher in list["vouchers"].as_array().into_iter().flatten() {
                let (vid, promise) = (text(voucher, "vid")?, text(voucher, "promise")?);
                holdings.push(Holding {
                    host: host.name.clone(),
                    vid,
                    promise,
                });
            }
        }
        Ok(holdings)
    }

    /// A message each way, so that links are up and statements given before anything is measured.
    ///
    /// # Errors
    /// [`Failure`] of `etpctl`.
    pub fn warm_the_links(&self) -> Result<(), Failure> {
        let pairs = [(&self.a, &self.b), (&self.b, &self.a), (&self.t, &self.a)];
        for (from, to) in pairs {
            let diagnostics = format!("{}:{DIAGNOSTICS_PORT}", to.domain());
            from.etpctl(&["ping", &diagnostics]).run()?;
        }
        Ok(())
    }

    /// Every host that does as it should.
    pub fn hosts(&self) -> [&Host; 3] {
        [&self.a, &self.b, &self.t]
    }

    /// The host of A or B.
    pub(crate) fn host(&self, who: &str) -> &Host {
        match who {
            "A" => &self.a,
            _ => &self.b,
        }
    }

    /// Key id of the third party.
    pub(crate) fn third_party_key(&self) -> &str {
        &self.third_party
    }

    /// What the third party says of an exchange.
    ///
    /// # Errors
    /// [`Failure`] of `etpctl`.
    pub fn decision(&self, xid: &str) -> Result<Value, Failure> {
        self.t.etpctl(&["t", "show", xid]).json()
    }

    /// A offers, B accepts; the offer's n1.
    ///
    /// # Errors
    /// [`Failure`] of a wallet.
    pub fn offer_and_accept(&self, give: &str, want: &str) -> Result<String, Failure> {
        let n1 = self.offer_to_b(give, want)?;
        self.accept(&n1)?;
        Ok(n1)
    }

    /// A offers, B's wallet has the offer; its n1.
    ///
    /// # Errors
    /// [`Failure`] of a wallet.
    pub fn offer_to_b(&self, give: &str, want: &str) -> Result<String, Failure> {
        let n1 = text(&self.offer(give, want)?, "n1")?;
        self.inbox_of_b(&n1)?;
        Ok(n1)
    }

    pub(crate) fn offer(&self, give: &str, want: &str) -> Result<Value, Failure> {
        self.offer_command(give, want).json()
    }

    /// The command with which A offers one voucher for another to B.
    pub fn offer_command(&self, give: &str, want: &str) -> Program {
        self.offer_command_to(&self.wallets[1], give, want)
    }

    /// The command with which A offers one voucher for another to an id.
    pub fn offer_command_to(&self, to: &str, give: &str, want: &str) -> Program {
        let words = ["offer", "--give", give, "--want", want, "--to", to];
        let third_party = format!("{}@{}", self.third_party, self.t.card());
        self.a.wallet(&words).args(&["--third-party", &third_party])
    }

    /// The offer as B's wallet shows it.
    ///
    /// # Errors
    /// [`Failure`] if the wallet does not show it.
    pub fn inbox_of_b(&self, n1: &str) -> Result<Value, Failure> {
        let inbox = self.b.wallet(&["inbox", "--wait"]).json()?;
        let mut offers = inbox["offers"].as_array().into_iter().flatten();
        let offer = offers.find(|offer| offer["n1"] == n1).cloned();
        offer.ok_or_else(|| Failure::new(format!("no offer {n1} in {inbox}")))
    }

    /// B accepts an offer.
    ///
    /// # Errors
    /// [`Failure`] of the wallet.
    pub fn accept(&self, n1: &str) -> Result<Value, Failure> {
        self.b.wallet(&["accept", n1]).json()
    }

    /// How the exchange ended, once the wallet knows.
    ///
    /// # Errors
    /// [`Failure`] if it does not come to know in time.
    pub fn result(&self, host: &Host, n1: &str) -> Result<Value, Failure> {
        let deadline = Instant::now() + Duration::from_secs(RESULT_S_MAX);
        loop {
            let history = host.wallet(&["history"]).json()?;
            let mut exchanges = history["exchanges"].as_array().into_iter().flatten();
            let exchange = exchanges.find(|exchange| exchange["n1"] == n1);
            match exchange {
                Some(exchange) if is_final(&exchange["state"]) => return Ok(exchange.clone()),
                _ if Instant::now() > deadline => {
                    return Err(Failure::new(format!(
                        "{}: no result in {history}",
                        host.name
                    )));
                }
                _ => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    /// Directory of the identity of the host that means no good.
    pub fn mallory(&self) -> &std::path::Path {
        &self.mallory
    }

    /// What people call an id.
    pub fn name_of(&self, id: &str) -> String {
        let names = [
            (self.wallets[0].clone(), "wallet A"),
            (self.wallets[1].clone(), "wallet B"),
            (self.a.card(), "card A"),
            (self.b.card(), "card B"),
            (self.t.card(), "T"),
        ];
        let name = names.iter().find(|(known, _)| known == id);
        name.map_or_else(|| id.to_owned(), |(_, name)| (*name).to_owned())
    }

    /// Leaves the daemons running when this goes away.
    pub fn leave_running(&mut self) {
        self.a.leave_running();
        self.b.leave_running();
        self.t.leave_running();
    }
}

fn is_final(state: &Value) -> bool {
    state != "open" && state != "accepted"
}

fn wallet_of(at: &Deployment, host: &Host) -> Result<String, Failure> {
    let init = host.wallet(&["init", "--socket"]).arg(host.socket());
    text(&init.arg("--scheme").arg(at.scheme_file()).json()?, "id")
}
