//! Makes a web page that plays a recording.
//!
//! The page is made by the crate `render`, which contains the vendored player.

use std::process::ExitCode;

use common::cli::{self, Program, catalog};
use render::command::{self, Options};

const PROGRAM: Program = catalog::program("asciinema-html");

fn main() -> ExitCode {
    cli::run(&PROGRAM, |args| command::html(&Options::parse(args)?))
}
