//! The command line.

use std::path::PathBuf;

use card_owner::Access;
use clap::{Args, Parser, Subcommand};
use command_line::{Kind, Manual};
use libetp::{Domain, EntityId};

use crate::values::{Hex32, ThirdParty, Who};

/// In which ways the wallet fails.
const KINDS: &[Kind] = &[
    Kind::Other,
    Kind::Usage,
    Kind::Daemon,
    Kind::Pin,
    Kind::Refused,
    Kind::Undelivered,
    Kind::Timeout,
    Kind::Home,
    Kind::Certificate,
];

/// How long `resolve` and `abort` wait unless the command line says otherwise, in seconds.
pub(crate) const DISPUTE_TIMEOUT_S: u64 = 60;

/// The manual page, beside what is said here.
pub(crate) const MANUAL: Manual = Manual {
    description: "\
Orders to the own card, offers from others, and what became of them.\n\
Each run collects the mail that waited for the wallet and then does one thing.\n\
Vouchers are on the card; two cards exchange them so that either both change hands or none does.",
    kinds: KINDS,
    sections: include_str!("../wallet.roff"),
};

/// Trade vouchers that live on your card.
#[derive(Parser)]
#[command(version, about, after_help = Kind::help(KINDS))]
pub(crate) struct Cli {
    /// The wallet's directory [default: $XDG_DATA_HOME/tenet/wallet]
    #[arg(
        long,
        global = true,
        help_heading = "For every command",
        env = "TENET_HOME",
        value_name = "DIR"
    )]
    pub(crate) home: Option<PathBuf>,
    /// The daemon's socket [default: the one of `wallet init`, there /run/tenet/dispatchd.sock]
    #[arg(
        long,
        global = true,
        help_heading = "For every command",
        env = "TENET_SOCKET"
    )]
    pub(crate) socket: Option<PathBuf>,
    /// Print one JSON document instead of text
    #[arg(long, global = true, help_heading = "For every command")]
    pub(crate) json: bool,
    /// Read the PIN from a file of mode 600 instead of the terminal
    #[arg(
        long,
        global = true,
        help_heading = "For every command",
        env = "TENET_PIN_FILE",
        value_name = "FILE"
    )]
    pub(crate) pin_file: Option<PathBuf>,
    /// Trust a daemon of this user as well as of root and yourself
    #[arg(
        long,
        global = true,
        help_heading = "For every command",
        value_name = "UID"
    )]
    pub(crate) daemon_uid: Option<u32>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Get an id for this wallet and pin the card
    Init(Init),
    /// Give the card a new PIN
    Pin(NewPin),
    /// Give a card whose PIN is blocked or forgotten a new one, with its PUK
    Unblock(Unblock),
    /// Have the card state that it is at this host, after it was carried here
    EnrolHost(EnrolHost),
    /// Show this wallet's id, its card and what the card holds
    List,
    /// Offer a voucher in exchange for another
    Offer(Offer),
    /// Show offers of others
    Inbox(Inbox),
    /// Accept an offer
    Accept(Accept),
    /// Tell the other side that you do not want an offer
    Reject(Choice),
    /// Show which messages Guard holds until you say something
    Asks(Asks),
    /// Let a message in that Guard holds
    Allow(Allow),
    /// Have a message refused that Guard holds
    Deny(Deny),
    /// Take an own offer back that nobody agreed to yet
    Cancel(Cancel),
    /// Have the third party end an exchange that you offered: both vouchers change hands, or none
    Resolve(Dispute),
    /// Have the third party end an exchange that you accepted: none changes hands, or both do
    Abort(Dispute),
    /// Tell the story of every exchange
    History,
    /// Open the card for a new voucher, or put an issued one into it
    ReceiveIssue(ReceiveIssue),
    /// Redeem a voucher with what its redeemer signed
    Redeem(Redeem),
    /// Hand the redeemer's receipt to the card, which then forgets the voucher
    Receipt(Receipt),
    /// Have the card forget a redeemed voucher whose receipt does not come
    Forget(Forget),
    /// What issuers of vouchers do
    #[command(subcommand)]
    Issuer(Issuer),
    /// What redeemers of vouchers do
    #[command(subcommand)]
    Redeemer(Redeemer),
}

#[derive(Args)]
pub(crate) struct Init {
    /// The scheme file that the card's certificate must be of
    #[arg(long, value_name = "FILE")]
    pub(crate) scheme: PathBuf,
    /// Which card, where there are several
    #[arg(long)]
    pub(crate) domain: Option<Domain>,
}

#[derive(Args)]
pub(crate) struct NewPin {
    /// Read the new PIN from a file of mode 600 instead of the terminal
    #[arg(long, value_name = "FILE")]
    pub(crate) new_pin_file: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct Unblock {
    #[command(flatten)]
    pub(crate) new: NewPin,
    /// Read the PUK from a file of mode 600 instead of the terminal
    #[arg(long, value_name = "FILE")]
    pub(crate) puk_file: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct EnrolHost {
    /// The certificate of the host that serves the card from now on, of the card's scheme
    pub(crate) file: PathBuf,
}

#[derive(Args)]
pub(crate) struct Offer {
    /// The voucher to give: its id, or the beginning of it
    #[arg(long, value_name = "VID")]
    pub(crate) give: String,
    /// The voucher wanted
    #[arg(long, value_name = "VID")]
    pub(crate) want: Hex32,
    /// The other wallet: an id, or a name from ids.toml
    #[arg(long, value_name = "ID")]
    pub(crate) to: Who,
    /// Key id of the third party, and where it is reached: KEY[@ID[,ID..]]
    #[arg(long, value_name = "KEY[@ID..]")]
    pub(crate) third_party: ThirdParty,
    /// Wait so long for the end of the exchange
    #[arg(long, value_name = "SECONDS")]
    pub(crate) wait: Option<u64>,
    /// If the exchange is stuck after that, have the third party end it without asking
    #[arg(long, requires = "wait")]
    pub(crate) yes: bool,
}

#[derive(Args)]
pub(crate) struct Inbox {
    /// If there is no offer, wait so long for one
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "60")]
    pub(crate) wait: Option<u64>,
}

#[derive(Args)]
pub(crate) struct Accept {
    /// Its number in the inbox, or the beginning of its id
    pub(crate) offer: String,
    /// Wait so long for the end of the exchange
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(crate) wait: u64,
    /// If the exchange is stuck after that, have the third party end it without asking
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Args)]
pub(crate) struct Choice {
    /// Its number, or the beginning of its id
    pub(crate) offer: String,
}

#[derive(Args)]
pub(crate) struct Asks {
    /// If there is no question, wait so long for one
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "60")]
    pub(crate) wait: Option<u64>,
}

#[derive(Args)]
pub(crate) struct Allow {
    /// Its number, as `wallet asks` shows it
    pub(crate) ask: u64,
}

#[derive(Args)]
pub(crate) struct Deny {
    /// Its number, as `wallet asks` shows it
    #[arg(required_unless_present = "all")]
    pub(crate) ask: Option<u64>,
    /// All of them
    #[arg(long, conflicts_with = "ask")]
    pub(crate) all: bool,
}

#[derive(Args)]
pub(crate) struct Cancel {
    /// Its number, or the beginning of its id; may be left out if there is only one
    pub(crate) offer: Option<String>,
}

#[derive(Args)]
pub(crate) struct Dispute {
    /// Its number, or the beginning of the id of its offer or its own; may be left out if there is
    /// only one to end
    pub(crate) exchange: Option<String>,
    /// Where the third party is reached now: an id, or a name from ids.toml; may be repeated
    #[arg(long, value_name = "ID")]
    pub(crate) third_party_id: Vec<Who>,
    /// Wait so long for the end, and repeat the order meanwhile
    #[arg(long, value_name = "SECONDS", default_value_t = DISPUTE_TIMEOUT_S)]
    pub(crate) timeout: u64,
}

#[derive(Args)]
pub(crate) struct ReceiveIssue {
    /// What the issuer made for this card; without it, a challenge is opened
    pub(crate) file: Option<PathBuf>,
    /// Write the challenge for the issuer to a file
    #[arg(short, long, value_name = "FILE", conflicts_with = "file")]
    pub(crate) output: Option<PathBuf>,
    /// Close this open challenge instead
    #[arg(long, value_name = "CHALLENGE", conflicts_with_all = ["file", "output"])]
    pub(crate) cancel: Option<Hex32>,
}

#[derive(Args)]
pub(crate) struct Redeem {
    /// What the redeemer signed
    pub(crate) file: PathBuf,
    /// Write the card's signature to a file, for the redeemer
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
}

#[derive(Args)]
pub(crate) struct Receipt {
    /// What `wallet redeemer check --output` wrote
    pub(crate) file: PathBuf,
}

#[derive(Args)]
pub(crate) struct Forget {
    /// The whole id of the voucher
    #[arg(value_name = "VOUCHER")]
    pub(crate) vid: Hex32,
}

/// A private key and its certificate, as `etpctl scheme enrol` writes them.
#[derive(Args)]
pub(crate) struct Signer {
    /// Path of certificate and key without their endings .der and .key
    #[arg(long, value_name = "STEM")]
    pub(crate) identity: PathBuf,
}

#[derive(Subcommand)]
pub(crate) enum Issuer {
    /// Issue a voucher to the card that opened a challenge
    Issue(Issue),
}

#[derive(Args)]
pub(crate) struct Issue {
    #[command(flatten)]
    pub(crate) signer: Signer,
    /// The promise: a text of at most 16384 bytes
    #[arg(long, value_name = "FILE")]
    pub(crate) promise: PathBuf,
    /// The challenge, as `receive-issue --output` wrote it
    #[arg(long, value_name = "FILE")]
    pub(crate) to_challenge: PathBuf,
    /// Lowest class of a card that may hold the voucher
    #[arg(long, default_value_t = 0)]
    pub(crate) min_class: u8,
    /// Key id of who may redeem it; the issuer if absent
    #[arg(long, value_name = "KEY")]
    pub(crate) redeemer: Option<Hex32>,
    /// Where the issued voucher is written
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
}

#[derive(Subcommand)]
pub(crate) enum Redeemer {
    /// Sign the request to redeem a voucher
    Request(Request),
    /// Check what the card answered
    Check(Check),
}

#[derive(Args)]
pub(crate) struct Request {
    #[command(flatten)]
    pub(crate) signer: Signer,
    /// The voucher
    #[arg(long)]
    pub(crate) vid: Hex32,
    /// Where the signed request is written
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
}

#[derive(Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) signer: Signer,
    /// The request, as `redeemer request` wrote it
    #[arg(long, value_name = "FILE")]
    pub(crate) request: PathBuf,
    /// The scheme file
    #[arg(long, value_name = "FILE")]
    pub(crate) scheme: PathBuf,
    /// Lowest class of card that the voucher allows, as it was issued with --min-class
    #[arg(long, value_name = "CLASS", default_value_t = 0)]
    pub(crate) min_class: u8,
    /// The card's answer, as `redeem` wrote it
    pub(crate) file: PathBuf,
    /// Write the receipt, for the card, to a file
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

impl Offer {
    /// The other wallet, once aliases are resolved.
    pub(crate) fn peer(&self) -> Result<EntityId, crate::program::Failure> {
        self.to.wallet()
    }
}

impl Cli {
    /// The way to the card.
    pub(crate) fn access(&self) -> Access<'_> {
        Access {
            home: self.home.as_deref(),
            socket: self.socket.as_deref(),
            pin_file: self.pin_file.as_deref(),
            daemon_uid: self.daemon_uid,
        }
    }
}
