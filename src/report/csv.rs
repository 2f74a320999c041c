//! Tables as CSV: UTF-8, LF, a comma between cells, a point in numbers, blanks for what is missing.

use super::columns::{Column, IMAGES, PARTICLES, Value};
use super::{ImageRow, ParticleRow};
use std::io::{self, Write};

/// `particles.csv`, row by row.
pub struct ParticleTable<W: Write>(csv::Writer<W>);

impl<W: Write> ParticleTable<W> {
    /// Starts with the headings.
    pub fn new(out: W) -> io::Result<Self> {
        Ok(Self(with_headings(out, PARTICLES)?))
    }

    /// Appends a row.
    pub fn row(&mut self, row: &ParticleRow<'_>) -> io::Result<()> {
        write_row(&mut self.0, PARTICLES.iter().map(|column| (column.get)(row)))
    }

    /// Flushes; an error here is an error of the rows before.
    pub fn finish(mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// `images.csv`, row by row.
pub struct ImageTable<W: Write>(csv::Writer<W>);

impl<W: Write> ImageTable<W> {
    /// Starts with the headings.
    pub fn new(out: W) -> io::Result<Self> {
        Ok(Self(with_headings(out, IMAGES)?))
    }

    /// Appends a row.
    pub fn row(&mut self, row: &ImageRow) -> io::Result<()> {
        write_row(&mut self.0, IMAGES.iter().map(|column| (column.get)(row)))
    }

    /// Flushes; an error here is an error of the rows before.
    pub fn finish(mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn with_headings<W: Write, G>(out: W, columns: &[Column<G>]) -> io::Result<csv::Writer<W>> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(columns.iter().map(|column| column.name)).map_err(io_error)?;
    Ok(writer)
}

fn write_row<W: Write>(writer: &mut csv::Writer<W>, values: impl Iterator<Item = Value>) -> io::Result<()> {
    writer.write_record(values.map(cell)).map_err(io_error)
}

/// Keeps the kind of the error, which tells a full disk from a forbidden one.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

fn cell(value: Value) -> String {
    match value {
        Value::Text(text) => harmless(text),
        Value::Number(number) => decimal(number),
        Value::Integer(integer) => integer.to_string(),
        Value::Missing => String::new(),
    }
}

/// Text that a spreadsheet would take for a formula gets an apostrophe in front, which spreadsheets do not show.
fn harmless(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\0']) { format!("'{text}") } else { text }
}

/// Significant digits of a number: a hundred-thousandth of a picture's width, and more than any micrograph is good for.
const SIGNIFICANT_DIGITS: i32 = 7;
/// Decimals beyond which a number is zero, so that no cell is longer than it is useful.
const MAX_DECIMALS: i32 = 15;

/// A number in plain decimal notation: 7 significant digits, no exponent, no trailing zeros, blank if not finite.
/// Whole digits are never rounded away.
pub fn decimal(number: f64) -> String {
    if !number.is_finite() {
        return String::new();
    }
    let magnitude = if number == 0.0 { 0 } else { number.abs().log10().floor() as i32 };
    let decimals = (SIGNIFICANT_DIGITS - 1 - magnitude).clamp(0, MAX_DECIMALS) as usize;
    let text = format!("{number:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".into() } else { text.into() }
}
