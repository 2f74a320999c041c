//! What a person sees while it runs: a bar on a terminal, plain lines elsewhere. Everything goes to standard error.

use crate::visible::visible;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::Duration;

/// How much to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Errors only.
    Quiet,
    /// Progress, warnings and a summary.
    Normal,
    /// Also a line per image with counts and times.
    Verbose,
}

/// Progress over a number of images.
pub struct Progress {
    verbosity: Verbosity,
    /// Absent where nobody could see it move.
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Starts at none of `total`.
    pub fn new(total: usize, verbosity: Verbosity) -> Self {
        let bar = ProgressBar::new(total as u64);
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

    /// Names the image that is being worked on.
    pub fn start(&self, image: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(visible(image));
        }
    }

    /// Counts an image as done; `line` is said unless a bar shows the same.
    pub fn done(&self, line: &str) {
        match &self.bar {
            Some(bar) => {
                bar.inc(1);
                if self.verbosity >= Verbosity::Verbose {
                    self.print(line);
                }
            }
            None if self.verbosity >= Verbosity::Normal => self.print(line),
            None => {}
        }
    }

    /// Something a person should know.
    pub fn warn(&self, line: &str) {
        if self.verbosity >= Verbosity::Normal {
            self.print(&format!("warning: {line}"));
        }
    }

    /// Counts an image as done that failed, and says why, however quiet it is meant to be.
    pub fn failed(&self, why: &str) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
        self.print(&format!("error: {why}"));
    }

    /// Takes the bar away and says how it ended.
    pub fn finish(&self, line: &str) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if self.verbosity >= Verbosity::Normal {
            self.print(line);
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
