//! Finds text in what a cast shows, and rewrites it where it came from.
//!
//! What counts is what is seen, not how it was written: each character on the screen knows the place
//! in the output that it came from, so that a text typed key by key, wrapped, or drawn again by an editor
//! is found as a whole and changed in each event that wrote a part of it. The streams, the strings of
//! sequences, typed keys, labels and the header are looked at, too. All else stays byte for byte.
//!
//! A crate of its own, so that programs that look for nothing build without regular expressions.

mod analysis;
mod cover;
mod editor;
mod files;
mod finder;
mod key_block;
mod line;
mod marks;
mod mask;
mod patterns;
mod sequences;
mod strings;
mod typed;
mod work;

pub use files::{inspect, rewrite};
pub use finder::Finding;
pub use mask::{Substitute, width};
pub use patterns::{Accepts, Found, Patterns, Unusable};
pub use work::{Job, Sink, Source, analyse, pass_on, write};
