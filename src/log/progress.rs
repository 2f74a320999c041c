//! What a person sees while it runs: a bar on a terminal, plain lines elsewhere. Everything goes to standard error.

use super::{Event, Format, Verbosity};
use crate::visible::visible;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::Duration;

/// Where the events of a run go.
pub struct Log {
    verbosity: Verbosity,
    /// Absent where nobody could see it move.
    bar: Option<ProgressBar>,
}

impl Log {
    /// Starts at none done of no images.
    pub fn new(_format: Format, verbosity: Verbosity) -> Self {
        let bar = ProgressBar::new(0);
        let visible = verbosity > Verbosity::Quiet && std::io::stderr().is_terminal() && !bar.is_hidden();
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} images  {per_sec}  {eta} left  {wide_msg}");
        let bar = visible.then(|| {
            bar.enable_steady_tick(Duration::from_millis(250));
            match style {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            }
        });
        Self { verbosity, bar }
    }

    /// Tells an event.
    pub fn tell(&self, event: &Event) {
        let normal = self.verbosity >= Verbosity::Normal;
        match event {
            Event::RunStarted { files, .. } => {
                if let Some(bar) = &self.bar {
                    bar.set_length(*files as u64);
                }
            }
            Event::ImageStarted { image } => {
                if let Some(bar) = &self.bar {
                    bar.set_message(visible(image));
                }
            }
            Event::ImageDone { image, accepted, border, rejected, seconds, stages, .. } => {
                self.step();
                if normal && (self.bar.is_none() || self.verbosity >= Verbosity::Verbose) {
                    let stages: Vec<String> =
                        stages.iter().map(|(name, seconds)| format!("{name} {seconds:.2}")).collect();
                    self.print(&format!(
                        "{image}: {accepted} accepted, {border} border, {rejected} rejected; {seconds:.2} s ({})",
                        stages.join(", ")
                    ));
                }
            }
            Event::ImageKept { .. } => self.step(),
            Event::ImageFailed { path, cause, .. } => {
                self.step();
                self.print(&format!("error: {path}: {cause}"));
            }
            Event::Warning { image, warning } if normal => match image {
                Some(image) => self.print(&format!("warning: {image}: {warning}")),
                None => self.print(&format!("warning: {warning}")),
            },
            Event::RunFinished { line, .. } => {
                if let Some(bar) = &self.bar {
                    bar.finish_and_clear();
                }
                if normal {
                    self.print(line);
                }
            }
            Event::Warning { .. } | Event::Reporting { .. } => {}
        }
    }

    fn step(&self) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }

    fn print(&self, line: &str) {
        let line = visible(line);
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{line}")),
            None => eprintln!("{line}"),
        }
    }
}
