//! A card made of software: the on-card programs over a transactional store.
