//! Case files: messages, and what a chain must say of them.
