//! Tier 0: table rules.
