//! How pure the isolation looks.

use crate::measure::Quality;
use crate::measure::quality::CROWDED_NM;
use crate::purity::{Assessed, Fraction, Item, Outside, Purity, Standing};
use crate::report::page::survey::Survey;
use crate::report::page::table::{Cell, Heading, not_listed, table, warnings};
use crate::report::page::text::{UNKNOWN, count, escape, estimate, maybe, name, number, percent};
use crate::visible::visible;

/// Classes, fractions, background, checklist.
pub fn html(purity: &Purity, survey: &Survey) -> String {
    let mut html = String::from(
        "<p>EV-like means: has the shape of a vesicle. A micrograph cannot show where a vesicle comes from.</p>",
    );
    if !purity.meaning.is_empty() {
        html = format!("<p>{}</p>", escape(&purity.meaning));
    }
    if !purity.statement.is_empty() {
        html += &format!("<p><strong>{}</strong></p>", escape(&visible(&purity.statement)));
    }
    html += &warnings("About the purity", &purity.warnings);
    html += &classes(purity);
    html += &fractions(purity);
    html += &images(purity, survey);
    html += &purity.outside.as_ref().map(outside).unwrap_or_default();
    html + &checklist(&purity.checklist)
}

fn classes(purity: &Purity) -> String {
    if purity.classes.is_empty() {
        return "<p>Nothing was found to be counted.</p>".into();
    }
    let rows: Vec<Vec<Cell>> = purity
        .classes
        .iter()
        .map(|tally| {
            vec![
                Cell::Text(tally.class.name().replace('_', " ")),
                Cell::Text(if tally.is_ev_like { "EV-like" } else { "other" }.into()),
                Cell::Number(count(tally.count)),
                Cell::Number(count(tally.cut_count)),
                Cell::Number(maybe(tally.area_um2, 3)),
            ]
        })
        .collect();
    let headings = [("Class", false), ("Counts as", false), ("Whole", true), ("Cut off", true), ("Area, µm²", true)];
    table("What was found, by class", &headings, &rows)
}

fn fractions(purity: &Purity) -> String {
    let row = |what: &str, fraction: &Fraction| {
        let image = match (fraction.image_mean, fraction.image_sd) {
            (Some(mean), Some(sd)) => format!("{} ± {}", percent(mean), percent(sd)),
            (Some(mean), None) => percent(mean),
            _ => UNKNOWN.into(),
        };
        vec![
            Cell::Text(what.into()),
            Cell::Number(estimate(Some(fraction.left_out), percent)),
            Cell::Number(percent(fraction.as_other)),
            Cell::Number(percent(fraction.as_ev_like)),
            Cell::Number(image),
        ]
    };
    let rows: Vec<Vec<Cell>> = [("by number", &purity.number_fraction), ("by area", &purity.area_fraction)]
        .into_iter()
        .filter_map(|(what, fraction)| fraction.as_ref().map(|fraction| row(what, fraction)))
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let headings = [
        ("EV-like fraction", false),
        ("Unresolved left out", true),
        ("Unresolved as other (lower bound)", true),
        ("Unresolved as EV-like (upper bound)", true),
        ("Mean ± SD over images", true),
    ];
    table("EV-like fraction with its 95 % interval, and what the unresolved could make of it", &headings, &rows)
}

/// Figures of the background, with their headings.
type Figure = (&'static str, fn(&Quality) -> String);
const FIGURES: [Figure; 8] = [
    ("Stain gradient", |q| maybe(q.stain_gradient, 3)),
    ("Granularity", |q| maybe(q.granularity, 3)),
    ("Edge width, nm", |q| maybe(q.edge_width_nm, 3)),
    ("Rim contrast", |q| maybe(q.rim_contrast, 3)),
    ("Clipped", |q| share(q.saturated_share)),
    ("Under vesicles", |q| share(q.vesicle_share)),
    ("Under clutter", |q| share(q.clutter_share)),
    ("Crowded", |q| share(q.crowded_share)),
];

fn share(share: Option<f64>) -> String {
    share.map_or_else(|| UNKNOWN.into(), percent)
}

/// Counts and background, image by image.
fn images(purity: &Purity, survey: &Survey) -> String {
    let listed: Vec<&Assessed> = survey.listed.iter().filter_map(|image| image.assessed.as_ref()).collect();
    if listed.is_empty() {
        return String::new();
    }
    let mut headings: Vec<Heading> =
        vec![("Image", false), ("EV-like", true), ("Other", true), ("Unresolved", true), ("EV-like fraction", true)];
    // Runs of older versions have no figures of the background.
    let is_known = |figure: &&Figure| listed.iter().any(|image| (figure.1)(&image.background.quality) != UNKNOWN);
    let figures: Vec<&Figure> = FIGURES.iter().filter(is_known).collect();
    headings.extend(figures.iter().map(|figure| (figure.0, true)));
    headings.push(("What is doubtful", false));
    let rows: Vec<Vec<Cell>> = listed
        .iter()
        .map(|Assessed { tally, background }| {
            let mut row = vec![Cell::Html(name(&tally.image))];
            row.extend([tally.ev_like, tally.other, tally.unresolved].map(|n| Cell::Number(count(n))));
            row.push(Cell::Number(share(tally.fraction)));
            row.extend(figures.iter().map(|figure| Cell::Number((figure.1)(&background.quality))));
            row.push(Cell::Text(background.flags.iter().map(|flag| visible(flag)).collect::<Vec<_>>().join("; ")));
            row
        })
        .collect();
    format!(
        "<h3>Image by image</h3>{}{}<p class=\"quiet\">Stain gradient, granularity and rim contrast are in units of the noise; \
         edges are measured from 10 to 90 % of their height; crowded are vesicles within {CROWDED_NM} nm of another. The \
         limits behind the words are the program's own (version {}), no guideline's.</p>",
        table("What was counted in each image, and the quality of its background", &headings, &rows),
        not_listed(rows.len(), survey.analysed_count(), "purity.json"),
        purity.profile.version,
    )
}

/// What other methods said.
fn outside(outside: &Outside) -> String {
    let row = |what: &str, value: Option<f64>| value.map(|v| vec![Cell::Text(what.into()), Cell::Number(number(v, 3))]);
    let scientific =
        |name: &str, value: Option<f64>| value.map(|v| vec![Cell::Text(name.into()), Cell::Number(format!("{v:.2e}"))]);
    let rows: Vec<Vec<Cell>> = [
        row("Median by NTA, nm", outside.nta_median_nm),
        scientific("Particles per mL by NTA", outside.nta_per_ml),
        row("Protein, µg/mL", outside.protein_ug_per_ml),
        scientific("Particles per µg of protein", outside.particles_per_ug),
        row("Median here over median by NTA", outside.median_ratio),
    ]
    .into_iter()
    .flatten()
    .collect();
    if rows.is_empty() {
        return String::new();
    }
    format!(
        "<h3>Other methods</h3>{}<p class=\"quiet\">Dried vesicles are smaller than the same ones in suspension; no factor \
         converts one into the other, and none was applied.</p>",
        table("As given by the user, and what follows", &[("Figure", false), ("Value", true)], &rows)
    )
}

fn checklist(items: &[Item]) -> String {
    if items.is_empty() {
        return String::new();
    }
    let rows: Vec<Vec<Cell>> = items
        .iter()
        .map(|item| {
            let (sign, word) = match item.standing {
                Standing::Given => ("✓", "given"),
                Standing::Doubtful => ("?", "doubtful"),
                Standing::Missing => ("✗", "missing"),
            };
            vec![
                Cell::Text(item.name.clone()),
                Cell::Html(format!(
                    "<span class=\"standing {word}\"><span aria-hidden=\"true\">{sign}</span> {word}</span>"
                )),
                Cell::Text(visible(&item.detail)),
                Cell::Text(item.source.clone()),
            ]
        })
        .collect();
    let headings = [("To be reported", false), ("Standing", false), ("Detail", false), ("Asked for by", false)];
    format!("<h3>Checklist</h3>{}", table("What guidelines ask to report", &headings, &rows))
}
