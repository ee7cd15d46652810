//! Draws one screen of a recording as a PNG.
//!
//! The drawing is done by the crate `render`, which all programs that draw share.

use std::process::ExitCode;

use common::cli::{self, Program, Reporter, catalog};
use render::command::{self, Options};

const PROGRAM: Program = catalog::program("asciinema-png");

fn main() -> ExitCode {
    cli::run(&PROGRAM, |args| command::png(&Options::parse(args)?, &Reporter::new(PROGRAM.reporter())))
}
