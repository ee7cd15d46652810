//! Writing events: new ones, and ones that were read, at the same or at another time.

use super::event::{Code, Event};
use super::header::Version;
use super::json;
use super::time::Time;

/// How fine the intervals of a v3 cast are written. v2 always has microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// As asciinema 3.x writes.
    Milliseconds,
    /// As fine as time is counted here: what a filter needs, or else cutting twice would cut more
    /// than cutting once.
    Microseconds,
}

impl Precision {
    /// The precision of new recordings: v2 as 2.4 writes it, v3 as 3.x does.
    pub fn of_recordings(version: Version) -> Precision {
        match version {
            Version::V2 => Precision::Microseconds,
            Version::V3 => Precision::Milliseconds,
        }
    }
}

/// Writes the events of one cast, with times as its version wants them.
///
/// v3 has the interval since the event before: the difference of the two *rounded* times, so that
/// the sum of what is written is never off by more than half a unit, however many events there are.
#[derive(Debug)]
pub struct Writer {
    version: Version,
    precision: Precision,
    /// The rounded time of the last event.
    previous: Time,
}

impl Writer {
    /// The writer of a cast that begins.
    pub fn new(version: Version, precision: Precision) -> Writer {
        Writer::after(Time::ZERO, version, precision)
    }

    /// The writer of a cast that goes on after an event at this time.
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

    /// Appends an event that was read. Where `time` is the time that its line already gives, that is
    /// the line unchanged, otherwise the line with another number.
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

    /// The number for an event at `time`, which becomes the previous one.
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
    fn a_line_is_spelled_as_asciinema_spells_it() {
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
                    // A step back cannot be written; its event stands where the one before it does.
                    prop_assert!(sum.abs_diff(highest) <= half, "{} for {}", sum, highest);
                }
            }
        }
    }
}
