//! Dates, in Coordinated Universal Time.

/// A Unix time as `YYYY-MM-DD HH:MM:SS UTC`. `None` outside the years 1 to 9999.
pub fn utc(seconds: i64) -> Option<String> {
    iso(seconds).map(|text| text + " UTC")
}

/// A Unix time as `YYYY-MM-DD HH:MM:SS`. `None` outside the years 1 to 9999.
pub fn iso(seconds: i64) -> Option<String> {
    if !(-62_135_596_800..253_402_300_800).contains(&seconds) {
        return None;
    }
    let (mut days, seconds) = (seconds.div_euclid(86_400) + 719_162, seconds.rem_euclid(86_400));
    // Days since January 1 of the year 1, in the calendar that repeats every 400 years.
    let leap = |year: i64| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let mut year = 1 + days / 146_097 * 400;
    days %= 146_097;
    while days >= 365 + i64::from(leap(year)) {
        days -= 365 + i64::from(leap(year));
        year += 1;
    }
    let mut month = 1;
    for length in [31, 28 + i64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    Some(format!("{year:04}-{month:02}-{:02} {hour:02}:{minute:02}:{second:02}", days + 1))
}

/// The Unix time of `YYYY-MM-DD HH:MM:SS`, optionally followed by an offset from UTC such as
/// `+01:00`; `None` for anything else.
pub fn parse_iso(text: &str) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| {
        let digits = text.get(range)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<i64>().ok()).flatten()
    };
    let is_mark = |at: usize, marks: &[u8]| text.as_bytes().get(at).is_some_and(|byte| marks.contains(byte));
    if ![(4, &b"-"[..]), (7, b"-"), (10, b" T"), (13, b":"), (16, b":")]
        .iter()
        .all(|(at, marks)| is_mark(*at, marks))
    {
        return None;
    }
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let time = number(11..13)? * 3600 + number(14..16)? * 60 + number(17..19)?;
    let distance = match text.as_bytes().get(19) {
        Some(sign @ (b'+' | b'-')) if is_mark(22, b":") => {
            let distance = number(20..22)? * 3600 + number(23..25)? * 60;
            if *sign == b'+' { distance } else { -distance }
        }
        _ => 0,
    };
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Years are counted from March, so that a leap day is the last day.
    let (years, months) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = years * 365 + years.div_euclid(4) - years.div_euclid(100) + years.div_euclid(400);
    Some((days + (153 * months + 2) / 5 + day - 1 - 719_468) * 86_400 + time - distance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_gregorian_calendar() {
        for (seconds, date) in [
            (0, Some("1970-01-01 00:00:00 UTC")),
            (-1, Some("1969-12-31 23:59:59 UTC")),
            (951_782_400, Some("2000-02-29 00:00:00 UTC")),
            (4_107_542_400, Some("2100-03-01 00:00:00 UTC")),
            (-62_135_596_800, Some("0001-01-01 00:00:00 UTC")),
            (253_402_300_799, Some("9999-12-31 23:59:59 UTC")),
            (253_402_300_800, None),
        ] {
            assert_eq!(utc(seconds).as_deref(), date);
            if let Some(date) = date {
                assert_eq!(parse_iso(date), Some(seconds));
            }
        }
    }

    #[test]
    fn dates_may_have_any_time_zone_and_invalid_ones_are_refused() {
        assert_eq!(parse_iso("1970-01-01T01:30:00+01:30"), Some(0));
        assert_eq!(parse_iso("1969-12-31 19:00:00-05:00"), Some(0));
        for text in
            ["", "1970-01-01", "1970-13-01 00:00:00", "Thu Jan  1 00:00:00 1970", "1970-01-01 00:00:0x"]
        {
            assert_eq!(parse_iso(text), None, "{text}");
        }
    }
}
