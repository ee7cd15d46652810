//! Takes ranges out of a cast and closes the gaps.
//!
//! What was cut is replaced by one event that draws the screen as it stood behind the gap, so that
//! the rest shows what it showed before; [`Splice`] does all that, as it does for asciinema-trim.

use std::process::ExitCode;

use common::cli::{Program, catalog};
use common::edit::{Kept, Splice};
use common::filter;

const PROGRAM: Program = catalog::program("asciinema-cut");

fn main() -> ExitCode {
    filter::run(&PROGRAM, |args| Splice::parse(args, Kept::Outside))
}
