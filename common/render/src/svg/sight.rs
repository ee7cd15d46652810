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

    /// The times when any line from one to another is visible.
    pub fn of_lines(&self, first: i64, last: i64) -> Presence {
        let is_seen = |top: i64| first < top + self.rows && top <= last;
        let camera = self.camera.iter().map(|&(moment, top)| (moment, is_seen(top)));
        changes([(0, is_seen(0))].into_iter().chain(camera))
    }

    /// The versions of a line in chunks, and the times when one of each is visible.
    pub fn of_versions(&self, number: i64, line: &Line) -> Vec<(Range<usize>, Presence)> {
        let seen = self.of_lines(number, number);
        let chunks = (0..line.versions.len()).step_by(VERSIONS);
        let chunks = chunks.map(|start| start..line.versions.len().min(start + VERSIONS));
        let shown = |chunk: &Range<usize>| {
            let is_among = |version: u32| chunk.contains(&(version as usize));
            let versions = line.changes.iter().map(|&(moment, version)| (moment, is_among(version)));
            changes([(0, is_among(0))].into_iter().chain(versions))
        };
        chunks.map(|chunk| (chunk.clone(), both(&seen, &shown(&chunk)))).collect()
    }
}

/// The times when both are present.
fn both(one: &[(Moment, bool)], other: &[(Moment, bool)]) -> Presence {
    let mut moments: Vec<Moment> = one.iter().chain(other).map(|(moment, _)| *moment).collect();
    moments.sort_unstable();
    let is_there = |presence: &[(Moment, bool)], moment| {
        presence[..presence.partition_point(|(from, _)| *from <= moment)].last().is_some_and(|last| last.1)
    };
    changes(moments.into_iter().map(|moment| (moment, is_there(one, moment) && is_there(other, moment))))
}

/// Without entries that change nothing.
fn changes(presence: impl Iterator<Item = (Moment, bool)>) -> Presence {
    let mut changes: Presence = Vec::new();
    for (moment, is_there) in presence {
        // Of two entries at one moment, the later one counts.
        changes.pop_if(|last| last.0 == moment);
        if changes.last().is_none_or(|last| last.1 != is_there) {
            changes.push((moment, is_there));
        }
    }
    changes
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
        assert_eq!(sight.of_lines(20, 39), [(0, false), (1, true), (2, false)]);
        assert_eq!(sight.of_lines(0, 19), [(0, true), (1, false)]);
    }

    #[test]
    fn a_line_that_changes_is_separate_and_its_versions_appear_in_groups() {
        let sight = Sight::new(4, &[(9, 4)]);
        let mut line = still();
        line.versions.extend(2..34);
        line.changes.extend((1..33).map(|version| (version, version)));
        let lines = [still(), line, still()];
        assert_eq!(sight.chunks((0..).zip(&lines)), [0..1, 1..2, 2..3]);
        let versions = sight.of_versions(1, &lines[1]);
        assert_eq!(versions[0], (0..16, vec![(0, true), (9, false)]));
        assert_eq!(versions[1..], [(16..32, vec![(0, false)]), (32..33, vec![(0, false)])]);
        let versions = sight.of_versions(5, &lines[1]);
        assert_eq!(versions[0], (0..16, vec![(0, false), (9, true), (16, false)]));
        assert_eq!(versions[2], (32..33, vec![(0, false), (32, true)]));
    }
}
