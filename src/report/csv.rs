//! Tables as CSV: UTF-8, LF, a comma between cells, a point in numbers, blanks for what is missing.

use super::columns::{IMAGES, PARTICLES, Value};
use super::{Sink, rows};
use crate::atomic::{WholeFile, output_error};
use crate::error::Result;
use crate::results::ImageResult;
use std::io;
use std::path::{Path, PathBuf};

/// `particles.csv`.
pub struct Particles(Table);

impl Particles {
    /// Starts the file in a run's folder.
    ///
    /// # Errors
    /// [`crate::error::Error::Output`].
    pub fn create(dir: &Path) -> Result<Self> {
        Table::create(&dir.join("particles.csv"), PARTICLES.iter().map(|column| column.name)).map(Self)
    }
}

impl Sink for Particles {
    fn image(&mut self, image: &ImageResult) -> Result<()> {
        rows(image).try_for_each(|row| self.0.row(PARTICLES.iter().map(|column| cell((column.get)(&row)))))
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.0.finish()
    }
}

/// `images.csv`.
pub struct Images(Table);

impl Images {
    /// Starts the file in a run's folder.
    ///
    /// # Errors
    /// [`crate::error::Error::Output`].
    pub fn create(dir: &Path) -> Result<Self> {
        Table::create(&dir.join("images.csv"), IMAGES.iter().map(|column| column.name)).map(Self)
    }
}

impl Sink for Images {
    fn image(&mut self, image: &ImageResult) -> Result<()> {
        self.0.row(IMAGES.iter().map(|column| cell((column.get)(&image.row))))
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.0.finish()
    }
}

/// A CSV file that grows row by row.
pub(super) struct Table {
    path: PathBuf,
    writer: csv::Writer<WholeFile>,
}

impl Table {
    /// Starts it with its headings.
    pub fn create<'a>(path: &Path, headings: impl Iterator<Item = &'a str>) -> Result<Self> {
        let writer = csv::Writer::from_writer(WholeFile::create(path)?);
        let mut table = Self { path: path.to_owned(), writer };
        table.row(headings.map(str::to_owned))?;
        Ok(table)
    }

    /// Appends a row.
    pub fn row(&mut self, cells: impl Iterator<Item = String>) -> Result<()> {
        self.writer.write_record(cells.map(String::into_bytes)).map_err(|e| output_error(&self.path, &io_error(e)))
    }

    /// Gives it its name.
    pub fn finish(self) -> Result<()> {
        let Self { path, writer } = self;
        writer.into_inner().map_err(|e| output_error(&path, e.error()))?.commit()
    }
}

/// Keeps the kind of the error, which tells a full disk from a forbidden one.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

pub(super) fn cell(value: Value) -> String {
    match value {
        Value::Text(text) => harmless(text),
        Value::Number(number) => decimal(number),
        Value::Integer(integer) => integer.to_string(),
        Value::Missing => String::new(),
    }
}

/// Text that a spreadsheet would take for a formula gets an apostrophe in front, which spreadsheets do not show.
pub(super) fn harmless(text: String) -> String {
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
    let magnitude = if number == 0.0 { 0 } else { libm::log10(number.abs()).floor() as i32 };
    let decimals = (SIGNIFICANT_DIGITS - 1 - magnitude).clamp(0, MAX_DECIMALS) as usize;
    let text = format!("{number:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".into() } else { text.into() }
}
