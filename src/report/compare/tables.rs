//! The comparison as text and as CSV.

use super::Comparison;
use super::figures::{FIGURES, FRACTION_NOTE, Figure};
use crate::error::Result;
use crate::report::csv::{Table, decimal, harmless};
use crate::report::page::text::estimate;
use crate::statistics::Estimate;
use crate::visible::visible;
use std::path::Path;

/// Columns of `compare.csv`: one row per run and figure, the difference from the first run where it was looked at.
const COLUMNS: [&str; 9] =
    ["run", "figure", "unit", "value", "low_95", "high_95", "difference", "difference_low_95", "difference_high_95"];

/// For a terminal.
pub fn text(comparison: &Comparison) -> String {
    let mut rows: Vec<Vec<String>> =
        vec![[String::new()].into_iter().chain(comparison.members.iter().map(|m| visible(&m.name))).collect()];
    for figure in &FIGURES {
        let cells = comparison.members.iter().map(|member| estimate((figure.get)(member), figure.show));
        rows.push([figure.title.to_owned()].into_iter().chain(cells).collect());
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        text += cells.collect::<Vec<_>>().join("  ").trim_end();
        text.push('\n');
    }
    text += "Figures with 95 % intervals; sizes are number-weighted and corrected for cut off particles.\n";
    text += FRACTION_NOTE;
    text += "\n\n";
    for contrast in &comparison.contrasts {
        text += &format!("{}\n{}\n", visible(&contrast.d50_verdict), visible(&contrast.ev_like_verdict));
    }
    text
}

pub(super) fn write_csv(path: &Path, comparison: &Comparison) -> Result<()> {
    let mut table = Table::create(path, COLUMNS.into_iter())?;
    let number = |value: Option<f64>| value.map(decimal).unwrap_or_default();
    for (at, member) in comparison.members.iter().enumerate() {
        let contrast = at.checked_sub(1).map(|i| &comparison.contrasts[i]);
        for figure in &FIGURES {
            let found = (figure.get)(member);
            let difference = contrast.and_then(|contrast| difference(contrast, figure));
            let parts = |e: Option<Estimate>| {
                [number(e.map(|e| e.value)), number(e.and_then(|e| e.low)), number(e.and_then(|e| e.high))]
            };
            let start = [harmless(member.name.clone()), figure.name.to_owned(), figure.unit.to_owned()];
            table.row(start.into_iter().chain(parts(found)).chain(parts(difference)))?;
        }
    }
    table.finish()
}

fn difference(contrast: &super::Contrast, figure: &Figure) -> Option<Estimate> {
    match figure.name {
        "d50_nm" => contrast.d50_nm,
        "ev_like_fraction" => contrast.ev_like_fraction,
        _ => None,
    }
}
