//! The stream between a program and its terminal: the [`Tokenizer`], and on top of it the
//! [`ModeTracker`] and the [`Guard`] for output, [`ReplyFilter`] and [`KeyDecoder`] for input.
//!
//! Knows nothing of casts or files, nor of the effect of a sequence on a screen.

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
