//! Times as people write and read them: lifetimes such as `7d`, dates, local clock times.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{
    error::{Error, Result},
    i18n::fl,
    quote::quoted,
};

/// Reads `30s`, `5m`, `12h`, `7d` or `2w`.
pub fn duration(text: &str) -> Result<Duration> {
    parse_duration(text).ok_or_else(|| Error::usage(fl!("time-not-a-duration", text = quoted(text))))
}

/// How long a share is to live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// For so many seconds.
    For(u64),
    /// Until then, in seconds since 1970.
    Until(u64),
}

impl Lifetime {
    /// Reads a duration, or the last day on which it can be fetched (`2026-12-24`), by the calendar of this place.
    pub fn read(text: &str) -> Result<Self> {
        let duration = parse_duration(text).filter(|duration| !duration.is_zero());
        let found = duration.map(|duration| Self::For(duration.as_secs()));
        found.or_else(|| end_of(text, TimeZone::system()).map(Self::Until)).ok_or_else(|| {
            Error::usage(fl!("time-not-a-lifetime", text = quoted(text))).hint(fl!("time-not-a-lifetime-hint"))
        })
    }
}

fn parse_duration(text: &str) -> Option<Duration> {
    let unit = text.chars().last()?;
    let seconds: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 24 * 3600,
        'w' => 7 * 24 * 3600,
        _ => return None,
    };
    let count: u64 = text.strip_suffix(unit)?.parse().ok()?;
    Some(Duration::from_secs(count.checked_mul(seconds)?))
}

/// The end of a day by the clock on the wall, in seconds since 1970.
fn end_of(text: &str, zone: TimeZone) -> Option<u64> {
    let date: Date = text.parse().ok()?;
    let end = date.tomorrow().ok()?.to_zoned(zone).ok()?;
    u64::try_from(end.timestamp().as_second()).ok()
}

/// A duration as [`duration`] reads it, in the largest unit that fits: `30d`.
pub fn lifetime_text(seconds: u64) -> String {
    const UNITS: [(&str, u64); 4] = [("w", 7 * 24 * 3600), ("d", 24 * 3600), ("h", 3600), ("m", 60)];
    let fitting = UNITS.iter().find(|(_, length)| seconds != 0 && seconds.is_multiple_of(*length));
    fitting.map_or_else(|| format!("{seconds}s"), |(unit, length)| format!("{}{unit}", seconds / length))
}

/// Seconds since 1970 by this computer's clock.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// `2026-12-24 16:30`, by the clock on the wall.
pub fn local(seconds: u64) -> String {
    match timestamp(seconds) {
        Some(time) => time.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string(),
        None => seconds.to_string(),
    }
}

/// RFC 3339 in UTC, for programs.
pub fn rfc3339(seconds: u64) -> String {
    timestamp(seconds).map_or_else(|| seconds.to_string(), |time| time.to_string())
}

/// `None` beyond the year 9999: a relay may send any number.
fn timestamp(seconds: u64) -> Option<Timestamp> {
    Timestamp::from_second(i64::try_from(seconds).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(parse_duration("90s"), Some(Duration::from_secs(90)));
        assert_eq!(parse_duration("2w"), Some(Duration::from_secs(14 * 86_400)));
        for wrong in ["", "7", "d", "-1d", "1.5h", "7 d", "7é", "99999999999999999999d", "999999999999999999w"] {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_lifetime_is_written_as_it_is_read() {
        for text in ["30d", "2w", "12h", "90m", "7s", "0s"] {
            assert_eq!(lifetime_text(parse_duration(text).unwrap().as_secs()), text);
        }
    }

    #[test]
    fn a_share_lives_for_a_time_or_to_the_end_of_a_day() {
        let end = |text| end_of(text, TimeZone::UTC);
        let seconds = |text: &str| text.parse::<Timestamp>().unwrap().as_second() as u64;
        assert_eq!(end("2026-12-23"), Some(seconds("2026-12-24T00:00:00Z")));
        assert_eq!(end("24-12-2026"), None);
        assert_eq!(end("1960-07-20"), None);
        assert_eq!(Lifetime::read("7d").unwrap(), Lifetime::For(7 * 86_400));
        assert!(Lifetime::read("0d").is_err());
    }

    #[test]
    fn a_time_from_a_hostile_relay_is_only_text() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(u64::MAX), u64::MAX.to_string());
        assert_eq!(local(u64::MAX), u64::MAX.to_string());
    }
}
