//! Regular expressions to search for on the screen.

use std::ops::Range;

use common::edit::Find;
use regex_automata::meta::Regex;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::Hir;

use crate::sign::Sign;

/// Regular expressions to search for on the screen.
#[derive(Default)]
pub struct Expressions {
    regexes: Vec<Regex>,
    hirs: Vec<Hir>,
    sign: Option<Sign>,
}

impl Expressions {
    /// Adds a regular expression.
    ///
    /// # Errors
    ///
    /// The reason why it cannot be used.
    pub fn add(&mut self, pattern: &str, ignores_case: bool) -> Result<(), String> {
        let hir = parse(pattern, ignores_case)?;
        self.regexes.push(Regex::builder().build_from_hir(&hir).map_err(|_| TOO_LARGE.to_string())?);
        self.hirs.push(hir);
        self.sign = Sign::of(&self.hirs);
        Ok(())
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.regexes.is_empty()
    }
}

impl Find for Expressions {
    /// Finds the matches of all expressions, in the order of the line.
    fn find(&self, line: &str, found: &mut Vec<Range<usize>>) {
        found.extend(self.regexes.iter().flat_map(|regex| regex.find_iter(line)).map(|found| found.range()));
        if self.regexes.len() > 1 {
            found.sort_by_key(|found| (found.start, found.end));
        }
    }

    fn reach(&self) -> Option<usize> {
        self.sign.as_ref().map(Sign::reach)
    }

    fn may_match(&self, part: &[u8]) -> bool {
        self.sign.as_ref().is_none_or(|sign| sign.is_in(part))
    }
}

/// The reason why an expression is refused that would take too much memory.
pub const TOO_LARGE: &str = "it is too large";

/// Parses a regular expression, or says why it is invalid.
pub fn parse(pattern: &str, ignores_case: bool) -> Result<Hir, String> {
    let mut parser = ParserBuilder::new().case_insensitive(ignores_case).build();
    parser.parse(pattern).map_err(|error| match error {
        regex_syntax::Error::Parse(error) => error.kind().to_string(),
        regex_syntax::Error::Translate(error) => error.kind().to_string(),
        other => other.to_string(),
    })
}
