//! Streams a session live, as 3.x's `stream` does: runs the recorder and the programs that show the
//! session.

mod feed;
mod launch;
mod options;
mod sink;

use std::process::ExitCode;

use common::cli::{Program, catalog};

const PROGRAM: Program = catalog::program("asciinema-stream");

fn main() -> ExitCode {
    launch::run(&PROGRAM)
}
