//! Signals delivered through a descriptor, and signal dispositions.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::ptr;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, raise, sigaction, signal};
use signal_hook::SigId;
use signal_hook::flag::register_conditional_default;
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::SignalOnly;
use signal_hook::low_level::unregister;

/// The signals that end a process by default. Not those that report a bug (SIGSEGV, SIGILL), and not
/// SIGPIPE and SIGXFSZ, which become write errors ([`ignore_write_signals`]).
const ENDING: &[Signal] = &[
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGABRT,
    Signal::SIGTERM,
    Signal::SIGALRM,
    Signal::SIGVTALRM,
    Signal::SIGPROF,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGXCPU,
    Signal::SIGIO,
];

/// Signals delivered through a descriptor: the handlers only write a byte to it.
///
/// Signals that were ignored when the process started stay ignored (`nohup`, `trap '' HUP`).
pub struct Signals {
    delivery: SignalDelivery<UnixStream, SignalOnly>,
    caught: Vec<Signal>,
}

/// Restores default actions when signals are no longer caught: signal-hook never removes a handler
/// once it is installed.
static DEFAULTS: Mutex<Vec<(Signal, SigId)>> = Mutex::new(Vec::new());

impl Signals {
    /// Catches these signals. When the value is dropped they have their default action again.
    pub fn catch(signals: &[Signal]) -> io::Result<Signals> {
        let caught: Vec<Signal> = signals.iter().copied().filter(|&number| !stays_ignored(number)).collect();
        let (reader, writer) = UnixStream::pair()?;
        let numbers = caught.iter().map(|&number| number as i32);
        let delivery = SignalDelivery::with_pipe(reader, writer, SignalOnly, numbers)?;
        let mut defaults = DEFAULTS.lock().unwrap_or_else(PoisonError::into_inner);
        defaults.retain(|&(number, default)| !caught.contains(&number) || !unregister(default));
        Ok(Signals { delivery, caught })
    }

    /// Catches every signal that ends or stops a process, SIGCONT, and `more`, for programs that must
    /// restore the terminal first.
    ///
    /// On SIGTSTP, restore the terminal and call [`stop_here`]; on SIGCONT, take it again; on any other
    /// signal that is not in `more`, restore it and call [`die_of`].
    pub fn catch_all(more: &[Signal]) -> io::Result<Signals> {
        Signals::catch(&[ENDING, &[Signal::SIGTSTP, Signal::SIGCONT], more].concat())
    }

    /// The signals that have arrived since the last call, each once.
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
            // Fails only for signals that cannot be caught.
            Some((number, register_conditional_default(number as i32, Arc::clone(&always)).ok()?))
        });
        DEFAULTS.lock().unwrap_or_else(PoisonError::into_inner).extend(defaults);
    }
}

/// Returns whether the signal is ignored and must stay so. SIGCHLD, SIGWINCH and SIGCONT are needed
/// regardless.
fn stays_ignored(number: Signal) -> bool {
    !matches!(number, Signal::SIGCHLD | Signal::SIGWINCH | Signal::SIGCONT) && is_ignored(number)
}

/// Returns whether the signal is ignored.
pub fn is_ignored(number: Signal) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: no new action is given, so none is read; the current one is written to the struct,
    // which is read only if the call succeeds.
    unsafe {
        libc::sigaction(number as i32, ptr::null(), action.as_mut_ptr()) == 0
            && action.assume_init().sa_sigaction == libc::SIG_IGN
    }
}

/// Restores the default action of SIGPIPE, which Rust ignores before `main`: a filter ends silently
/// when its reader goes away.
pub fn restore_sigpipe() {
    set_action(Signal::SIGPIPE, SigHandler::SigDfl);
}

/// Turns SIGPIPE and SIGXFSZ into write errors: EPIPE without a reader, EFBIG beyond the file size
/// limit.
pub fn ignore_write_signals() {
    set_action(Signal::SIGPIPE, SigHandler::SigIgn);
    if !is_ignored(Signal::SIGXFSZ) {
        // A handler, because child processes would inherit an ignored signal.
        set_action(Signal::SIGXFSZ, SigHandler::Handler(do_nothing));
    }
}

extern "C" fn do_nothing(_: i32) {}

fn set_action(number: Signal, action: SigHandler) {
    // SAFETY: the only handler of ours set here does nothing. Setting it cannot fail for these
    // signals.
    let _ = unsafe { signal(number, action) };
}

/// Stops this process as ctrl-z would, and returns when it is continued. An orphaned process group is
/// not stopped, since nobody could continue it.
pub fn stop_here() {
    let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    // SAFETY: the default action runs no code of ours, and the previous action is restored
    // afterwards.
    unsafe {
        if let Ok(before) = sigaction(Signal::SIGTSTP, &default) {
            let _ = raise(Signal::SIGTSTP);
            let _ = sigaction(Signal::SIGTSTP, &before);
        }
    }
}

/// Stops the whole process group, as ctrl-z does outside of raw mode: a shell takes the terminal back
/// only when the whole job has stopped.
pub fn stop_group() {
    let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(0), Signal::SIGTSTP);
}

/// Ends this process by a signal, so that its parent sees that signal as the cause.
pub fn die_of(number: Signal) -> ! {
    set_action(number, SigHandler::SigDfl);
    let _ = SigSet::from_iter([number]).thread_unblock();
    let _ = raise(number);
    // Only reached as process 1 of a container, which survives the signal.
    std::process::exit(128 + number as i32)
}
