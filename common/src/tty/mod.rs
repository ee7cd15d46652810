//! Terminals: the one that we run in, pseudo-terminals for others to run in, the signals that both
//! bring, and waiting for all of them at once.
//!
//! What changes something outside (raw mode, a signal's action) is a value whose `Drop` undoes it.
//! Nearly all of the `unsafe` is in here. Knows no casts.

#![allow(unsafe_code)]

mod locale;
mod pty;
mod signals;
mod terminal;
mod wait;

pub use locale::{check_locale, is_utf8};
pub use pty::{InputState, Pty};
pub use signals::{
    Signals, die_of, ignore_write_signals, is_ignored, restore_sigpipe, stop_group, stop_here,
};
pub use terminal::{RawMode, Terminal};
pub use wait::{Interest, Ready, wait};

pub use nix::sys::signal::Signal;
