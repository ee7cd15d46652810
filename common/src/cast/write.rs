//! Writing events: what stands at the front of a line, and whole lines.

use super::event::Code;
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

/// Turns the times of one cast's events into what stands at the front of their lines.
///
/// v3 spells the interval since the event before: the difference of the two *rounded* times, so that
/// the sum of what is written is never off by more than half a unit, however many events there are.
#[derive(Debug)]
pub struct Timeline {
    version: Version,
    precision: Precision,
    /// The rounded time of the last event.
    previous: Time,
}

impl Timeline {
    /// The timeline of a cast that begins.
    pub fn new(version: Version, precision: Precision) -> Timeline {
        Timeline::after(Time::ZERO, version, precision)
    }

    /// The timeline of a cast that goes on after an event at this time.
    pub fn after(previous: Time, version: Version, precision: Precision) -> Timeline {
        Timeline { version, precision, previous }
    }

    /// Appends the number for an event at `time`. In v3 a time that steps back counts as no delay.
    pub fn write(&mut self, time: Time, out: &mut Vec<u8>) {
        match self.version {
            Version::V2 => time.write_seconds(out),
            Version::V3 => self.interval(time).write_short_seconds(out),
        }
    }

    /// What is to be spelled for an event at `time`, which becomes the previous one.
    pub(crate) fn interval(&mut self, time: Time) -> Time {
        let rounded = match self.precision {
            Precision::Milliseconds => time.rounded_to(Time::from_micros(1000)),
            Precision::Microseconds => time,
        };
        let interval = rounded.since(self.previous);
        self.previous = self.previous.max(rounded);
        interval
    }

    /// Appends a whole line.
    pub fn write_event(&mut self, time: Time, code: Code, text: &str, out: &mut Vec<u8>) {
        out.push(b'[');
        self.write(time, out);
        out.extend_from_slice(b", \"");
        out.extend_from_slice(code.as_str().as_bytes());
        out.extend_from_slice(b"\", ");
        json::encode(text, out);
        out.extend_from_slice(b"]\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(timeline: &mut Timeline, micros: u64) -> Time {
        let mut out = Vec::new();
        timeline.write(Time::from_micros(micros), &mut out);
        Time::parse(std::str::from_utf8(&out).unwrap()).unwrap()
    }

    #[test]
    fn a_line_is_spelled_as_asciinema_spells_it() {
        let mut out = Vec::new();
        Timeline::new(Version::V2, Precision::Microseconds).write_event(
            Time::from_micros(1_000_001),
            Code::Output,
            "\x1b\"ż",
            &mut out,
        );
        Timeline::new(Version::V3, Precision::Milliseconds).write_event(
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
                let mut v3 = Timeline::new(Version::V3, precision);
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
