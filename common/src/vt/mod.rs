//! The stream between a program and its terminal: the [`Tokenizer`], and what stands on it.
//!
//! Knows nothing of casts or files, nor what a sequence does to a screen.

mod tokenizer;

pub use tokenizer::{
    ControlString, Csi, End, Escape, Kind, LONGEST_CONTROL, LONGEST_STRING, Part, StringKind, Token,
    Tokenizer, Tokens,
};
