//! The sign of expressions: a short text that every match of theirs contains.
//!
//! A line without the sign has no match, which can be told from the changed part of a long line
//! without a search of the whole: a sign that reaches into the change is at most
//! [`Sign::reach`] bytes long.

use regex_automata::meta::Regex;
use regex_syntax::hir::literal::{ExtractKind, Extractor};
use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

/// The longest sign, in bytes.
const LONGEST: usize = 256;

/// The sign of one or more expressions.
pub struct Sign {
    /// `None` for no expressions.
    regex: Option<Regex>,
    hir: Hir,
    reach: usize,
}

impl Sign {
    /// The sign of any of these expressions, of which there may be none: a match itself if it is
    /// short, otherwise its beginning or its end if these are known texts. `None` if there is no
    /// such sign.
    pub fn of<'a>(expressions: impl IntoIterator<Item = &'a Hir>) -> Option<Sign> {
        let signs: Vec<Hir> = expressions.into_iter().map(sign).collect::<Option<_>>()?;
        if signs.is_empty() {
            return Some(Sign { regex: None, hir: Hir::empty(), reach: 0 });
        }
        let hir = Hir::alternation(signs);
        let reach = hir.properties().maximum_len()?;
        let regex = Regex::builder().build_from_hir(&hir).ok()?;
        Some(Sign { regex: Some(regex), hir, reach })
    }

    /// Its maximum length in bytes.
    pub fn reach(&self) -> usize {
        self.reach
    }

    /// Returns whether it is in a text, in UTF-8.
    pub fn is_in(&self, text: &[u8]) -> bool {
        self.regex.as_ref().is_some_and(|regex| regex.is_match(text))
    }

    /// Returns whether a character may be a part of it.
    pub fn may_contain(&self, character: char) -> bool {
        may_contain(&self.hir, character)
    }
}

fn sign(expression: &Hir) -> Option<Hir> {
    // Assertions about what surrounds it may not hold in a part of a line.
    let expression = without_looks(expression);
    match expression.properties().maximum_len() {
        Some(1..=LONGEST) => return Some(expression),
        Some(0) => return None,
        _ => {}
    }
    [ExtractKind::Prefix, ExtractKind::Suffix].into_iter().find_map(|kind| {
        let texts = Extractor::new().kind(kind).extract(&expression);
        let texts = texts.literals().filter(|texts| !texts.is_empty())?;
        let is_any = texts.iter().any(|text| text.is_empty());
        (!is_any).then(|| Hir::alternation(texts.iter().map(|text| Hir::literal(text.as_bytes())).collect()))
    })
}

/// The expression without assertions about its surroundings: its matches begin with those of the
/// original.
pub fn without_looks(hir: &Hir) -> Hir {
    let all = |hirs: &[Hir]| hirs.iter().map(without_looks).collect();
    match hir.kind() {
        HirKind::Look(_) => Hir::empty(),
        HirKind::Capture(capture) => {
            let sub = Box::new(without_looks(&capture.sub));
            Hir::capture(regex_syntax::hir::Capture { sub, ..capture.clone() })
        }
        HirKind::Concat(parts) => Hir::concat(all(parts)),
        HirKind::Alternation(parts) => Hir::alternation(all(parts)),
        HirKind::Repetition(repetition) => {
            let sub = Box::new(without_looks(&repetition.sub));
            Hir::repetition(Repetition { sub, ..repetition.clone() })
        }
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) => hir.clone(),
    }
}

fn may_contain(hir: &Hir, character: char) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => false,
        // Also if it ends within a character.
        HirKind::Literal(text) => {
            String::from_utf8_lossy(&text.0).contains([character, char::REPLACEMENT_CHARACTER])
        }
        HirKind::Class(Class::Unicode(class)) => {
            class.iter().any(|range| (range.start()..=range.end()).contains(&character))
        }
        HirKind::Class(Class::Bytes(class)) => {
            let mut bytes = [0; 4];
            let bytes = character.encode_utf8(&mut bytes).as_bytes();
            class.iter().any(|range| bytes.iter().any(|byte| (range.start()..=range.end()).contains(byte)))
        }
        HirKind::Capture(capture) => may_contain(&capture.sub, character),
        HirKind::Repetition(repetition) => may_contain(&repetition.sub, character),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().any(|part| may_contain(part, character))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn expressions_have_a_sign_if_their_matches_are_short_or_have_known_ends() {
        let reach =
            |pattern: &str| Sign::of([&regex_syntax::parse(pattern).unwrap()]).map(|sign| sign.reach());
        assert_eq!(reach("ab[cd]{2}"), Some(4));
        assert_eq!(reach("^ab$"), Some(2));
        assert_eq!(reach("token-[a-z]+"), Some(6));
        assert_eq!(reach("[a-z]+-token"), Some(6));
        assert_eq!(reach("[a-z]+token[a-z]*"), None);
        assert_eq!(reach(r"\b"), None);
    }

    proptest! {
        #[test]
        fn a_line_with_a_match_has_the_sign_and_a_line_is_no_longer_than_needed(
            which in 0usize..9, line in "[ab c.\\-x1]{0,30}",
        ) {
            let pattern = [
                r"\bab", "a[bc]{2,3}", "ab+c", "c.*ab", "(?i)B+x", "[ab]+-x", r"(a|b)c?\b", "^a.*c$", "(?:ab|c+) ",
            ][which];
            let hir = regex_syntax::parse(pattern).unwrap();
            let regex = Regex::new(pattern).unwrap();
            if let Some(sign) = Sign::of([&hir]) {
                for found in regex.find_iter(&line) {
                    let text = &line[found.range()];
                    let found = sign.regex.as_ref().unwrap().find(text);
                    prop_assert!(found.is_some_and(|found| found.len() <= sign.reach()), "{} {}", pattern, text);
                    let characters = &text[found.unwrap().range()];
                    prop_assert!(characters.chars().all(|character| sign.may_contain(character)));
                }
            }
        }
    }
}
