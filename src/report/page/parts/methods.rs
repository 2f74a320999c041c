//! How the results came about: device, configuration, command, files.

use crate::purity::Sample;
use crate::report::page::ledger::Ledger;
use crate::report::page::table::{Cell, facts, not_listed, table};
use crate::report::page::text::{UNKNOWN, count, escape, name, number};
use crate::results::record::InputRecord;
use crate::results::{RUN, Run};
use crate::visible::visible;

/// Everything needed to get the results again.
pub fn html(run: &Run, sample: Option<&Sample>, ledger: &Ledger) -> String {
    let record = &run.record;
    let device = &record.device;
    let command = record.command.iter().map(|part| quoted(&visible(part))).collect::<Vec<_>>().join(" ");
    let config = serde_json::to_string_pretty(&record.config).unwrap_or_default();
    let text = |text: &str| escape(&visible(text));
    let seconds = record.stages.iter().map(|s| vec![Cell::Text(visible(&s.name)), Cell::Number(number(s.seconds, 3))]);
    format!(
        "{}{}<h3>Command</h3><pre tabindex=\"0\" aria-label=\"Command line\">{}</pre>\
         <details><summary>Configuration</summary><pre tabindex=\"0\" aria-label=\"Configuration\">{}</pre></details>\
         <details><summary>Time by stage</summary>{}</details><details><summary>Input files and their checksums</summary>{}</details>",
        facts(&[
            ("Program", format!("cupule {}", text(&record.cupule_version))),
            ("Started", text(&record.started_utc)),
            ("Finished", text(&record.finished_utc)),
            (
                "Computed by",
                format!(
                    "{} ({}, {}, driver {})",
                    text(&device.name),
                    text(&device.kind),
                    text(&device.backend),
                    text(&device.driver)
                ),
            ),
        ]),
        sample.map(declared).unwrap_or_default(),
        escape(&command),
        escape(&visible_lines(&config)),
        table(
            "Seconds in each stage, over all images",
            &[("Stage", false), ("Seconds", true)],
            &seconds.collect::<Vec<_>>()
        ),
        files(ledger),
    )
}

/// What the user says about the sample, in their own words.
fn declared(sample: &Sample) -> String {
    if sample.text.trim().is_empty() {
        return String::new();
    }
    format!(
        "<details><summary>The sample as declared (sample.toml)</summary><pre tabindex=\"0\" aria-label=\"The sample as declared\">{}</pre></details>",
        escape(&visible_lines(&sample.text))
    )
}

fn files(ledger: &Ledger) -> String {
    let row = |(number, input): &(usize, InputRecord)| {
        let bytes = input.bytes.and_then(|b| usize::try_from(b).ok());
        let sha256 = input.sha256.as_deref().unwrap_or(UNKNOWN);
        vec![
            Cell::Number(number.to_string()),
            Cell::Html(name(&input.image)),
            Cell::Text(visible(&input.status)),
            Cell::Number(bytes.map_or_else(|| UNKNOWN.into(), count)),
            Cell::Html(format!("<span class=\"code\">{}</span>", escape(&visible(sha256)))),
        ]
    };
    let rows: Vec<Vec<Cell>> = ledger.files.iter().map(row).collect();
    let headings = [("No.", true), ("Image", false), ("Status", false), ("Bytes", true), ("SHA-256", false)];
    table("Input files", &headings, &rows) + &not_listed(rows.len(), ledger.file_count, RUN)
}

/// [`visible`] line by line.
fn visible_lines(text: &str) -> String {
    text.lines().map(visible).collect::<Vec<_>>().join("\n")
}

/// An argument as a shell would have to be given it.
fn quoted(part: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%~".contains(c);
    if !part.is_empty() && part.chars().all(plain) { part.into() } else { format!("'{}'", part.replace('\'', "'\\''")) }
}
