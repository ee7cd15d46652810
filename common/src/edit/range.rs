//! Points and ranges of a cast, for `--from` and `--to`.
//!
//! A point may be a marker, whose time is known only once it has been read: a filter cannot look
//! ahead in a stream. That is enough, since a range begins or ends at its marker.

use std::fmt;

use crate::cast::{Code, Event, Time};
use crate::cli::{self, Failure, plain_number};

/// A point in a cast at which a range begins or ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    at: Point,
    /// The time, once it is known.
    reached: Option<Time>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Point {
    Time,
    /// The first marker with this label.
    Label(String),
    /// A marker by its number, and the number of markers still before it.
    Number {
        number: u64,
        before: u64,
    },
}

impl Position {
    /// Parses seconds (`75.25`), `MM:SS`, `HH:MM:SS` (both with optional decimals), `marker:N`,
    /// `marker:LABEL` or `end`.
    pub fn parse(text: &str) -> Option<Position> {
        if text == "end" {
            return Some(Position { at: Point::Time, reached: Some(Time::MAX) });
        }
        let Some(marker) = text.strip_prefix("marker:") else {
            return Some(Position { at: Point::Time, reached: Some(clock_time(text)?) });
        };
        let at = match marker.parse::<u64>() {
            Ok(0) => return None,
            Ok(number) => Point::Number { number, before: number - 1 },
            Err(_) => Point::Label(marker.to_string()),
        };
        Some(Position { at, reached: None })
    }

    /// The time, if it is known yet.
    pub fn time(&self) -> Option<Time> {
        self.reached
    }

    /// Examines the next event of the cast, which may be the marker.
    pub fn observe(&mut self, event: &Event<'_>) {
        if self.reached.is_some() || event.code != Code::Marker {
            return;
        }
        let is_it = match &mut self.at {
            Point::Time => false,
            Point::Label(label) => event.text().is_ok_and(|text| text == *label),
            Point::Number { before: 0, .. } => true,
            Point::Number { before, .. } => {
                *before -= 1;
                false
            }
        };
        if is_it {
            self.reached = Some(event.time);
        }
    }
}

/// The point as written by the user.
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.at {
            Point::Time => write!(f, "{} s", self.reached.unwrap_or_default()),
            Point::Label(label) => write!(f, "marker '{}'", crate::text::visible(label)),
            Point::Number { number, .. } => write!(f, "marker number {number}"),
        }
    }
}

/// The events with FROM <= time < TO. Without FROM, from the start; without TO, to the end.
#[derive(Clone, Debug, Default)]
pub struct Range {
    /// The start of the range.
    pub from: Option<Position>,
    /// The end of the range.
    pub to: Option<Position>,
}

impl Range {
    /// Returns whether the range is certainly empty, without reading the cast.
    pub fn is_empty(&self) -> bool {
        let to = self.to.as_ref().and_then(Position::time);
        matches!((self.begin(), to), (Some(from), Some(to)) if from >= to)
    }

    /// Examines the next event of the cast.
    pub fn observe(&mut self, event: &Event<'_>) {
        for position in [&mut self.from, &mut self.to].into_iter().flatten() {
            position.observe(event);
        }
    }

    /// The durations before, in and after the range, up to a time in the cast.
    pub fn parts(&self, time: Time) -> [Time; 3] {
        let Some(from) = self.begin() else {
            return [time, Time::ZERO, Time::ZERO];
        };
        let from = from.min(time);
        let to = self.to.as_ref().and_then(Position::time).map_or(time, |to| to.clamp(from, time));
        [from, to.since(from), time.since(to)]
    }

    /// The start, if it is known yet.
    fn begin(&self) -> Option<Time> {
        self.from.as_ref().map_or(Some(Time::ZERO), Position::time)
    }

    /// Returns an error if a marker was not found by the end of the cast.
    pub fn check_reached(&self) -> Result<(), String> {
        match [&self.from, &self.to].into_iter().flatten().find(|position| position.time().is_none()) {
            Some(position) => Err(format!("the cast has no {position}")),
            None => Ok(()),
        }
    }
}

/// Several ranges in any order; they may overlap.
#[derive(Clone, Debug, Default)]
pub struct Ranges(Vec<Range>);

impl Ranges {
    /// Adds the next `--from`: to the last range, unless that already has a start, or an end before
    /// this point.
    pub fn add_from(&mut self, from: Position) {
        let is_before = |to: &Option<Position>| {
            let to = to.as_ref().and_then(Position::time);
            matches!((to, from.time()), (Some(to), Some(from)) if to <= from)
        };
        match self.0.last_mut() {
            Some(range) if range.from.is_none() && !is_before(&range.to) => range.from = Some(from),
            _ => self.0.push(Range { from: Some(from), to: None }),
        }
    }

    /// Adds the next `--to`: to the last range, unless that already has an end.
    pub fn add_to(&mut self, to: Position) {
        match self.0.last_mut() {
            Some(range) if range.to.is_none() => range.to = Some(to),
            _ => self.0.push(Range { from: None, to: Some(to) }),
        }
    }

    /// Returns an error if there is no range, or one that must be empty.
    pub fn check(&self) -> cli::Result<()> {
        let what = match &self.0[..] {
            [] => "one of --from and --to is required",
            ranges if ranges.iter().any(Range::is_empty) => "the range ends before it begins",
            _ => return Ok(()),
        };
        Err(Failure::Usage(what.to_string()))
    }

    /// Examines the next event of the cast.
    pub fn observe(&mut self, event: &Event<'_>) {
        self.0.iter_mut().for_each(|range| range.observe(event));
    }

    /// Returns whether a time that has been reached lies in one of them.
    pub fn contain(&self, time: Time) -> bool {
        self.end_of_cover(time, Time::MAX).is_some()
    }

    /// The total duration that they cover, up to a time in the cast.
    pub fn cover(&self, time: Time) -> Time {
        let mut covered = Time::ZERO;
        let mut at = Time::ZERO;
        while at < time {
            let begins = |range: &Range| range.begin().filter(|&begin| begin > at);
            at = match self.end_of_cover(at, time) {
                Some(end) => {
                    covered = covered.plus(end.since(at));
                    end
                }
                None => self.0.iter().filter_map(begins).min().map_or(time, |next| next.min(time)),
            };
        }
        covered
    }

    /// Returns whether all of them end before a time.
    pub fn end_before(&self, time: Time) -> bool {
        self.0.iter().all(|range| range.to.as_ref().and_then(Position::time).is_some_and(|end| end <= time))
    }

    /// Returns an error if a marker was not found by the end of the cast.
    pub fn check_reached(&self) -> Result<(), String> {
        self.0.iter().try_for_each(Range::check_reached)
    }

    /// The furthest end of the ranges that contain a time, at most `limit`.
    fn end_of_cover(&self, time: Time, limit: Time) -> Option<Time> {
        let holding = self.0.iter().filter(|range| range.begin().is_some_and(|begin| begin <= time));
        let ends = holding.map(|range| range.to.as_ref().and_then(Position::time).unwrap_or(Time::MAX));
        ends.filter(|&end| end > time).max().map(|end| end.min(limit))
    }
}

/// Parses `SS`, `MM:SS` or `HH:MM:SS`, with optional decimals.
fn clock_time(text: &str) -> Option<Time> {
    let (clock, seconds) = match text.rsplit_once(':') {
        Some((clock, seconds)) => (Some(clock), seconds),
        None => (None, text),
    };
    let is_signed = seconds.starts_with(['+', '-']);
    if is_signed || (clock.is_some() && seconds.split('.').next()?.len() > 2) {
        return None;
    }
    let mut time = Time::parse(&plain_number(seconds)).ok()?;
    if clock.is_some() && time >= Time::from_micros(60_000_000) {
        return None;
    }
    let mut unit = 60_000_000;
    let parts: Vec<&str> = clock.into_iter().flat_map(|clock| clock.rsplit(':')).collect();
    for (at, part) in parts.iter().enumerate() {
        let number: u64 = part.parse().ok().filter(|_| part.bytes().all(|byte| byte.is_ascii_digit()))?;
        let is_last = at + 1 == parts.len();
        if at > 1 || (!is_last && number >= 60) {
            return None;
        }
        time = time.plus(Time::from_micros(number.checked_mul(unit)?));
        unit *= 60;
    }
    Some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_seconds_or_clock_format() {
        for (text, seconds) in [
            ("75", Some(75.0)),
            ("75.25", Some(75.25)),
            ("0", Some(0.0)),
            (".5", Some(0.5)),
            ("01:15.25", Some(75.25)),
            ("1:15", Some(75.0)),
            ("90:00", Some(5400.0)),
            ("1:00:00.5", Some(3600.5)),
            ("100:59:59", Some(363_599.0)),
            ("1:60", None),
            ("1:60:00", None),
            ("1:2:3:4", None),
            ("1:005", None),
            (":5", None),
            ("1:", None),
            ("-1", None),
            ("+1:00", None),
            ("1:+5", None),
            ("", None),
            ("marker:0", None),
        ] {
            let time = Position::parse(text).and_then(|position| position.time());
            assert_eq!(time.map(|time| time.as_micros() as f64 / 1e6), seconds, "{text}");
        }
    }

    #[test]
    fn several_ranges_cover_their_union() {
        let mut ranges = Ranges::default();
        let position = |text| Position::parse(text).unwrap();
        assert!(ranges.check().is_err());
        // The second pair starts because the first one already has an end.
        ranges.add_to(position("20"));
        ranges.add_from(position("10"));
        ranges.add_from(position("15"));
        ranges.add_to(position("25"));
        ranges.add_to(position("2"));
        ranges.add_from(position("1"));
        ranges.add_to(position("2"));
        ranges.add_from(position("28"));
        ranges.add_to(position("29"));
        assert!(ranges.check().is_ok());
        let second = |seconds: u64| Time::from_micros(seconds * 1_000_000);
        let inside: Vec<u64> = (0..30).filter(|&seconds| ranges.contain(second(seconds))).collect();
        assert_eq!(inside, [vec![0, 1], (10..25).collect(), vec![28]].concat());
        for (seconds, covered) in [(0, 0), (1, 1), (2, 2), (10, 2), (12, 4), (25, 17), (30, 18)] {
            assert_eq!(ranges.cover(second(seconds)), second(covered), "{seconds}");
        }
        assert!(ranges.end_before(second(29)) && !ranges.end_before(second(28)));
        ranges.add_from(position("marker:1"));
        assert!(!ranges.contain(second(29)) && !ranges.end_before(second(29)));
        ranges.observe(&Event::scan(b"[29, \"m\", \"\"]").unwrap());
        assert!(ranges.contain(second(29)) && ranges.cover(second(31)) == second(20));
        ranges.add_from(position("9"));
        ranges.add_to(position("9"));
        assert!(ranges.check().is_err());
    }

    #[test]
    fn a_marker_is_found_by_label_or_number() {
        let lines = ["[1, \"m\", \"a\"]", "[2, \"o\", \"b\"]", "[3, \"m\", \"b\"]", "[4, \"m\", \"b\"]"];
        for (text, seconds) in
            [("marker:b", Some(3)), ("marker:1", Some(1)), ("marker:3", Some(4)), ("marker:c", None)]
        {
            let mut position = Position::parse(text).unwrap();
            for line in lines {
                position.observe(&Event::scan(line.as_bytes()).unwrap());
            }
            assert_eq!(
                position.time(),
                seconds.map(|seconds| Time::from_micros(seconds * 1_000_000)),
                "{text}"
            );
        }
    }
}
