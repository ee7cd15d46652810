//! The format: asciicast v1, v2 and v3, read and written.
//!
//! A [`Reader`] returns the [`Header`] and the [`Event`]s of a cast, which remain slices of the
//! lines read; a [`Writer`] writes events with the times of their version. Knows no files,
//! terminals or options.

mod document;
mod event;
mod fault;
mod header;
mod input;
pub mod json;
mod read;
mod theme;
mod time;
mod utf8;
mod write;

pub use event::{Code, Event};
pub use fault::{Error, Fault};
pub use header::{Header, HeaderBuilder, Version, object_entries};
pub use input::LONGEST_LINE;
pub use read::{Item, Place, Reader};
pub use theme::Theme;
pub use time::{Time, TimeFault};
pub use utf8::Utf8Repair;
pub use write::{Precision, Writer};
