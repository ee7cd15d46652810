//! Keeps ranges of a cast and leaves the rest out.
//!
//! What went before is replaced by one event that draws the screen as it stood, so that the first
//! thing shown is what was to be seen then; [`Splice`] does all that, as it does for asciinema-cut.

use std::process::ExitCode;

use common::cli::{Program, catalog};
use common::edit::{Kept, Splice};
use common::filter;

const PROGRAM: Program = catalog::program("asciinema-trim");

fn main() -> ExitCode {
    filter::run(&PROGRAM, |args| Splice::parse(args, Kept::Inside))
}
