//! Draws a recording as an animated SVG, or one screen of it as a still.
//!
//! The drawing is done by the crate `render`, which all programs that draw share.

use std::process::ExitCode;

use common::cli::{self, Program, catalog};
use render::command::{self, Options};

const PROGRAM: Program = catalog::program("asciinema-svg");

fn main() -> ExitCode {
    cli::run(&PROGRAM, |args| command::svg(&Options::parse(args)?))
}
