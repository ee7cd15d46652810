//! Draws a recording as an animated GIF.
//!
//! The drawing is done by the crate `render`, which all programs that draw share.

use std::process::ExitCode;

use common::cli::{self, Program, Reporter, catalog};
use render::command::{self, Options};

const PROGRAM: Program = catalog::program("asciinema-gif");

fn main() -> ExitCode {
    cli::run(&PROGRAM, |args| command::gif(&Options::parse(args)?, &Reporter::new(PROGRAM.reporter())))
}
