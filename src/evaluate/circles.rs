//! Circles from a table: one image per file, or all images in one with a column `image`.
//!
//! | column | meaning |
//! |---|---|
//! | `x_px`, `y_px`, `diameter_px` | centre from the top-left corner and diameter, px; the first pixel's centre is at 0.5 |
//! | `x_nm`, `y_nm`, `diameter_nm` | the same in nm, used where the three above are not all there |
//! | `image` | the image, with or without its extension |
//! | `status`, `is_vesicle` | rows with `rejected` or `false` are passed over, as Cupule's own tables have them |

use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::path::Path;

/// A circle in the unit of its table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Circle {
    pub x: f64,
    pub y: f64,
    pub diameter: f64,
}

/// The circles of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// In nm; otherwise in px.
    pub is_nm: bool,
    /// Whether it has a column `image`.
    pub is_shared: bool,
    /// By image as the table names it; one entry with a blank name when it has no such column.
    pub images: BTreeMap<String, Vec<Circle>>,
}

/// Where the columns of a table of circles are.
struct Columns {
    is_nm: bool,
    circle: [usize; 3],
    image: Option<usize>,
    /// Columns whose value may say that a row is no vesicle.
    verdicts: Vec<(usize, &'static str)>,
}

impl Columns {
    fn of(headings: &csv::StringRecord) -> Option<Self> {
        let place = |name: &str| headings.iter().position(|h| h.trim() == name);
        let all = |names: [&str; 3]| Some([place(names[0])?, place(names[1])?, place(names[2])?]);
        let px = all(["x_px", "y_px", "diameter_px"]);
        let circle = px.or_else(|| all(["x_nm", "y_nm", "diameter_nm"]))?;
        let verdicts = [("status", "rejected"), ("is_vesicle", "false")];
        let verdicts = verdicts.iter().filter_map(|&(name, no)| Some((place(name)?, no))).collect();
        Some(Self { is_nm: px.is_none(), circle, image: place("image"), verdicts })
    }

    fn is_passed_over(&self, row: &csv::StringRecord) -> bool {
        self.verdicts.iter().any(|&(column, no)| row.get(column).is_some_and(|v| v.trim().eq_ignore_ascii_case(no)))
    }
}

/// Whether a file is a table of circles, by its headings. A file that can't be read is none.
pub fn recognises(path: &Path) -> bool {
    let headings = csv::Reader::from_path(path).and_then(|mut reader| reader.headers().cloned());
    headings.is_ok_and(|headings| Columns::of(&headings).is_some())
}

/// Reads a table of circles.
///
/// # Errors
/// [`Error::Input`] for a file that is no CSV, without the columns, or with a value that is no length.
pub fn read(path: &Path) -> Result<Table> {
    let unreadable =
        |error: csv::Error| Error::input(path, error, "check that the file is a CSV table and may be read");
    let mut reader = csv::Reader::from_path(path).map_err(unreadable)?;
    let Some(columns) = Columns::of(reader.headers().map_err(unreadable)?) else {
        return Err(Error::input(
            path,
            "the table has no circles",
            "give it the columns x_px, y_px, diameter_px, or x_nm, y_nm, diameter_nm",
        ));
    };
    let mut images: BTreeMap<String, Vec<Circle>> = BTreeMap::new();
    if columns.image.is_none() {
        images.insert(String::new(), Vec::new());
    }
    for row in reader.records() {
        let row = row.map_err(unreadable)?;
        let cell = |column: usize| row.get(column).unwrap_or_default().trim();
        let image = columns.image.map_or("", cell).to_owned();
        // An image of which everything was rejected is still an image.
        let circles = images.entry(image).or_default();
        if columns.is_passed_over(&row) {
            continue;
        }
        let line = row.position().map_or(0, csv::Position::line);
        let number = |column: usize| {
            let value = cell(column).parse::<f64>().ok().filter(|v| v.is_finite());
            value.ok_or_else(|| {
                let cause = format!("line {line}: '{}' is no number", cell(column));
                Error::input(path, cause, "write a plain number with a decimal point, or take the row out")
            })
        };
        let [x, y, diameter] = columns.circle;
        let circle = Circle { x: number(x)?, y: number(y)?, diameter: number(diameter)? };
        if circle.diameter <= 0.0 {
            let cause = format!("line {line}: a circle of diameter {} can't be", circle.diameter);
            return Err(Error::input(path, cause, "give it its size, or take the row out"));
        }
        circles.push(circle);
    }
    Ok(Table { is_nm: columns.is_nm, is_shared: columns.image.is_some(), images })
}
