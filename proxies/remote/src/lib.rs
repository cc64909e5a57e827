//! Remote proxy: eTP between hosts over QUIC.
