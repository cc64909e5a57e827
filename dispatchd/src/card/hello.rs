//! Verifies a card's answer to a challenge.

use etp_pki::{Anchors, CertificateError, Leaf, Role};
use libetp::exchange::SelectReply;
use libetp::params::Param;
use libetp::params::runtime::{Hello, HelloBody};

use super::quarantine::Quarantine;

/// Checks certificate, domain, dates, signature and boot id, in this order.
///
/// # Errors
/// The first [`Quarantine`] cause found.
pub(super) fn verify(
    param: &[u8],
    nonce: &[u8; 32],
    reply: &SelectReply,
    anchors: &Anchors,
    unix_s: u64,
) -> Result<(Hello, Leaf), Quarantine> {
    let hello = Hello::from_param(param).map_err(Quarantine::Malformed)?;
    let leaf = etp_pki::verify(&hello.certificate, Role::Card, anchors);
    let leaf = leaf.map_err(Quarantine::Certificate)?;
    leaf.valid_at(unix_s).map_err(Quarantine::Certificate)?;
    let certified = leaf
        .domain()
        .ok_or(Quarantine::Certificate(CertificateError::SubjectMissing))?;
    if certified != reply.domain {
        return Err(Quarantine::Domain {
            claimed: reply.domain,
            certified,
        });
    }
    let body = HelloBody {
        nonce: *nonce,
        boot_id: hello.boot_id,
        generation: hello.generation,
        domain: reply.domain,
        highest_port: hello.highest_port,
    };
    let signed = leaf.check_signature("hello", &body, &hello.signature);
    signed.map_err(|_| Quarantine::Signature)?;
    match hello.boot_id == reply.boot_id {
        true => Ok((hello, leaf)),
        false => Err(Quarantine::BootId),
    }
}
