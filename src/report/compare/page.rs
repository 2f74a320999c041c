//! `compare.html`: the runs side by side, for people; no script, nothing from outside.

use super::figures::{FIGURES, FRACTION_NOTE};
use super::{Comparison, Member};
use crate::error::Result;
use crate::report::page::chart::{Axis, Chart, Key, Series};
use crate::report::page::document::{Document, Section};
use crate::report::page::table::{Cell, facts, table, warnings};
use crate::report::page::text::{UNKNOWN, count, escape, estimate, name, number, percent};
use crate::statistics::{Density, Estimate, Population};
use crate::visible::visible;
use std::path::Path;

/// Points of a smooth curve.
const POINTS: usize = 240;
/// Most steps that are drawn of a cumulative distribution.
const STEPS_MAX: usize = 600;
/// Letters of a name in a legend, and names in it, where there is little room: else runs go by their numbers.
const LETTERS_MAX: usize = 18;
const NAMES_MAX: usize = 2;

pub(super) fn write(path: &Path, comparison: &Comparison) -> Result<()> {
    let section = |id, title, html| Section { id, title, html };
    let sections = [
        section("verdict", "What differs", verdict(comparison)),
        section("sizes", "Size distributions", sizes(comparison)),
        section("figures", "Figures", figures(comparison)),
        section("runs", "The runs", runs(comparison)),
    ];
    let title = format!("{} runs compared", comparison.members.len());
    let names: Vec<String> = comparison.members.iter().map(|member| name(&member.name)).collect();
    let header = format!("<h1>{}</h1><p class=\"quiet\">{}</p>", escape(&title), names.join(" · "));
    let footer = format!(
        "Made by cupule {} from the results of the runs; compare.csv and compare.json beside this file hold all figures.",
        escape(env!("CARGO_PKG_VERSION"))
    );
    Document::new(&format!("{title} · cupule compare"), &header, &sections, &footer, "", "").write(path)
}

fn verdict(comparison: &Comparison) -> String {
    let lines: String = comparison
        .contrasts
        .iter()
        .flat_map(|contrast| [&contrast.d50_verdict, &contrast.ev_like_verdict])
        .map(|line| format!("<li>{}</li>", escape(&visible(line))))
        .collect();
    format!(
        "<ul>{lines}</ul>{}<p class=\"quiet\">Intervals hold the difference between the images of a run. That no \
         difference is shown does not mean that there is none: see how wide the interval is. EV-like says what a particle \
         looks like: microscopy cannot prove where it comes from.</p>",
        warnings("To be careful about", &comparison.warnings)
    )
}

/// What a run is called in a legend.
fn label(comparison: &Comparison, at: usize) -> String {
    let text = visible(&comparison.members[at].name);
    let is_short = text.chars().count() <= LETTERS_MAX && comparison.members.len() <= NAMES_MAX;
    if is_short { text } else { (at + 1).to_string() }
}

/// Which number is which run.
fn numbers(comparison: &Comparison) -> String {
    let one = |(i, member): (usize, &Member)| format!("{}: {}", i + 1, name(&member.name));
    comparison.members.iter().enumerate().map(one).collect::<Vec<_>>().join("; ")
}

fn sizes(comparison: &Comparison) -> String {
    let samples: Vec<&Population> = comparison.members.iter().map(|member| &member.population).collect();
    let largest = samples.iter().filter_map(|p| p.diameters_nm.last().copied()).fold(0.0, f64::max) * 1.02;
    if largest <= 0.0 {
        return "<p>No run has a particle with a size in nanometres.</p>".into();
    }
    format!(
        "<div class=\"charts\">{}{}{}{}</div>",
        densities(comparison, &samples, largest),
        cumulative(comparison, &samples, largest),
        intervals(
            comparison,
            "d50",
            "Median diameter, D50, nm",
            |m| m.summary.weighted.d50_nm,
            |v| format!("{} nm", number(v, 3)),
            1.0
        ),
        intervals(
            comparison,
            "ev-like",
            "EV-like fraction by number, %",
            |m| m.purity.number_fraction.map(|f| f.left_out),
            percent,
            100.0
        ),
    )
}

fn densities(comparison: &Comparison, samples: &[&Population], largest: f64) -> String {
    let at = |i: usize| largest * i as f64 / POINTS as f64;
    let curves: Vec<Vec<[f64; 2]>> = samples
        .iter()
        .map(|sample| {
            let density = Density::new(&sample.diameters_nm, &sample.weights);
            density.map_or_else(Vec::new, |f| (1..=POINTS).map(|i| [at(i), 100.0 * f.per_nm(at(i))]).collect())
        })
        .collect();
    let highest = curves.iter().flatten().map(|p| p[1]).fold(0.0, f64::max);
    let y = Axis::from_zero("Share of particles, % per nm", highest * 1.05);
    let description = "Kernel densities of the diameters of the runs, weighted, one line each.";
    let x = Axis::from_zero("Diameter, nm", largest);
    let mut chart = Chart::new("compare-density", "Size distributions of the runs", description, x, y);
    for (i, curve) in curves.iter().enumerate() {
        chart.line(curve, Series(i));
        chart.key(Series(i), Key::Line, &label(comparison, i));
    }
    let caption = "Kernel density on the logarithm of the diameter (Silverman's bandwidth).";
    format!("<figure>{}<figcaption>{caption} {}</figcaption></figure>", chart.svg(), numbers(comparison))
}

fn cumulative(comparison: &Comparison, samples: &[&Population], largest: f64) -> String {
    let y = Axis::linear("Share of particles below, %", 0.0, 100.0);
    let x = Axis::from_zero("Diameter, nm", largest);
    let description = "Cumulative number distributions of the diameters of the runs, weighted, one line each.";
    let mut chart = Chart::new("compare-cumulative", "Cumulative size distributions of the runs", description, x, y);
    for (i, sample) in samples.iter().enumerate() {
        let (d, weights) = (&sample.diameters_nm, &sample.weights);
        let (total, every) = (weights.iter().sum::<f64>(), d.len().div_ceil(STEPS_MAX).max(1));
        let mut sum = 0.0;
        let mut steps = vec![[0.0, 0.0]];
        for (at, (diameter, weight)) in d.iter().zip(weights).enumerate() {
            sum += weight;
            if (at + 1) % every == 0 || at + 1 == d.len() {
                steps.push([*diameter, 100.0 * sum / total]);
            }
        }
        if !d.is_empty() {
            chart.steps(&steps, Series(i));
        }
        chart.key(Series(i), Key::Line, &label(comparison, i));
    }
    let caption = "Share of the particles that are no larger.";
    format!("<figure>{}<figcaption>{caption} {}</figcaption></figure>", chart.svg(), numbers(comparison))
}

/// A figure of every run with its interval.
fn intervals(
    comparison: &Comparison,
    id: &str,
    title: &str,
    get: impl Fn(&Member) -> Option<Estimate>,
    show: impl Fn(f64) -> String,
    scale: f64,
) -> String {
    let found: Vec<Option<Estimate>> = comparison.members.iter().map(get).collect();
    let highest = found.iter().flatten().map(|e| scale * e.high.unwrap_or(e.value)).fold(0.0, f64::max);
    let names = comparison.members.iter().enumerate().map(|(i, _)| (i as f64, (i + 1).to_string())).collect();
    let words: Vec<String> = comparison
        .members
        .iter()
        .zip(&found)
        .map(|(member, e)| format!("{}: {}", visible(&member.name), estimate(*e, &show)))
        .collect();
    let x = Axis::linear("Run", -0.5, found.len() as f64 - 0.5).named(names);
    let mut chart = Chart::new(&format!("compare-{id}"), title, &words.join("; "), x, Axis::from_zero(title, highest));
    for (i, estimate) in found.iter().enumerate() {
        let Some(Estimate { value, low, high }) = *estimate else { continue };
        let x = i as f64;
        if let (Some(low), Some(high)) = (low, high) {
            chart.segment([x, scale * low], [x, scale * high], Series(i));
        }
        chart.points([[x, scale * value]], Series(i));
    }
    format!("<figure>{}<figcaption>With 95 % intervals. {}</figcaption></figure>", chart.svg(), numbers(comparison))
}

fn figures(comparison: &Comparison) -> String {
    let shown: Vec<String> = comparison.members.iter().map(|member| visible(&member.name)).collect();
    let headings: Vec<(&str, bool)> =
        [("Figure", false)].into_iter().chain(shown.iter().map(|name| (name.as_str(), true))).collect();
    let rows: Vec<Vec<Cell>> = FIGURES
        .iter()
        .map(|figure| {
            let cells = comparison.members.iter().map(|m| Cell::Number(estimate((figure.get)(m), figure.show)));
            [Cell::Text(figure.title.into())].into_iter().chain(cells).collect()
        })
        .collect();
    let caption =
        "Figures of the runs with 95 % intervals; sizes are number-weighted and corrected for cut off particles";
    format!("{}<p class=\"quiet\">{}</p>", table(caption, &headings, &rows), escape(FRACTION_NOTE))
}

fn runs(comparison: &Comparison) -> String {
    comparison
        .members
        .iter()
        .map(|member| {
            let record = &member.record;
            let sample = member.sample.as_ref().and_then(|sample| sample.name.as_deref());
            let lines = [
                ("Sample", sample.map_or_else(|| UNKNOWN.into(), name)),
                ("Images", count(member.image_count)),
                ("Version", escape(&visible(&record.cupule_version))),
                ("Analysed", escape(&visible(&record.started_utc))),
                ("Device", escape(&visible(&record.device.name))),
                ("Decisions of people", count(member.decision_count)),
            ];
            let mind: Vec<String> = member.summary.warnings.iter().chain(&member.purity.warnings).cloned().collect();
            format!("<h3>{}</h3>{}{}", name(&member.name), facts(&lines), warnings("To be careful about", &mind))
        })
        .collect()
}
