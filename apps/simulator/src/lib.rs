//! Deterministic simulation of cards, tables and an adversary network.
