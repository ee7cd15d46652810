//! The patterns to search for: texts, regular expressions, and shapes of secrets.
//!
//! They answer two questions about a line of text: the ranges that match, and the position from
//! which it may still become a match if more text follows. Knows nothing of casts or screens.

use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, packed};
use regex_automata::meta;
use regex_automata::util::syntax::Config;
use regex_syntax::hir::{Hir, HirKind};

use crate::beginnings::{Beginnings, Undecided};
use crate::expressions::{self, TOO_LARGE};
use crate::sign::Sign;

/// How far before the end of a line the start of a match is searched for, in bytes.
const LONGEST_LOOK_BEHIND: usize = 4096;

/// The secret part of a match, in bytes of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its range in the line.
    pub range: Range<usize>,
    /// The index of its pattern for [`Patterns::kind`].
    pub kind: usize,
}

/// All patterns.
#[derive(Default)]
pub struct Patterns {
    /// The name of each pattern in reports.
    kinds: Vec<String>,
    texts: Vec<Text>,
    expressions: Vec<Expression>,
    /// Finds `texts`, by index; built by [`Patterns::prepare`].
    text_finder: Option<AhoCorasick>,
    /// Finds any of them, faster; `None` if there are too many.
    any_text: Option<packed::Searcher>,
    /// Finds the keywords of expressions.
    keyword_finder: Option<AhoCorasick>,
    /// For each keyword, the expressions that contain it.
    keyword_users: Vec<usize>,
    /// The expressions to try on the current line.
    candidates: Vec<bool>,
    /// The kind of private keys, if they are searched for.
    private_key: Option<usize>,
    /// The length of the longest text, keyword or sign.
    reach: usize,
    /// The sign of the expressions without keywords, or of none; `None` if they have none.
    sign: Option<Sign>,
}

/// Decides whether a match, at a place of a line, is a real one.
pub type Accepts = fn(&str, &Range<usize>) -> bool;

struct Text {
    text: String,
    kind: usize,
}

struct Expression {
    kind: usize,
    /// Every match contains one of these; empty if that is not known.
    keywords: &'static [&'static str],
    /// Every match contains this byte, if there is such a byte.
    byte: Option<u8>,
    regex: meta::Regex,
    /// True if its groups are the secret, rather than the whole match.
    has_groups: bool,
    /// Returns whether a match, at a place of a line, is a real one.
    accepts: Accepts,
    beginnings: Beginnings,
    hir: Hir,
}

/// The reason why a pattern cannot be used.
#[derive(Debug)]
pub struct Unusable(pub String);

impl Patterns {
    /// Adds a literal text. `kind` is its name in reports.
    pub fn add_text(&mut self, text: &str, kind: &str) {
        let kind = self.add_kind(kind);
        self.texts.push(Text { text: text.to_string(), kind });
    }

    /// Adds a regular expression.
    ///
    /// # Errors
    ///
    /// [`Unusable`] if it is invalid, matches only the empty text, or is too large.
    pub fn add_regex(&mut self, pattern: &str, kind: &str) -> Result<(), Unusable> {
        let kind = self.add_kind(kind);
        self.expressions.push(Expression::new(pattern, kind, &[], false)?);
        Ok(())
    }

    /// Adds a shape: a regular expression whose groups, if any, are the match if `accepts` agrees.
    /// Every match contains one of the keywords, which are in lower case; without keywords every
    /// line is searched.
    ///
    /// # Errors
    ///
    /// [`Unusable`].
    pub fn add_shape(
        &mut self,
        pattern: &str,
        keywords: &'static [&'static str],
        accepts: Accepts,
        kind: &str,
    ) -> Result<(), Unusable> {
        let kind = self.add_kind(kind);
        self.expressions.push(Expression { accepts, ..Expression::new(pattern, kind, keywords, true)? });
        Ok(())
    }

    /// Also searches for private keys in PEM format, which span many lines.
    pub fn add_private_keys(&mut self, kind: &str) {
        self.private_key = Some(self.add_kind(kind));
    }

    /// The kind of private keys, if they are searched for.
    pub fn private_key(&self) -> Option<usize> {
        self.private_key
    }

    fn add_kind(&mut self, kind: &str) -> usize {
        let known = self.kinds.iter().position(|name| name == kind);
        known.unwrap_or_else(|| {
            self.kinds.push(kind.to_string());
            self.kinds.len() - 1
        })
    }

    /// Prepares the patterns for use.
    pub fn prepare(&mut self) -> Result<(), Unusable> {
        let unusable = |error: aho_corasick::BuildError| Unusable(error.to_string());
        if !self.texts.is_empty() {
            let texts = self.texts.iter().map(|text| &text.text);
            self.any_text = packed::Searcher::new(texts.clone());
            // In lines of a screen, a search for rare bytes costs more than it saves.
            let finder = AhoCorasick::builder().prefilter(false).build(texts);
            self.text_finder = Some(finder.map_err(unusable)?);
        }
        let mut keywords: Vec<&str> = Vec::new();
        for (index, expression) in self.expressions.iter().enumerate() {
            keywords.extend(expression.keywords);
            self.keyword_users.extend(expression.keywords.iter().map(|_| index));
        }
        let texts = self.texts.iter().map(|text| text.text.len());
        let lengths = texts.chain(keywords.iter().map(|keyword| keyword.len()));
        self.reach = lengths.max().unwrap_or_default();
        let is_bare = |expression: &&Expression| expression.keywords.is_empty();
        self.sign = Sign::of(self.expressions.iter().filter(is_bare).map(|expression| &expression.hir));
        self.reach = self.reach.max(self.sign.as_ref().map_or(0, Sign::reach));
        if !keywords.is_empty() {
            // There are too many to get the fastest kind without asking.
            let kind = Some(AhoCorasickKind::DFA);
            let finder = AhoCorasick::builder().ascii_case_insensitive(true).kind(kind).build(keywords);
            self.keyword_finder = Some(finder.map_err(unusable)?);
        }
        Ok(())
    }

    /// The length in bytes of what [`Patterns::may_match`] finds at most. `None` if a line must be
    /// searched as a whole.
    pub fn reach(&self) -> Option<usize> {
        self.sign.as_ref().map(|_| self.reach)
    }

    /// Returns whether a part of a line contains what every line with a match contains somewhere: a
    /// text, a keyword, or the sign of an expression without keywords.
    pub fn may_match(&self, part: &str) -> bool {
        let has_text = match &self.any_text {
            Some(finder) => finder.find(part).is_some(),
            None => self.text_finder.as_ref().is_some_and(|finder| finder.is_match(part)),
        };
        has_text
            || self.keyword_finder.as_ref().is_some_and(|finder| finder.is_match(part))
            || self.sign.as_ref().is_none_or(|sign| sign.is_in(part.as_bytes()))
    }

    /// Returns whether masks cannot change what [`Patterns::may_match`] answers from false to true.
    pub fn ignore_masks(&self, mask: char) -> bool {
        let texts = self.texts.iter().map(|text| text.text.as_str());
        let keywords = self.expressions.iter().flat_map(|expression| expression.keywords);
        let lower = mask.to_ascii_lowercase();
        !texts.into_iter().any(|text| text.contains(mask))
            && !keywords.into_iter().any(|keyword| keyword.contains(lower))
            && self.sign.as_ref().is_some_and(|sign| !sign.may_contain(mask))
    }

    /// Returns whether there are no patterns.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.expressions.is_empty()
    }

    /// Returns whether a mask could create a new match: it cannot create a text without it, but an
    /// expression may match anything.
    pub fn can_match_masks(&self, mask: char) -> bool {
        !self.expressions.is_empty() || self.texts.iter().any(|text| text.text.contains(mask))
    }

    /// Returns whether there is a text whose mask would be the same text.
    pub fn is_mask_among(&self, mask: char) -> bool {
        self.texts.iter().any(|text| text.text.chars().all(|character| character == mask))
    }

    /// The name of a pattern in reports.
    pub fn kind(&self, kind: usize) -> &str {
        self.kinds.get(kind).map_or("", String::as_str)
    }

    /// Appends the matches in a line: all occurrences of each text, and the leftmost
    /// non-overlapping matches of each expression.
    pub fn find(&mut self, line: &str, found: &mut Vec<Found>) {
        if let Some(finder) = &self.text_finder {
            let at = |hit: aho_corasick::Match| Found {
                range: hit.range(),
                kind: self.texts.get(hit.pattern().as_usize()).map_or(0, |text| text.kind),
            };
            found.extend(finder.find_overlapping_iter(line).map(at));
        }
        self.choose_candidates(line);
        for (expression, is_candidate) in self.expressions.iter().zip(&self.candidates) {
            if *is_candidate {
                expression.find(line, found);
            }
        }
    }

    /// Selects the expressions that can match in a line.
    fn choose_candidates(&mut self, line: &str) {
        self.candidates.clear();
        self.candidates.extend(self.expressions.iter().map(|expression| expression.keywords.is_empty()));
        for hit in self.keyword_finder.iter().flat_map(|finder| finder.find_overlapping_iter(line)) {
            if let Some(user) = self.keyword_users.get(hit.pattern().as_usize())
                && let Some(candidate) = self.candidates.get_mut(*user)
            {
                *candidate = true;
            }
        }
    }

    /// The position from which the end of a line may become secret if more text follows. Text
    /// before it cannot, unless it has already been found.
    pub fn undecided(&mut self, line: &str) -> Option<usize> {
        self.undecided_since(line, line.len().saturating_sub(LONGEST_LOOK_BEHIND)).secret
    }

    /// Like [`Patterns::undecided`], if a match may have begun anywhere from a position on; also
    /// returns the start of such a match.
    pub fn undecided_since(&mut self, line: &str, earliest: usize) -> Undecided {
        let mut undecided = Undecided::default();
        for text in &self.texts {
            let begun = begun(&text.text, line);
            undecided.add(Undecided { secret: begun, begun });
        }
        for Expression { beginnings, .. } in &mut self.expressions {
            undecided.add(beginnings.since(line, earliest));
        }
        undecided
    }
}

/// The position of the longest beginning of a text at the end of a line.
fn begun(text: &str, line: &str) -> Option<usize> {
    let longest = line.len().saturating_sub(text.len().saturating_sub(1));
    (longest..line.len()).find(|&at| line.is_char_boundary(at) && text.starts_with(&line[at..]))
}

impl Expression {
    fn new(
        pattern: &str,
        kind: usize,
        keywords: &'static [&'static str],
        has_groups: bool,
    ) -> Result<Expression, Unusable> {
        let hir = expressions::parse(pattern, false).map_err(Unusable)?;
        if hir.properties().maximum_len() == Some(0) {
            return Err(Unusable("it matches only the empty text".to_string()));
        }
        let regex = meta::Builder::new()
            .syntax(Config::new())
            .build_from_hir(&hir)
            .map_err(|_| Unusable(TOO_LARGE.to_string()))?;
        let has_groups = has_groups && hir.properties().explicit_captures_len() > 0;
        let beginnings = Beginnings::new(&hir, has_groups).map_err(|_| Unusable(TOO_LARGE.to_string()))?;
        Ok(Expression {
            kind,
            keywords,
            byte: required_byte(&hir),
            regex,
            has_groups,
            accepts: |_, _| true,
            beginnings,
            hir,
        })
    }

    fn find(&self, line: &str, found: &mut Vec<Found>) {
        let kind = self.kind;
        // Much faster than some expressions.
        if self.byte.is_some_and(|byte| memchr::memchr(byte, line.as_bytes()).is_none()) {
            return;
        }
        if !self.has_groups {
            let hits = self.regex.find_iter(line).filter(|hit| !hit.is_empty());
            found.extend(hits.map(|hit| Found { range: hit.range(), kind }));
            return;
        }
        for captures in self.regex.captures_iter(line) {
            let groups = captures.iter().flatten();
            let is_alone = captures.iter().skip(1).flatten().next().is_none();
            let groups = groups.skip(usize::from(!is_alone)).map(|group| group.range());
            let groups = groups.filter(|group| !group.is_empty() && (self.accepts)(line, group));
            found.extend(groups.map(|range| Found { range, kind }));
        }
    }
}

/// A byte that every match of an expression contains: the last one of a known text.
fn required_byte(hir: &Hir) -> Option<u8> {
    match hir.kind() {
        HirKind::Literal(text) => text.0.last().copied(),
        HirKind::Capture(capture) => required_byte(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => required_byte(&repetition.sub),
        HirKind::Concat(parts) => parts.iter().rev().find_map(required_byte),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(add: impl FnOnce(&mut Patterns)) -> Patterns {
        let mut patterns = Patterns::default();
        add(&mut patterns);
        patterns.prepare().unwrap();
        patterns
    }

    fn masked(patterns: &mut Patterns, line: &str) -> String {
        let mut found = Vec::new();
        patterns.find(line, &mut found);
        let is_secret = |at: &usize| found.iter().any(|found| found.range.contains(at));
        line.char_indices().map(|(at, character)| if is_secret(&at) { '*' } else { character }).collect()
    }

    #[test]
    fn texts_are_found_everywhere_even_if_they_overlap() {
        let mut patterns = patterns(|patterns| {
            patterns.add_text("aba", "string");
            patterns.add_text("bc", "string");
        });
        assert_eq!(masked(&mut patterns, "xababac"), "x*****c");
        assert_eq!(masked(&mut patterns, "ababcx"), "*****x");
    }

    #[test]
    fn the_beginning_of_a_match_is_undecided() {
        let mut texts = patterns(|patterns| patterns.add_text("secret", "string"));
        for (line, at) in [
            ("a sec", Some(2)),
            ("s", Some(0)),
            ("secret", None),
            ("sect", None),
            ("", None),
            ("sesec", Some(2)),
        ] {
            assert_eq!(texts.undecided(line), at, "{line}");
        }
        let mut regexes = patterns(|patterns| patterns.add_regex(r"\bkey-[0-9]{3,5}x", "regex").unwrap());
        for (line, at) in
            [("my ke", Some(3)), ("key-12", Some(0)), ("key-123456", None), ("key", Some(0)), ("kay", None)]
        {
            assert_eq!(regexes.undecided(line), at, "{line}");
        }
    }

    #[test]
    fn unusable_patterns_are_refused() {
        let mut patterns = Patterns::default();
        for (pattern, why) in [
            ("a(", "unclosed group"),
            ("", "it matches only the empty text"),
            ("^$", "it matches only the empty text"),
        ] {
            assert_eq!(patterns.add_regex(pattern, "regex").unwrap_err().0, why);
        }
    }
}
