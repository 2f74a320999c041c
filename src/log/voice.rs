//! What of the events is told, and how: as JSON all of them, to people what they asked for.

use super::fold::Fold;
use super::json::{self, Tally};
use super::{Event, Format, Verbosity, stderr, text};
use crate::visible::visible;
use indicatif::ProgressBar;
use std::io::Write;

/// So many images with the same warning are named.
const WARNINGS_SHOWN: usize = 3;
/// So many images that failed for the same reason are named; all of them are in `failed.csv`.
const FAILURES_SHOWN: usize = 20;

pub(super) struct Voice {
    format: Format,
    verbosity: Verbosity,
    out: Box<dyn Write + Send>,
    /// Absent where nobody could see it move.
    bar: Option<ProgressBar>,
    warnings: Fold,
    failures: Fold,
    /// In this run.
    has_told_failure: bool,
}

impl Voice {
    pub fn new(format: Format, verbosity: Verbosity, out: Box<dyn Write + Send>, bar: Option<ProgressBar>) -> Self {
        let (warnings, failures) = (Fold::new(WARNINGS_SHOWN), Fold::new(FAILURES_SHOWN));
        Self { format, verbosity, out, bar, warnings, failures, has_told_failure: false }
    }

    /// Tells an event. The tally goes with the end of a run.
    pub fn tell(&mut self, event: &Event, tally: Option<Tally>) {
        if self.format == Format::Json {
            stderr::put(&mut self.out, &json::line(event, tally));
        } else if self.takes(event) {
            text::read(event).iter().for_each(|line| self.print(line));
        }
    }

    /// Whether people are told.
    fn takes(&mut self, event: &Event) -> bool {
        let is_verbose = self.verbosity >= Verbosity::Verbose;
        match event {
            Event::Error { .. } => true,
            Event::ImageFailed { cause, .. } => {
                self.has_told_failure = true;
                is_verbose || self.failures.takes(cause)
            }
            // The failures may be those of an earlier run, and where all is quiet the exit code needs a reason.
            Event::RunFinished { exit_code: 1.., .. } if !self.has_told_failure => true,
            _ if self.verbosity < Verbosity::Normal => false,
            Event::Warning { image: Some(_), warning } => is_verbose || self.warnings.takes(warning),
            Event::Warning { .. } | Event::RunFinished { .. } => true,
            // The bar shows it.
            Event::Heartbeat { .. } => self.bar.is_none(),
            Event::RunStarted { .. }
            | Event::ImageStarted { .. }
            | Event::ImageDone { .. }
            | Event::DeviceDone { .. }
            | Event::ImageKept { .. }
            | Event::Reporting { .. } => is_verbose,
        }
    }

    /// Begins a run.
    pub fn begin(&mut self) {
        self.has_told_failure = false;
        if let Some(bar) = &self.bar {
            bar.reset();
        }
    }

    /// Brings the bar up to date with a heartbeat.
    pub fn draw(&self, event: &Event) {
        let (Some(bar), Event::Heartbeat { images_done, images_total, .. }) = (&self.bar, event) else { return };
        bar.set_length(images_total.unwrap_or(*images_done) as u64);
        bar.set_position(*images_done as u64);
        bar.set_message(visible(&text::read(event).unwrap_or_default()));
    }

    /// Ends a run: takes the bar away and tells what was only counted.
    pub fn end(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        for line in self.warnings.end() {
            self.print(&format!("warning: {line}"));
        }
        for line in self.failures.end() {
            self.print(&format!("error: {line}"));
        }
    }

    fn print(&mut self, line: &str) {
        let line = visible(line);
        let out = &mut self.out;
        match &self.bar {
            Some(bar) => bar.suspend(|| stderr::put(out, &line)),
            None => stderr::put(out, &line),
        }
    }
}
