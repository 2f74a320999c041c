//! `overlay.png`: the micrograph with the outlines of what was found, for eyes.
//!
//! Nothing of the specimen is hidden: marks that were in the picture before are framed and hatched, the legend and the scale bar are in a strip below the picture. Outlines differ in
//! line style as well as in colour (of Okabe and Ito's palette, told apart with any kind of colour vision).

use super::canvas::{self, Area, Stroke};
use super::legend::Legend;
use crate::image::Region;
use crate::measure::Status;
use crate::results::{ImageResult, Particle, Picture};
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder, Rgb, RgbImage};
use rayon::prelude::*;
use std::io::{self, Write};

/// Smaller pictures are enlarged by a whole factor until their longest side has this many pixels.
const MIN_SIDE: usize = 800;
const STRIP: Rgb<u8> = Rgb([24, 24, 24]);

/// Writes the overlay as an RGB PNG.
pub fn write_overlay(out: &mut dyn Write, picture: &Picture, image: &ImageResult) -> io::Result<()> {
    let overlay = overlay(picture, image);
    // In memory first: what fails is then the encoder or the disk, and the disk's error comes through untouched.
    let mut png = Vec::new();
    PngEncoder::new_with_quality(&mut png, CompressionType::Fast, FilterType::Adaptive)
        .write_image(overlay.as_raw(), overlay.width(), overlay.height(), ExtendedColorType::Rgb8)
        .map_err(io::Error::other)?;
    out.write_all(&png)
}

/// Least confidence of a rejected candidate that is drawn: the many that are certainly nothing, rings in the grain of empty
/// film, would hide what a person looks for here, the near misses. All of them are in the table.
pub const REJECTED_DRAWN_MIN: f64 = 0.05;

/// Whether a particle's outline is drawn.
pub(super) fn is_drawn(particle: &Particle) -> bool {
    particle.is_vesicle() || particle.confidence.is_none_or(|confidence| confidence >= REJECTED_DRAWN_MIN)
}

/// Draws the overlay: the picture with outlines and ids, below it a strip with legend and scale bar.
pub fn overlay(picture: &Picture, image: &ImageResult) -> RgbImage {
    let view = View::of(picture);
    let mut specimen = view.draw_picture(picture);
    draw_marks(&mut specimen, &view, &image.marks);
    draw_outlines(&mut specimen, &view, &image.particles);
    draw_ids(&mut specimen, &view, &image.particles);
    let legend = Legend::new(&view, image);
    let mut canvas = extended(specimen, legend.width as u32, legend.bottom as u32);
    legend.draw(&mut canvas);
    canvas
}

/// The picture with room below it, and beside it where the legend is wider.
fn extended(specimen: RgbImage, width: u32, height: u32) -> RgbImage {
    let (own, height) = (specimen.width(), height.max(specimen.height()));
    if width > own {
        let mut canvas = RgbImage::from_pixel(width, height, STRIP);
        ::image::imageops::replace(&mut canvas, &specimen, 0, 0);
        return canvas;
    }
    // Rows are only added: large pictures are not copied.
    let mut pixels = specimen.into_raw();
    pixels.resize_with(3 * own as usize * height as usize, || STRIP.0[0]);
    RgbImage::from_raw(own, height, pixels).unwrap_or_default()
}

/// How the picture is shown: size on the canvas and the scale of everything drawn.
pub(super) struct View {
    /// Canvas pixels per picture pixel are `enlarge / reduce`; one of them is 1.
    enlarge: usize,
    reduce: usize,
    pub width: usize,
    pub height: usize,
    /// Width of a thin line, in canvas pixels.
    pub line: f64,
    /// Canvas pixels per pixel of the font.
    pub text: i64,
}

impl View {
    fn of(picture: &Picture) -> Self {
        let (columns, rows) = (picture.grey.width() as usize, picture.grey.height() as usize);
        let enlarge = MIN_SIDE.div_ceil(columns.max(rows).max(1));
        let (width, height) = (columns * enlarge, rows * enlarge);
        // Whoever looks at it sees it at the size of a screen or a page: lines and letters grow with it.
        let scale = width.max(height) as f64 / 1000.0;
        Self {
            enlarge,
            reduce: picture.reduce,
            width,
            height,
            line: scale.max(1.2),
            text: (1.5 * scale).round().clamp(2.0, 6.0) as i64,
        }
    }

    /// Canvas pixels per picture pixel.
    pub fn scale(&self) -> f64 {
        self.enlarge as f64 / self.reduce as f64
    }

    /// The outline in canvas pixels; empty if it has no place.
    fn polygon(&self, particle: &Particle) -> Vec<[f64; 2]> {
        // Far outside is as good as endlessly far, and can be counted with.
        const FAR: f64 = 1e6;
        let placed = particle.polygon.iter().flatten().all(|v| v.is_finite());
        let polygon: &[_] = if placed { &particle.polygon } else { &[] };
        polygon.iter().map(|p| p.map(|v| (v * self.scale()).clamp(-FAR, FAR))).collect()
    }

    fn draw_picture(&self, picture: &Picture) -> RgbImage {
        let (columns, mut canvas) =
            (picture.grey.width() as usize, RgbImage::new(self.width as u32, self.height as u32));
        let lines = canvas.par_chunks_exact_mut(3 * self.width.max(1)).enumerate();
        lines.for_each(|(y, line)| {
            let row = &picture.grey.as_raw()[y / self.enlarge * columns..][..columns];
            for (pixels, grey) in line.chunks_exact_mut(3 * self.enlarge).zip(row) {
                pixels.fill(*grey);
            }
        });
        canvas
    }
}

/// How outlines of a status are drawn, when there are `count` of them.
pub(super) fn stroke(status: Status, line: f64, count: usize) -> Stroke {
    let (colour, width, dash) = match status {
        Status::Accepted => (Rgb([86, 180, 233]), 2.0 * line, None),
        Status::Border => (Rgb([240, 228, 66]), 2.0 * line, Some((8.0 * line, 9.0 * line))),
        Status::Rejected => (Rgb([213, 94, 0]), (1.5 * line).max(1.2), Some((0.5 * line, 5.5 * line))),
    };
    // A picture with thousands of rejected candidates is still about the accepted ones.
    let opacity = if status == Status::Rejected { (400.0 / count.max(1) as f64).sqrt().clamp(0.5, 1.0) } else { 1.0 };
    let edge = if status == Status::Rejected { 0.0 } else { 0.7 * line };
    Stroke { colour, width, opacity, dash, edge }
}

/// The particles of one status.
pub(super) fn of_status(particles: &[Particle], status: Status) -> impl Iterator<Item = &Particle> {
    particles.iter().filter(move |p| p.status == status)
}

/// How the places are framed where something was drawn into the picture.
pub(super) fn mark_stroke(line: f64) -> Stroke {
    let dash = Some((3.0 * line, 3.0 * line));
    Stroke { colour: Rgb([204, 121, 167]), width: 1.5 * line, opacity: 1.0, dash, edge: 0.0 }
}

/// Frames and hatches the places where nothing was looked for.
fn draw_marks(specimen: &mut RgbImage, view: &View, marks: &[Region]) {
    /// Distance of the lines of the hatching, widths of a line.
    const HATCH: f64 = 16.0;
    let framed = mark_stroke(view.line);
    let hatched = Stroke { dash: None, width: 0.5 * view.line, opacity: 0.5, ..framed };
    for mark in marks {
        let [x0, x1] = [mark.x0, mark.x1].map(|x| x as f64 * view.scale());
        let [y0, y1] = [mark.y0, mark.y1].map(|y| y as f64 * view.scale());
        // Rising lines: x + y is the same all along each.
        let step = HATCH * view.line;
        let lines = ((x1 - x0 + y1 - y0) / step) as usize;
        for sum in (1..=lines).map(|i| x0 + y0 + i as f64 * step) {
            let ends = [[(sum - y1).max(x0), (sum - x0).min(y1)], [(sum - y0).min(x1), (sum - x1).max(y0)]];
            canvas::line(specimen, &ends, false, &hatched);
        }
        canvas::line(specimen, &[[x0, y0], [x1, y0], [x1, y1], [x0, y1]], true, &framed);
    }
}

fn draw_outlines(specimen: &mut RgbImage, view: &View, particles: &[Particle]) {
    // What matters most comes last and is on top.
    for status in [Status::Rejected, Status::Border, Status::Accepted] {
        let count = of_status(particles, status).filter(|p| is_drawn(p)).count();
        for particle in of_status(particles, status).filter(|p| is_drawn(p)) {
            // On a tiny vesicle a line as thick as elsewhere would leave nothing to see.
            let line = view.line.min(0.08 * 0.5 * particle.shape.diameter_px * view.scale()).max(0.6);
            canvas::line(specimen, &view.polygon(particle), true, &stroke(status, line, count));
        }
    }
}

/// Writes ids beside the outlines where there is room, inside where only that is free, or not at all.
fn draw_ids(specimen: &mut RgbImage, view: &View, particles: &[Particle]) {
    let numbered: Vec<&Particle> =
        [Status::Accepted, Status::Border].into_iter().flat_map(|status| of_status(particles, status)).collect();
    let mut room = Room::new(specimen.width(), specimen.height());
    numbered.iter().for_each(|p| view.polygon(p).iter().for_each(|v| room.take_point(*v)));
    for particle in numbered {
        let text = particle.id.to_string();
        let colour = stroke(particle.status, 1.0, 1).colour;
        let scales = [view.text, (view.text / 2).max(1)];
        let spot = scales.into_iter().find_map(|scale| {
            let margin = scale;
            let width = canvas::text_width(&text, scale) + 2 * margin;
            let height = canvas::text_height(scale) + 2 * margin;
            // A crowd of ids larger than their vesicles would be all that is left to see.
            if width as f64 > particle.shape.diameter_px * view.scale() {
                return None;
            }
            let free = spots(&view.polygon(particle), width, height, margin).into_iter().find(|a| room.is_free(a))?;
            Some((free, scale, margin))
        });
        if let Some((area, scale, margin)) = spot {
            room.take(&area);
            let position = (area.x + margin, area.y + margin);
            canvas::text(specimen, position, &text, scale, colour, (scale / 2).max(1));
        }
    }
}

/// Where a text may go: the four diagonal sides of an outline, right, left, above, below, inside.
fn spots(polygon: &[[f64; 2]], width: i64, height: i64, gap: i64) -> Vec<Area> {
    if polygon.is_empty() {
        return Vec::new();
    }
    let middle = |axis: usize| polygon.iter().map(|v| v[axis]).sum::<f64>() / polygon.len() as f64;
    let (x, y) = (middle(0), middle(1));
    let diagonals = [(1, -1), (1, 1), (-1, -1), (-1, 1)];
    let directions = diagonals.into_iter().chain([(1, 0), (-1, 0), (0, -1), (0, 1)]);
    let beside = directions.map(|(u, v)| {
        // The vertex farthest in this direction is what the text has to clear.
        let [px, py] = polygon.iter().copied().fold([x, y], |best, p| {
            let ahead = |q: [f64; 2]| q[0] * f64::from(u) + q[1] * f64::from(v);
            if ahead(p) > ahead(best) { p } else { best }
        });
        let place = |at: f64, side: i32, size: i64| match side {
            1 => at as i64 + gap,
            -1 => at as i64 - gap - size,
            _ => at as i64 - size / 2,
        };
        Area { x: place(px, u, width), y: place(py, v, height), width, height }
    });
    let inside = Area { x: x as i64 - width / 2, y: y as i64 - height / 2, width, height };
    beside.chain([inside]).collect()
}

/// Which parts of the specimen are taken by outlines and ids, in cells of a few pixels.
struct Room {
    width: i64,
    height: i64,
    taken: Vec<bool>,
}

impl Room {
    const CELL: i64 = 4;

    fn new(width: u32, height: u32) -> Self {
        let (width, height) = (i64::from(width) / Self::CELL, i64::from(height) / Self::CELL);
        Self { width, height, taken: vec![false; (width * height) as usize] }
    }

    /// Cells of an area, or `None` when it is not wholly on the specimen.
    fn cells(&self, area: &Area) -> Option<impl Iterator<Item = usize> + use<>> {
        let cell = |v: i64| v.div_euclid(Self::CELL);
        let (left, right) = (cell(area.x), cell(area.x + area.width - 1));
        let (top, bottom) = (cell(area.y), cell(area.y + area.height - 1));
        let width = self.width;
        let whole = left >= 0 && top >= 0 && right < self.width && bottom < self.height;
        whole.then(|| (top..=bottom).flat_map(move |y| (left..=right).map(move |x| (y * width + x) as usize)))
    }

    fn is_free(&self, area: &Area) -> bool {
        self.cells(area).is_some_and(|mut cells| cells.all(|cell| !self.taken[cell]))
    }

    fn take(&mut self, area: &Area) {
        self.cells(area).into_iter().flatten().for_each(|cell| self.taken[cell] = true);
    }

    fn take_point(&mut self, [x, y]: [f64; 2]) {
        self.take(&Area { x: x as i64, y: y as i64, width: 1, height: 1 });
    }
}
