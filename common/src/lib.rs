//! What two programs of the toolkit share, and nothing that only one needs.
//!
//! Each module is a room with one subject: [`cast`] is the format, [`formats`] what a cast can become,
//! [`edit`] what several filters do to a cast, [`filter`] the loop that every filter runs in, [`io`]
//! descriptors and files, [`cli`] options and messages, [`config`] the user's settings, [`screen`] a
//! virtual terminal, [`tty`] terminals, pseudo-terminals and signals, [`vt`] the stream between a
//! program and its terminal. [`size`], [`text`] and [`date`] are notions that several of them share.

pub mod cast;
pub mod cli;
pub mod config;
pub mod date;
pub mod edit;
pub mod filter;
pub mod formats;
pub mod io;
pub mod live;
pub mod notifier;
pub mod screen;
pub mod size;
pub mod text;
pub mod tty;
pub mod vt;
