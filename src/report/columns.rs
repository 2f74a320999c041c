//! The columns of the tables: names, units, meaning, and where the values come from.
//!
//! One entry in [`PARTICLES`] or [`IMAGES`] is all that a new column takes: the writers and `cupule columns` read them
//! from here. A value that is not known is blank, never 0.

mod images;
mod particles;

pub use images::IMAGES;
pub use particles::PARTICLES;

use super::ParticleRow;
use crate::results::ImageRow;
use serde_json::json;

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Text(String),
    Number(f64),
    Integer(u64),
    /// Not known, or without meaning here: a blank cell.
    Missing,
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Missing, Into::into)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Self::Integer(value as u64)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.into())
    }
}

/// What a column's cells contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Text,
    /// A decimal number of up to 7 significant digits, never with an exponent.
    Number,
    Integer,
}

/// A column; `G` takes its value from a row.
#[derive(Debug, Clone, Copy)]
pub struct Column<G: 'static> {
    /// Heading: lower snake case, ending in the unit of a length or area.
    pub name: &'static str,
    /// Unit, blank for text, counts and plain ratios.
    pub unit: &'static str,
    pub kind: Kind,
    /// What the value says.
    pub meaning: &'static str,
    /// How it is computed; blank where the meaning says it all.
    pub estimator: &'static str,
    /// Where the definition comes from; blank where it is our own.
    pub source: &'static str,
    pub get: G,
}

/// A column of `particles.csv`.
pub type ParticleColumn = Column<fn(&ParticleRow<'_>) -> Value>;
/// A column of `images.csv`.
pub type ImageColumn = Column<fn(&ImageRow) -> Value>;

const PARTICLES_INTRO: &str = "particles.csv: one row per candidate, rejected ones included";
const IMAGES_INTRO: &str = "images.csv: one row per input, failed ones included";

/// All columns of all tables, for a terminal of 100 columns.
pub fn documentation() -> String {
    let mut text = String::new();
    describe(&mut text, PARTICLES_INTRO, PARTICLES);
    text.push('\n');
    describe(&mut text, IMAGES_INTRO, IMAGES);
    text
}

/// The same as one JSON object: table name, then a list of columns in order.
pub fn documentation_json() -> serde_json::Value {
    json!({ "particles.csv": list(PARTICLES), "images.csv": list(IMAGES) })
}

fn list<G>(columns: &[Column<G>]) -> Vec<serde_json::Value> {
    let entry = |c: &Column<G>| {
        json!({ "name": c.name, "unit": c.unit, "type": c.kind, "meaning": c.meaning, "estimator": c.estimator,
                "source": c.source })
    };
    columns.iter().map(entry).collect()
}

fn describe<G>(text: &mut String, intro: &str, columns: &[Column<G>]) {
    text.push_str(&format!("{intro}\n"));
    for column in columns {
        let kind = match column.kind {
            Kind::Text => "text",
            Kind::Number => "number",
            Kind::Integer => "integer",
        };
        let unit = if column.unit.is_empty() { String::new() } else { format!(", {}", column.unit) };
        text.push_str(&format!("\n  {} ({kind}{unit})\n", column.name));
        for (label, part) in [("", column.meaning), ("How: ", column.estimator), ("Source: ", column.source)] {
            if !part.is_empty() {
                wrap(text, &format!("{label}{part}"));
            }
        }
    }
}

/// Appends a paragraph, indented by six and no wider than 100.
fn wrap(text: &mut String, paragraph: &str) {
    const INDENT: &str = "      ";
    let mut line = String::from(INDENT);
    for word in paragraph.split(' ') {
        if line.chars().count() + 1 + word.chars().count() > 100 {
            text.push_str(&format!("{}\n", line.trim_end()));
            line = INDENT.into();
        }
        line.push_str(word);
        line.push(' ');
    }
    text.push_str(&format!("{}\n", line.trim_end()));
}
