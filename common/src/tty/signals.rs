//! Signals as something to wait for, and the actions that a program of ours starts with.

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

/// The signals that end a program by default and that anyone may send it. Those that report a fault in
/// the program itself (SIGSEGV, SIGILL) are not for catching; SIGPIPE and SIGXFSZ are write errors
/// ([`ignore_write_signals`]).
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

/// Signals that arrive through a descriptor: their handlers write a byte to it and nothing more.
///
/// A signal that was ignored when the program started stays ignored (`nohup`, `trap '' HUP`).
pub struct Signals {
    delivery: SignalDelivery<UnixStream, SignalOnly>,
    caught: Vec<Signal>,
}

/// What gives a signal its default action once nobody catches it any more. Handlers stay installed
/// for good, since signal-hook installs each only once.
static DEFAULTS: Mutex<Vec<(Signal, SigId)>> = Mutex::new(Vec::new());

impl Signals {
    /// Catches these signals until it is dropped; then they have their default action.
    pub fn catch(signals: &[Signal]) -> io::Result<Signals> {
        let caught: Vec<Signal> = signals.iter().copied().filter(|&number| !stays_ignored(number)).collect();
        let (reader, writer) = UnixStream::pair()?;
        let numbers = caught.iter().map(|&number| number as i32);
        let delivery = SignalDelivery::with_pipe(reader, writer, SignalOnly, numbers)?;
        let mut defaults = DEFAULTS.lock().unwrap_or_else(PoisonError::into_inner);
        defaults.retain(|&(number, default)| !caught.contains(&number) || !unregister(default));
        Ok(Signals { delivery, caught })
    }

    /// Catches every signal that ends or stops a program, for one that has to give a terminal back
    /// first, and SIGCONT, after which it takes the terminal again; `more` of them, too.
    ///
    /// To SIGTSTP the program answers with [`stop_here`], to one that is neither SIGCONT nor in `more`
    /// by giving the terminal back and [`die_of`].
    pub fn catch_all(more: &[Signal]) -> io::Result<Signals> {
        Signals::catch(&[ENDING, &[Signal::SIGTSTP, Signal::SIGCONT], more].concat())
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
            Some((number, register_conditional_default(number as i32, Arc::clone(&always)).ok()?))
        });
        DEFAULTS.lock().unwrap_or_else(PoisonError::into_inner).extend(defaults);
    }
}

/// Whether catching the signal would make it do something that whoever started us does not want. The
/// end of a child and the window's size are news, which nobody means to withhold.
fn stays_ignored(number: Signal) -> bool {
    !matches!(number, Signal::SIGCHLD | Signal::SIGWINCH | Signal::SIGCONT) && is_ignored(number)
}

/// Whether the signal is ignored, as one is that was ignored when the program started.
pub fn is_ignored(number: Signal) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: no new action is given, so that none is read; the present one is written to where the
    // pointer leads, and read from there only when the call says that it has been.
    unsafe {
        libc::sigaction(number as i32, ptr::null(), action.as_mut_ptr()) == 0
            && action.assume_init().sa_sigaction == libc::SIG_IGN
    }
}

/// Lets SIGPIPE end the program silently again, as every filter should end when its reader goes
/// away: Rust ignores it before `main`.
pub fn restore_sigpipe() {
    set_action(Signal::SIGPIPE, SigHandler::SigDfl);
}

/// Makes a write that cannot be done an error like any other: to a reader that has gone away
/// (SIGPIPE), and beyond the limit of a file's size (SIGXFSZ).
pub fn ignore_write_signals() {
    set_action(Signal::SIGPIPE, SigHandler::SigIgn);
    if !is_ignored(Signal::SIGXFSZ) {
        // A handler rather than ignoring it, because a program of ours would inherit that.
        set_action(Signal::SIGXFSZ, SigHandler::Handler(do_nothing));
    }
}

extern "C" fn do_nothing(_: i32) {}

fn set_action(number: Signal, action: SigHandler) {
    // SAFETY: the one action given here that runs code of ours runs a function that does nothing.
    // Setting them cannot fail for the signals in question.
    let _ = unsafe { signal(number, action) };
}

/// Stops this process as the key for that would; returns when it is continued. Where nobody could
/// continue it (its process group is orphaned), it is not stopped.
pub fn stop_here() {
    let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    // SAFETY: the default action runs no code of ours, and the action that is put back afterwards is
    // the one that was there.
    unsafe {
        if let Ok(before) = sigaction(Signal::SIGTSTP, &default) {
            let _ = raise(Signal::SIGTSTP);
            let _ = sigaction(Signal::SIGTSTP, &before);
        }
    }
}

/// Stops this process and those of its pipeline, as ctrl-z does where the terminal is not in raw mode:
/// a shell takes its terminal back only once all of a job has stopped.
pub fn stop_group() {
    let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(0), Signal::SIGTSTP);
}

/// Ends this process by a signal, so that whoever waits for it sees what it died of.
pub fn die_of(number: Signal) -> ! {
    set_action(number, SigHandler::SigDfl);
    let _ = SigSet::from_iter([number]).thread_unblock();
    let _ = raise(number);
    // Only the first process of a container does not die of it.
    std::process::exit(128 + number as i32)
}
