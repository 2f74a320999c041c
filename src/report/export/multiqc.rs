//! `cupule_*mqc.json`: the run as one sample of a MultiQC report, which finds the files by their names.
//!
//! Lines of the table of all samples, the distribution of diameters, and a bar of what was counted. Source: the custom
//! content of MultiQC's documentation; lines are lists of `[x, y]`, because JSON objects keep no order.

use crate::atomic::remove_file;
use crate::atomic::write_json;
use crate::error::Result;
use crate::purity::{Purity, Sample};
use crate::results::Run;
use crate::statistics::{Density, Population, Summary};
use serde_json::{Map, Value, json};
use std::path::Path;

pub(in crate::report) const GENERAL: &str = "cupule_mqc.json";
pub(in crate::report) const SIZES: &str = "cupule_size_mqc.json";
pub(in crate::report) const CLASSES: &str = "cupule_purity_mqc.json";

/// Points of the line of diameters, each a step apart in its logarithm.
const POINTS: usize = 100;
/// How far the line runs beyond the smallest and the largest particle, in bandwidths.
const TAIL: f64 = 2.0;
/// Significant digits of a point's coordinates.
const DIGITS: i32 = 6;

/// Writes the files, those that have something to show; removes the others.
pub(in crate::report) fn write(
    run: &Run,
    population: &Population,
    summary: &Summary,
    purity: &Purity,
    sample: Option<&Sample>,
) -> Result<()> {
    let name = sample_name(&run.dir, sample);
    let files = [
        (GENERAL, Some(general(&name, summary, purity))),
        (SIZES, sizes(&name, population)),
        (CLASSES, classes(&name, purity)),
    ];
    for (file, content) in files {
        let path = run.dir.join(file);
        match content {
            Some(content) => write_json(&path, &content)?,
            None => remove_file(&path)?,
        }
    }
    Ok(())
}

/// Removes the files.
pub(in crate::report) fn remove_all(run: &Path) -> Result<()> {
    [GENERAL, SIZES, CLASSES].iter().try_for_each(|file| remove_file(&run.join(file)))
}

/// What the user calls the sample, else the folder's name. MultiQC puts names into its page as they are: what could be read
/// as a tag, or as nothing at all, is replaced.
fn sample_name(dir: &Path, sample: Option<&Sample>) -> String {
    let folder = || {
        // A folder such as `.` has a name too.
        let whole = dir.canonicalize().ok();
        whole.as_deref().unwrap_or(dir).file_name().map(|name| name.to_string_lossy().into_owned())
    };
    let name = sample.and_then(|sample| sample.name.clone()).or_else(folder).unwrap_or_else(|| "cupule".into());
    let is_odd = |c: char| c.is_control() || "<>&\"'`\\/".contains(c) || is_invisible(c);
    name.chars().map(|c| if is_odd(c) { '_' } else { c }).collect()
}

/// Marks that turn the direction of writing or have no width.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A section of the report: several samples with the same `id` are drawn into one plot.
fn section(id: &str, title: &str, description: &str, plot: &str, config: Value, data: Value) -> Value {
    json!({
        "id": id,
        "parent_id": "cupule",
        "parent_name": "Cupule",
        "parent_description": "EV-like particles in transmission electron micrographs.",
        "section_name": title,
        "description": description,
        "plot_type": plot,
        "pconfig": config,
        "data": data,
    })
}

/// One column of the table of all samples.
struct Column {
    key: &'static str,
    title: &'static str,
    description: &'static str,
    format: &'static str,
    suffix: &'static str,
    value: Option<f64>,
}

fn general(name: &str, summary: &Summary, purity: &Purity) -> Value {
    let fraction = purity.number_fraction;
    let percent = |share: f64| 100.0 * share;
    let columns = [
        Column {
            key: "cupule_d50_nm",
            title: "D50",
            description: "Median diameter of whole EV-like particles, number-weighted, corrected for the frame",
            format: "{:,.1f}",
            suffix: " nm",
            value: summary.weighted.d50_nm.map(|d50| d50.value),
        },
        Column {
            key: "cupule_count",
            title: "EV-like",
            description: "EV-like particles that are whole in the picture and in the statistics of sizes",
            format: "{:,.0f}",
            suffix: "",
            value: Some(summary.count as f64),
        },
        Column {
            key: "cupule_ev_like_percent",
            title: "EV-like",
            description: "EV-like particles over EV-like and other particles, by number, the unresolved left out",
            format: "{:,.1f}",
            suffix: " %",
            value: fraction.map(|f| percent(f.left_out.value)),
        },
        Column {
            key: "cupule_ev_like_low_percent",
            title: "EV-like, at least",
            description: "The same with the unresolved taken for other particles",
            format: "{:,.1f}",
            suffix: " %",
            value: fraction.map(|f| percent(f.as_other)),
        },
    ];
    let header = |c: &Column| {
        let about = json!({ "title": c.title, "description": c.description, "format": c.format, "suffix": c.suffix,
                            "namespace": "Cupule", "min": 0 });
        json!({ c.key: about })
    };
    let values: Map<String, Value> = columns.iter().filter_map(|c| Some((c.key.into(), json!(c.value?)))).collect();
    json!({
        "id": "cupule_general",
        "plot_type": "generalstats",
        "pconfig": columns.iter().map(header).collect::<Vec<_>>(),
        "data": { name: values },
    })
}

fn sizes(name: &str, population: &Population) -> Option<Value> {
    let diameters = &population.diameters_nm;
    let density = Density::new(diameters, &population.weights)?;
    let (low, high) = (libm::log(*diameters.first()?), libm::log(*diameters.last()?));
    let (from, to) = (low - TAIL * density.bandwidth, high + TAIL * density.bandwidth);
    let points: Vec<[f64; 2]> = (0..=POINTS)
        .map(|i| libm::exp(from + (to - from) * i as f64 / POINTS as f64))
        .map(|diameter| [brief(diameter), brief(density.per_nm(diameter))])
        .collect();
    let config = json!({ "id": "cupule_size_plot", "title": "Cupule: diameters", "xlab": "Diameter (nm)",
                         "ylab": "Share of the particles per nm", "xmin": 0, "ymin": 0 });
    let about = "Density of the area-equivalent diameters of whole EV-like particles, number-weighted, corrected for the frame.";
    Some(section("cupule_size", "Diameters", about, "linegraph", config, json!({ name: points })))
}

fn classes(name: &str, purity: &Purity) -> Option<Value> {
    let counts: Map<String, Value> =
        purity.classes.iter().map(|tally| (tally.class.name().replace('_', " "), json!(tally.count))).collect();
    if counts.is_empty() {
        return None;
    }
    let config = json!({ "id": "cupule_purity_plot", "title": "Cupule: what was counted", "ylab": "Whole particles" });
    let about = "EV-like (vesicle, cup shaped vesicle) and other things that are whole in the picture. The shape of a vesicle \
                 does not prove where it comes from.";
    Some(section("cupule_purity", "What was counted", about, "bargraph", config, json!({ name: counts })))
}

/// A number of a plot: more digits would only make the file longer.
fn brief(value: f64) -> f64 {
    let digits = (DIGITS - 1 - libm::log10(value.abs().max(f64::MIN_POSITIVE)).floor() as i32).clamp(0, 15);
    let scale = 10f64.powi(digits);
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_can_do_no_harm_in_a_page() {
        let called = |name: &str| Sample { name: Some(name.into()), ..Sample::default() };
        let name = |text: &str| sample_name(Path::new("/nowhere/run-7"), Some(&called(text)));
        assert_eq!(name("<img src=x onerror=alert(1)>"), "_img src=x onerror=alert(1)_");
        assert_eq!(name("a\nb\u{202e}c\u{200b}d"), "a_b_c_d");
        assert_eq!(name("plasma µ, day 3"), "plasma µ, day 3");
        assert_eq!(sample_name(Path::new("/nowhere/run-7"), None), "run-7");
    }

    #[test]
    fn brief_numbers_keep_six_digits() {
        assert_eq!([brief(123.456_789), brief(0.001_234_567_8), brief(0.0)], [123.457, 0.001_234_57, 0.0]);
    }
}
