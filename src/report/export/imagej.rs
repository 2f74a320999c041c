//! `imagej.csv`: the accepted particles in a table like ImageJ's own, heading by heading.
//!
//! Lengths are in nm, and in px for an image without a pixel size, as ImageJ has it for an image without a scale. Particles
//! that are cut off are not in it: ImageJ leaves them out with "Exclude on edges". Of two that overlap each is measured
//! whole, while in labels.tif a pixel belongs to one.

use super::identity::name;
use crate::error::Result;
use crate::measure::imagej::{Ellipse, Measurement, measurement};
use crate::measure::{Mask, Status};
use crate::report::Sink;
use crate::report::csv::{Table, harmless};
use crate::report::labels::pixel_as_read;
use crate::results::ImageResult;
use std::path::Path;

/// A column that holds a number.
struct Column {
    heading: &'static str,
    /// `None` for what ImageJ does not know.
    get: fn(&Measurement) -> Option<f64>,
    decimals: usize,
}

/// ImageJ prints three decimals unless told otherwise, and none in a column of whole numbers.
const fn column(heading: &'static str, get: fn(&Measurement) -> Option<f64>) -> Column {
    Column { heading, get, decimals: 3 }
}

const fn whole(heading: &'static str, get: fn(&Measurement) -> Option<f64>) -> Column {
    Column { heading, get, decimals: 0 }
}

fn of_ellipse(m: &Measurement, get: fn(Ellipse) -> f64) -> Option<f64> {
    m.ellipse.map(get)
}

/// The row number has a blank for a heading.
const NUMBER: &str = " ";
const LABEL: &str = "Label";

const COLUMNS: [Column; 20] = [
    column("Area", |m| Some(m.area)),
    column("X", |m| Some(m.x)),
    column("Y", |m| Some(m.y)),
    column("Perim.", |m| Some(m.perimeter)),
    column("BX", |m| Some(m.bounds[0])),
    column("BY", |m| Some(m.bounds[1])),
    column("Width", |m| Some(m.bounds[2])),
    column("Height", |m| Some(m.bounds[3])),
    column("Major", |m| of_ellipse(m, |e| e.major)),
    column("Minor", |m| of_ellipse(m, |e| e.minor)),
    column("Angle", |m| of_ellipse(m, |e| e.angle)),
    column("Circ.", |m| Some(m.circularity)),
    column("Feret", |m| Some(m.feret)),
    whole("FeretX", |m| Some(m.feret_start_px[0])),
    whole("FeretY", |m| Some(m.feret_start_px[1])),
    column("FeretAngle", |m| Some(m.feret_angle)),
    column("MinFeret", |m| Some(m.feret_min)),
    column("AR", |m| of_ellipse(m, |e| e.aspect_ratio)),
    column("Round", |m| of_ellipse(m, |e| e.roundness)),
    column("Solidity", |m| Some(m.solidity)),
];

/// The file while it grows.
pub struct Imagej {
    table: Table,
    count: usize,
}

impl Imagej {
    /// Starts the file.
    ///
    /// # Errors
    /// [`crate::error::Error::Output`].
    pub fn create(path: &Path) -> Result<Self> {
        let headings = [NUMBER, LABEL].into_iter().chain(COLUMNS.iter().map(|column| column.heading));
        Ok(Self { table: Table::create(path, headings)?, count: 0 })
    }
}

impl Sink for Imagej {
    fn image(&mut self, image: &ImageResult) -> Result<()> {
        // Of two calipers of the same length a billionth decides which is the longer.
        let pixel = pixel_as_read(image.row.pixel_size);
        for particle in image.particles.iter().filter(|p| p.status == Status::Accepted) {
            let mask = Mask::of_polygon(&particle.polygon, image.size_px());
            let Some(measured) = measurement(&mask, pixel) else { continue };
            self.count += 1;
            // As the ROI Manager labels a measurement of the outline in rois.zip. ImageJ reads a table line by line.
            let label = format!("{}:{}", image.row.image, name(particle)).replace(char::is_control, " ");
            let number = |column: &Column| {
                (column.get)(&measured).map(|v| format!("{v:.*}", column.decimals)).unwrap_or_default()
            };
            let cells = [self.count.to_string(), harmless(label)].into_iter();
            self.table.row(cells.chain(COLUMNS.iter().map(number)))?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.table.finish()
    }
}
