//! Tier 1: conditions as expressions over a message and its fields.
