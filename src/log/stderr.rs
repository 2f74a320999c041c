//! Standard error as it is at night: perhaps closed, full, or a pipe that nobody reads any more.
//!
//! `eprintln!` panics there, so lines are written here and what becomes of them is not asked. Each goes out in one piece with
//! its end: several programs may share a file of logs.

use super::{Event, Format, json, text};
use crate::visible::visible;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write};

/// Tells a line to people.
pub fn line(text: &str) {
    put(&mut std::io::stderr(), &visible(text));
}

/// Tells the error that ends the program.
pub fn error(format: Format, error: &str, exit_code: u8) {
    let event = Event::Error { error, exit_code };
    match format {
        Format::Text => text::read(&event).iter().for_each(|text| line(text)),
        Format::Json => put(&mut std::io::stderr(), &json::line(&event, None)),
    }
}

/// Writes a line that is fit to be shown.
pub(super) fn put(out: &mut dyn Write, line: &str) {
    let _ = out.write_all(format!("{line}\n").as_bytes());
    let _ = out.flush();
}

/// A bar where a person can see it move: on a terminal that knows escape sequences (<https://no-color.org>).
pub(super) fn bar() -> Option<ProgressBar> {
    let is_plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let is_unknown = std::env::var_os("TERM").is_some_and(|value| value.is_empty());
    if is_plain || is_unknown || !std::io::stderr().is_terminal() {
        return None;
    }
    let bar = ProgressBar::new(0);
    // It hides itself where TERM says that the terminal is dumb.
    let style = ProgressStyle::with_template("{bar:20} {wide_msg}").ok()?;
    if bar.is_hidden() {
        return None;
    }
    let bar = bar.with_style(style);
    // Until a run begins.
    bar.finish_and_clear();
    Some(bar)
}
