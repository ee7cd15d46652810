//! The visibility of the parts of a tape over time. In a large picture, parts are removed while
//! they are out of sight: browsers spend time on every element, visible or not.
//!
//! Removed elements have no animations, and those of elements that return restart. So only lines
//! that never change are removed, and versions of a line, but never a line that moves to show its
//! versions.

use std::collections::HashSet;
use std::ops::Range;

use super::tape::{Line, Moment};

/// The minimum and maximum number of lines removed together.
const CHUNK: Range<usize> = 16..65;

/// The number of versions of a line removed together.
const VERSIONS: usize = 16;

/// The moments at which something appears and disappears. The first is the start.
pub type Presence = Vec<(Moment, bool)>;

/// The camera over the tape.
pub struct Sight<'a> {
    rows: i64,
    camera: &'a [(Moment, i64)],
    /// All lines that were ever at the top.
    tops: HashSet<i64>,
}

impl Sight<'_> {
    /// The view on a screen with this many rows; `camera` has the line at its top from each moment
    /// on, and before the first one line 0.
    pub fn new(rows: usize, camera: &[(Moment, i64)]) -> Sight<'_> {
        let tops = camera.iter().map(|(_, top)| *top).chain([0]).collect();
        Sight { rows: i64::try_from(rows).unwrap_or(i64::MAX), camera, tops }
    }

    /// Lines, by number, in chunks: lines that appear and disappear together, or small groups; and
    /// separately each line that changes.
    pub fn chunks<'a>(&self, lines: impl Iterator<Item = (i64, &'a Line)>) -> Vec<Range<usize>> {
        let mut chunks = Vec::new();
        let (mut start, mut end, mut was_still) = (0, 0, true);
        for (number, line) in lines {
            let (is_still, length) = (line.changes.is_empty(), end - start);
            // True if the camera ever sees this line and not the previous one, or the reverse.
            let is_apart = self.tops.contains(&number) || self.tops.contains(&(number - self.rows));
            let is_full = length + 1 >= CHUNK.end || length >= CHUNK.start && is_apart;
            if length > 0 && (is_full || !is_still || !was_still) {
                chunks.push(start..end);
                start = end;
            }
            was_still = is_still;
            end += 1;
        }
        chunks.push(start..end);
        chunks
    }

    /// The times when any line of each chunk is visible. Chunks are given by their first and last lines,
    /// from the top.
    pub fn of_chunks(&self, chunks: &[(i64, i64)]) -> Vec<Presence> {
        let seen = |top: i64| {
            let start = chunks.partition_point(|(_, last)| *last < top);
            start..chunks.partition_point(|(first, _)| *first < top + self.rows).max(start)
        };
        let mut before = seen(0);
        let mut presences: Vec<Presence> =
            (0..chunks.len()).map(|chunk| vec![(0, before.contains(&chunk))]).collect();
        for &(moment, top) in self.camera {
            let now = seen(top);
            for chunk in before.clone().filter(|chunk| !now.contains(chunk)) {
                set(&mut presences[chunk], moment, false);
            }
            for chunk in now.clone().filter(|chunk| !before.contains(chunk)) {
                set(&mut presences[chunk], moment, true);
            }
            before = now;
        }
        presences
    }
}

/// The versions of a line in chunks, and the times when one of each is visible. `seen` are the times
/// when the line is.
pub fn of_versions(line: &Line, seen: &[(Moment, bool)]) -> Vec<(Range<usize>, Presence)> {
    let count = line.versions.len();
    let chunks = (0..count).step_by(VERSIONS).map(|start| start..count.min(start + VERSIONS));
    let mut chunks: Vec<(Range<usize>, Presence)> = chunks.map(|chunk| (chunk, vec![(0, false)])).collect();
    let (mut seen, mut shown) = (seen.iter().peekable(), line.changes.iter().peekable());
    let (mut is_seen, mut version, mut before) = (false, 0, None);
    while let Some(moment) =
        [seen.peek().map(|next| next.0), shown.peek().map(|next| next.0)].iter().flatten().min()
    {
        let moment = *moment;
        while let Some(next) = seen.next_if(|next| next.0 == moment) {
            is_seen = next.1;
        }
        while let Some(next) = shown.next_if(|next| next.0 == moment) {
            version = next.1 as usize;
        }
        let now = is_seen.then_some(version / VERSIONS);
        if now != before {
            for (chunk, is_there) in [(before, false), (now, true)] {
                if let Some((_, presence)) = chunk.and_then(|chunk| chunks.get_mut(chunk)) {
                    set(presence, moment, is_there);
                }
            }
            before = now;
        }
    }
    chunks
}

/// Appends an entry, unless it changes nothing. Of two entries at one moment, the later one counts.
fn set(presence: &mut Presence, moment: Moment, is_there: bool) {
    presence.pop_if(|last| last.0 == moment);
    if presence.last().is_none_or(|last| last.1 != is_there) {
        presence.push((moment, is_there));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn still() -> Line {
        let mut line = Line::default();
        line.versions.push(1);
        line
    }

    #[test]
    fn lines_of_one_screen_appear_and_disappear_together() {
        let camera: Vec<(Moment, i64)> = (1..4).map(|page| (page, i64::from(page) * 20)).collect();
        let sight = Sight::new(20, &camera);
        let lines: Vec<Line> = (0..80).map(|_| still()).collect();
        assert_eq!(sight.chunks((0..).zip(&lines)), [0..20, 20..40, 40..60, 60..80]);
        let presences = sight.of_chunks(&[(0, 19), (20, 39), (40, 59), (60, 79)]);
        assert_eq!(presences[0], [(0, true), (1, false)]);
        assert_eq!(presences[1], [(0, false), (1, true), (2, false)]);
        assert_eq!(presences[3], [(0, false), (3, true)]);
    }

    #[test]
    fn a_line_that_changes_is_separate_and_its_versions_appear_in_groups() {
        let sight = Sight::new(4, &[(9, 4)]);
        let mut line = still();
        line.versions.extend(2..34);
        line.changes.extend((1..33).map(|version| (version, version)));
        let lines = [still(), line, still()];
        assert_eq!(sight.chunks((0..).zip(&lines)), [0..1, 1..2, 2..3]);
        let seen = sight.of_chunks(&[(0, 0), (1, 1), (2, 2), (5, 5)]);
        let versions = of_versions(&lines[1], &seen[1]);
        assert_eq!(versions[0], (0..16, vec![(0, true), (9, false)]));
        assert_eq!(versions[1..], [(16..32, vec![(0, false)]), (32..33, vec![(0, false)])]);
        let versions = of_versions(&lines[1], &seen[3]);
        assert_eq!(versions[0], (0..16, vec![(0, false), (9, true), (16, false)]));
        assert_eq!(versions[2], (32..33, vec![(0, false), (32, true)]));
    }
}
