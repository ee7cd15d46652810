//! Finds text shown by a cast, and rewrites it where it was written.
//!
//! Text is found as it is shown, however it was written: each character on the screen has a place
//! in the output, so that a text typed key by key, wrapped, or redrawn by an editor is found as a
//! whole and changed in each event that wrote a part of it. The streams, the strings of sequences,
//! typed keys, labels and the header are searched, too. Everything else stays byte for byte.
//!
//! A separate crate, so that programs without searches build without regular expressions.

mod analysis;
mod beginnings;
mod cover;
mod editor;
mod expressions;
mod files;
mod finder;
mod key_block;
mod line;
mod marks;
mod mask;
mod patterns;
mod sequences;
mod sign;
mod strings;
mod typed;
mod work;

pub use expressions::Expressions;
pub use files::{inspect, rewrite};
pub use finder::Finding;
pub use mask::{Substitute, width};
pub use patterns::{Accepts, Found, Patterns, Unusable};
pub use work::{Job, Sink, Source, analyse, pass_on, write};
