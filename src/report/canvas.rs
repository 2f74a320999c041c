//! Drawing on a colour picture: smooth lines and text.

use super::font;
use image::{Rgb, RgbImage};

/// How a line looks; lengths in canvas pixels.
#[derive(Debug, Clone, Copy)]
pub struct Stroke {
    pub colour: Rgb<u8>,
    pub width: f64,
    /// 0 invisible to 1 opaque.
    pub opacity: f64,
    /// Lengths drawn and left out; `None` for a solid line.
    pub dash: Option<(f64, f64)>,
    /// Width of the dark edge along both sides that sets the line off from a bright picture.
    pub edge: f64,
}

const DARK: Rgb<u8> = Rgb([0, 0, 0]);

/// A rectangle in canvas pixels; may lie outside of the canvas.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    pub x: i64,
    pub y: i64,
    pub width: i64,
    pub height: i64,
}

/// Width of a text whose font pixels are `scale` wide.
pub fn text_width(text: &str, scale: i64) -> i64 {
    (text.chars().count() * font::ADVANCE).saturating_sub(1) as i64 * scale
}

/// Height of the digits and letters without descenders.
pub fn text_height(scale: i64) -> i64 {
    (font::HEIGHT as i64 - 1) * scale
}

/// Fills a rectangle.
pub fn fill(canvas: &mut RgbImage, area: Area, colour: Rgb<u8>) {
    let (width, height) = (i64::from(canvas.width()), i64::from(canvas.height()));
    for y in area.y.max(0)..(area.y + area.height).min(height) {
        for x in area.x.max(0)..(area.x + area.width).min(width) {
            canvas.put_pixel(x as u32, y as u32, colour);
        }
    }
}

/// Writes a text with its top-left corner at (x, y), with a dark edge of `edge` pixels around.
pub fn text(canvas: &mut RgbImage, (x, y): (i64, i64), text: &str, scale: i64, colour: Rgb<u8>, edge: i64) {
    for (margin, colour) in [(edge, DARK), (0, colour)] {
        for (i, character) in text.chars().enumerate() {
            for (column, row) in font::pixels(character) {
                let left = x + (i * font::ADVANCE + column) as i64 * scale - margin;
                let top = y + row as i64 * scale - margin;
                fill(canvas, Area { x: left, y: top, width: scale + 2 * margin, height: scale + 2 * margin }, colour);
            }
        }
    }
}

/// Draws a line along finite points, back to the first one if `closed`.
pub fn line(canvas: &mut RgbImage, points: &[[f64; 2]], closed: bool, stroke: &Stroke) {
    let pieces = pieces(points, closed, stroke.dash);
    if stroke.edge > 0.0 {
        paint(canvas, &pieces, stroke.width + 2.0 * stroke.edge, DARK, 0.5 * stroke.opacity);
    }
    paint(canvas, &pieces, stroke.width, stroke.colour, stroke.opacity);
}

type Segment = ([f64; 2], [f64; 2]);

/// The straight segments of a line that are to be drawn.
fn pieces(points: &[[f64; 2]], closed: bool, dash: Option<(f64, f64)>) -> Vec<Segment> {
    let last = if closed { points.len() } else { points.len().saturating_sub(1) };
    let segments: Vec<Segment> = (0..last).map(|i| (points[i], points[(i + 1) % points.len()])).collect();
    let length = |(a, b): &Segment| libm::hypot(a[0] - b[0], a[1] - b[1]);
    let total: f64 = segments.iter().map(length).sum();
    // A line far larger than any canvas would take for ever to cut up.
    let Some((on, off)) = dash.filter(|(on, off)| total / (on + off) < 1e5) else { return segments };
    // A whole number of dashes, so that a closed line shows no seam.
    let period = total / (total / (on + off)).round().max(1.0);
    let on = period * on / (on + off);
    let mut pieces = Vec::new();
    let mut position = 0.0;
    for segment in &segments {
        let (a, b) = segment;
        let size = length(segment);
        let at = |s: f64| {
            let t = ((s - position) / size).clamp(0.0, 1.0);
            [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])]
        };
        let mut dash = (position / period).floor() * period;
        while dash < position + size {
            let (from, to) = (dash.max(position), (dash + on).min(position + size));
            if from < to {
                pieces.push((at(from), at(to)));
            }
            dash += period;
        }
        position += size;
    }
    pieces
}

/// Blends the segments in once, however often they touch each other.
fn paint(canvas: &mut RgbImage, pieces: &[Segment], width: f64, colour: Rgb<u8>, opacity: f64) {
    let reach = width / 2.0 + 1.0;
    let size = [f64::from(canvas.width()), f64::from(canvas.height())];
    // Pixels from the first to the one after the last that something between two coordinates may touch.
    let span = |axis: usize, low: f64, high: f64| {
        let pixel = |v: f64| v.clamp(0.0, size[axis]) as usize;
        (pixel((low - reach).floor()), pixel((high + reach).ceil()))
    };
    let span_all = |axis: usize| {
        let ends = || pieces.iter().flat_map(|(a, b)| [a[axis], b[axis]]);
        span(axis, ends().fold(f64::INFINITY, f64::min), ends().fold(f64::NEG_INFINITY, f64::max))
    };
    let ((x0, x1), (y0, y1)) = (span_all(0), span_all(1));
    if x0 >= x1 || y0 >= y1 {
        return;
    }
    let mut cover = vec![0.0_f64; (x1 - x0) * (y1 - y0)];
    for (a, b) in pieces {
        let (left, right) = span(0, a[0].min(b[0]), a[0].max(b[0]));
        let (top, bottom) = span(1, a[1].min(b[1]), a[1].max(b[1]));
        for y in top..bottom {
            for x in left..right {
                let d = distance([x as f64 + 0.5, y as f64 + 0.5], a, b);
                let cover = &mut cover[(y - y0) * (x1 - x0) + x - x0];
                *cover = cover.max((width / 2.0 + 0.5 - d).clamp(0.0, width.min(1.0)));
            }
        }
    }
    for (i, cover) in cover.into_iter().enumerate().filter(|(_, cover)| *cover > 0.0) {
        let pixel = canvas.get_pixel_mut((x0 + i % (x1 - x0)) as u32, (y0 + i / (x1 - x0)) as u32);
        let share = cover * opacity;
        for (old, new) in pixel.0.iter_mut().zip(colour.0) {
            *old = (f64::from(*old) * (1.0 - share) + f64::from(new) * share).round() as u8;
        }
    }
}

/// Distance of a point from a straight segment.
fn distance(p: [f64; 2], a: &[f64; 2], b: &[f64; 2]) -> f64 {
    let (ux, uy) = (b[0] - a[0], b[1] - a[1]);
    let length2 = ux * ux + uy * uy;
    let t = if length2 > 0.0 { (((p[0] - a[0]) * ux + (p[1] - a[1]) * uy) / length2).clamp(0.0, 1.0) } else { 0.0 };
    let (x, y) = (p[0] - a[0] - t * ux, p[1] - a[1] - t * uy);
    (x * x + y * y).sqrt()
}
