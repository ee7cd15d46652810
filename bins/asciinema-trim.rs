//! Keeps ranges of a cast and removes the rest.
//!
//! Everything before a range is replaced by one event that draws the screen as it was, so that the
//! range is shown as before. [`Splice`] does all of this, as it does for asciinema-cut.

use std::process::ExitCode;

use common::cli::{Program, catalog};
use common::edit::{Kept, Splice};
use common::filter;

const PROGRAM: Program = catalog::program("asciinema-trim");

fn main() -> ExitCode {
    filter::run(&PROGRAM, |args| Splice::parse(args, Kept::Inside))
}
