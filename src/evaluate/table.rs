//! An evaluation as text for a terminal of 100 columns or so.

use super::calibration::Calibration;
use super::run::Evaluation;
use super::score::{Agreement, Figures};
use crate::visible::visible;
use std::fmt::Write;

/// Headings of the two tables behind the name; columns are as wide as their widest cell.
const FOUND: [&str; 9] = ["n", "matches", "precision", "recall", "F1", "F1 .50-.95", "Jaccard", "FP", "count error"];
const DIAMETERS: [&str; 6] = [
    "|error| median %",
    "error median %",
    "mean [95 % limits] %",
    "mean [95 % limits] px",
    "mean [95 % limits] nm",
    "coverage",
];

/// The tables by image (if wanted), by group and of all, and the calibration. An undefined figure is `-`.
pub fn table(evaluation: &Evaluation, per_image: bool) -> String {
    let images = evaluation.images.iter().filter(|_| per_image).map(|i| (i.image.as_str(), &i.figures));
    let groups = evaluation.groups.iter().map(|g| (g.group.as_str(), &g.figures));
    let rows: Vec<(&str, &Figures)> = images.chain(groups).chain([("ALL", &evaluation.all)]).collect();
    let mut text = format!("Found: matches share at least {} of the united area (IoU)\n", evaluation.iou_min);
    let cells = |cells: fn(&Figures) -> Vec<String>| {
        rows.iter().map(|(name, f)| std::iter::once(visible(name)).chain(cells(f)).collect()).collect::<Vec<_>>()
    };
    grid(&mut text, "", &FOUND, &cells(found));
    text.push_str("\nDiameters of the matches: prediction minus truth\n");
    grid(&mut text, "", &DIAMETERS, &cells(diameters));
    if let Some(calibration) = &evaluation.calibration {
        reliability(&mut text, calibration);
    }
    if !evaluation.missing_predictions.is_empty() {
        let _ = writeln!(text, "\nNo prediction for: {}", visible(&evaluation.missing_predictions.join(", ")));
    }
    text
}

fn found(f: &Figures) -> Vec<String> {
    let counts = f.counts;
    let share = |value: Option<f64>| number(value, 3);
    vec![
        (counts.matched + counts.missed).to_string(),
        counts.matched.to_string(),
        share(counts.precision()),
        share(counts.recall()),
        share(counts.f1()),
        share(f.f1_mean),
        share(f.jaccard),
        counts.extra.to_string(),
        format!("{:+}", counts.extra as i64 - counts.missed as i64),
    ]
}

fn diameters(f: &Figures) -> Vec<String> {
    vec![
        number(f.diameter_error_abs_median_pct, 2),
        signed(f.diameter_error_median_pct),
        agreement(f.agreement_pct),
        agreement(f.agreement_px),
        agreement(f.agreement_nm),
        number(f.diameter_coverage, 3),
    ]
}

fn reliability(text: &mut String, calibration: &Calibration) {
    let _ = writeln!(
        text,
        "\nConfidence of {} candidates: expected calibration error {}",
        calibration.candidate_count,
        number(calibration.confidence_error, 3)
    );
    let rows: Vec<Vec<String>> = calibration
        .bins
        .iter()
        .map(|bin| {
            let range = format!("{:.1} to {:.1}", bin.confidence_low, bin.confidence_high);
            vec![range, bin.candidate_count.to_string(), number(bin.confidence_mean, 3), number(bin.right_share, 3)]
        })
        .collect();
    grid(text, "confidence", &["n", "mean", "right"], &rows);
}

fn number(value: Option<f64>, decimals: usize) -> String {
    value.map_or("-".into(), |value| format!("{value:.decimals$}"))
}

fn signed(value: Option<f64>) -> String {
    value.map_or("-".into(), |value| format!("{value:+.2}"))
}

fn agreement(agreement: Option<Agreement>) -> String {
    let Some(Agreement { mean, limits }) = agreement else { return "-".into() };
    match limits {
        Some((low, high)) => format!("{mean:+.2} [{low:+.2}, {high:+.2}]"),
        None => format!("{mean:+.2} [-]"),
    }
}

/// Appends rows under their headings, the first column to the left and the others to the right.
fn grid(text: &mut String, first: &str, headings: &[&str], rows: &[Vec<String>]) {
    let heading: Vec<String> = std::iter::once(first).chain(headings.iter().copied()).map(Into::into).collect();
    let lines: Vec<&Vec<String>> = std::iter::once(&heading).chain(rows).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..heading.len()).map(width).collect();
    for line in &lines {
        let mut shown = format!("{:<1$}", line[0], widths[0]);
        for (cell, width) in line.iter().zip(&widths).skip(1) {
            let _ = write!(shown, "  {cell:>width$}");
        }
        let _ = writeln!(text, "{}", shown.trim_end());
    }
}
