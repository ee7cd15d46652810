//! Signals as something to wait for, and the actions that a program of ours starts with.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use nix::sys::signal::{SigHandler, Signal, raise, signal};
use signal_hook::SigId;
use signal_hook::flag::register_conditional_default;
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::SignalOnly;
use signal_hook::low_level::unregister;

/// Signals that arrive through a descriptor: their handlers write a byte to it and nothing more.
pub struct Signals {
    delivery: SignalDelivery<UnixStream, SignalOnly>,
    caught: Vec<Signal>,
}

/// What gives signals their default action back once nobody catches them any more. The handlers stay
/// installed for good, since signal-hook installs each only once.
static DEFAULTS: Mutex<Vec<SigId>> = Mutex::new(Vec::new());

impl Signals {
    /// Catches these signals from now on, until it is dropped; then they have their default action.
    pub fn catch(signals: &[Signal]) -> io::Result<Signals> {
        let (reader, writer) = UnixStream::pair()?;
        let numbers = signals.iter().map(|signal| *signal as i32);
        let delivery = SignalDelivery::with_pipe(reader, writer, SignalOnly, numbers)?;
        for default in DEFAULTS.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            unregister(default);
        }
        Ok(Signals { delivery, caught: signals.to_vec() })
    }

    /// The signals that have arrived since the last call, each once however often it came.
    pub fn arrived(&mut self) -> Vec<Signal> {
        self.delivery.pending().filter_map(|number| Signal::try_from(number).ok()).collect()
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.delivery.get_read().as_fd()
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        let always = Arc::new(AtomicBool::new(true));
        let defaults = self.caught.iter().filter_map(|&number| {
            // Fails only for signals that cannot be caught at all.
            register_conditional_default(number as i32, Arc::clone(&always)).ok()
        });
        DEFAULTS.lock().unwrap_or_else(PoisonError::into_inner).extend(defaults);
    }
}

/// Lets SIGPIPE end the program silently again, as every filter should end when its reader goes
/// away: Rust ignores it before `main`.
pub fn restore_sigpipe() {
    set_action(Signal::SIGPIPE, SigHandler::SigDfl);
}

/// Makes writing to a reader that has gone away an error like any other, whatever we inherited.
pub fn ignore_sigpipe() {
    set_action(Signal::SIGPIPE, SigHandler::SigIgn);
}

fn set_action(number: Signal, action: SigHandler) {
    // SAFETY: neither of the actions given here runs code of ours. Setting them cannot fail for the
    // signals in question.
    let _ = unsafe { signal(number, action) };
}

/// Stops this process, as the key for that would; returns when it is continued.
pub fn stop_here() {
    let _ = raise(Signal::SIGSTOP);
}

/// Ends this process by a signal that has its default action, so that whoever waits for it sees
/// what it died of.
pub fn die_of(number: Signal) {
    let _ = nix::sys::signal::kill(nix::unistd::getpid(), number);
}
