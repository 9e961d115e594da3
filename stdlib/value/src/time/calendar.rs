//! Arithmetic of dates and times. The conversions between days and calendar dates follow the well-known algorithm over
//! 400-year eras: exact for every day within the bounds, without tables and loops.

use crate::fault::Fault;

/// Microseconds of a day.
pub const DAY: i64 = 86_400_000_000;
/// The first date: -9999-01-01.
pub const DATE_MIN: i32 = -4_371_587;
/// The last date: 9999-12-31.
pub const DATE_MAX: i32 = 2_932_896;
/// The first DateTime.
pub const DATE_TIME_MIN: i64 = DATE_MIN as i64 * DAY;
/// The last DateTime.
pub const DATE_TIME_MAX: i64 = DATE_MAX as i64 * DAY + DAY - 1;
/// The first Instant: two days above the first DateTime, so that every zone can show it.
pub const INSTANT_MIN: i64 = DATE_TIME_MIN + 2 * DAY;
/// The last Instant: two days below the last DateTime, so that every zone can show it.
pub const INSTANT_MAX: i64 = DATE_TIME_MAX - 2 * DAY;

/// The days since 1970-01-01 of a date that is known to exist.
const fn days(year: i64, month: u32, day: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march as i64 + 2) / 5 + day as i64 - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month (1 to 12) and day (1 to 31) of a date.
pub fn year_month_day(date: i32) -> (i32, u32, u32) {
    let days = i64::from(date) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * month_from_march + 2) / 5 + 1) as u32;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 } as u32;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year as i32, month, day)
}

/// Whether a year has a 29th of February.
pub fn is_leap_year(year: i64) -> bool {
    year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0)
}

/// The days of a month; 0 if there is no such month.
pub fn days_in_month(year: i64, month: i64) -> u32 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap_year(year) => 29,
        2 => 28,
        _ => 0,
    }
}

/// The date of a year, month and day, if there is one.
pub fn date_from_parts(year: i64, month: i64, day: i64) -> Option<i32> {
    if !(-9999..=9999).contains(&year) || day < 1 || day > i64::from(days_in_month(year, month)) {
        return None;
    }
    i32::try_from(days(year, month as u32, day as u32)).ok()
}

/// The time of day of an hour, minute, second and microsecond, if there is one.
pub fn time_from_parts(hour: i64, minute: i64, second: i64, microsecond: i64) -> Option<i64> {
    let within = (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..60).contains(&second)
        && (0..1_000_000).contains(&microsecond);
    within.then(|| ((hour * 60 + minute) * 60 + second) * 1_000_000 + microsecond)
}

/// The date and the time of day of a DateTime.
pub fn split(date_time: i64) -> (i32, i64) {
    // A DateTime outside its bounds (which only a bug can make) still has a date within i32.
    (date_time.div_euclid(DAY) as i32, date_time.rem_euclid(DAY))
}

/// The DateTime of a date and a time of day.
pub fn compose(date: i32, time: i64) -> i64 {
    i64::from(date) * DAY + time
}

/// The date, if it lies within the bounds.
pub fn check_date(days: i64) -> Result<i32, Fault> {
    if (i64::from(DATE_MIN)..=i64::from(DATE_MAX)).contains(&days) { Ok(days as i32) } else { Err(Fault::Overflow) }
}

/// The Instant, if it lies within the bounds.
pub fn check_instant(instant: i64) -> Result<i64, Fault> {
    if (INSTANT_MIN..=INSTANT_MAX).contains(&instant) { Ok(instant) } else { Err(Fault::Overflow) }
}

/// The DateTime, if it lies within the bounds.
pub fn check_date_time(date_time: i64) -> Result<i64, Fault> {
    if (DATE_TIME_MIN..=DATE_TIME_MAX).contains(&date_time) { Ok(date_time) } else { Err(Fault::Overflow) }
}

/// An Instant or a DateTime and a Duration; the caller checks the bounds of its type.
pub fn add_duration(at: i64, duration: i64) -> Result<i64, Fault> {
    at.checked_add(duration).ok_or(Fault::Overflow)
}

/// The date `n` days later.
pub fn days_plus(date: i32, n: i64) -> Result<i32, Fault> {
    check_date(i64::from(date).checked_add(n).ok_or(Fault::Overflow)?)
}

/// The date `n` months later; a day that the month does not have becomes its last day.
pub fn months_plus(date: i32, n: i64) -> Result<i32, Fault> {
    let (year, month, day) = year_month_day(date);
    let months = (i64::from(year) * 12 + i64::from(month) - 1).checked_add(n).ok_or(Fault::Overflow)?;
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
    let day = i64::from(day).min(i64::from(days_in_month(year, month)));
    date_from_parts(year, month, day).ok_or(Fault::Overflow)
}

/// Whole months from one date to another: the largest `n` with `months_plus(from, n) <= to` (the negative of the
/// opposite where `to` is before `from`).
pub fn months_between(from: i32, to: i32) -> i64 {
    if to < from {
        return -months_between(to, from);
    }
    let ((a, b, _), (c, d, _)) = (year_month_day(from), year_month_day(to));
    let months = i64::from(c - a) * 12 + i64::from(d) - i64::from(b);
    // The last step may reach past `to`.
    if months_plus(from, months).is_ok_and(|reached| reached <= to) { months } else { months - 1 }
}

/// The first day of the date's month.
pub fn month_start(date: i32) -> i32 {
    let (_, _, day) = year_month_day(date);
    date - day as i32 + 1
}

/// The last day of the date's month.
pub fn month_end(date: i32) -> i32 {
    let (year, month, day) = year_month_day(date);
    date + days_in_month(i64::from(year), i64::from(month)) as i32 - day as i32
}

/// The first day of the date's year.
pub fn year_start(date: i32) -> i32 {
    date - day_of_year(date) as i32 + 1
}

/// The day of the week: Monday is 1, Sunday is 7.
pub fn weekday(date: i32) -> i64 {
    // 1970-01-01 was a Thursday.
    (i64::from(date) + 3).rem_euclid(7) + 1
}

/// The day of the year, from 1.
pub fn day_of_year(date: i32) -> i64 {
    let (year, _, _) = year_month_day(date);
    i64::from(date) - days(i64::from(year), 1, 1) + 1
}

/// Year and week of ISO 8601: week 1 holds the year's first Thursday.
pub fn iso_week(date: i32) -> (i64, i64) {
    let thursday = i64::from(date) - weekday(date) + 4;
    let (year, _, _) = year_month_day(thursday as i32);
    (i64::from(year), (thursday - days(i64::from(year), 1, 1)) / 7 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn date(year: i64, month: i64, day: i64) -> i32 {
        date_from_parts(year, month, day).unwrap()
    }

    #[test]
    fn bounds() {
        assert_eq!(date(1970, 1, 1), 0);
        assert_eq!(date(-9999, 1, 1), DATE_MIN);
        assert_eq!(date(9999, 12, 31), DATE_MAX);
        assert_eq!(date_from_parts(10_000, 1, 1), None);
        assert_eq!(date_from_parts(2026, 2, 29), None);
        assert_eq!(date_from_parts(2026, 13, 1), None);
        assert_eq!(date_from_parts(2026, 1, 0), None);
        assert_eq!(days_plus(DATE_MAX, 1), Err(Fault::Overflow));
        assert_eq!(days_plus(0, i64::MAX), Err(Fault::Overflow));
        assert_eq!(months_plus(0, i64::MAX), Err(Fault::Overflow));
        assert_eq!(months_plus(DATE_MIN, -1), Err(Fault::Overflow));
    }

    #[test]
    fn months() {
        assert_eq!(months_plus(date(2024, 1, 31), 1), Ok(date(2024, 2, 29)));
        assert_eq!(months_plus(date(2024, 2, 29), 12), Ok(date(2025, 2, 28)));
        assert_eq!(months_plus(date(2024, 3, 31), -13), Ok(date(2023, 2, 28)));
        assert_eq!(month_start(date(2024, 2, 29)), date(2024, 2, 1));
        assert_eq!(month_end(date(2024, 2, 1)), date(2024, 2, 29));
        assert_eq!(year_start(date(2024, 12, 31)), date(2024, 1, 1));
        assert_eq!(months_between(date(2024, 1, 31), date(2024, 2, 29)), 1);
        assert_eq!(months_between(date(2024, 1, 15), date(2024, 3, 14)), 1);
        assert_eq!(months_between(date(2024, 3, 14), date(2024, 1, 15)), -1);
    }

    #[test]
    fn weeks() {
        assert_eq!(weekday(date(2026, 11, 21)), 6);
        assert_eq!(iso_week(date(2021, 1, 3)), (2020, 53));
        assert_eq!(iso_week(date(2024, 12, 30)), (2025, 1));
        assert_eq!(day_of_year(date(2024, 12, 31)), 366);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn agrees_with_another_calendar(days in DATE_MIN..=DATE_MAX) {
            let (year, month, day) = year_month_day(days);
            prop_assert_eq!(date_from_parts(year.into(), month.into(), day.into()), Some(days));
            let other = jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
            prop_assert_eq!((i32::from(other.year()), other.month() as u32, other.day() as u32), (year, month, day));
            prop_assert_eq!(i64::from(other.weekday().to_monday_one_offset()), weekday(days));
            let week = other.iso_week_date();
            prop_assert_eq!((i64::from(week.year()), i64::from(week.week())), iso_week(days));
        }
    }
}
