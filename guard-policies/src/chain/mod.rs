//! The chain: policies in their order, and what follows from their opinions.
