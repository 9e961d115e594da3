//! How times are written: RFC 3339 and ISO 8601, strictly. Readers accept fractions of a second of up to nine digits and
//! cut what is finer than a microsecond; writers leave trailing zeros away. Years outside 0 to 9999 carry a sign and six
//! digits, as ISO 8601 has it.

use crate::ascii::Ascii;

use super::calendar::{
    DAY, check_date_time, check_instant, compose, date_from_parts, split, time_from_parts, year_month_day,
};

/// A cursor over the text; every step either consumes what it names or fails.
struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Reader<'a> {
        Reader { bytes: text.as_bytes() }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.first().copied()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.bytes = &self.bytes[1..])
    }

    /// Exactly `count` digits.
    fn digits(&mut self, count: usize) -> Option<i64> {
        let digits = self.bytes.get(..count)?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        self.bytes = &self.bytes[count..];
        Some(digits.iter().fold(0, |n, d| n * 10 + i64::from(d - b'0')))
    }

    /// One or more digits that fit.
    fn number(&mut self) -> Option<i64> {
        let count = self.bytes.iter().take_while(|b| b.is_ascii_digit()).count();
        (1..=18).contains(&count).then(|| self.digits(count)).flatten()
    }

    /// The digits after a point, in microseconds; nothing if there is no point.
    fn fraction(&mut self) -> Option<i64> {
        if self.take(b'.').is_none() {
            return Some(0);
        }
        let count = self.bytes.iter().take_while(|b| b.is_ascii_digit()).count();
        if !(1..=9).contains(&count) {
            return None;
        }
        let kept = count.min(6);
        let value = self.digits(kept)? * 10i64.pow(6 - kept as u32);
        self.digits(count - kept)?;
        Some(value)
    }

    fn date(&mut self) -> Option<i32> {
        let year = match self.peek()? {
            sign @ (b'+' | b'-') => {
                self.take(sign)?;
                let year = self.digits(6)?;
                if sign == b'-' && year == 0 {
                    return None;
                }
                if sign == b'-' { -year } else { year }
            }
            _ => self.digits(4)?,
        };
        self.take(b'-')?;
        let month = self.digits(2)?;
        self.take(b'-')?;
        date_from_parts(year, month, self.digits(2)?)
    }

    fn time(&mut self) -> Option<i64> {
        let hour = self.digits(2)?;
        self.take(b':')?;
        let minute = self.digits(2)?;
        if self.take(b':').is_none() {
            return time_from_parts(hour, minute, 0, 0);
        }
        let second = self.digits(2)?;
        time_from_parts(hour, minute, second, self.fraction()?)
    }

    fn end<T>(self, value: T) -> Option<T> {
        self.bytes.is_empty().then_some(value)
    }
}

/// Reads `2026-11-20`.
pub fn parse_date(text: &str) -> Option<i32> {
    let mut reader = Reader::new(text);
    let date = reader.date()?;
    reader.end(date)
}

/// Reads `08:00`, `08:00:30`, `08:00:30.25`.
pub fn parse_time(text: &str) -> Option<i64> {
    let mut reader = Reader::new(text);
    let time = reader.time()?;
    reader.end(time)
}

/// Reads `2026-11-20T10:00:00`, without an offset.
pub fn parse_date_time(text: &str) -> Option<i64> {
    let mut reader = Reader::new(text);
    let date = reader.date()?;
    reader.take(b'T').or_else(|| reader.take(b't'))?;
    let time = reader.time()?;
    reader.end(compose(date, time))
}

/// Reads `2026-11-20T10:00:00Z` or with an offset, `2026-11-20T11:00:00+01:00`.
pub fn parse_instant(text: &str) -> Option<i64> {
    let mut reader = Reader::new(text);
    let date = reader.date()?;
    reader.take(b'T').or_else(|| reader.take(b't'))?;
    let time = reader.time()?;
    let offset = match reader.peek()? {
        b'Z' | b'z' => {
            reader.bytes = &reader.bytes[1..];
            0
        }
        sign @ (b'+' | b'-') => {
            reader.take(sign)?;
            let hours = reader.digits(2)?;
            reader.take(b':')?;
            let offset = time_from_parts(hours, reader.digits(2)?, 0, 0)?;
            if sign == b'-' { -offset } else { offset }
        }
        _ => return None,
    };
    let local = check_date_time(compose(date, time)).ok()?;
    reader.end(check_instant(local - offset).ok()?)
}

/// Reads `P1DT2H30M5.25S`, `PT15M`, `P2W`, with a sign before it for a negative one. Years and months have no fixed
/// length and are refused.
pub fn parse_duration(text: &str) -> Option<i64> {
    let mut reader = Reader::new(text);
    let negative = reader.take(b'-').is_some();
    if !negative {
        // A plus is allowed and says nothing.
        let _ = reader.take(b'+');
    }
    reader.take(b'P')?;
    let mut total: i128 = 0;
    let mut last = 0;
    let mut in_time = false;
    let mut parts = 0;
    while let Some(next) = reader.peek() {
        if next == b'T' && !in_time {
            reader.take(b'T')?;
            in_time = true;
            // Something must follow the T.
            reader.peek()?;
            continue;
        }
        let number = reader.number()?;
        let fraction = reader.peek() == Some(b'.');
        let micros = reader.fraction()?;
        let unit = reader.peek()?;
        let (order, length) = match (in_time, unit) {
            (false, b'W') => (1, 7 * DAY),
            (false, b'D') => (2, DAY),
            (true, b'H') => (3, 3_600_000_000),
            (true, b'M') => (4, 60_000_000),
            (true, b'S') => (5, 1_000_000),
            _ => return None,
        };
        if order <= last || fraction && unit != b'S' {
            return None;
        }
        reader.take(unit)?;
        last = order;
        parts += 1;
        total += i128::from(number) * i128::from(length) + i128::from(micros);
    }
    if parts == 0 {
        return None;
    }
    i64::try_from(if negative { -total } else { total }).ok()
}

/// A fraction of a second, without trailing zeros.
fn fraction(out: &mut Ascii, micros: u64) {
    if micros == 0 {
        return;
    }
    out.push(b'.');
    let (mut digits, mut width) = (micros, 6);
    while digits % 10 == 0 {
        digits /= 10;
        width -= 1;
    }
    out.digits(digits, width);
}

/// Writes `2026-11-20`.
pub fn write_date(out: &mut String, date: i32) {
    out.push_str(render_date(date).as_str());
}

/// Writes `08:00:30.25`.
pub fn write_time(out: &mut String, time: i64) {
    out.push_str(render_time(time).as_str());
}

/// Writes `2026-11-20T10:00:00`.
pub fn write_date_time(out: &mut String, date_time: i64) {
    out.push_str(render_date_time(date_time).as_str());
}

/// Writes `2026-11-20T10:00:00Z`.
pub fn write_instant(out: &mut String, instant: i64) {
    out.push_str(render_instant(instant).as_str());
}

/// Writes `P1DT2H30M5.25S`; nothing is `PT0S`.
pub fn write_duration(out: &mut String, duration: i64) {
    out.push_str(render_duration(duration).as_str());
}

fn put_date(out: &mut Ascii, date: i32) {
    let (year, month, day) = year_month_day(date);
    if (0..=9999).contains(&year) {
        out.digits(u64::from(year.unsigned_abs()), 4);
    } else {
        out.push(if year < 0 { b'-' } else { b'+' });
        out.digits(u64::from(year.unsigned_abs()), 6);
    }
    out.push(b'-');
    out.digits(u64::from(month), 2);
    out.push(b'-');
    out.digits(u64::from(day), 2);
}

fn put_time(out: &mut Ascii, time: i64) {
    // Only a bug makes a negative time of day.
    let time = time.max(0) as u64;
    let seconds = time / 1_000_000;
    out.digits(seconds / 3600, 2);
    out.push(b':');
    out.digits(seconds / 60 % 60, 2);
    out.push(b':');
    out.digits(seconds % 60, 2);
    fraction(out, time % 1_000_000);
}

pub(crate) fn render_date(date: i32) -> Ascii {
    let mut out = Ascii::new();
    put_date(&mut out, date);
    out
}

pub(crate) fn render_time(time: i64) -> Ascii {
    let mut out = Ascii::new();
    put_time(&mut out, time);
    out
}

pub(crate) fn render_date_time(date_time: i64) -> Ascii {
    let (date, time) = split(date_time);
    let mut out = render_date(date);
    out.push(b'T');
    put_time(&mut out, time);
    out
}

pub(crate) fn render_instant(instant: i64) -> Ascii {
    let mut out = render_date_time(instant);
    out.push(b'Z');
    out
}

pub(crate) fn render_duration(duration: i64) -> Ascii {
    let mut out = Ascii::new();
    if duration < 0 {
        out.push(b'-');
    }
    out.push(b'P');
    let magnitude = duration.unsigned_abs();
    let (days, rest) = (magnitude / DAY as u64, magnitude % DAY as u64);
    if days > 0 {
        out.digits(days, 1);
        out.push(b'D');
        if rest == 0 {
            return out;
        }
    }
    out.push(b'T');
    let (seconds, micros) = (rest / 1_000_000, rest % 1_000_000);
    for (count, unit) in [(seconds / 3600, b'H'), (seconds / 60 % 60, b'M')] {
        if count > 0 {
            out.digits(count, 1);
            out.push(unit);
        }
    }
    if seconds % 60 > 0 || micros > 0 || rest == 0 {
        out.digits(seconds % 60, 1);
        fraction(&mut out, micros);
        out.push(b'S');
    }
    out
}

/// Writes a duration as programs do: `1h30min`, `30d`, `200ms`; nothing is `0s`. What is finer than a millisecond is
/// written as a fraction of one.
pub fn write_duration_literal(out: &mut String, duration: i64) {
    let mut text = Ascii::new();
    if duration < 0 {
        text.push(b'-');
    }
    let mut rest = duration.unsigned_abs();
    for (length, unit) in [(DAY as u64, "d"), (3_600_000_000, "h"), (60_000_000, "min"), (1_000_000, "s")] {
        let count = rest / length;
        rest %= length;
        if count > 0 || duration == 0 && unit == "s" {
            text.digits(count, 1);
            text.push_all(unit.as_bytes());
        }
    }
    if rest > 0 {
        text.digits(rest / 1000, 1);
        fraction(&mut text, rest % 1000 * 1000);
        text.push_all(b"ms");
    }
    out.push_str(text.as_str());
}

#[cfg(test)]
mod tests {
    use super::super::calendar::{DATE_MAX, DATE_MIN, INSTANT_MAX, INSTANT_MIN};
    use super::*;
    use proptest::prelude::*;

    fn text(write: impl Fn(&mut String)) -> String {
        let mut out = String::new();
        write(&mut out);
        out
    }

    #[test]
    fn instants() {
        let instant = parse_instant("2026-11-20T10:00:00Z").unwrap();
        assert_eq!(parse_instant("2026-11-20T11:30:00.000+01:30"), Some(instant));
        assert_eq!(parse_instant("2026-11-20t10:00:00z"), Some(instant));
        assert_eq!(parse_instant("2026-11-20T10:00:00.123456789Z"), Some(instant + 123_456));
        assert_eq!(text(|o| write_instant(o, instant + 120_000)), "2026-11-20T10:00:00.12Z");
        assert_eq!(text(|o| write_instant(o, -1)), "1969-12-31T23:59:59.999999Z");
        for bad in [
            "",
            "2026-11-20",
            "2026-11-20T10:00:00",
            "2026-11-20 10:00:00Z",
            "2026-02-30T10:00:00Z",
            "2026-11-20T24:00:00Z",
            "2026-11-20T10:00:60Z",
            "2026-11-20T10:00:00.Z",
            "2026-11-20T10:00:00+1:00",
            "2026-11-20T10:00:00+01:00[Europe/Oslo]",
            "-000000-01-01T00:00:00Z",
            "2026-11-20T10:00:00Zx",
            "2026-1١-20T10:00:00Z",
        ] {
            assert_eq!(parse_instant(bad), None, "{bad}");
        }
        assert_eq!(parse_instant("-009999-01-01T00:00:00Z"), None);
    }

    #[test]
    fn durations() {
        for (written, micros) in [
            ("PT0S", 0),
            ("PT15M", 900_000_000),
            ("P30D", 30 * DAY),
            ("P1DT2H30M5.25S", DAY + 9_005_250_000),
            ("-PT0.000001S", -1),
            ("PT1H", 3_600_000_000),
        ] {
            assert_eq!(parse_duration(written), Some(micros), "{written}");
            assert_eq!(text(|o| write_duration(o, micros)), written);
        }
        assert_eq!(parse_duration("P2W"), Some(14 * DAY));
        assert_eq!(parse_duration("PT36H"), Some(DAY + DAY / 2));
        for bad in [
            "",
            "P",
            "PT",
            "P1Y",
            "P1M",
            "PT1S1M",
            "PT1.5M",
            "P1DT",
            "1h",
            "PT1",
            "PT99999999999999999S",
            "PTT1S",
            "--PT1S",
        ] {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
        for (written, micros) in
            [("0s", 0), ("1h30min", 5_400_000_000), ("200ms", 200_000), ("30d", 30 * DAY), ("-1s1.5ms", -1_001_500)]
        {
            assert_eq!(text(|o| write_duration_literal(o, micros)), written);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn texts_lead_back(instant in INSTANT_MIN..=INSTANT_MAX, date in DATE_MIN..=DATE_MAX, time in 0..DAY, duration: i64) {
            prop_assert_eq!(parse_instant(&text(|o| write_instant(o, instant))), Some(instant));
            prop_assert_eq!(parse_date_time(&text(|o| write_date_time(o, instant))), Some(instant));
            prop_assert_eq!(parse_date(&text(|o| write_date(o, date))), Some(date));
            prop_assert_eq!(parse_time(&text(|o| write_time(o, time))), Some(time));
            prop_assert_eq!(parse_duration(&text(|o| write_duration(o, duration))), Some(duration));
        }
        #[test]
        fn nothing_panics(instant: i64, date: i32, duration: i64, noise in "\\PC{0,30}") {
            text(|o| { write_instant(o, instant); write_date(o, date); write_time(o, instant); write_duration_literal(o, duration); });
            let _ = (parse_instant(&noise), parse_date(&noise), parse_time(&noise), parse_duration(&noise));
        }
    }
}
