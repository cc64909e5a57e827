//! Guard: the verdict type and the built-in rules that no configuration removes.
