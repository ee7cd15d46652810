//! Finds matches in lines, and collects the places to rewrite.

use std::collections::{BTreeSet, VecDeque};
use std::ops::Range;

use common::cast::Time;
use common::edit::{self, NOWHERE, TracedLine};

use crate::marks::{Marks, Part};
use crate::mask::{Substitute, width};
use crate::patterns::{Found, Patterns};

/// A secret that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The time when it was complete.
    pub time: Time,
    /// Its kind, as in [`Patterns::kind`].
    pub kind: usize,
}

/// A stream of a cast: all output, or all input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// The output to the terminal.
    Output,
    /// The typed input.
    Input,
}

/// The way lines are searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// As written.
    First,
    /// As the masks of earlier passes show them, which may have created new matches.
    Again,
    /// Both, because data that has been passed on cannot be searched again.
    Only,
}

/// Finds matches and collects the places to rewrite.
pub struct Finder {
    pub patterns: Patterns,
    pub substitute: Substitute,
    pub pass: Pass,
    /// True if a mask could create a new match.
    masks_match: bool,
    /// The reach of [`Finder::may_match`]; `None` if lines must be searched as a whole.
    reach: Option<usize>,
    output: Masks,
    input: Masks,
    pub findings: Vec<Finding>,
    /// The recent lines of the cursor.
    pub history: History,
    /// The time of the current event.
    now: Time,
    /// True if new places have been marked.
    has_news: bool,
    /// True if new wide characters have been marked, for which a text may need a wide part.
    has_wide_news: bool,
    /// True if new blanks have been marked. Masks are not trimmed at the end of a row, and are no
    /// indentation: other text may come together.
    has_blank_news: bool,
    found: Vec<Found>,
    /// The lines searched since anything has been held back, in which a later mask may create a new
    /// match: only if events are passed on, otherwise there is another pass.
    held: Vec<TracedLine>,
    /// Their length in bytes.
    held_length: usize,
}

/// The amount of lines remembered while events are held back, in bytes.
const MOST_HELD: usize = 4 << 20;

/// The places to rewrite in one stream.
#[derive(Default)]
pub struct Masks {
    pub marks: Marks,
    /// The wide characters that two masks cannot replace.
    singles: BTreeSet<u64>,
    /// Everything before this place has been passed on.
    released: u64,
}

/// The recent lines of the cursor, up to the cursor.
///
/// A shell redraws typed text with each key, or when its colour changes. When a secret is complete,
/// earlier versions are no longer on the screen, but contain most of it.
#[derive(Default)]
pub struct History(VecDeque<TracedLine>);

/// The number of lines remembered, and the maximum length of a line, in bytes. In a pane there are
/// two for each key.
const MOST_REMEMBERED: usize = 256;
pub const LONGEST_REMEMBERED: usize = 512;

impl Finder {
    /// A finder without findings.
    pub fn new(patterns: Patterns, substitute: Substitute, pass: Pass) -> Finder {
        let masks_match = matches!(substitute, Substitute::Mask(mask) if patterns.can_match_masks(mask));
        // The text that is searched is not only the one on the screen.
        let is_masked = matches!(substitute, Substitute::Mask(mask) if !patterns.ignore_masks(mask));
        let reach = patterns.reach().filter(|_| pass == Pass::First || !masks_match || !is_masked);
        Finder {
            patterns,
            substitute,
            pass,
            masks_match,
            reach,
            output: Masks::default(),
            input: Masks::default(),
            findings: Vec::new(),
            history: History::default(),
            now: Time::ZERO,
            has_news: false,
            has_wide_news: false,
            has_blank_news: false,
            found: Vec::new(),
            held: Vec::new(),
            held_length: 0,
        }
    }

    /// Returns whether another pass is needed, because masks may have created new matches or moved
    /// text, or must be wide.
    pub fn is_to_be_repeated(&self) -> bool {
        self.has_news && (self.has_wide_news || self.has_blank_news || self.masks_match)
    }

    /// The findings, for another pass over the same cast.
    pub fn again(self) -> Finder {
        let Finder { patterns, substitute, output, input, findings, .. } = self;
        Finder { output, input, findings, ..Finder::new(patterns, substitute, Pass::Again) }
    }

    /// Returns whether a mask could create a new match.
    pub fn masks_match(&self) -> bool {
        self.masks_match
    }

    /// Marks wide characters that need a wide substitute, if they are rewritten.
    pub fn keep_whole(&mut self, places: impl Iterator<Item = u64>) {
        if let Substitute::Mask(_) = self.substitute {
            return;
        }
        let Masks { marks, singles, released } = &mut self.output;
        let is_last = self.pass == Pass::Only;
        singles.extend(places.filter(|&place| place >= *released && (is_last || marks.contains(place))));
    }

    /// The places to rewrite in a stream.
    pub fn masks(&mut self, stream: Stream) -> &mut Masks {
        match stream {
            Stream::Output => &mut self.output,
            Stream::Input => &mut self.input,
        }
    }

    /// The replacement for a character of a stream, if it is rewritten.
    pub fn replacement(&self, stream: Stream, character: char, place: u64) -> Option<String> {
        let masks = match stream {
            Stream::Output => &self.output,
            Stream::Input => &self.input,
        };
        let is_whole = || width(character) == 2 && masks.singles.contains(&place);
        let part = masks.marks.part(place)?;
        Some(self.substitute.text(part, width(character), is_whole()))
    }

    /// The text of the output that begins at a place, as earlier passes have masked it: each
    /// character with its place. `None` if none of it is masked.
    pub fn masked_output<'a>(
        &'a self,
        text: &'a str,
        place: u64,
    ) -> Option<impl Iterator<Item = (u64, String)> + 'a> {
        let is_masked = self.pass == Pass::Again
            && matches!(self.substitute, Substitute::Mask(_))
            && self.output.marks.touches(place..place + text.len() as u64);
        is_masked.then(|| {
            text.char_indices().map(move |(at, character)| {
                let place = place + at as u64;
                let mask = self.replacement(Stream::Output, character, place);
                (place, mask.unwrap_or_else(|| character.to_string()))
            })
        })
    }

    /// Records that everything before a place has been passed on, and can no longer be rewritten.
    pub fn release(&mut self, stream: Stream, place: u64) {
        let masks = self.masks(stream);
        masks.released = place;
        masks.singles = masks.singles.split_off(&place);
        masks.marks.forget_before(place);
    }

    /// The length in bytes of what [`Finder::may_match`] finds at most. `None` if a line must be
    /// searched as a whole each time it changes.
    pub fn reach(&self) -> Option<usize> {
        self.reach
    }

    /// Returns whether there may be anything to find in a line that contains this part. Otherwise
    /// the line need not be searched, if that is so for all its parts.
    pub fn may_match(&mut self, part: &TracedLine) -> bool {
        if !part.whole().is_empty() {
            self.keep_whole(part.whole().iter().copied());
        }
        self.reach.is_none() || self.patterns.may_match(part.text())
    }

    /// Searches a line for secrets, and marks them. Returns those that have been passed on
    /// completely.
    pub fn look(&mut self, line: &TracedLine, stream: Stream) -> Vec<Found> {
        let mut bare = Vec::new();
        let mut has_found = false;
        if !line.whole().is_empty() {
            self.keep_whole(line.whole().iter().copied());
        }
        if self.pass != Pass::Again {
            has_found = self.mark(line, stream, &mut bare);
        }
        if !self.masks_match && self.pass != Pass::Again {
            return bare;
        }
        has_found |= self.mark_among_masks(line, stream, has_found, &mut bare);
        if self.pass == Pass::Only && stream == Stream::Output {
            self.hold(line, has_found);
        }
        bare
    }

    /// Marks the matches that masks have created in a line. Returns whether any of them is new.
    fn mark_among_masks(
        &mut self,
        line: &TracedLine,
        stream: Stream,
        has_found: bool,
        bare: &mut Vec<Found>,
    ) -> bool {
        let mut is_any_new = false;
        // Each round masks something that was not masked before.
        while has_found || is_any_new || self.pass != Pass::First {
            let masked = self.masked(line, stream, NOWHERE);
            let is_new = match &masked {
                Some(masked) => self.mark_masked(line, masked, stream, bare),
                None => self.pass == Pass::Again && self.mark(line, stream, bare),
            };
            if !is_new {
                break;
            }
            is_any_new = true;
        }
        is_any_new
    }

    /// Remembers a line shown by an event that is held back, and marks the matches that new masks
    /// have created in such lines: in this one, too, because of the masks in others.
    fn hold(&mut self, line: &TracedLine, has_news: bool) {
        if self.held.last() != Some(line) && self.held_length + line.len() <= MOST_HELD {
            self.held_length += line.len();
            self.held.push(line.clone());
        }
        self.look_at_held(has_news);
    }

    /// Marks the matches that new masks have created in lines shown by events that are held back.
    pub fn look_at_held(&mut self, mut has_news: bool) {
        let held = std::mem::take(&mut self.held);
        while std::mem::take(&mut has_news) {
            for line in &held {
                // For what has been passed on, see `look_beside`.
                has_news |= self.mark_among_masks(line, Stream::Output, false, &mut Vec::new());
            }
        }
        self.held = held;
    }

    /// Searches a line of the screen as if everything from a place on, which is held back, were
    /// masked: text before it may match beside a mask alone, as a word begins after one, and once
    /// passed on it cannot be rewritten. Returns what has been passed on already.
    pub fn look_beside(&mut self, line: &TracedLine, place: u64) -> Vec<Found> {
        let mut bare = Vec::new();
        self.mark_beside(line, place, &mut bare);
        bare
    }

    /// Searches a line of the screen for what the masks in it have created. Returns what has been
    /// passed on already.
    pub fn look_among_masks(&mut self, line: &TracedLine) -> Vec<Found> {
        let mut bare = Vec::new();
        self.mark_among_masks(line, Stream::Output, false, &mut bare);
        bare
    }

    /// Prepares for passing on everything before a place while the rest is held back: does the same
    /// in the lines shown before.
    pub fn look_at_held_beside(&mut self, place: u64) {
        let released = self.output.released;
        if place <= released {
            return;
        }
        let mut held = std::mem::take(&mut self.held);
        // No mask will be added where everything has been passed on.
        held.retain(|line| line.runs().any(|run| run.end > released));
        for line in &held {
            self.mark_beside(line, place, &mut Vec::new());
        }
        self.held_length = held.iter().map(TracedLine::len).sum();
        self.held = held;
    }

    fn mark_beside(&mut self, line: &TracedLine, place: u64, bare: &mut Vec<Found>) {
        let is_mixed = line.runs().any(|run| run.end > place) && line.runs().any(|run| run.start < place);
        if is_mixed && let Some(masked) = self.masked(line, Stream::Output, place) {
            self.mark_masked(line, &masked, Stream::Output, bare);
        }
    }

    /// Records that nothing is held back any more.
    pub fn forget_held(&mut self) {
        self.held.clear();
        self.held_length = 0;
    }

    /// Searches a text of several lines: each of them, and all of them joined.
    pub fn look_at_text(&mut self, text: &TracedLine, stream: Stream) {
        for line in lines_of(text).iter().chain([text]) {
            self.look(line, stream);
        }
    }

    /// Marks the matches in the masked form of a line. Returns whether any of them is new.
    fn mark_masked(
        &mut self,
        line: &TracedLine,
        masked: &TracedLine,
        stream: Stream,
        bare: &mut Vec<Found>,
    ) -> bool {
        let count = bare.len();
        let is_any_new = self.mark(masked, stream, bare);
        for found in bare.iter_mut().skip(count) {
            found.range = unmasked(line, masked, &found.range);
        }
        is_any_new
    }

    /// Marks the matches in a line. Returns whether any of them is new.
    fn mark(&mut self, line: &TracedLine, stream: Stream, bare: &mut Vec<Found>) -> bool {
        let mut found = std::mem::take(&mut self.found);
        found.clear();
        self.find(line.text(), &mut found);
        if !line.joints().is_empty() {
            // Each line has been searched by itself.
            let is_across = |range: &Range<usize>| {
                line.joints().iter().any(|&joint| range.start < joint && joint < range.end)
            };
            found.retain(|found| is_across(&found.range));
        }
        let mut is_any_new = false;
        for one in &found {
            let (mut is_new, mut was_known, mut is_written) = (false, false, false);
            let mut part = self.part(one.kind, &line.text()[one.range.clone()]);
            for (at, character) in line.text()[one.range.clone()].char_indices() {
                let place = line.place(one.range.start + at);
                let current = part;
                part = part.after(width(character));
                if place == NOWHERE || self.substitute.is_mask(character) {
                    // Possibly from an earlier run.
                    continue;
                }
                is_written = true;
                let masks = self.masks(stream);
                if masks.marks.contains(place) {
                    was_known = true;
                } else if place >= masks.released {
                    let is_added = masks.marks.insert(character, place, current);
                    is_new |= is_added;
                    let is_text = matches!(self.substitute, Substitute::Texts(_));
                    self.has_wide_news |= is_text && is_added && width(character) == 2;
                    self.has_blank_news |= !is_text && is_added && character == ' ';
                }
            }
            if is_new && !was_known {
                self.report(one.kind);
            }
            if is_written && !is_new && !was_known {
                bare.push(one.clone());
            }
            // Also if it was found in other text before, which does not have the line's beginning.
            let is_earlier_new = is_written && stream == Stream::Output && self.mark_earlier(line, one);
            is_any_new |= is_new || is_earlier_new;
        }
        self.has_news |= is_any_new;
        self.found = found;
        is_any_new
    }

    /// Marks the parts of a secret that were shown while it was being written, if it was rewritten
    /// in place, or elsewhere in its pane. Returns whether any of them is new.
    fn mark_earlier(&mut self, line: &TracedLine, found: &Found) -> bool {
        let is_new = self.mark_earlier_in(line.text(), found);
        let pane = edit::pane_start(&line.text()[..found.range.start]);
        if pane == 0 {
            return is_new;
        }
        let range = found.range.start - pane..found.range.end - pane;
        self.mark_earlier_in(&line.text()[pane..], &Found { range, kind: found.kind }) || is_new
    }

    fn mark_earlier_in(&mut self, line: &str, found: &Found) -> bool {
        let mut part = self.part(found.kind, &line[found.range.clone()]);
        let history = std::mem::take(&mut self.history);
        let mut earlier: Vec<_> = history.beginnings(line, found.range.clone()).collect();
        let mut is_new = false;
        for (at, character) in line[found.range.clone()].char_indices() {
            let at = found.range.start + at;
            earlier.retain(|earlier| earlier.len() > at);
            for place in earlier.iter().map(|earlier| earlier.place(at)) {
                if place != NOWHERE
                    && place >= self.output.released
                    && !self.substitute.is_mask(character)
                    && self.output.marks.insert(character, place, part)
                {
                    is_new = true;
                    self.has_blank_news |= character == ' ';
                }
            }
            part = part.after(width(character));
        }
        self.history = history;
        is_new
    }

    /// Finds the parts of a line to rewrite. Texts do not overlap; masks may.
    fn find(&mut self, line: &str, found: &mut Vec<Found>) {
        self.patterns.find(line, found);
        if let Substitute::Texts(_) = self.substitute
            && found.len() > 1
        {
            found.sort_by_key(|found| (found.range.start, std::cmp::Reverse(found.range.end)));
            let mut end = 0;
            found.retain(|found| {
                let is_free = found.range.start >= end;
                end = if is_free { found.range.end } else { end };
                is_free
            });
        }
    }

    /// The replacement for the first character of a match.
    fn part(&self, kind: usize, text: &str) -> Part {
        match self.substitute {
            Substitute::Mask(_) => Part::Mask,
            Substitute::Texts(_) => Part::Text { index: kind, col: 0, cols: columns(text) },
        }
    }

    /// The cover for a part of a match, a number of columns from its start.
    pub fn cover(&self, line: &str, found: &Found, at: usize, width: usize) -> String {
        let text = line.get(found.range.clone()).unwrap_or_default();
        let col = columns(text.get(..at).unwrap_or_default());
        self.substitute.text(self.part(found.kind, text).after(col), width, false)
    }

    /// The line with its masks, and with masks for everything from a place on; `None` if it has none.
    fn masked(&mut self, line: &TracedLine, stream: Stream, held_from: u64) -> Option<TracedLine> {
        let Substitute::Mask(mask) = self.substitute else { return None };
        let marks = &self.masks(stream).marks;
        let has_marks = !marks.is_empty() && line.runs().any(|run| marks.touches(run));
        if !has_marks && !line.runs().any(|run| run.end > held_from) {
            return None;
        }
        let mut masked = TracedLine::default();
        let mut joints = line.joints().iter().peekable();
        for (at, character) in line.text().char_indices() {
            if joints.next_if(|joint| **joint <= at).is_some() {
                masked.join();
            }
            let place = line.place(at);
            if place != NOWHERE && (place >= held_from || marks.contains(place)) {
                let text = Substitute::Mask(mask).text(Part::Mask, width(character), false);
                masked.push_str(&text, NOWHERE);
            } else {
                masked.push(character, place);
            }
        }
        Some(masked)
    }

    /// Masks a part of a line, if there is a mask. Returns whether any of it is new.
    pub fn mask(&mut self, line: &TracedLine, range: Range<usize>, stream: Stream) -> bool {
        if let Substitute::Texts(_) = self.substitute {
            return false;
        }
        let masks = self.masks(stream);
        let (mut is_new, mut has_blank) = (false, false);
        for (character, place) in line.places(range) {
            if place >= masks.released
                && !character.is_control()
                && masks.marks.insert(character, place, Part::Mask)
            {
                is_new = true;
                has_blank |= character == ' ';
            }
        }
        self.has_news |= is_new;
        self.has_blank_news |= has_blank;
        is_new
    }

    /// The places to rewrite in a text that belongs to no stream.
    pub fn marks_in(&mut self, text: &TracedLine) -> Marks {
        let mut marks = Marks::default();
        let mut found = Vec::new();
        for line in lines_of(text).iter().chain([text]) {
            found.clear();
            self.find(line.text(), &mut found);
            for one in &found {
                let mut part = self.part(one.kind, &line.text()[one.range.clone()]);
                let mut is_new = false;
                for (at, character) in line.text()[one.range.clone()].char_indices() {
                    let place = line.place(one.range.start + at);
                    if place != NOWHERE && !character.is_control() && !self.substitute.is_mask(character) {
                        is_new |= marks.insert(character, place, part);
                    }
                    part = part.after(width(character));
                }
                if is_new && self.pass != Pass::Again {
                    self.report(one.kind);
                }
            }
        }
        marks
    }

    /// The kind of the first secret in a text that is not in the cast.
    pub fn first_kind(&mut self, text: &str) -> Option<usize> {
        let mut line = TracedLine::default();
        line.push_str(text, NOWHERE);
        let mut found = Vec::new();
        for line in lines_of(&line).iter().chain([&line]) {
            self.patterns.find(line.text(), &mut found);
        }
        found.first().map(|found| found.kind)
    }

    /// Returns whether the end of a text may become a secret if more follows.
    pub fn is_undecided(&mut self, text: &str) -> bool {
        self.patterns.undecided(text.lines().next_back().unwrap_or_default()).is_some()
    }

    /// The place from which a line of the output may become secret, considering the text shown
    /// before it.
    pub fn undecided_since(&mut self, line: &TracedLine) -> Option<u64> {
        let at = self.patterns.undecided(line.text())?;
        let earlier = self.history.beginnings(line.text(), at..line.len());
        let lines = earlier.chain([line]);
        lines.flat_map(|line| line.places(at..line.len().max(at))).map(|(_, place)| place).min()
    }

    /// The first place that has not been passed on.
    pub fn released(&mut self, stream: Stream) -> u64 {
        self.masks(stream).released
    }

    /// Returns whether anything new has been marked since the last call.
    pub fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.has_news)
    }

    /// Sets the time of the text being searched.
    pub fn at(&mut self, time: Time) {
        self.now = time;
    }

    /// Reports a secret.
    pub fn report(&mut self, kind: usize) {
        self.findings.push(Finding { time: self.now, kind });
    }
}

impl History {
    /// Remembers a line, up to the cursor.
    pub fn push(&mut self, line: &TracedLine) {
        if line.is_empty() || line.len() > LONGEST_REMEMBERED || self.0.back() == Some(line) {
            return;
        }
        let mut kept = match self.0.len() {
            MOST_REMEMBERED.. => self.0.pop_front().unwrap_or_default(),
            _ => TracedLine::default(),
        };
        kept.clone_from(line);
        self.0.push_back(kept);
    }

    /// The remembered lines that begin like another one, and continued with a part of it.
    fn beginnings<'a>(&'a self, text: &'a str, part: Range<usize>) -> impl Iterator<Item = &'a TracedLine> {
        let whole = text.get(..part.end).unwrap_or_default();
        self.0.iter().filter(move |line| {
            line.len() > part.start && (whole.starts_with(line.text()) || line.text().starts_with(whole))
        })
    }
}

/// The lines of a text, and all of them joined without control characters, which terminals ignore
/// in strings; empty if there is nothing to join.
fn lines_of(text: &TracedLine) -> Vec<TracedLine> {
    if !text.text().contains(char::is_control) {
        return Vec::new();
    }
    let (mut joined, mut lines) = (TracedLine::default(), vec![TracedLine::default()]);
    for (at, character) in text.text().char_indices() {
        if matches!(character, '\r' | '\n') {
            lines.push(TracedLine::default());
            continue;
        }
        if !character.is_control() {
            joined.push(character, text.place(at));
        }
        lines.last_mut().into_iter().for_each(|line| line.push(character, text.place(at)));
    }
    lines.retain(|line| !line.is_empty());
    lines.push(joined);
    lines
}

/// The range of a line for a range of its masked form: a mask may be shorter than its character.
fn unmasked(line: &TracedLine, masked: &TracedLine, range: &Range<usize>) -> Range<usize> {
    let mut at = 0;
    let mut unmasked = 0..0;
    for (index, character) in line.text().char_indices() {
        let is_kept = masked.text()[at..].starts_with(character) && masked.place(at) == line.place(index);
        // A combining character has no mask.
        let is_dropped = !is_kept && width(character) == 0;
        if at <= range.start && !is_dropped {
            unmasked.start = index;
        }
        if !is_dropped {
            at += masked.text()[at..].chars().next().map_or(0, char::len_utf8);
        }
        if at <= range.end {
            unmasked.end = index + character.len_utf8();
        }
    }
    unmasked
}

fn columns(text: &str) -> usize {
    text.chars().map(width).sum()
}
