//! `wallet redeemer`: what those do who keep the promise. Needs no daemon.

use etp_pki::scheme::SchemeFile;
use etp_pki::{CertificateError, Role};
use libetp::codec::to_vec;
use libetp::params::Param;
use libetp::params::voucher::{ReceiptBody, Redeem, RedeemBody, RedeemReceipt, Redeemed};
use serde_json::json;

use super::issuer::SigningIdentity;
use crate::cli::{Check, Request};
use crate::files;
use crate::mail::now;
use crate::output::Report;
use crate::program::{Failure, Kind};
use crate::values::Hex32;

/// Who may redeem: whom the voucher names, or else its issuer.
const ROLES: &[Role] = &[Role::Redeemer, Role::Issuer];

pub(super) fn request(args: &Request) -> Result<Report, Failure> {
    let signer = SigningIdentity::load(&args.signer, ROLES)?;
    let mut challenge = [0; 32];
    getrandom::fill(&mut challenge).map_err(|error| Failure::system("random numbers", error))?;
    let body = RedeemBody {
        vid: args.vid.0,
        challenge,
        redeemer: signer.leaf.key,
    };
    let request = Redeem {
        vid: body.vid,
        challenge,
        redeemer_certificate: signer.certificate().to_vec(),
        signature: signer.sign("redeem", &body),
    };
    files::write(&args.output, &to_vec(&request))?;
    let text = format!("Signed a request to redeem {}.", args.vid);
    Ok(Report::new(
        text,
        json!({ "vid": args.vid, "challenge": Hex32(challenge) }),
    ))
}

pub(super) fn check(args: &Check) -> Result<Report, Failure> {
    let signer = SigningIdentity::load(&args.signer, ROLES)?;
    let request = read::<Redeem>(&args.request)?;
    let redeemed = read::<Redeemed>(&args.file)?;
    let class = verify(args, &signer, &request, &redeemed)?;
    let vid = redeemed.vid;
    if let Some(path) = &args.output {
        let challenge = request.challenge;
        let signature = signer.sign("receipt", &ReceiptBody { vid, challenge });
        files::write(path, &to_vec(&RedeemReceipt { vid, signature }))?;
    }
    let vid = Hex32(vid);
    let text =
        format!("The voucher {vid} has left its card of class {class}: keep the promise now.");
    Ok(Report::new(
        text,
        json!({ "vid": vid, "class": class, "redeemed": true }),
    ))
}

/// The card, certified by the scheme and of a class that may hold the voucher, signed exactly what was
/// asked. Returns its class. (Whoever owns a card of a lower class can have it sign for vouchers of others.)
fn verify(
    args: &Check,
    signer: &SigningIdentity,
    request: &Redeem,
    redeemed: &Redeemed,
) -> Result<u8, Failure> {
    let scheme = SchemeFile::load(&args.scheme)
        .map_err(|error| Failure::new(Kind::Usage, error.to_string()))?;
    let body = RedeemBody {
        vid: request.vid,
        challenge: request.challenge,
        redeemer: signer.leaf.key,
    };
    let verified =
        etp_pki::verify(&redeemed.certificate, Role::Card, &scheme.anchors()).and_then(|card| {
            card.valid_at(now())?;
            card.check_signature("redeemed", &body, &redeemed.signature)?;
            Ok(card.class)
        });
    let class = verified.map_err(|error: CertificateError| not_redeemed(&error.to_string()))?;
    match class >= args.min_class {
        true => Ok(class),
        false => Err(not_redeemed(&format!(
            "the card is of class {class}, and the voucher is for cards of class {} or more",
            args.min_class
        ))),
    }
}

fn not_redeemed(why: &str) -> Failure {
    Failure::new(Kind::Certificate, format!("not redeemed: {why}")).hint("do not keep the promise")
}

fn read<P: Param>(path: &std::path::Path) -> Result<P, Failure> {
    P::from_param(&files::read(path)?).map_err(|error| {
        let text = format!("{} is not a {}: {error}", path.display(), P::MTYPE);
        Failure::new(Kind::Usage, text)
    })
}
