//! How pure the isolation looks.

use crate::purity::{Fraction, Item, Outside, Purity, Standing};
use crate::report::page::table::{Cell, table, warnings};
use crate::report::page::text::{UNKNOWN, count, escape, estimate, maybe, number, percent, visible};
use serde_json::Value;

/// Classes, fractions, background, checklist.
pub fn html(purity: &Purity) -> String {
    let mut html = String::from(
        "<p>EV-like means: has the shape of a vesicle. A micrograph cannot show where a vesicle comes from, so nothing \
         here is called an exosome.</p>",
    );
    if !purity.statement.is_empty() {
        html += &format!("<p><strong>{}</strong></p>", escape(&visible(&purity.statement)));
    }
    html += &warnings("About the purity", &purity.warnings);
    html += &classes(purity);
    html += &fractions(purity);
    html += &background(purity);
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
                Cell::Number(maybe(tally.area_um2, 3)),
            ]
        })
        .collect();
    let headings = [("Class", false), ("Counts as", false), ("Particles", true), ("Area, µm²", true)];
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

/// The background of each image, with the columns that are known.
fn background(purity: &Purity) -> String {
    let known: Vec<Vec<(String, Value)>> = purity
        .background
        .iter()
        .filter_map(|background| match serde_json::to_value(background) {
            Ok(Value::Object(fields)) => Some(fields.into_iter().filter(|(key, _)| key != "image").collect()),
            _ => None,
        })
        .collect();
    let keys: Vec<&String> = known.first().into_iter().flatten().map(|(key, _)| key).collect();
    if keys.is_empty() {
        return String::new();
    }
    let rows: Vec<Vec<Cell>> = purity
        .background
        .iter()
        .zip(&known)
        .map(|(background, fields)| {
            let mut row = vec![Cell::Html(crate::report::page::text::name(&background.image))];
            row.extend(fields.iter().map(|(_, value)| Cell::Number(shown(value))));
            row
        })
        .collect();
    let words: Vec<String> = keys.iter().map(|key| heading(key)).collect();
    let mut headings = vec![("Image", false)];
    headings.extend(words.iter().map(|word| (word.as_str(), true)));
    format!("<h3>Background</h3>{}", table("Quality of the background, image by image", &headings, &rows))
}

/// A value of a table.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => UNKNOWN.into(),
        Value::Number(n) => n.as_u64().map_or_else(|| maybe(n.as_f64(), 3), |n| count(n as usize)),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.into(),
        Value::String(text) => visible(text),
        other => visible(&other.to_string()),
    }
}

/// A name of a field as a heading.
fn heading(key: &str) -> String {
    let words = key.replace("_nm", ", nm").replace("_um2", ", µm²").replace('_', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default()
}

/// What other methods said.
fn outside(outside: &Outside) -> String {
    let row = |name: &str, value: Option<f64>| value.map(|v| vec![Cell::Text(name.into()), Cell::Number(number(v, 3))]);
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
