//! The beginnings of matches at the end of a text, which may become matches if more text follows.
//!
//! A text is read from its end, by automata of everything that a match can begin with. Most stop
//! after a few characters: the last word is hardly ever the beginning of a secret.

use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson::{Compiler, Config, WhichCaptures};
use regex_automata::{Anchored, Input, MatchKind};
use regex_syntax::hir::{Hir, HirKind, Repetition};

use crate::sign::without_looks;

/// The possible matches at the end of a line if more text follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Undecided {
    /// The position from which it may become secret.
    pub secret: Option<usize>,
    /// The start of a possible match: including the part before the secret, perhaps without any of
    /// the secret so far.
    pub begun: Option<usize>,
}

impl Undecided {
    /// Adds those of another pattern.
    pub fn add(&mut self, other: Undecided) {
        self.secret = self.secret.into_iter().chain(other.secret).min();
        self.begun = self.begun.into_iter().chain(other.begun).min();
    }
}

/// An expression is too large to build an automaton of it.
#[derive(Debug)]
pub struct TooLarge;

/// Finds the beginnings of matches of an expression. Assertions about their surroundings are
/// ignored: text that follows may fulfil them.
pub struct Beginnings {
    /// Everything that a match can begin with, read backwards.
    backwards: Automaton,
    /// The part of the expression before its first group, and the rest, if that is the secret.
    parts: Option<[Automaton; 2]>,
}

impl Beginnings {
    /// `has_groups` says that the secret is the groups, rather than the whole match.
    ///
    /// # Errors
    ///
    /// [`TooLarge`].
    pub fn new(hir: &Hir, has_groups: bool) -> Result<Beginnings, TooLarge> {
        let hir = without_looks(hir);
        if !has_groups {
            return Ok(Beginnings { backwards: Automaton::new(&beginnings(&hir), true)?, parts: None });
        }
        let (front, secret) = at_first_group(&hir);
        let parts = Some([Automaton::new(&front, false)?, Automaton::new(&secret, false)?]);
        let backwards = Automaton::new(&beginnings(&Hir::concat(vec![front, secret])), true)?;
        Ok(Beginnings { backwards, parts })
    }

    /// The position from which the end of a line may become secret, if a match begins at a position
    /// or after it.
    pub fn since(&mut self, line: &str, earliest: usize) -> Undecided {
        let begun = self.backwards.first(line, earliest);
        let (Some(first), Some([front, secret])) = (begun, &mut self.parts) else {
            return Undecided { secret: begun, begun };
        };
        let mut undecided = Undecided { secret: None, begun };
        for start in (first..line.len()).filter(|&at| line.is_char_boundary(at)) {
            if undecided.secret.is_some_and(|secret| secret <= start) {
                break;
            }
            let secret = front.ends(line, start).find(|&end| secret.is_alive(line, end));
            undecided.add(Undecided { secret, begun: None });
        }
        undecided
    }
}

/// A lazily built DFA.
struct Automaton {
    dfa: DFA,
    cache: Cache,
}

impl Automaton {
    fn new(hir: &Hir, is_reverse: bool) -> Result<Automaton, TooLarge> {
        let config = Config::new().reverse(is_reverse).which_captures(WhichCaptures::None);
        let nfa = Compiler::new().configure(config).build_from_hir(hir).map_err(|_| TooLarge)?;
        let config = DFA::config().match_kind(MatchKind::All).skip_cache_capacity_check(true);
        let dfa = DFA::builder().configure(config).build_from_nfa(nfa).map_err(|_| TooLarge)?;
        let cache = dfa.create_cache();
        Ok(Automaton { dfa, cache })
    }

    /// For a reverse automaton, the start of the longest match between a position and the end of a
    /// line, if it is not empty.
    fn first(&mut self, line: &str, earliest: usize) -> Option<usize> {
        if earliest >= line.len() {
            return None;
        }
        let input = Input::new(line).range(earliest..).anchored(Anchored::Yes);
        let first = match self.dfa.try_search_rev(&mut self.cache, &input) {
            Ok(first) => first?.offset(),
            // The cache is full: nothing is known.
            Err(_) => earliest,
        };
        (first < line.len()).then_some(first)
    }

    /// The state of a match that begins at a position. `None` if the cache is full: then nothing is
    /// known.
    fn start(&mut self, line: &str, start: usize) -> Option<LazyStateID> {
        let input = Input::new(line).range(start..).anchored(Anchored::Yes);
        self.dfa.start_state_forward(&mut self.cache, &input).ok()
    }

    /// Returns whether the text from a position to the end of a line is the beginning of a match.
    fn is_alive(&mut self, line: &str, start: usize) -> bool {
        let Some(mut state) = self.start(line, start) else { return true };
        for &byte in &line.as_bytes()[start..] {
            state = match self.dfa.next_state(&mut self.cache, state, byte) {
                Ok(state) if state.is_dead() => return false,
                Ok(state) => state,
                Err(_) => return true,
            };
        }
        true
    }

    /// The ends of the matches that begin at a position, except for one at the end of the line.
    fn ends<'a>(&'a mut self, line: &'a str, start: usize) -> impl Iterator<Item = usize> + 'a {
        let mut state = self.start(line, start);
        let bytes = line.as_bytes().iter().enumerate().skip(start);
        let ends = bytes.map_while(move |(at, &byte)| {
            let Some(before) = state else { return Some(Some(at)) };
            let next = self.dfa.next_state(&mut self.cache, before, byte).ok();
            state = next;
            match next {
                Some(next) if next.is_dead() => None,
                // The DFA reports a match one byte late.
                Some(next) => Some(next.is_match().then_some(at)),
                None => Some(Some(at)),
            }
        });
        ends.flatten().filter(|&end| line.is_char_boundary(end))
    }
}

/// Everything that a match of an expression can begin with, and the matches.
fn beginnings(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Hir::empty(),
        HirKind::Literal(text) => {
            let longer = |rest: Hir, byte: &u8| optional(Hir::concat(vec![Hir::literal([*byte]), rest]));
            text.0.iter().rev().fold(Hir::empty(), longer)
        }
        HirKind::Class(_) => optional(hir.clone()),
        HirKind::Capture(capture) => beginnings(&capture.sub),
        HirKind::Repetition(repetition) => {
            let max = repetition.max.map(|max| max.saturating_sub(1));
            let before = Hir::repetition(Repetition { min: 0, max, ..repetition.clone() });
            Hir::concat(vec![before, beginnings(&repetition.sub)])
        }
        HirKind::Concat(parts) => parts.iter().rev().fold(Hir::empty(), |rest, part| {
            Hir::alternation(vec![beginnings(part), Hir::concat(vec![part.clone(), rest])])
        }),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(beginnings).collect()),
    }
}

fn optional(hir: Hir) -> Hir {
    Hir::repetition(Repetition { min: 0, max: Some(1), greedy: true, sub: Box::new(hir) })
}

/// The part before the first group of an expression that has any, and the rest. Together they match
/// at least what the expression matches.
fn at_first_group(hir: &Hir) -> (Hir, Hir) {
    let has_groups = |hir: &Hir| hir.properties().explicit_captures_len() > 0;
    match hir.kind() {
        HirKind::Concat(parts) => {
            let count = parts.iter().position(has_groups).unwrap_or(parts.len());
            let (before, rest) = parts.split_at(count);
            let (front, secret) = rest.first().map_or((Hir::empty(), Hir::empty()), at_first_group);
            let before = before.iter().cloned().chain([front]).collect();
            let after = std::iter::once(secret).chain(rest.iter().skip(1).cloned()).collect();
            (Hir::concat(before), Hir::concat(after))
        }
        HirKind::Alternation(parts) => {
            let (fronts, secrets) = parts.iter().map(at_first_group).unzip();
            (Hir::alternation(fronts), Hir::alternation(secrets))
        }
        _ => (Hir::empty(), hir.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use regex_automata::meta::Regex;

    proptest! {
        #[test]
        fn a_text_is_undecided_from_the_first_character_with_which_a_match_may_begin(
            which in 0usize..9, line in "[abc]{0,8}|[ab cé.\\-x1]{0,12}",
        ) {
            let pattern = [
                "abc", "a[bc]{2,3}", "ab+c", "c.*ab", "(?i)B+x", "[ab]+-x", "(?:a|bé)c?", "aé{0,2}b", "(?:ab|c+) ",
            ][which];
            // One of these completes whatever a match of any of the patterns has begun with.
            let rests = ["", "b", "c", "bc", "bb", "bbb", "ab", "x", "-x", "a-x", "é", "éc", "bé", "éb", " ", "b "];
            let hir = regex_syntax::parse(pattern).unwrap();
            let matches = Regex::builder().build_from_hir(&Hir::concat(vec![
                Hir::look(regex_syntax::hir::Look::Start), hir.clone(), Hir::look(regex_syntax::hir::Look::End),
            ])).unwrap();
            let may_match = |at: &usize| rests.iter().any(|rest| matches.is_match(&format!("{}{rest}", &line[*at..])));
            let first = line.char_indices().map(|(at, _)| at).find(may_match);
            let undecided = Beginnings::new(&hir, false).unwrap().since(&line, 0);
            prop_assert_eq!(undecided, Undecided { secret: first, begun: first }, "{}", pattern);
        }
    }
}
