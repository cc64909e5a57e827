//! Every parser as a fuzz target, and the corpora replayed as tests.
