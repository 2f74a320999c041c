//! `run.json`: what was done, with what, when.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

/// Everything needed to tell how the results came about and to get them again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    pub cupule_version: String,
    /// The command line, one argument per entry.
    pub command: Vec<String>,
    /// The resolved configuration: defaults, file and options together.
    pub config: serde_json::Value,
    pub device: DeviceRecord,
    /// Files beside the tables that the folder has, as `--export` names them.
    pub exports: Vec<String>,
    pub inputs: Vec<InputRecord>,
    /// Totals over all images, by what was counted.
    pub counts: BTreeMap<String, u64>,
    pub stages: Vec<StageRecord>,
    /// As [`utc`] writes it.
    pub started_utc: String,
    pub finished_utc: String,
    pub warnings: Vec<String>,
}

/// What computed the results.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DeviceRecord {
    pub name: String,
    /// Interface to it, e.g. `vulkan`; `native` for the processor.
    pub backend: String,
    pub driver: String,
    /// `discrete`, `integrated`, `virtual`, `cpu`...
    pub kind: String,
}

/// One input file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InputRecord {
    /// The image as the user named it.
    pub image: String,
    /// `None` when the file could not be read.
    pub sha256: Option<String>,
    pub bytes: Option<u64>,
    /// Folder of its results under `images/`.
    pub output: String,
    /// `ok` or `failed`, as in `images.csv`.
    pub status: String,
    /// What the analysis took.
    pub seconds: Option<f64>,
    /// The pixel size with everyone who said something about it; `None` when the image failed.
    pub scale: Option<serde_json::Value>,
}

impl InputRecord {
    /// Whether there are no results of it.
    pub fn is_failed(&self) -> bool {
        self.status == FAILED
    }

    /// The word for whether an image failed.
    pub fn status(is_failed: bool) -> &'static str {
        if is_failed { FAILED } else { "ok" }
    }
}

const FAILED: &str = "failed";

/// Time spent in one stage over all images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageRecord {
    pub name: String,
    pub seconds: f64,
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
