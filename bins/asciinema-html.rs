//! Makes a web page of a recording that plays it.
//!
//! The page is made in the crate `render`, with the player that is vendored there.

use std::process::ExitCode;

use common::cli::{self, Program, catalog};
use render::command::{self, Options};

const PROGRAM: Program = catalog::program("asciinema-html");

fn main() -> ExitCode {
    cli::run(&PROGRAM, |args| command::html(&Options::parse(args)?))
}
