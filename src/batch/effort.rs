//! How many images are worked on at once, and what they may take.

use super::usage::{Usage, memory_bytes};
use crate::results::record::EffortRecord;
use std::time::Instant;

/// Images in work at once, at most, where nothing else is said: more would only take memory.
const JOBS_MAX: usize = 8;
/// Share of the memory that may be taken where nothing else is said.
const MEMORY_SHARE: u64 = 2;
/// The same where nobody knows how much there is, bytes.
const MEMORY_UNKNOWN_BYTES: u64 = 4 << 30;

/// How much is done at once.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Images in work at once.
    pub jobs: usize,
    /// Memory that they may take, all together, bytes.
    pub memory_bytes: u64,
}

impl Effort {
    /// What was asked for; otherwise an image for every two threads and two more, so that what takes a single thread, or waits
    /// for the disk, goes on beside the others' computing (two images kept two cores busy for 84 % of the time, three for
    /// more than 90 %), and half of the memory that there is.
    pub fn new(jobs: Option<usize>, memory_bytes_max: Option<u64>) -> Self {
        let threads = rayon::current_num_threads();
        let jobs = jobs.unwrap_or(if threads == 1 { 1 } else { (threads / 2 + 2).min(JOBS_MAX) });
        let of_machine = || memory_bytes().map_or(MEMORY_UNKNOWN_BYTES, |bytes| bytes / MEMORY_SHARE);
        Self { jobs, memory_bytes: memory_bytes_max.unwrap_or_else(of_machine) }
    }
}

/// Looks at the clock from the beginning of a run.
pub struct Watched {
    begun: Instant,
    before: Option<Usage>,
}

impl Watched {
    pub fn start() -> Self {
        Self { begun: Instant::now(), before: Usage::now() }
    }

    /// What the run took so far.
    ///
    /// * `images`: those that were analysed.
    pub fn record(&self, effort: &Effort, images: usize) -> EffortRecord {
        let (seconds, threads) = (self.begun.elapsed().as_secs_f64(), rayon::current_num_threads());
        let now = Usage::now();
        let cpu = now.zip(self.before).map(|(now, before)| (now.cpu - before.cpu).as_secs_f64());
        EffortRecord {
            jobs: effort.jobs,
            threads,
            instructions: crate::widest::Level::current().name().into(),
            memory_limit_bytes: effort.memory_bytes,
            memory_peak_bytes: now.map(|now| now.peak_bytes),
            images_analysed: images,
            seconds,
            images_per_second: images as f64 / seconds,
            cpu_seconds: cpu,
            busy_share: cpu.map(|cpu| cpu / (seconds * threads as f64)),
        }
    }
}

/// Reads an amount of memory such as `1.5GiB`, `800 MB` or `4G`.
///
/// # Errors
/// What is wrong and how it is written.
pub fn parse_bytes(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = unit.trim_start().to_lowercase();
    let power = |base: f64, letter: &str| {
        ["k", "m", "g", "t"].iter().position(|l| *l == letter).map(|i| base.powi(i as i32 + 1))
    };
    let factor = match unit.as_str() {
        "b" => Some(1.0),
        unit => unit
            .strip_suffix("ib")
            .map(|letter| power(1024.0, letter))
            .or_else(|| unit.strip_suffix('b').map(|letter| power(1000.0, letter)))
            .unwrap_or_else(|| power(1024.0, unit)),
    };
    let bytes = number.parse::<f64>().ok().zip(factor).map(|(number, factor)| number * factor);
    match bytes.filter(|bytes| (1.0..1e18).contains(bytes)) {
        Some(bytes) => Ok(bytes as u64),
        None => Err(format!("'{text}' is no amount of memory: write a number with its unit, such as 1.5GiB or 800MB")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_with_its_unit() {
        for (text, bytes) in [
            ("1.5GiB", 3 << 29),
            ("800 MB", 800_000_000),
            ("4G", 4 << 30),
            ("2k", 2048),
            ("77b", 77),
            ("1TB", 1_000_000_000_000),
        ] {
            assert_eq!(parse_bytes(text), Ok(bytes), "{text}");
        }
        for bad in ["", "5", "GiB", "-1GiB", "0MB", "1.2.3GB", "4 eggs", "1e3MB", "iB", "9999999TB"] {
            assert!(parse_bytes(bad).unwrap_err().contains(bad), "{bad}");
        }
    }

    #[test]
    fn what_was_asked_for_is_taken() {
        let effort = Effort::new(Some(7), Some(5));
        assert_eq!((effort.jobs, effort.memory_bytes), (7, 5));
        let effort = Effort::new(None, None);
        assert!((1..=JOBS_MAX).contains(&effort.jobs) && effort.memory_bytes > 1 << 20);
    }
}
