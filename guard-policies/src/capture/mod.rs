//! Captures: messages as Guard saw them, to be judged again.
