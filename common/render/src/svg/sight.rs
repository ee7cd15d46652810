//! What of a tape can be seen when. In a large picture the rest is taken out of it for as long as it
//! cannot: browsers spend time on everything that is there, seen or not.
//!
//! Something that is out of the picture has no animations, and those of what comes back begin anew. So
//! what is taken out are lines that never change, and versions of a line, never a line that moves
//! to show its versions.

use std::collections::HashSet;
use std::ops::Range;

use super::tape::{Line, Moment};

/// How many lines are taken out together, at least and at most.
const CHUNK: Range<usize> = 16..65;

/// How many versions of a line are.
const VERSIONS: usize = 16;

/// From when on something is there, and from when on it is not. The first is of the beginning.
pub type Presence = Vec<(Moment, bool)>;

/// The camera over the tape.
pub struct Sight<'a> {
    rows: i64,
    camera: &'a [(Moment, i64)],
    /// Everything that was ever at the top.
    tops: HashSet<i64>,
}

impl Sight<'_> {
    /// What is seen of a screen of so many rows by a camera that from each moment on has that line at
    /// its top; before the first of them line 0.
    pub fn new(rows: usize, camera: &[(Moment, i64)]) -> Sight<'_> {
        let tops = camera.iter().map(|(_, top)| *top).chain([0]).collect();
        Sight { rows: i64::try_from(rows).unwrap_or(i64::MAX), camera, tops }
    }

    /// Lines, by number, in chunks: such that come and go together, or few; and each that changes by
    /// itself.
    pub fn chunks<'a>(&self, lines: impl Iterator<Item = (i64, &'a Line)>) -> Vec<Range<usize>> {
        let mut chunks = Vec::new();
        let (mut start, mut end, mut was_still) = (0, 0, true);
        for (number, line) in lines {
            let (is_still, length) = (line.changes.is_empty(), end - start);
            // Whether the camera ever sees this line and not the one before, or the other way round.
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

    /// When the lines from one to another are seen.
    pub fn of_lines(&self, first: i64, last: i64) -> Presence {
        let is_seen = |top: i64| first < top + self.rows && top <= last;
        let camera = self.camera.iter().map(|&(moment, top)| (moment, is_seen(top)));
        changes([(0, is_seen(0))].into_iter().chain(camera))
    }

    /// The versions of a line in chunks, and when one of each is seen.
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

/// When both are there.
fn both(one: &[(Moment, bool)], other: &[(Moment, bool)]) -> Presence {
    let mut moments: Vec<Moment> = one.iter().chain(other).map(|(moment, _)| *moment).collect();
    moments.sort_unstable();
    let is_there = |presence: &[(Moment, bool)], moment| {
        presence[..presence.partition_point(|(from, _)| *from <= moment)].last().is_some_and(|last| last.1)
    };
    changes(moments.into_iter().map(|moment| (moment, is_there(one, moment) && is_there(other, moment))))
}

/// Without those that change nothing.
fn changes(presence: impl Iterator<Item = (Moment, bool)>) -> Presence {
    let mut changes: Presence = Vec::new();
    for (moment, is_there) in presence {
        // The later one of two at one moment counts.
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
    fn lines_of_one_screen_come_and_go_together() {
        let camera: Vec<(Moment, i64)> = (1..4).map(|page| (page, i64::from(page) * 20)).collect();
        let sight = Sight::new(20, &camera);
        let lines: Vec<Line> = (0..80).map(|_| still()).collect();
        assert_eq!(sight.chunks((0..).zip(&lines)), [0..20, 20..40, 40..60, 60..80]);
        assert_eq!(sight.of_lines(20, 39), [(0, false), (1, true), (2, false)]);
        assert_eq!(sight.of_lines(0, 19), [(0, true), (1, false)]);
    }

    #[test]
    fn a_line_that_changes_is_alone_and_so_many_versions_of_it_come_and_go() {
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
