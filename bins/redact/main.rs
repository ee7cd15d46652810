//! Masks secrets in a cast: on the screen, in the streams, in what was typed and in the header.
//!
//! A file is read twice: what is found anywhere in it is masked wherever its characters were written.
//! A pipe is passed on event by event; held back is only what could still become a secret.

#[cfg(test)]
mod laws;
mod options;
mod secrets;

use std::process::ExitCode;

fn main() -> ExitCode {
    options::main()
}
