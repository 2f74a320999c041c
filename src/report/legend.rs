//! The strip below an overlay: scale bar, line styles, counts.

use super::canvas::{self, Area, Stroke};
use super::csv::decimal;
use super::overlay::{View, is_drawn, mark_stroke, of_status, stroke};
use crate::measure::Status;
use crate::results::ImageResult;
use crate::units::PixelSize;
use image::{Rgb, RgbImage};

const WHITE: Rgb<u8> = Rgb([255, 255, 255]);

/// One entry of the strip below the picture.
struct Entry {
    x: i64,
    y: i64,
    swatch: Swatch,
    swatch_width: i64,
    text: String,
}

enum Swatch {
    ScaleBar,
    Line(Stroke),
    Nothing,
}

/// The strip below the picture, laid out.
pub(super) struct Legend {
    entries: Vec<Entry>,
    text: i64,
    /// Smallest width of the canvas that holds every entry, and the canvas's height.
    pub width: usize,
    pub bottom: usize,
}

impl Legend {
    /// Lays the strip out below the picture.
    pub fn new(view: &View, image: &ImageResult) -> Self {
        let particles = &image.particles;
        let unit = view.text;
        let entry = |swatch, swatch_width, text| Entry { x: 0, y: 0, swatch, swatch_width, text };
        let mut entries = vec![match image.row.pixel_size {
            Some(size) => {
                let (nm, text) = scale_bar(size, image.size_px().0);
                entry(Swatch::ScaleBar, ((nm / size.x_nm * view.scale()).round() as i64).max(1), text)
            }
            None => entry(Swatch::Nothing, 0, "no pixel size".into()),
        }];
        for status in [Status::Accepted, Status::Border, Status::Rejected] {
            let count = of_status(particles, status).count();
            let text = match of_status(particles, status).filter(|p| is_drawn(p)).count() {
                drawn if drawn == count => format!("{} {count}", status.name()),
                0 => format!("{} {count} with none drawn", status.name()),
                drawn => format!("{} {count} with the likeliest {drawn} drawn", status.name()),
            };
            let line = Stroke { opacity: 1.0, ..stroke(status, view.line, count) };
            entries.push(entry(Swatch::Line(line), 20 * unit, text));
        }
        if !image.marks.is_empty() {
            let text = format!("not analysed {}", image.marks.len());
            entries.push(entry(Swatch::Line(mark_stroke(view.line)), 20 * unit, text));
        }
        // Left to right, wrapped like words.
        let (gap, row) = (8 * unit, 15 * unit);
        let (mut x, mut y, mut width) = (gap, view.height as i64 + 7 * unit, 0);
        for entry in &mut entries {
            let size = entry.swatch_width + 4 * unit + canvas::text_width(&entry.text, unit);
            if x > gap && x + size + gap > view.width as i64 {
                (x, y) = (gap, y + row);
            }
            (entry.x, entry.y) = (x, y);
            x += size + gap + 2 * unit;
            width = width.max(x - 2 * unit);
        }
        Self { entries, text: unit, width: width as usize, bottom: (y + row) as usize }
    }

    /// Draws it.
    pub fn draw(&self, canvas: &mut RgbImage) {
        let unit = self.text;
        for Entry { x, y, swatch, swatch_width, text } in &self.entries {
            let middle = (*y as f64) + canvas::text_height(unit) as f64 / 2.0;
            let mut text_x = x + swatch_width + 4 * unit;
            match swatch {
                Swatch::ScaleBar => {
                    let bar = Area { x: *x, y: y + 2 * unit, width: *swatch_width, height: 3 * unit };
                    canvas::fill(canvas, bar, WHITE);
                }
                Swatch::Line(stroke) => {
                    let ends = [[*x as f64, middle], [(x + swatch_width) as f64, middle]];
                    canvas::line(canvas, &ends, false, stroke);
                }
                Swatch::Nothing => text_x = *x,
            }
            canvas::text(canvas, (text_x, *y), text, unit, WHITE, 0);
        }
    }
}

/// Length in nm and label of the 1-2-5 length nearest to a fifth of the picture's width.
pub(super) fn scale_bar(pixel_size: PixelSize, width_px: usize) -> (f64, String) {
    let fifth = width_px.max(1) as f64 * pixel_size.x_nm / 5.0;
    let power = 10f64.powi(libm::log10(fifth).floor() as i32);
    let off = |nm: f64| libm::log(nm / fifth).abs();
    let nm =
        [2.0, 5.0, 10.0].map(|step| step * power).into_iter().fold(power, |a, b| if off(b) < off(a) { b } else { a });
    let label = if nm < 1000.0 { format!("{} nm", decimal(nm)) } else { format!("{} µm", decimal(nm / 1000.0)) };
    (nm, label)
}
