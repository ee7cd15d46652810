//! The user's terminal, pseudo-terminals, signals, and waiting for all of them at once.
//!
//! Raw mode and signal handlers are values whose `Drop` restores what was there before. Nearly all
//! `unsafe` code is in this module. It knows nothing about casts.

#![allow(unsafe_code)]

mod locale;
mod pty;
mod signals;
mod terminal;
mod wait;

pub use locale::{is_locale_supported, is_utf8};
pub use pty::{InputState, Pty};
pub use signals::{
    Signals, die_of, ignore_write_signals, is_ignored, restore_sigpipe, stop_group, stop_here,
};
pub use terminal::{RawMode, Terminal};
pub use wait::{Interest, Ready, wait};

pub use nix::sys::signal::Signal;
