//! What a figure carries on top of the picture: scale bars, text, arrows, circles, a frame, a strip with the microscope's
//! data. Burned in after the camera, so nothing of it has noise, and nothing of it is a vesicle.

use super::clutter::Piece;
use super::dice::Dice;
use super::field::Field;
use super::kind::Kind;
use super::letters::{ADVANCE, glyph, line_of_text, text_width};
use super::vesicle::Vesicle;
use std::f64::consts::TAU;

/// Smallest field that is worth marking, pixels.
const SIDE_MIN_PX: usize = 200;
/// Chance of any mark in most kinds, and in the kinds that look like figures.
const CHANCE: f64 = 0.08;
const CHANCE_FIGURE: f64 = 0.35;
/// Lengths that scale bars have, nm.
const BAR_NM: [f64; 6] = [50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0];
/// Share of the field's width that a scale bar spans at most.
const BAR_WIDTH_MAX: f64 = 0.35;
/// Height of text as a share of the field's height, and the least that can be read, pixels.
const TEXT_SHARE: (f64, f64) = (0.015, 0.05);
const TEXT_MIN_PX: f64 = 6.0;
/// Share of the pixels beyond black and white: the shades marks are drawn in.
const SHADE_SHARE: f64 = 0.001;
/// A line with round ends: both ends and the half-width, pixels; 0 is black, 1 white.
#[derive(Debug, Clone, Copy)]
struct Stroke {
    from: (f64, f64),
    to: (f64, f64),
    half_px: f64,
    shade: f32,
}

/// A filled rectangle: left, top, right, bottom, pixels.
#[derive(Debug, Clone, Copy)]
struct Plate {
    edges: (f64, f64, f64, f64),
    shade: f32,
}

/// All marks of a scene.
#[derive(Debug, Clone)]
pub(super) struct Marks {
    width: usize,
    height: usize,
    pub pixel_size_nm: f64,
    /// Height of the opaque strip at the bottom; 0 for none.
    pub strip_px: usize,
    /// How far beyond the picture's own black and white the shades lie, as a share of its range.
    beyond: f32,
    plates: Vec<Plate>,
    strokes: Vec<Stroke>,
    pub pieces: Vec<Piece>,
}

impl Marks {
    /// Marks for a field: none in most scenes.
    pub fn draw(kind: Kind, width: usize, height: usize, pixel_size_nm: f64, dice: &mut Dice) -> Self {
        let mut marks = Self {
            width,
            height,
            pixel_size_nm,
            strip_px: 0,
            beyond: dice.uniform(0.0, 0.4) as f32,
            plates: Vec::new(),
            strokes: Vec::new(),
            pieces: Vec::new(),
        };
        let chance = if matches!(kind, Kind::Coarse | Kind::Mixed | Kind::Empty) { CHANCE_FIGURE } else { CHANCE };
        if !dice.chance(chance) || width.min(height) < SIDE_MIN_PX {
            return marks;
        }
        if dice.chance(0.3) {
            marks.strip(dice);
        }
        if dice.chance(0.7) {
            marks.scale_bar(dice);
        }
        if dice.chance(0.3) {
            for _ in 0..dice.count(1, 3) {
                marks.caption(dice);
            }
        }
        if dice.chance(0.1) {
            marks.frame(dice);
        }
        marks
    }

    /// Arrows and circles, mostly at vesicles; a few scenes that are marked at all have them.
    pub fn annotate(&mut self, vesicles: &[Vesicle], dice: &mut Dice) {
        if self.strokes.is_empty() || !dice.chance(0.25) {
            return;
        }
        let shade = shade(dice);
        let half_px = dice.uniform(0.7, 2.5);
        for _ in 0..dice.count(1, 5) {
            let (x, y, radius) = match vesicles.get(dice.count(0, vesicles.len())) {
                Some(v) if dice.chance(0.7) => {
                    let outline = &v.body.outline;
                    (outline.x_nm, outline.y_nm, outline.reach_nm())
                }
                _ => {
                    let side_nm = self.pixel_size_nm * dice.uniform(0.05, 0.95);
                    (side_nm * self.width as f64, side_nm * self.open_rows() as f64, dice.uniform(20.0, 100.0))
                }
            };
            let at = (x / self.pixel_size_nm, y / self.pixel_size_nm);
            let radius = radius / self.pixel_size_nm;
            let first = self.strokes.len();
            match dice.count(0, 2) {
                0 => self.circle(at, radius * dice.uniform(1.2, 2.0), half_px, shade),
                1 => self.arrow(at, radius * dice.uniform(1.0, 1.4), half_px, shade, dice),
                _ => {
                    let high = self.text_px(dice);
                    self.write("A", (at.0 + radius, at.1 - radius - high), high, shade);
                }
            }
            self.tell(first);
        }
    }

    /// Rows of the picture above the strip.
    pub fn open_rows(&self) -> usize {
        self.height - self.strip_px
    }

    /// Height of the picture above the strip, nm.
    pub fn open_height_nm(&self) -> f64 {
        self.open_rows() as f64 * self.pixel_size_nm
    }

    /// Whether an opaque plate hides any of a disc.
    pub fn hide(&self, x_nm: f64, y_nm: f64, radius_nm: f64) -> bool {
        let (x, y, radius) = (x_nm / self.pixel_size_nm, y_nm / self.pixel_size_nm, radius_nm / self.pixel_size_nm);
        self.plates.iter().filter(|p| p.edges.1 < self.open_rows() as f64).any(|p| {
            let (left, top, right, bottom) = p.edges;
            libm::hypot(x - x.clamp(left, right), y - y.clamp(top, bottom)) < radius
        })
    }

    /// Burns the marks in.
    pub fn stamp(&self, grey: &mut Field) {
        if self.plates.is_empty() && self.strokes.is_empty() {
            return;
        }
        let (black, white) = (grey.quantile(SHADE_SHARE), grey.quantile(1.0 - SHADE_SHARE));
        let beyond = self.beyond * (white - black);
        let (black, white) = ((black - beyond).max(0.0), white + beyond);
        let value = |shade: f32| black + shade * (white - black);
        for plate in &self.plates {
            let (left, top, right, bottom) = plate.edges;
            cells(grey, (left, top), (right, bottom), |v, x, y| {
                let cover = (x - left + 0.5).min(right - x + 0.5).min(y - top + 0.5).min(bottom - y + 0.5);
                *v += cover.clamp(0.0, 1.0) as f32 * (value(plate.shade) - *v);
            });
        }
        for s in &self.strokes {
            let low = (s.from.0.min(s.to.0) - s.half_px, s.from.1.min(s.to.1) - s.half_px);
            let high = (s.from.0.max(s.to.0) + s.half_px, s.from.1.max(s.to.1) + s.half_px);
            let along = (s.to.0 - s.from.0, s.to.1 - s.from.1);
            let length2 = (along.0 * along.0 + along.1 * along.1).max(1e-9);
            cells(grey, low, high, |v, x, y| {
                let (dx, dy) = (x - s.from.0, y - s.from.1);
                let t = ((dx * along.0 + dy * along.1) / length2).clamp(0.0, 1.0);
                let off = libm::hypot(dx - t * along.0, dy - t * along.1);
                *v += (s.half_px - off + 0.5).clamp(0.0, 1.0) as f32 * (value(s.shade) - *v);
            });
        }
    }

    /// A band across the bottom with a line of text.
    fn strip(&mut self, dice: &mut Dice) {
        self.strip_px = (dice.uniform(0.03, 0.1) * self.height as f64).max(TEXT_MIN_PX + 4.0) as usize;
        let top = self.open_rows() as f64;
        let shade = [0.0, 1.0, 0.15, 0.5][dice.count(0, 3)];
        let high = (dice.uniform(0.35, 0.65) * self.strip_px as f64).max(TEXT_MIN_PX - 1.0);
        self.plates.push(Plate { edges: (-1.0, top, self.width as f64 + 1.0, self.height as f64 + 1.0), shade });
        let room = (self.width as f64 / (ADVANCE * high)) as usize;
        let text = line_of_text(dice.count(8, 50).min(room.saturating_sub(4)), dice);
        self.write(&text, (high, top + 0.5 * (self.strip_px as f64 - high)), high, if shade < 0.5 { 1.0 } else { 0.0 });
    }

    /// A bar of a round length with or without its number, plain or on a plate.
    fn scale_bar(&mut self, dice: &mut Dice) {
        let (w, h) = (self.width as f64, self.open_rows() as f64);
        let fits = |nm: &&f64| **nm / self.pixel_size_nm < BAR_WIDTH_MAX * w;
        let lengths: Vec<f64> = BAR_NM.iter().filter(fits).copied().collect();
        let Some(&length_nm) = lengths.get(lengths.len().saturating_sub(dice.count(1, 3))).or(lengths.first()) else {
            return;
        };
        let length = length_nm / self.pixel_size_nm;
        let high = self.text_px(dice);
        let text = format!("{length_nm} nm");
        let written = dice.chance(0.75);
        let span = if written { length.max(text_width(&text, high)) } else { length };
        let margin = dice.uniform(0.02, 0.06) * w;
        let left = if dice.chance(0.5) { margin } else { w - margin - span };
        let bottom = if dice.chance(0.85) { h - margin } else { margin + 2.5 * high };
        let half_px = (dice.uniform(0.06, 0.3) * high).max(0.8);
        let bright = shade(dice);
        if dice.chance(0.3) {
            let top = bottom - 2.0 * half_px - if written { 1.6 * high } else { 0.4 * high };
            let edges = (left - 0.5 * high, top, left + span + 0.5 * high, bottom + 0.4 * high + half_px);
            self.plates.push(Plate { edges, shade: 1.0 - bright });
        }
        let first = self.strokes.len();
        self.strokes.push(Stroke { from: (left, bottom), to: (left + length, bottom), half_px, shade: bright });
        if written {
            self.write(&text, (left, bottom - 2.0 * half_px - 1.3 * high), high, bright);
        }
        self.tell(first);
    }

    /// A line of text near a corner.
    fn caption(&mut self, dice: &mut Dice) {
        let high = self.text_px(dice);
        let text = line_of_text(dice.count(1, 24), dice);
        let x = if dice.chance(0.5) { high } else { self.width as f64 - high - text_width(&text, high) };
        let y = if dice.chance(0.6) { high } else { self.open_rows() as f64 - 2.0 * high };
        let first = self.strokes.len();
        let shade = shade(dice);
        self.write(&text, (x, y), high, shade);
        self.tell(first);
    }

    /// A thin line around the picture.
    fn frame(&mut self, dice: &mut Dice) {
        let (half_px, shade) = (dice.uniform(0.5, 2.0), shade(dice));
        let (w, h) = (self.width as f64 - 1.0, self.open_rows() as f64 - 1.0);
        for (from, to) in [((0.0, 0.0), (w, 0.0)), ((w, 0.0), (w, h)), ((w, h), (0.0, h)), ((0.0, h), (0.0, 0.0))] {
            self.strokes.push(Stroke { from, to, half_px, shade });
        }
    }

    fn circle(&mut self, at: (f64, f64), radius: f64, half_px: f64, shade: f32) {
        const SIDES: usize = 40;
        let corner = |i: usize| {
            let (sin, cos) = libm::sincos(TAU * i as f64 / SIDES as f64);
            (at.0 + radius * cos, at.1 + radius * sin)
        };
        for i in 0..SIDES {
            self.strokes.push(Stroke { from: corner(i), to: corner(i + 1), half_px, shade });
        }
    }

    /// An arrow whose tip lies `off` from a point that it points at.
    fn arrow(&mut self, at: (f64, f64), off: f64, half_px: f64, shade: f32, dice: &mut Dice) {
        let angle = dice.angle();
        let length = dice.uniform(8.0, 30.0) * half_px;
        let from =
            |angle: f64, from: (f64, f64), r: f64| (from.0 + r * libm::cos(angle), from.1 + r * libm::sin(angle));
        let tip = from(angle, at, off);
        self.strokes.push(Stroke { from: tip, to: from(angle, tip, length), half_px, shade });
        let barb = dice.uniform(3.0, 7.0) * half_px;
        for turn in [-0.5, -0.25, 0.25, 0.5] {
            self.strokes.push(Stroke { from: tip, to: from(angle + turn, tip, barb), half_px, shade });
        }
    }

    fn text_px(&self, dice: &mut Dice) -> f64 {
        (dice.log_uniform(TEXT_SHARE.0, TEXT_SHARE.1) * self.height as f64).max(TEXT_MIN_PX)
    }

    /// Writes from the upper left corner on.
    fn write(&mut self, text: &str, at: (f64, f64), high: f64, shade: f32) {
        for (i, letter) in text.chars().enumerate() {
            let left = at.0 + i as f64 * ADVANCE * high;
            let node = |n: u8| (left + 0.25 * f64::from(n % 3) * high, at.1 + 0.25 * f64::from(n / 3) * high);
            for pair in glyph(letter).windows(2) {
                let (from, to) = (node(pair[0]), node(pair[1]));
                self.strokes.push(Stroke { from, to, half_px: (0.07 * high).max(0.5), shade });
            }
        }
    }

    /// Enters the strokes from `first` on as one piece that is no vesicle.
    fn tell(&mut self, first: usize) {
        let points: Vec<_> = self.strokes[first..]
            .iter()
            .flat_map(|s| [s.from, s.to])
            .map(|(x, y)| (x * self.pixel_size_nm, y * self.pixel_size_nm))
            .collect();
        if !points.is_empty() {
            self.pieces.push(Piece::spanning(&points, self.pixel_size_nm));
        }
    }
}

fn shade(dice: &mut Dice) -> f32 {
    if dice.chance(0.5) { 1.0 } else { 0.0 }
}

/// Every pixel of a box, with the coordinates of its centre.
fn cells(grey: &mut Field, low: (f64, f64), high: (f64, f64), mut change: impl FnMut(&mut f32, f64, f64)) {
    let range = |low: f64, high: f64, size: usize| {
        let low = (low - 1.0).floor().max(0.0) as usize;
        low.min(size)..((high + 2.0).ceil().max(0.0) as usize).min(size)
    };
    let columns = range(low.0, high.0, grey.width);
    for y in range(low.1, high.1, grey.height) {
        for x in columns.clone() {
            change(&mut grey.value[y * grey.width + x], x as f64 + 0.5, y as f64 + 0.5);
        }
    }
}
