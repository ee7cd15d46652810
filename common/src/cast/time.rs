//! Time in a cast: an integer count of microseconds.
//!
//! Parsed from decimal digits and never through a float, so that adding intervals for an hour ends
//! at exactly the right microsecond. More than six decimals are rounded half up, exponents are
//! accepted (grammar: RFC 8259, section 6). Knows no events, files or options.

use std::fmt;
use std::time::Duration;

/// A point in a cast (counted from its start) or a duration, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(u64);

/// The reason why an input is not a valid [`Time`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeFault {
    /// Not a JSON number.
    NotANumber,
    /// A number below zero.
    Negative,
    /// A number greater than [`Time::MAX`].
    TooLarge,
}

impl Time {
    /// The start of a cast.
    pub const ZERO: Time = Time(0);

    /// The largest time, about 31,000 years: far enough below the integer's limit that two times
    /// can be added without a check.
    pub const MAX: Time = Time(1_000_000_000_000_000_000);

    /// A time in microseconds, at most [`Time::MAX`].
    pub const fn from_micros(micros: u64) -> Time {
        if micros > Time::MAX.0 { Time::MAX } else { Time(micros) }
    }

    /// The number of microseconds.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// The time from `earlier` to this point; zero if `earlier` is later.
    pub const fn since(self, earlier: Time) -> Time {
        Time(self.0.saturating_sub(earlier.0))
    }

    /// This point moved forward, at most to [`Time::MAX`].
    pub const fn plus(self, stretch: Time) -> Time {
        Time::from_micros(self.0.saturating_add(stretch.0))
    }

    /// Divided by a factor above zero, rounded to the nearest microsecond. A factor of 1 changes no
    /// digit.
    pub fn divided_by(self, factor: f64) -> Time {
        if factor == 1.0 {
            return self;
        }
        // A float represents microseconds exactly for the first 285 years of a cast, and the
        // conversion to an integer saturates.
        Time::from_micros((self.0 as f64 / factor).round() as u64)
    }

    /// Rounded to the nearest multiple of `unit`, half up.
    pub const fn rounded_to(self, unit: Time) -> Time {
        Time::from_micros((self.0 + unit.0 / 2) / unit.0 * unit.0)
    }

    /// Parses the JSON number at the front of `bytes`. Returns its time and its length in bytes.
    ///
    /// The bytes after the number are ignored.
    #[inline]
    pub fn scan(bytes: &[u8]) -> Result<(Time, usize), TimeFault> {
        let whole_end = digits_end(bytes, 0);
        let length = match bytes.get(whole_end) {
            Some(b'.') => digits_end(bytes, whole_end + 1),
            _ => whole_end,
        };
        // Nearly all times look like this: no sign, no exponent, at most six decimals and too few
        // digits to overflow. The others take the general path.
        let plain = whole_end > 0
            && whole_end <= 12
            && (bytes[0] != b'0' || whole_end == 1)
            && length <= whole_end + 7
            && length != whole_end + 1
            && !matches!(bytes.get(length), Some(b'e' | b'E'));
        if !plain {
            return scan_any(bytes);
        }
        let mut micros = 0;
        for digit in &bytes[..whole_end] {
            micros = micros * 10 + u64::from(digit - b'0');
        }
        let decimals = bytes.get(whole_end + 1..length).unwrap_or_default();
        for digit in decimals {
            micros = micros * 10 + u64::from(digit - b'0');
        }
        Ok((Time(micros * POWERS_OF_TEN[6 - decimals.len()]), length))
    }

    /// Parses a JSON number that spans all of `text`.
    pub fn parse(text: &str) -> Result<Time, TimeFault> {
        match Time::scan(text.as_bytes())? {
            (time, length) if length == text.len() => Ok(time),
            _ => Err(TimeFault::NotANumber),
        }
    }

    /// Appends the time in seconds with six decimals, as in v2.
    pub fn write_seconds(self, out: &mut Vec<u8>) {
        write_whole(self.0 / 1_000_000, out);
        out.push(b'.');
        write_decimals(self.0 % 1_000_000, 100_000, out);
    }

    /// Appends the time in seconds with three decimals if that is exact, otherwise with six: as in
    /// v3, whose writers count milliseconds.
    pub fn write_short_seconds(self, out: &mut Vec<u8>) {
        if self.0.is_multiple_of(1000) {
            write_whole(self.0 / 1_000_000, out);
            out.push(b'.');
            write_decimals(self.0 / 1000 % 1000, 100, out);
        } else {
            self.write_seconds(out);
        }
    }
}

/// In seconds, with as many decimals as it takes.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0 / 1_000_000)?;
        match self.0 % 1_000_000 {
            0 => Ok(()),
            micros => write!(f, ".{}", format!("{micros:06}").trim_end_matches('0')),
        }
    }
}

impl From<Duration> for Time {
    fn from(duration: Duration) -> Time {
        Time::from_micros(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
    }
}

impl From<Time> for Duration {
    fn from(time: Time) -> Duration {
        Duration::from_micros(time.0)
    }
}

const POWERS_OF_TEN: [u64; 7] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];

/// The end of the run of digits that begins at `start`.
#[inline]
fn digits_end(bytes: &[u8], start: usize) -> usize {
    let run = bytes.get(start..).unwrap_or_default();
    start + run.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(run.len())
}

/// Parses any JSON number: signs, exponents, a thousand digits.
fn scan_any(bytes: &[u8]) -> Result<(Time, usize), TimeFault> {
    let negative = bytes.first() == Some(&b'-');
    let whole_start = usize::from(negative);
    let whole_end = digits_end(bytes, whole_start);
    let whole = &bytes[whole_start..whole_end];
    if whole.is_empty() || (whole.len() > 1 && whole[0] == b'0') {
        return Err(TimeFault::NotANumber);
    }
    let mut end = whole_end;
    let mut decimals = &bytes[..0];
    if bytes.get(end) == Some(&b'.') {
        end = digits_end(bytes, whole_end + 1);
        decimals = &bytes[whole_end + 1..end];
        if decimals.is_empty() {
            return Err(TimeFault::NotANumber);
        }
    }
    let mut exponent: i64 = 0;
    if let Some(b'e' | b'E') = bytes.get(end) {
        let sign = bytes.get(end + 1).copied();
        let start = end + 1 + usize::from(matches!(sign, Some(b'+' | b'-')));
        end = digits_end(bytes, start);
        if end == start {
            return Err(TimeFault::NotANumber);
        }
        for digit in &bytes[start..end] {
            exponent = (exponent * 10 + i64::from(digit - b'0')).min(1_000_000_000_000);
        }
        if sign == Some(b'-') {
            exponent = -exponent;
        }
    }
    let digits = || whole.iter().chain(decimals).map(|digit| u64::from(digit - b'0'));
    if digits().all(|digit| digit == 0) {
        return Ok((Time::ZERO, end));
    }
    if negative {
        return Err(TimeFault::Negative);
    }
    // The mantissa's digits before this point are whole microseconds; the digit at it rounds.
    let point = whole.len() as i64 + exponent + 6;
    let mut micros: u64 = 0;
    let mut digits = digits();
    for _ in 0..point {
        let digit = match digits.next() {
            Some(digit) => digit,
            None if micros == 0 => break,
            None => 0,
        };
        micros = micros * 10 + digit;
        if micros > Time::MAX.0 {
            return Err(TimeFault::TooLarge);
        }
    }
    if point >= 0 && digits.next().is_some_and(|digit| digit >= 5) {
        micros += 1;
    }
    if micros > Time::MAX.0 { Err(TimeFault::TooLarge) } else { Ok((Time(micros), end)) }
}

fn write_whole(mut number: u64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

/// Appends the digits of `number`, starting with the place value `highest` (a power of ten).
fn write_decimals(number: u64, mut highest: u64, out: &mut Vec<u8>) {
    while highest > 0 {
        out.push(b'0' + (number / highest % 10) as u8);
        highest /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seconds(time: Time) -> String {
        let mut out = Vec::new();
        time.write_seconds(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn messages_show_only_as_many_decimals_as_it_takes() {
        let shown = |micros| Time(micros).to_string();
        assert_eq!([0, 3_000_000, 75_250_000, 1].map(shown), ["0", "3", "75.25", "0.000001"]);
    }

    #[test]
    fn every_form_of_a_number_is_read_to_the_microsecond() {
        for (text, micros) in [
            ("0", 0),
            ("-0.0", 0),
            ("7", 7_000_000),
            ("1.5", 1_500_000),
            ("0.248848", 248_848),
            ("1.0000005", 1_000_001),
            ("1.00000049999", 1_000_000),
            ("15e-1", 1_500_000),
            ("1.5E+2", 150_000_000),
            ("0.00015e4", 1_500_000),
            ("5e-7", 1),
            ("4e-7", 0),
            ("1e-400", 0),
            ("0e999999999999999999999", 0),
            ("000.1", u64::MAX),
            ("999999999999", 999_999_999_999_000_000),
        ] {
            let expected = if micros == u64::MAX { Err(TimeFault::NotANumber) } else { Ok(Time(micros)) };
            assert_eq!(Time::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn invalid_times_are_distinguished_by_reason() {
        for text in ["", "-", ".5", "1.", "1.e3", "01", "+1", "1e", "1e+", "NaN", "Infinity", "0x10", "1 "] {
            assert_eq!(Time::parse(text), Err(TimeFault::NotANumber), "{text}");
        }
        for text in ["-1", "-0.000001", "-1e-300"] {
            assert_eq!(Time::parse(text), Err(TimeFault::Negative), "{text}");
        }
        for text in ["1e400", "1000000000001", "99999999999999999999999", "1e999999999999999999"] {
            assert_eq!(Time::parse(text), Err(TimeFault::TooLarge), "{text}");
        }
    }

    #[test]
    fn seconds_are_written_with_six_decimals_and_short_ones_with_three() {
        assert_eq!(seconds(Time(0)), "0.000000");
        assert_eq!(seconds(Time(12_000_345)), "12.000345");
        let mut out = Vec::new();
        Time(86_000).write_short_seconds(&mut out);
        out.push(b' ');
        Time(86_001).write_short_seconds(&mut out);
        assert_eq!(out, b"0.086 0.086001");
    }

    #[test]
    fn times_round_to_the_nearest_unit() {
        let milliseconds = |micros| Time(micros).rounded_to(Time(1000)).as_micros();
        assert_eq!([milliseconds(499), milliseconds(500), milliseconds(1499)], [0, 1000, 1000]);
    }

    proptest! {
        #[test]
        fn a_number_is_read_as_serde_json_reads_it(text in "-?(0|[1-9][0-9]{0,9})(\\.[0-9]{1,9})?([eE][+-]?[0-9]{1,2})?") {
            let float: f64 = serde_json::from_str(&text).unwrap();
            match Time::parse(&text) {
                Ok(time) => {
                    let micros = float * 1e6;
                    let off = (time.as_micros() as f64 - micros).abs();
                    prop_assert!(off <= 0.500001 + micros.abs() * 1e-15, "{} is {}", text, time.as_micros());
                }
                Err(TimeFault::Negative) => prop_assert!(float < 0.0),
                Err(TimeFault::TooLarge) => prop_assert!(float > 0.99e12),
                Err(TimeFault::NotANumber) => prop_assert!(false, "{} is a number", text),
            }
        }

        #[test]
        fn no_input_panics_and_what_serde_json_rejects_is_rejected(text in "[-+.eE0-9]{0,12}") {
            if serde_json::from_str::<serde_json::Number>(&text).is_err() && !text.contains(['e', 'E']) {
                prop_assert!(Time::parse(&text).is_err(), "{}", text);
            }
        }

        #[test]
        fn a_written_time_reads_back_unchanged(micros in 0..Time::MAX.0) {
            prop_assert_eq!(Time::parse(&seconds(Time(micros))), Ok(Time(micros)));
        }
    }
}
