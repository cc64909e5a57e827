//! Tier 2: plugins in WebAssembly.
