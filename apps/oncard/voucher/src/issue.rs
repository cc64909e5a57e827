//! Issue: the card opens itself for one voucher, the issuer signs for that opening.

use etp_pki::Role;
use libetp::EntityId;
use libetp::params::voucher::{
    Issue, IssueBody, IssueCancel, IssueCancelled, IssueChallenge, Issued,
};

use crate::checks;
use crate::fault::Fault;
use crate::ledger::Ledger;
use crate::limits::CHALLENGES_MAX;
use crate::records::{Held, OpenIssue};

/// `issue-begin`: a persisted challenge.
pub(crate) fn begin(owner: EntityId, ledger: &mut Ledger<'_, '_>) -> Result<(), Fault> {
    if ledger.all::<OpenIssue>()?.len() >= CHALLENGES_MAX {
        return Err(Fault::Limit("open issue challenges", CHALLENGES_MAX as u64));
    }
    let challenge = ledger.context.fresh();
    ledger.put(&challenge, &OpenIssue { ordered_by: owner });
    let card_key = ledger.me().key;
    let answer = IssueChallenge {
        challenge,
        card_key,
    };
    ledger.send(owner, answer);
    Ok(())
}

/// `issue-cancel`: the challenge is gone.
pub(crate) fn cancel(
    owner: EntityId,
    order: &IssueCancel,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), Fault> {
    let challenge = order.challenge;
    open(&challenge, ledger)?;
    ledger.delete::<OpenIssue>(&challenge);
    ledger.send(owner, IssueCancelled { challenge });
    Ok(())
}

/// ISSUE: `[store the voucher, delete the challenge]`. A replay finds no open challenge.
///
/// The vid is checked here, where it is first known, against the reserved ones; so a voucher that
/// an exchange is to bring can't be issued into its place meanwhile.
pub(crate) fn issue(
    issuer: EntityId,
    order: Issue,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), Fault> {
    let opened = open(&order.challenge, ledger)?;
    let vid = verify(&order, ledger)?;
    ledger.check_not_reserved(&vid)?;
    ledger.count_issued()?;
    let held = Held {
        voucher: order.voucher,
        issuer_certificate: order.issuer_certificate,
    };
    ledger.hold(&vid, &held)?;
    ledger.delete::<OpenIssue>(&order.challenge);
    ledger.send(issuer, Issued { vid });
    if opened.ordered_by != issuer {
        ledger.send(opened.ordered_by, Issued { vid });
    }
    Ok(())
}

fn open(challenge: &[u8; 32], ledger: &Ledger<'_, '_>) -> Result<OpenIssue, Fault> {
    let found = ledger.get::<OpenIssue>(challenge)?;
    found.ok_or(Fault::NotFound("challenge"))
}

/// The voucher's id, once voucher, class and both signatures of the issuer are in order.
fn verify(order: &Issue, ledger: &mut Ledger<'_, '_>) -> Result<[u8; 32], Fault> {
    checks::check_promise(&order.voucher)?;
    let me = ledger.me();
    me.may_hold(&order.voucher)?;
    let issuer = ledger.verify(Role::Issuer, &order.issuer_certificate)?;
    let vid = order.voucher.vid();
    checks::voucher(&order.voucher, &vid, &issuer)?;
    let body = IssueBody {
        vid,
        card_key: me.key,
        challenge: order.challenge,
    };
    issuer
        .check_signature("issue", &body, &order.signature)
        .map_err(|_| Fault::Signature("issue"))?;
    Ok(vid)
}
