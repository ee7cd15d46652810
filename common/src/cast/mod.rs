//! The format: asciicast v1, v2 and v3, read and written.
//!
//! [`read()`] turns bytes into a [`Header`] and [`Event`]s, which stay slices of the lines that they
//! came in; [`Timeline`] spells the times of what is written. Knows no files, terminals or options.

mod document;
mod event;
mod fault;
mod header;
pub mod json;
mod read;
mod time;
mod utf8;
mod write;

pub use event::{Code, Event};
pub use fault::{Error, Fault, Stop};
pub use header::{Header, HeaderBuilder, Version, object_entries};
pub use read::{LONGEST_LINE, Sink, read};
pub use time::{Time, TimeFault};
pub use utf8::Utf8Repair;
pub use write::{Precision, Timeline};
