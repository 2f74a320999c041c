//! What stands on top: what was analysed, the figures that matter, and what to be careful about.

use crate::purity::Sample;
use crate::report::page::Page;
use crate::report::page::survey::Survey;
use crate::report::page::table::{facts, warnings};
use crate::report::page::text::{UNKNOWN, count, escape, estimate, name, number, percent};
use crate::visible::visible;

/// Name of the sample and heading of the page.
pub fn header(page: &Page<'_>) -> String {
    let record = &page.run.record;
    let sample = page.sample.and_then(|sample| sample.name.as_deref()).filter(|name| !name.trim().is_empty());
    let date = record.started_utc.split('T').next().unwrap_or_default();
    format!(
        "<h1>{}</h1><p class=\"quiet\">Extracellular vesicles in electron micrographs · cupule {} · analysed {} on {}</p>",
        sample.map_or_else(|| "Sample without a name".into(), name),
        escape(&record.cupule_version),
        escape(&visible(date)),
        escape(&visible(&record.device.name)),
    )
}

/// Figures and warnings.
pub fn html(page: &Page<'_>, survey: &Survey) -> String {
    let summary = page.summary;
    let nm = |v: f64| number(v, 3);
    let d50 = summary.weighted.d50_nm;
    let interval = |low: Option<f64>, high: Option<f64>, show: &dyn Fn(f64) -> String| match (low, high) {
        (Some(low), Some(high)) => format!("95 % interval {} to {}", show(low), show(high)),
        _ => "too little to tell an interval".into(),
    };
    let (vesicles, border) = (page.population.accepted_count, page.population.border_count);
    let (size, size_more) = match d50 {
        Some(d50) => (format!("{} nm", nm(d50.value)), interval(d50.low, d50.high, &|v| format!("{} nm", nm(v)))),
        None => (UNKNOWN.into(), "no particle has a size in nanometres".into()),
    };
    let (fraction, fraction_more) = match &page.purity.number_fraction {
        Some(fraction) => (
            percent(fraction.left_out.value),
            format!(
                "{}; {} to {} with the unresolved. Clutter that is not outlined makes it too high",
                interval(fraction.left_out.low, fraction.left_out.high, &percent),
                percent(fraction.as_other),
                percent(fraction.as_ev_like)
            ),
        ),
        None => (UNKNOWN.into(), "nothing was found to be counted".into()),
    };
    let figures = [
        (
            "Vesicles (whole in the picture)",
            count(vesicles),
            format!("and {} cut off, which are outlined but not sized", count(border)),
        ),
        ("Median diameter, D50 (weighted)", size, size_more),
        ("EV-like fraction by number", fraction, fraction_more),
    ];
    let figures: String = figures
        .iter()
        .map(|(name, value, more)| {
            format!(
                "<div><dt>{name}</dt><dd><span class=\"big\">{}</span><br><small>{}</small></dd></div>",
                escape(value),
                escape(more)
            )
        })
        .collect();
    let mut all = survey.warnings.lines();
    all.extend(summary.warnings.iter().chain(&page.purity.warnings).cloned());
    all.extend(people(survey));
    let mut seen = std::collections::HashSet::new();
    all.retain(|warning| seen.insert(warning.clone()));
    format!(
        "<dl class=\"figures\">{figures}</dl>{}{}<p class=\"quiet\">{} Diameters are area-equivalent and of dried vesicles. \
         EV-like says what a particle looks like: microscopy cannot prove where it comes from.</p>",
        warnings("To be careful about", &all),
        facts(&about(page, survey)),
        escape(&visible(&page.purity.statement)),
    )
}

/// That people took part.
fn people(survey: &Survey) -> Option<String> {
    let n = survey.decided_count;
    (n > 0).then(|| format!("People decided about {} particles; see 'Rejected candidates and decisions'.", count(n)))
}

/// What was analysed.
fn about(page: &Page<'_>, survey: &Survey) -> Vec<(&'static str, String)> {
    let images = survey.image_count;
    let summary = page.summary;
    let mut lines: Vec<(&str, String)> = declared(page.sample);
    lines.push((
        "Images",
        match survey.failed_count {
            0 => count(images),
            failed => format!("{}, of which {} failed (see below)", count(images), count(failed)),
        },
    ));
    lines.push(("Pixel size", escape(&survey.pixel_sizes.text())));
    if summary.area_um2 > 0.0 {
        lines.push(("Area seen", format!("{} µm²", number(summary.area_um2, 3))));
        let per_um2 = estimate(summary.per_um2, |v| number(v, 3));
        lines.push(("Vesicles per µm²", escape(&per_um2)));
    }
    if let Some(cups) = summary.cup_share {
        lines.push(("Cup-shaped", escape(&estimate(Some(cups), percent))));
    }
    lines
}

/// What the user says about the sample, the part that a reader needs first.
fn declared(sample: Option<&Sample>) -> Vec<(&'static str, String)> {
    let Some(sample) = sample else { return Vec::new() };
    let kv = sample.microscope.kv.map(|kv| format!("{kv} kV"));
    let lines = [
        ("Source", &sample.source),
        ("Isolation", &sample.isolation.method),
        ("Stain", &sample.preparation.stain),
        ("Microscope", &sample.microscope.model),
        ("Voltage", &kv),
    ];
    lines.into_iter().filter_map(|(what, text)| text.as_deref().map(|text| (what, name(text)))).collect()
}
