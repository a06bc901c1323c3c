//! Times as people write and read them: lifetimes such as `7d`, dates, local clock times.

use std::time::Duration;

use jiff::{
    Timestamp, Zoned,
    civil::{Date, Time},
    fmt::rfc2822,
    tz::TimeZone,
};

use share_client::send::Lifetime;
use share_format::quote::quoted;

use crate::{
    error::{Error, Result},
    i18n::fl,
};

/// Reads `30s`, `5m`, `12h`, `7d` or `2w`.
pub fn duration(text: &str) -> Result<Duration> {
    parse_duration(text).ok_or_else(|| Error::usage(fl!("time-not-a-duration", text = quoted(text))))
}

/// Reads how long a share is to live: a duration; or the last day on which it can be fetched (`2026-12-24`,
/// `24-12-2026`), or a time on it (`2026-12-24 17:00`), by calendar and clock of this place unless it says of which
/// (`2026-12-24T17:00:00Z`).
pub fn lifetime(text: &str) -> Result<Lifetime> {
    let refused = |message| Error::usage(message).hint(fl!("time-not-a-lifetime-hint"));
    let over = || refused(fl!("time-not-a-lifetime", text = quoted(text)));
    if let Some(duration) = parse_duration(text) {
        let seconds = Some(duration.as_secs()).filter(|seconds| *seconds > 0);
        return seconds.map(Lifetime::For).ok_or_else(over);
    }
    let end = end_of(text.trim(), TimeZone::system());
    let end = end.ok_or_else(|| refused(fl!("time-not-understood", text = quoted(text))))?;
    u64::try_from(end.as_second()).map(Lifetime::Until).map_err(|_| over())
}

/// Reads when something is to end, and gives how long that is from now: a duration (`6h`), the next time that the clock
/// shows this (`06:30`), or a time as [`lifetime`] reads it.
pub fn until(text: &str) -> Result<Duration> {
    let now = Timestamp::now();
    let end = match (parse_duration(text), clock_time(text.trim())) {
        (Some(duration), _) => return Ok(duration),
        (None, Some(time)) => next(time, &now.to_zoned(TimeZone::system())),
        (None, None) => end_of(text.trim(), TimeZone::system()),
    };
    let end = end.ok_or_else(|| Error::usage(fl!("time-not-a-deadline", text = quoted(text))))?;
    Ok(Duration::try_from(end.duration_since(now)).unwrap_or_default())
}

/// When a clock next shows this time.
fn next(time: Time, now: &Zoned) -> Option<Timestamp> {
    let on = |day: Date| Some(day.to_datetime(time).to_zoned(now.time_zone().clone()).ok()?.timestamp());
    on(now.date()).filter(|today| *today > now.timestamp()).or_else(|| on(now.date().tomorrow().ok()?))
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

/// A time, or the end of a day, by the clock on the wall unless it says of which clock.
fn end_of(text: &str, zone: TimeZone) -> Option<Timestamp> {
    let (day, time) = match text.split_once(['T', 't', ' ']) {
        None => (date(text)?.tomorrow().ok()?, Time::midnight()),
        Some((day, time)) => match (date(day), clock_time(time.trim())) {
            (Some(day), Some(time)) => (day, time),
            _ => return text.parse().ok(),
        },
    };
    Some(day.to_datetime(time).to_zoned(zone).ok()?.timestamp())
}

/// Reads `2026-12-24`, or `24-12-2026` as the Dutch write it.
fn date(text: &str) -> Option<Date> {
    let parts: Vec<&str> = text.split('-').collect();
    let [first, month, last] = parts[..] else { return None };
    let (year, day) = if first.len() == 4 { (first, last) } else { (last, first) };
    let number = |text: &str, digits: usize| {
        let plain = (1..=digits).contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_digit());
        text.parse::<i16>().ok().filter(|_| plain)
    };
    let (month, day) = (i8::try_from(number(month, 2)?).ok()?, i8::try_from(number(day, 2)?).ok()?);
    Date::new(number(year, 4).filter(|_| year.len() == 4)?, month, day).ok()
}

/// Reads `17:00` or `17:00:30`.
fn clock_time(text: &str) -> Option<Time> {
    let plain = text.contains(':') && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
    text.parse().ok().filter(|_| plain)
}

/// A duration as [`duration`] reads it, in the largest unit that fits: `30d`.
pub fn lifetime_text(seconds: u64) -> String {
    const UNITS: [(&str, u64); 4] = [("w", 7 * 24 * 3600), ("d", 24 * 3600), ("h", 3600), ("m", 60)];
    let fitting = UNITS.iter().find(|(_, length)| seconds != 0 && seconds.is_multiple_of(*length));
    fitting.map_or_else(|| format!("{seconds}s"), |(unit, length)| format!("{}{unit}", seconds / length))
}

/// `2026-12-24 16:30`, by the clock on the wall.
pub fn local(seconds: u64) -> String {
    match timestamp(seconds) {
        Some(time) => time.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string(),
        None => seconds.to_string(),
    }
}

/// As the header of an e-mail has it (RFC 5322): `Thu, 24 Dec 2026 16:30:00 +0100`.
pub fn rfc5322(seconds: u64) -> String {
    let told = timestamp(seconds).and_then(|time| rfc2822::to_string(&time.to_zoned(TimeZone::system())).ok());
    told.unwrap_or_else(|| seconds.to_string())
}

/// How long something took: `12.3 s`, `5 min 3 s`, `26 h 0 min 40 s`.
pub fn elapsed(seconds: f64) -> String {
    // Whatever is no number took no time.
    let seconds = seconds.max(0.0);
    let whole = seconds as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, _) => format!("{seconds:.1} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, seconds) => format!("{hours} h {minutes} min {seconds} s"),
    }
}

/// RFC 3339 in UTC, for programs. A time after the year 9999, which has no such form, becomes the last one that has.
pub fn rfc3339(seconds: u64) -> String {
    let last = || Timestamp::from_second(Timestamp::MAX.as_second()).expect("its own second is in range");
    timestamp(seconds).unwrap_or_else(last).to_string()
}

/// The seconds since 1970 of a time that [`rfc3339`] wrote.
pub fn seconds(text: &str) -> Option<u64> {
    text.parse::<Timestamp>().ok()?.as_second().try_into().ok()
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
    fn how_long_something_took() {
        for (seconds, told) in [
            (0.0, "0.0 s"),
            (12.34, "12.3 s"),
            (303.9, "5 min 3 s"),
            (93_640.0, "26 h 0 min 40 s"),
            (-1.0, "0.0 s"),
            (f64::NAN, "0.0 s"),
        ] {
            assert_eq!(elapsed(seconds), told);
        }
    }

    #[test]
    fn a_share_lives_for_a_time_or_to_a_time_or_to_the_end_of_a_day() {
        let amsterdam = || TimeZone::get("Europe/Amsterdam").unwrap();
        let told = |text| end_of(text, amsterdam()).map(|end| end.to_string());
        for (text, end) in [
            ("2026-12-24", "2026-12-24T23:00:00Z"),
            ("24-12-2026", "2026-12-24T23:00:00Z"),
            ("1-7-2026", "2026-07-01T22:00:00Z"),
            ("2026-12-24 17:00", "2026-12-24T16:00:00Z"),
            ("2026-12-24T17:00:30", "2026-12-24T16:00:30Z"),
            ("24-12-2026 17:00", "2026-12-24T16:00:00Z"),
            ("2026-07-24 17:00", "2026-07-24T15:00:00Z"),
            ("2026-12-24T17:00:00Z", "2026-12-24T17:00:00Z"),
            ("2026-12-24 17:00:00-05:00", "2026-12-24T22:00:00Z"),
        ] {
            assert_eq!(told(text).as_deref(), Some(end), "{text}");
        }
        for wrong in [
            "",
            "tomorrow",
            "17:00",
            "24-12-26",
            "12/24/2026",
            "2026-13-24",
            "30-02-2026",
            "2026-12-24 25:00",
            "2026-12-24 17",
            "2026-12-24 5 pm",
            "2026-+2-24",
            "20261224",
            "2026-12",
        ] {
            assert_eq!(told(wrong), None, "{wrong}");
        }
        assert_eq!(lifetime("7d").unwrap(), Lifetime::For(7 * 86_400));
        assert!(matches!(lifetime("2026-12-24 17:00").unwrap(), Lifetime::Until(_)));
        for (wrong, sentence) in [
            ("0d", "is not a time to come"),
            ("20-07-1960", "is not a time to come"),
            ("24-12-26", "is not a time that"),
        ] {
            let error = lifetime(wrong).unwrap_err();
            assert!(error.to_string().contains(sentence), "{error}");
            assert!(error.next_step().is_some_and(|hint| hint.contains("24-12-2026")), "{error}");
        }
    }

    #[test]
    fn a_time_from_a_hostile_relay_is_still_a_time_for_programs() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(u64::MAX), "9999-12-30T22:00:00Z");
        assert_eq!(local(u64::MAX), u64::MAX.to_string());
    }
}
