//! Masks secrets in a cast: on the screen, in the streams, in typed input and in the header.
//!
//! A file is read twice: matches anywhere in it are masked wherever their characters were written.
//! A pipe is passed on event by event; only text that may still become a secret is held back.

#[cfg(test)]
mod laws;
mod options;
mod secrets;

use std::process::ExitCode;

fn main() -> ExitCode {
    options::main()
}
