//! Certificates of a TENeT scheme: roles, chains, key ids.
