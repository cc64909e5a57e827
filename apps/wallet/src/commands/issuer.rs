//! `wallet issuer issue`: makes a voucher for a card that opened itself. Needs no daemon.

use ed25519_dalek::Signer as _;
use etp_pki::scheme::Identity;
use etp_pki::{Leaf, Role};
use libetp::codec::{Encode, to_vec};
use libetp::digest::signature_input;
use libetp::limits::PROMISE_BYTES_MAX;
use libetp::params::voucher::{Issue, IssueBody, Voucher};
use serde_json::json;

use super::receive::ChallengeFile;
use crate::cli::{self, Signer};
use crate::files;
use crate::output::Report;
use crate::program::{Failure, Kind};
use crate::promise;
use crate::values::Hex32;

pub(super) fn issue(args: &cli::Issue) -> Result<Report, Failure> {
    let signer = SigningIdentity::load(&args.signer, &[Role::Issuer])?;
    let promise = files::read(&args.promise)?;
    if promise.len() > PROMISE_BYTES_MAX {
        let text = format!("a promise has at most {PROMISE_BYTES_MAX} bytes");
        return Err(Failure::new(Kind::Usage, text).hint("shorten it, or refer to a document"));
    }
    let target = read_challenge(&args.to_challenge)?;
    let voucher = voucher(&signer, promise, args)?;
    let body = IssueBody {
        vid: voucher.vid(),
        card_key: target.card_key.0,
        challenge: target.challenge.0,
    };
    let vid = Hex32(body.vid);
    let shown = promise::line(&voucher.promise);
    let issue = Issue {
        voucher,
        issuer_certificate: signer.certificate().to_vec(),
        challenge: body.challenge,
        signature: signer.sign("issue", &body),
    };
    files::write(&args.output, &to_vec(&issue))?;
    let text = format!("Issued {vid}\n  {shown}\n  for card {}", target.card_key);
    Ok(Report::new(
        text,
        json!({ "vid": vid, "promise": shown, "card_key": target.card_key }),
    ))
}

fn voucher(
    signer: &SigningIdentity,
    promise: Vec<u8>,
    args: &cli::Issue,
) -> Result<Voucher, Failure> {
    let mut serial = [0; 16];
    getrandom::fill(&mut serial).map_err(|error| Failure::system("random numbers", error))?;
    let mut voucher = Voucher {
        issuer: signer.leaf.key,
        promise,
        min_class: args.min_class,
        redeemer: args.redeemer.map(|key| key.0),
        serial,
        issuer_signature: [0; 64],
    };
    voucher.issuer_signature = signer.sign("voucher", &voucher.vid());
    Ok(voucher)
}

fn read_challenge(path: &std::path::Path) -> Result<ChallengeFile, Failure> {
    let bytes = files::read(path)?;
    serde_json::from_slice(&bytes).map_err(|error| {
        Failure::new(
            Kind::Usage,
            format!("{} is not a challenge: {error}", path.display()),
        )
        .hint("it is what `wallet receive-issue --output FILE` writes")
    })
}

/// A private key with its certificate.
pub(super) struct SigningIdentity {
    identity: Identity,
    pub(super) leaf: Leaf,
}

impl SigningIdentity {
    /// Loads `<stem>.der` and `<stem>.key`, which must be of one of the roles.
    pub(super) fn load(signer: &Signer, roles: &[Role]) -> Result<Self, Failure> {
        let ending = |ending: &str| {
            let mut path = signer.identity.clone().into_os_string();
            path.push(ending);
            std::path::PathBuf::from(path)
        };
        let failed = |error: &dyn std::fmt::Display| {
            Failure::new(Kind::Certificate, error.to_string()).hint(advice(roles))
        };
        let identity = Identity::load(&ending(".der"), None, &ending(".key"));
        let identity = identity.map_err(|error| failed(&error))?;
        let leaf = etp_pki::scheme::inspect(&identity.leaf).map_err(|error| failed(&error))?;
        match roles.contains(&leaf.role) {
            true => Ok(Self { identity, leaf }),
            false => Err(failed(&format!(
                "the certificate is that of role {}",
                leaf.role
            ))),
        }
    }

    pub(super) fn certificate(&self) -> &[u8] {
        &self.identity.leaf
    }

    pub(super) fn sign<B: Encode>(&self, tag: &str, body: &B) -> [u8; 64] {
        self.identity
            .key()
            .sign(&signature_input(tag, body))
            .to_bytes()
    }
}

/// Where identities of these roles come from, and how they are named.
fn advice(roles: &[Role]) -> String {
    let role = roles.iter().map(Role::to_string).collect::<Vec<_>>();
    let first = role.first().map_or("", String::as_str);
    format!(
        "wanted is an identity of role {}, as `etpctl scheme enrol {first} --out DIR` makes it; \
         name it without its ending: --identity DIR/{first}",
        role.join(" or "),
    )
}
