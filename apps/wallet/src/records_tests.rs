//! What the records make of mail.
