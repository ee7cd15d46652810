//! Dates, in Coordinated Universal Time.

/// A Unix time as `YYYY-MM-DD HH:MM:SS UTC`. `None` outside of the years 1 to 9999.
pub fn utc(seconds: i64) -> Option<String> {
    if !(-62_135_596_800..253_402_300_800).contains(&seconds) {
        return None;
    }
    let (mut days, seconds) = (seconds.div_euclid(86_400) + 719_162, seconds.rem_euclid(86_400));
    // Days since the first of January of the year 1, in the calendar that repeats every 400 years.
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
    Some(format!("{year:04}-{month:02}-{:02} {hour:02}:{minute:02}:{second:02} UTC", days + 1))
}

#[cfg(test)]
mod tests {
    use super::utc;

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
        }
    }
}
