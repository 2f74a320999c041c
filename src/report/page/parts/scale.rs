//! Who said what about the pixel size.

use crate::report::page::ledger::{Hearing, Ledger, NAMES_MAX};
use crate::report::page::table::{Cell, table};
use crate::report::page::text::{UNKNOWN, count, escape, maybe, name};
use crate::visible::visible;
use serde_json::Value;

/// What stands before the further witnesses of the same images: a row's name is never blank.
const SAME: &str = "<small>as above</small>";

/// One table of witnesses per hearing; images of which the same was said are told together.
pub fn html(ledger: &Ledger) -> String {
    let hearings = &ledger.hearings;
    if hearings.is_empty() {
        return "<p>No image got as far as to be asked for its pixel size.</p>".into();
    }
    let rows: Vec<Vec<Cell>> = hearings.iter().flat_map(rows_of).collect();
    let headings =
        [("Images", false), ("Witness", false), ("Pixel, nm", true), ("In its own words", false), ("Verdict", false)];
    let untold = match ledger.untold_count {
        0 => String::new(),
        n => format!(
            "<p>Something else was said of {} more images; <code>images.csv</code> has the pixel size of each and where it \
             comes from.</p>",
            count(n)
        ),
    };
    format!(
        "<p>Every diameter in nanometres rests on the pixel size. All sources that said something about it are listed in \
         falling order of trust; the first that can be true and is not in doubt decides.</p>{}{untold}",
        table("Pixel sizes and where they come from", &headings, &rows)
    )
}

/// The rows of one hearing.
fn rows_of(hearing: &Hearing) -> Vec<Vec<Cell>> {
    let scale = &hearing.scale;
    let mut who: Vec<String> =
        hearing.first.iter().map(|(number, image)| format!("{number}: {}", name(image))).collect();
    if hearing.count > NAMES_MAX {
        who.push(format!("and {} more", hearing.count - NAMES_MAX));
    }
    let winner = text(scale, "source");
    let nobody = Vec::new();
    let witnesses = scale.get("witnesses").and_then(Value::as_array).unwrap_or(&nobody);
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    let mut decided = false;
    for witness in witnesses {
        let source = text(witness, "source");
        let wins = !decided && source == winner && value(witness) == value_of(scale.get("pixel_size"));
        decided |= wins;
        let verdict = match (
            wins,
            witness.get("refused").and_then(Value::as_str),
            witness.get("doubt").and_then(Value::as_str),
        ) {
            (true, _, None) => "<strong>used</strong>".to_owned(),
            (true, _, Some(doubt)) => format!("<strong>used</strong>, though in doubt: {}", escape(&visible(doubt))),
            (_, Some(refused), _) => format!("refused: {}", escape(&visible(refused))),
            (_, _, Some(doubt)) => format!("in doubt: {}", escape(&visible(doubt))),
            _ => "agreed or overruled".to_owned(),
        };
        rows.push(vec![
            Cell::Html(if rows.is_empty() { who.join("<br>") } else { SAME.into() }),
            Cell::Text(witness_name(&source)),
            Cell::Number(value(witness)),
            Cell::Html(format!("<span class=\"code\">{}</span>", name(&text(witness, "raw")))),
            Cell::Html(verdict),
        ]);
    }
    if rows.is_empty() {
        let nobody = "nobody said anything: sizes are in px only";
        let blank = || Cell::Text(UNKNOWN.into());
        rows.push(vec![Cell::Html(who.join("<br>")), blank(), blank(), blank(), Cell::Text(nobody.into())]);
    }
    for warning in scale.get("warnings").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        let blank = || Cell::Text(String::new());
        rows.push(vec![blank(), Cell::Text("warning".into()), blank(), blank(), Cell::Html(escape(&visible(warning)))]);
    }
    rows
}

fn text(of: &Value, key: &str) -> String {
    of.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn value(witness: &Value) -> String {
    value_of(witness.get("value"))
}

/// A pixel size as JSON, for people.
fn value_of(pixel: Option<&Value>) -> String {
    let edge = |key: &str| pixel.and_then(|p| p.get(key)).and_then(Value::as_f64);
    match (edge("x_nm"), edge("y_nm")) {
        (Some(x), Some(y)) if x == y => maybe(Some(x), 5),
        (x @ Some(_), y) => format!("{} × {}", maybe(x, 5), maybe(y, 5)),
        _ => UNKNOWN.into(),
    }
}

/// A source as people call it.
fn witness_name(source: &str) -> String {
    match source {
        "user" => "--pixel-size".into(),
        "scale_bar" => "scale bar in the picture".into(),
        "print" => "print resolution".into(),
        "sidecar" => "file beside the image".into(),
        "imagej" => "ImageJ".into(),
        "tvips" => "TVIPS tags".into(),
        "fei" | "sis" | "gatan" | "zeiss" | "tescan" | "jeol" | "amt" => {
            format!("{} tags", if source.len() <= 4 { source.to_uppercase() } else { capital(source) })
        }
        other => format!("{} header", other.to_uppercase()),
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|c| c.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default()
}
