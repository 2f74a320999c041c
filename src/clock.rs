//! What time it is, and what the record of a run says it is.
//!
//! `SOURCE_DATE_EPOCH`, seconds since 1970 (<https://reproducible-builds.org/specs/source-date-epoch/>), takes the place of
//! every time that is written into results, and durations are left out: the same run then gives the same bytes to the last
//! one.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The variable of the environment.
const VARIABLE: &str = "SOURCE_DATE_EPOCH";
/// 9999-12-31T23:59:59Z, the last second with a year of four digits, as the formats of times in results want it.
const LAST: u64 = 253_402_300_799;

/// The time that `SOURCE_DATE_EPOCH` asks for; what is wrong with it where it is no time.
static FIXED: LazyLock<Result<Option<SystemTime>, String>> = LazyLock::new(|| match std::env::var_os(VARIABLE) {
    None => Ok(None),
    Some(text) => match text.to_str().and_then(seconds) {
        Some(seconds) => Ok(Some(UNIX_EPOCH + Duration::from_secs(seconds))),
        None => Err(format!("{VARIABLE} is '{}', not a number of seconds from 0 to {LAST}", text.to_string_lossy())),
    },
});

/// Seconds since 1970 in decimal digits alone, as the specification has it.
fn seconds(text: &str) -> Option<u64> {
    let is_plain = text.bytes().all(|digit| digit.is_ascii_digit());
    text.parse().ok().filter(|seconds| is_plain && *seconds <= LAST)
}

fn fixed() -> Option<SystemTime> {
    FIXED.as_ref().ok().copied().flatten()
}

/// What is wrong with `SOURCE_DATE_EPOCH`: results with other times than the user believes would be worse than none.
pub fn fault() -> Option<&'static str> {
    FIXED.as_ref().err().map(String::as_str)
}

/// The time to write into results, as [`utc`] writes it.
pub fn now() -> String {
    utc(fixed().unwrap_or_else(SystemTime::now))
}

/// Seconds since `start` to write into results; `None` where all times are fixed.
pub fn seconds_since(start: Instant) -> Option<f64> {
    fixed().is_none().then(|| start.elapsed().as_secs_f64())
}

/// Whether durations are left out of results.
pub fn is_fixed() -> bool {
    fixed().is_some()
}

/// A time as `2026-11-23T14:59:28Z`, cut to whole seconds.
pub fn utc(time: SystemTime) -> String {
    const DAY: i64 = 86_400;
    let seconds = match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
        Err(before) => {
            let before = before.duration();
            -i64::try_from(before.as_secs() + u64::from(before.subsec_nanos() > 0)).unwrap_or(i64::MAX)
        }
    };
    let (year, month, day) = civil(seconds.div_euclid(DAY));
    let clock = seconds.rem_euclid(DAY);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", clock / 3600, clock / 60 % 60, clock % 60)
}

/// Year, month and day of a number of days since 1970-01-01, in the proleptic Gregorian calendar.
///
/// Years are counted from March, so that the leap day is the last day of a year and the lengths of the months before it
/// follow the line `(153 m + 2) / 5`; after H. Hinnant, "chrono-Compatible Low-Level Date Algorithms".
fn civil(days: i64) -> (i64, i64, i64) {
    const DAYS_IN_400_YEARS: i64 = 146_097;
    // Days from 0000-03-01 to 1970-01-01.
    let days = days + 719_468;
    let era = days.div_euclid(DAYS_IN_400_YEARS);
    let day_of_era = days.rem_euclid(DAYS_IN_400_YEARS);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    (400 * era + year_of_era + i64::from(month <= 2), month, day)
}
