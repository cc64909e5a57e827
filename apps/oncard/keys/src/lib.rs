//! On-card key service: sign, verify, challenge.
