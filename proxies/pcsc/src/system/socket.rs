//! Where the PC/SC service is.

use std::path::PathBuf;

/// Names the socket of another service to every program that uses PC/SC.
const SOCKET_VARIABLE: &str = "PCSCLITE_CSOCK_NAME";
/// The socket of the machine's.
const SOCKET: &str = "/run/pcscd/pcscd.comm";

/// The service that this process uses, in words.
pub fn service_in_words() -> String {
    match std::env::var_os(SOCKET_VARIABLE) {
        Some(socket) => {
            let socket = PathBuf::from(socket);
            format!("pcscd at {} (of {SOCKET_VARIABLE})", socket.display())
        }
        None => format!("pcscd at {SOCKET}"),
    }
}
