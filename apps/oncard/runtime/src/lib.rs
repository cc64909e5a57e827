//! The runtime of a card: store, ports, authentication, the EXCHANGE binding, card side.
