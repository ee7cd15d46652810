//! Masks secrets in a cast: on the screen, in the streams, in what was typed and in the header.
//!
//! A file is read twice: what is found anywhere in it is masked wherever its characters were written.
//! A pipe is passed on event by event; held back is only what could still become a secret.

mod analysis;
mod cover;
mod editor;
mod key_block;
#[cfg(test)]
mod laws;
mod marks;
mod mask;
mod options;
mod patterns;
mod secrets;
mod strings;
mod typed;
mod work;

use std::process::ExitCode;

fn main() -> ExitCode {
    options::main()
}
