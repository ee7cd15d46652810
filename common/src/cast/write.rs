//! Writing events: new ones, and ones that were read, at the same or another time.

use super::event::{Code, Event};
use super::header::Version;
use super::json;
use super::time::Time;

/// The precision of the intervals in a v3 cast. v2 always has microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// As in asciinema 3.x.
    Milliseconds,
    /// The full precision of [`Time`]. Filters need it: with coarser intervals, a second pass of
    /// the same filter would change the cast again.
    Microseconds,
}

impl Precision {
    /// The precision of new recordings: v2 as written by 2.4, v3 as by 3.x.
    pub fn of_recordings(version: Version) -> Precision {
        match version {
            Version::V2 => Precision::Microseconds,
            Version::V3 => Precision::Milliseconds,
        }
    }
}

/// Writes the events of one cast, with times in the form of its version.
///
/// v3 has the interval since the previous event: the difference of the two *rounded* times, so that
/// the sum of the intervals is never off by more than half a unit, however many events there are.
#[derive(Debug)]
pub struct Writer {
    version: Version,
    precision: Precision,
    /// The rounded time of the last event.
    previous: Time,
}

impl Writer {
    /// A writer for a new cast.
    pub fn new(version: Version, precision: Precision) -> Writer {
        Writer::after(Time::ZERO, version, precision)
    }

    /// A writer for a cast that continues after an event at this time.
    pub fn after(previous: Time, version: Version, precision: Precision) -> Writer {
        Writer { version, precision, previous }
    }

    /// Appends a new event. In v3 a time that steps back counts as no delay.
    pub fn event(&mut self, time: Time, code: Code, text: &str, out: &mut Vec<u8>) {
        out.push(b'[');
        let number = self.number(time);
        self.write_number(number, out);
        out.extend_from_slice(b", \"");
        out.extend_from_slice(code.as_str().as_bytes());
        out.extend_from_slice(b"\", ");
        json::encode(text, out);
        out.extend_from_slice(b"]\n");
    }

    /// Appends an event that was read: the line unchanged if `time` is its own time, otherwise the
    /// line with a new number.
    #[inline]
    pub fn copy(&mut self, event: &Event<'_>, time: Time, out: &mut Vec<u8>) {
        let number = self.number(time);
        if number == event.written {
            out.extend_from_slice(event.line);
            return;
        }
        out.extend_from_slice(&event.line[..event.number.start]);
        self.write_number(number, out);
        out.extend_from_slice(&event.line[event.number.end..]);
    }

    /// The number to write for an event at `time`, which becomes the previous time.
    #[inline]
    fn number(&mut self, time: Time) -> Time {
        if self.version == Version::V2 {
            return time;
        }
        let rounded = match self.precision {
            Precision::Milliseconds => time.rounded_to(Time::from_micros(1000)),
            Precision::Microseconds => time,
        };
        let interval = rounded.since(self.previous);
        self.previous = self.previous.max(rounded);
        interval
    }

    fn write_number(&self, number: Time, out: &mut Vec<u8>) {
        match self.version {
            Version::V2 => number.write_seconds(out),
            Version::V3 => number.write_short_seconds(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(writer: &mut Writer, micros: u64) -> Time {
        let mut out = Vec::new();
        writer.event(Time::from_micros(micros), Code::Output, "", &mut out);
        Event::scan(&out).unwrap().written
    }

    #[test]
    fn a_line_is_written_as_asciinema_writes_it() {
        let mut out = Vec::new();
        Writer::new(Version::V2, Precision::Microseconds).event(
            Time::from_micros(1_000_001),
            Code::Output,
            "\x1b\"ż",
            &mut out,
        );
        Writer::new(Version::V3, Precision::Milliseconds).event(
            Time::from_micros(1_000_500),
            Code::Marker,
            "",
            &mut out,
        );
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "[1.000001, \"o\", \"\\u001b\\\"ż\"]\n[1.001, \"m\", \"\"]\n"
        );
    }

    proptest! {
        #[test]
        fn from_v2_to_v3_and_back_keeps_times_within_half_a_unit(steps in prop::collection::vec(-3_000i64..2_000_000, 1..200)) {
            for (precision, half) in [(Precision::Milliseconds, 500), (Precision::Microseconds, 0)] {
                let mut v3 = Writer::new(Version::V3, precision);
                let (mut time, mut highest, mut sum) = (0i64, 0, 0);
                for step in &steps {
                    time = (time + step).max(0);
                    highest = highest.max(time as u64);
                    sum += written(&mut v3, time as u64).as_micros();
                    // A step back cannot be written; its event gets the time of the previous one.
                    prop_assert!(sum.abs_diff(highest) <= half, "{} for {}", sum, highest);
                }
            }
        }
    }
}
