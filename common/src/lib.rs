//! The library of the toolkit: everything that two programs share, and nothing that only one needs.
//!
//! Each module has one subject: [`cast`] is the format, [`formats`] the formats that a cast
//! converts to, [`edit`] the editing that several filters share, [`filter`] the loop of every
//! filter, [`io`] descriptors and files, [`cli`] options and messages, [`config`] the user's
//! settings, [`live`] the state and protocol of live views, [`notifier`] desktop notifications,
//! [`screen`] a virtual terminal, [`tty`] terminals, pseudo-terminals and signals, [`vt`] the stream
//! between a program and its terminal. [`size`], [`text`] and [`date`] are used by several of them.

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
mod stream;
pub mod text;
pub mod tty;
pub mod vt;
mod word;
