//! The stream between a program and its terminal: the [`Tokenizer`], and what stands on it: the
//! [`ModeTracker`] and the [`Guard`] for output, [`ReplyFilter`] and [`KeyDecoder`] for input.
//!
//! Knows nothing of casts or files, nor what a sequence does to a screen.

mod guard;
mod keys;
mod modes;
mod rules;
mod tokenizer;

pub use guard::Guard;
pub use keys::{CharacterKey, Key, KeyDecoder, ReplyFilter, plain_keys};
pub use modes::{ModeTracker, SETTINGS, Setting};
pub use rules::{RULES, Rule, Verdict, rule_of};
pub use tokenizer::{
    ControlString, Csi, End, Escape, Kind, LONGEST_CONTROL, LONGEST_STRING, Part, StringKind, Token,
    Tokenizer, Tokens,
};
