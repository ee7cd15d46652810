//! The tape: all lines that are ever shown, one below another, each once.
//!
//! The screen is a camera that moves over the tape. Scrolling moves it; so does clearing the screen
//! or switching to another, which continues below the lowest line. A curtain hangs below the lowest
//! line written so far, so that a line that only appears needs no animation of its own. A change
//! within view of the camera adds another version of its line.

use std::collections::VecDeque;
use std::mem;

/// The number of a row's content. 0 is blank.
pub type Content = u32;

/// The content of a blank row.
pub const BLANK: Content = 0;

/// The number of a frame.
pub type Moment = u32;

/// The approximate cost of a camera movement, in bytes.
const MOVE: usize = 35;

/// The approximate cost of a change from one version to another.
const CHANGE: usize = 35;

/// The approximate cost of a line with more than one version.
const STRIP: usize = 90;

/// The cost of a content that is already on the tape.
const COPY: usize = 35;

/// The longest scroll that is searched for, so that the time for a frame of a very tall screen does
/// not grow with the square of its height.
const LONGEST_SCROLL: i64 = 512;

/// The number of positions remembered to return to.
const PLACES: usize = 8;

/// The number of versions of a line that are searched for one that returns, so that the time for a
/// change does not grow with their number.
const RECENT: usize = 256;

/// A line of the tape.
#[derive(Debug, Default)]
pub struct Line {
    /// The contents that it shows at different times.
    pub versions: Vec<Content>,
    /// The moments from which each version is shown; the first version is shown from the start.
    pub changes: Vec<(Moment, u32)>,
    current: u32,
}

impl Line {
    /// The index of a version among the last ones.
    fn find(&self, content: Content) -> Option<usize> {
        let last = self.versions.iter().enumerate().rev().take(RECENT);
        last.into_iter().find(|(_, version)| **version == content).map(|(index, _)| index)
    }

    fn content(&self) -> Content {
        self.versions.get(self.current as usize).copied().unwrap_or(BLANK)
    }
}

/// All lines, and the movements of camera and curtain.
#[derive(Debug)]
pub struct Tape {
    rows: usize,
    /// The lines above the camera's start, nearest first.
    above: Vec<Line>,
    /// The other lines.
    below: Vec<Line>,
    /// The number of the line at the top of the screen.
    top: i64,
    /// The lowest line written so far.
    lowest: i64,
    /// The line at the top of the screen, from each moment on.
    pub camera: Vec<(Moment, i64)>,
    /// The lowest line, from each moment on.
    pub curtain: Vec<(Moment, i64)>,
    /// The positions of the camera before it moved to a fresh part of the tape.
    places: VecDeque<i64>,
    shown: Vec<Content>,
}

impl Tape {
    /// An empty tape for screens with this many rows.
    pub fn new(rows: usize) -> Tape {
        Tape {
            rows,
            above: Vec::new(),
            below: Vec::new(),
            top: 0,
            lowest: -1,
            camera: Vec::new(),
            curtain: Vec::new(),
            places: VecDeque::new(),
            shown: Vec::new(),
        }
    }

    /// Shows these rows from a moment on. `cost` returns the size of a content in bytes if it is
    /// not on the tape yet, and whether it is.
    pub fn show(&mut self, moment: Moment, rows: &[Content], cost: impl Fn(Content) -> (usize, bool)) {
        if rows == self.shown {
            return;
        }
        let top = self.best_top(rows, &cost);
        if top != self.top {
            if top == self.lowest + 1 && top != self.top + 1 {
                self.places.truncate(PLACES - 1);
                self.places.push_front(self.top);
            }
            self.top = top;
            self.camera.push((moment, top));
        }
        let before = self.lowest;
        for (line, &content) in (top..).zip(rows) {
            self.write(moment, line, content, before);
        }
        if self.lowest != before {
            self.curtain.push((moment, self.lowest));
        }
        self.shown = rows.to_vec();
    }

    fn write(&mut self, moment: Moment, number: i64, content: Content, lowest: i64) {
        let is_hidden = number > lowest;
        if is_hidden && content == BLANK {
            return;
        }
        let Some(line) = self.line_mut(number) else { return };
        if is_hidden {
            line.versions = vec![content];
            self.lowest = self.lowest.max(number);
            return;
        }
        if line.versions.is_empty() {
            line.versions.push(BLANK);
        }
        if line.content() == content {
            return;
        }
        let index = line.find(content).unwrap_or_else(|| {
            line.versions.push(content);
            line.versions.len() - 1
        });
        line.current = u32::try_from(index).unwrap_or(u32::MAX);
        line.changes.push((moment, line.current));
    }

    /// The position of the camera at which these rows take the fewest bytes.
    fn best_top(&self, rows: &[Content], cost: &impl Fn(Content) -> (usize, bool)) -> i64 {
        let reach = i64::try_from(self.rows).map_or(LONGEST_SCROLL, |rows| rows.min(LONGEST_SCROLL + 1));
        let near = (1..reach).flat_map(|shift| [self.top + shift, self.top - shift]);
        let others = near.chain(self.places.iter().copied()).chain([self.lowest + 1]);
        let mut best = (self.cost_at(self.top, rows, usize::MAX, cost), self.top);
        for top in others.filter(|&top| top <= self.lowest + 1) {
            let cost = MOVE + self.cost_at(top, rows, best.0.saturating_sub(MOVE), cost);
            if cost < best.0 {
                best = (cost, top);
            }
        }
        best.1
    }

    /// The cost in bytes of these rows with the camera at a position; counting stops at `most`.
    fn cost_at(
        &self,
        top: i64,
        rows: &[Content],
        most: usize,
        cost: &impl Fn(Content) -> (usize, bool),
    ) -> usize {
        let mut sum = 0;
        for (number, &content) in (top..).zip(rows) {
            let markup = || match cost(content) {
                _ if content == BLANK => 0,
                (length, true) => length.min(COPY),
                (length, false) => length,
            };
            sum += match self.line(number) {
                _ if number > self.lowest => markup(),
                None if content == BLANK => 0,
                None => STRIP + CHANGE + markup(),
                Some(line) if line.content() == content => 0,
                Some(line) => {
                    let is_known = line.find(content).is_some();
                    let strip = if line.changes.is_empty() { STRIP } else { 0 };
                    strip + CHANGE + if is_known { 0 } else { markup() }
                }
            };
            if sum >= most {
                break;
            }
        }
        sum
    }

    fn line(&self, number: i64) -> Option<&Line> {
        match usize::try_from(number) {
            Ok(index) => self.below.get(index),
            Err(_) => self.above.get(usize::try_from(-1 - number).ok()?),
        }
    }

    fn line_mut(&mut self, number: i64) -> Option<&mut Line> {
        let (lines, index) = match usize::try_from(number) {
            Ok(index) => (&mut self.below, index),
            Err(_) => (&mut self.above, usize::try_from(-1 - number).ok()?),
        };
        if lines.len() <= index {
            lines.resize_with(index + 1, Line::default);
        }
        lines.get_mut(index)
    }

    /// All lines with their numbers, from the top.
    pub fn lines(&mut self) -> Vec<(i64, Line)> {
        let above = mem::take(&mut self.above).into_iter().enumerate().rev();
        let above = above.map(|(index, line)| (-1 - i64::try_from(index).unwrap_or(i64::MAX), line));
        above.chain((0..).zip(mem::take(&mut self.below))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The contents visible at a moment.
    fn seen(tape: &Tape, moment: Moment) -> Vec<Content> {
        let at = |timeline: &[(Moment, i64)], start| {
            timeline.iter().rev().find(|(when, _)| *when <= moment).map_or(start, |(_, value)| *value)
        };
        let (top, lowest) = (at(&tape.camera, 0), at(&tape.curtain, -1));
        let rows = i64::try_from(tape.rows).unwrap();
        let content = |number: i64| {
            let Some(line) = tape.line(number).filter(|_| number <= lowest) else { return BLANK };
            let version = line
                .changes
                .iter()
                .rev()
                .find(|(when, _)| *when <= moment)
                .map_or(0, |(_, version)| *version);
            line.versions.get(version as usize).copied().unwrap_or(BLANK)
        };
        (top..top + rows).map(content).collect()
    }

    fn tape(frames: &[Vec<Content>]) -> Tape {
        let mut tape = Tape::new(frames[0].len());
        for (moment, rows) in (0..).zip(frames) {
            tape.show(moment, rows, |content| (content as usize * 10, content % 2 == 0));
        }
        tape
    }

    #[test]
    fn lines_that_scroll_past_are_written_once_and_never_change() {
        let frames: Vec<Vec<Content>> = (0..50).map(|top| (top + 1..top + 11).collect()).collect();
        let mut tape = tape(&frames);
        assert_eq!((tape.camera.len(), tape.curtain.len()), (49, 50));
        let lines = tape.lines();
        assert_eq!(lines.len(), 59);
        assert!(lines.iter().all(|(_, line)| line.versions.len() == 1 && line.changes.is_empty()));
    }

    #[test]
    fn the_camera_returns_to_the_shell_after_an_editor() {
        let shell: Vec<Content> = (1..20).collect();
        let editor: Vec<Content> = (101..120).collect();
        let mut tape = tape(&[shell.clone(), editor, shell]);
        assert_eq!(tape.camera, [(1, 19), (2, 0)]);
        assert!(tape.lines().iter().all(|(_, line)| line.versions.len() == 1));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_frame_is_reproduced(
            rows in 1usize..6,
            steps in prop::collection::vec((0usize..6, prop::collection::vec(0u32..9, 6), any::<bool>()), 1..30),
        ) {
            let mut frames: Vec<Vec<Content>> = Vec::new();
            let mut current = vec![BLANK; rows];
            for (shift, fresh, does_scroll) in steps {
                if does_scroll {
                    current.rotate_left(shift % rows);
                } else {
                    current[shift % rows] = fresh[0];
                    if shift == 0 {
                        current.copy_from_slice(&fresh[..rows]);
                    }
                }
                frames.push(current.clone());
            }
            let tape = tape(&frames);
            for (moment, frame) in (0..).zip(&frames) {
                prop_assert_eq!(&seen(&tape, moment), frame, "frame {} of {:?}: {:?}", moment, &frames, &tape);
            }
        }
    }
}
