//! Time zones: the step between an Instant and a place's calendar.
//!
//! Only the bundled database is read. A local time that does not exist (clocks go forward) is moved later by the gap; one
//! that exists twice (clocks go back) is the earlier: what RFC 5545 says.

use std::sync::OnceLock;

use jiff::civil;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::calendar::{check_instant, compose, date_from_parts, split, time_from_parts, year_month_day};
use crate::fault::Fault;

/// A time zone of the database, such as `Europe/Oslo`.
#[derive(Clone, Debug)]
pub struct Zone(TimeZone);

/// There is no time zone of this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownZone;

impl Zone {
    /// The zone that every Instant is written in.
    pub fn utc() -> Zone {
        Zone(TimeZone::UTC)
    }

    /// The zone of this name.
    pub fn named(name: &str) -> Result<Zone, UnknownZone> {
        if name == "UTC" {
            return Ok(Zone::utc());
        }
        // One database for the process, because it remembers the zones that it has read.
        static DATABASE: OnceLock<TimeZoneDatabase> = OnceLock::new();
        DATABASE.get_or_init(TimeZoneDatabase::bundled).get(name).map(Zone).map_err(|_| UnknownZone)
    }

    /// The zone's calendar at an instant, as a DateTime.
    pub fn date_time(&self, instant: i64) -> Result<i64, Fault> {
        if self.0 == TimeZone::UTC {
            return Ok(instant);
        }
        let timestamp = jiff::Timestamp::from_microsecond(instant).map_err(|_| Fault::Overflow)?;
        let local = self.0.to_datetime(timestamp);
        let date =
            date_from_parts(local.year().into(), local.month().into(), local.day().into()).ok_or(Fault::Overflow)?;
        let micros = i64::from(local.subsec_nanosecond() / 1000);
        let time = time_from_parts(local.hour().into(), local.minute().into(), local.second().into(), micros)
            .ok_or(Fault::Overflow)?;
        Ok(compose(date, time))
    }

    /// The instant at which the zone's calendar shows a DateTime.
    pub fn instant(&self, date_time: i64) -> Result<i64, Fault> {
        if self.0 == TimeZone::UTC {
            return check_instant(date_time);
        }
        let (date, time) = split(date_time);
        let (year, month, day) = year_month_day(date);
        let seconds = time / 1_000_000;
        let local = civil::DateTime::new(
            year as i16,
            month as i8,
            day as i8,
            (seconds / 3600) as i8,
            (seconds / 60 % 60) as i8,
            (seconds % 60) as i8,
            (time % 1_000_000 * 1000) as i32,
        )
        .map_err(|_| Fault::Overflow)?;
        let timestamp = self.0.to_timestamp(local).map_err(|_| Fault::Overflow)?;
        check_instant(timestamp.as_microsecond())
    }

    /// Microseconds that the zone is ahead of UTC at an instant.
    pub fn offset(&self, instant: i64) -> Result<i64, Fault> {
        Ok(self.date_time(instant)? - instant)
    }
}

#[cfg(test)]
mod tests {
    use super::super::notation::{parse_date_time, parse_instant};
    use super::*;

    #[test]
    fn oslo() {
        let oslo = Zone::named("Europe/Oslo").unwrap();
        let winter = parse_instant("2026-01-15T12:00:00Z").unwrap();
        assert_eq!(oslo.date_time(winter), Ok(parse_date_time("2026-01-15T13:00:00").unwrap()));
        assert_eq!(oslo.offset(winter), Ok(3_600_000_000));
        // Clocks go forward from 02:00 to 03:00 and back from 03:00 to 02:00.
        let gap = parse_date_time("2026-03-29T02:30:00").unwrap();
        assert_eq!(oslo.instant(gap), Ok(parse_instant("2026-03-29T01:30:00Z").unwrap()));
        let fold = parse_date_time("2026-10-25T02:30:00").unwrap();
        assert_eq!(oslo.instant(fold), Ok(parse_instant("2026-10-25T00:30:00Z").unwrap()));
        assert_eq!(Zone::named("Europe/Atlantis").unwrap_err(), UnknownZone);
    }

    #[test]
    fn the_ends_of_time() {
        use super::super::calendar::{INSTANT_MAX, INSTANT_MIN};
        for zone in ["Pacific/Kiritimati", "Pacific/Niue", "UTC"] {
            let zone = Zone::named(zone).unwrap();
            for instant in [INSTANT_MIN, INSTANT_MAX, 0] {
                let local = zone.date_time(instant).unwrap();
                assert_eq!(zone.instant(local), Ok(instant));
            }
            assert!(zone.instant(i64::MAX).is_err());
            assert!(zone.instant(i64::MIN).is_err());
        }
    }
}
