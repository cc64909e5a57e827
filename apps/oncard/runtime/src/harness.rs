//! A host and a wallet that drive a card through its commands, for tests.
