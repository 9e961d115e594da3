//! Time to the microsecond: instants, calendar dates and times without a zone, durations.
//!
//! The calendar is the proleptic Gregorian one. An Instant or DateTime is a number of microseconds since 1970, a Date a
//! number of days; all lie between the years -9999 and 9999, which arithmetic checks ([`crate::Fault::Overflow`]). Only the step
//! between an Instant and a zone's calendar needs the time-zone database, which is part of the program: the same answer on
//! every machine.

mod calendar;
mod notation;
mod zone;

pub use calendar::{
    DATE_MAX, DATE_MIN, DATE_TIME_MAX, DATE_TIME_MIN, DAY, INSTANT_MAX, INSTANT_MIN, add_duration, check_date,
    check_date_time, check_instant, compose, date_from_parts, day_of_year, days_in_month, days_plus, is_leap_year,
    iso_week, month_end, month_start, months_between, months_plus, split, time_from_parts, weekday, year_month_day,
    year_start,
};
pub use notation::{
    parse_date, parse_date_time, parse_duration, parse_instant, parse_time, write_date, write_date_time,
    write_duration, write_duration_literal, write_instant, write_time,
};
pub(crate) use notation::{render_date, render_date_time, render_duration, render_instant, render_time};
pub use zone::{UnknownZone, Zone};
