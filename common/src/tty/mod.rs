//! Terminals.
use nix::sys::signal::{SigHandler, Signal, signal};

/// x
#[allow(unsafe_code)]
pub fn restore_sigpipe() {
    // SAFETY: the default action runs no code of ours.
    let _ = unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) };
}
