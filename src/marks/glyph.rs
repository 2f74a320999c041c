//! Tells the digits and unit letters of scale bars apart, and both from whatever else is cut out of a picture.
//!
//! A network of three convolutions and one full layer. `scripts/train-glyphs` made the weights, whole numbers of 8 bits; sums
//! are taken in a fixed order.

use super::components::Run;
use super::plane::Plane;
use crate::widest::widest;
use std::sync::OnceLock;

/// Side of what the network looks at, pixels; the piece's longer side becomes `BODY`, each pixel a mean of `SAMPLES` x
/// `SAMPLES` places.
const SIDE: usize = 20;
const BODY: f32 = 18.0;
const SAMPLES: usize = 3;
/// Pixels around a piece that hold no ink.
const FRAME: usize = 2;
/// Pixels of a row that are computed side by side; it divides the sides of all layers.
const BLOCK: usize = 5;
/// Outputs that are computed side by side.
const OUTPUTS: usize = 8;
/// Channels of the convolutions.
const CHANNELS: [usize; 3] = [8, 16, 32];
/// Digits, then `n`, `m`, the micro sign or `u`, the angstrom sign.
pub(super) const LETTERS: [char; 14] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'n', 'm', 'µ', 'Å'];
/// Any other letter, and what is none.
pub(super) const OTHER: usize = LETTERS.len();
pub(super) const JUNK: usize = OTHER + 1;
const CLASSES: usize = JUNK + 1;
/// Share of a piece's pixels that are darker than what counts as its full ink.
const INK_SHARE: f64 = 0.8;
/// How far around a piece its background is looked at, pixels.
const AROUND_PX: usize = 4;

/// Probabilities of [`LETTERS`], [`OTHER`] and [`JUNK`].
pub(super) type Answer = [f32; CLASSES];

/// Probability that a piece is a letter of any kind.
pub(super) fn letter_chance(answer: &Answer) -> f32 {
    1.0 - answer[JUNK]
}

/// What the network sees in a piece of a picture with bright ink.
pub(super) fn classify(plane: &Plane, piece: &Piece) -> Answer {
    let patch = piece.patch(plane);
    Network::embedded().answer(&patch)
}

/// A piece of ink in a box; `x1` and `y1` are the first beyond.
pub(super) struct Piece {
    pub x0: usize,
    pub y0: usize,
    pub x1: usize,
    pub y1: usize,
    own: Vec<bool>,
    /// Own pixels and those beside them, in the box grown by one pixel.
    near: Vec<bool>,
}

impl Piece {
    /// The runs between two columns, `None` where there are none.
    pub fn of<'a>(runs: impl Iterator<Item = &'a Run> + Clone, left: usize, right: usize) -> Option<Self> {
        let (mut x0, mut x1, mut y0, mut y1) = (usize::MAX, 0, usize::MAX, 0);
        let cut = |run: &Run| ((run.x0 as usize).max(left), (run.x1 as usize).min(right), run.y as usize);
        for (a, b, y) in runs.clone().map(cut).filter(|(a, b, _)| a < b) {
            (x0, x1, y0, y1) = (x0.min(a), x1.max(b), y0.min(y), y1.max(y + 1));
        }
        if x0 >= x1 {
            return None;
        }
        let width = x1 - x0;
        let mut own = vec![false; width * (y1 - y0)];
        for (a, b, y) in runs.map(cut).filter(|(a, b, _)| a < b) {
            own[(y - y0) * width + a - x0..(y - y0) * width + b - x0].fill(true);
        }
        let mut near = vec![false; (width + 2) * (y1 - y0 + 2)];
        for (i, _) in own.iter().enumerate().filter(|(_, own)| **own) {
            let (x, y) = (i % width, i / width);
            for row in near.chunks_exact_mut(width + 2).skip(y).take(3) {
                row[x..x + 3].fill(true);
            }
        }
        Some(Self { x0, y0, x1, y1, own, near })
    }

    pub fn width(&self) -> usize {
        self.x1 - self.x0
    }

    pub fn height(&self) -> usize {
        self.y1 - self.y0
    }

    /// Whether a pixel or one beside it belongs to the piece; in the picture's coordinates.
    fn near(&self, x: usize, y: usize) -> bool {
        let (x, y) = ((x + 1).wrapping_sub(self.x0), (y + 1).wrapping_sub(self.y0));
        x < self.width() + 2 && y < self.height() + 2 && self.near[y * (self.width() + 2) + x]
    }

    /// Grey values of the background and of full ink.
    fn levels(&self, plane: &Plane) -> (f32, f32) {
        let mut ink: Vec<u8> = Vec::new();
        let mut around: Vec<u8> = Vec::new();
        for y in self.y0.saturating_sub(AROUND_PX)..(self.y1 + AROUND_PX).min(plane.height) {
            for x in self.x0.saturating_sub(AROUND_PX)..(self.x1 + AROUND_PX).min(plane.width) {
                let within = (self.x0..self.x1).contains(&x) && (self.y0..self.y1).contains(&y);
                if within && self.own[(y - self.y0) * self.width() + x - self.x0] {
                    ink.push(plane.at(x, y));
                } else if !self.near(x, y) {
                    around.push(plane.at(x, y));
                }
            }
        }
        let quantile = |values: &mut Vec<u8>, share: f64| {
            let place = ((values.len().max(1) - 1) as f64 * share) as usize;
            values.get_mut(place).map(|_| ()).map_or(0, |()| *values.select_nth_unstable(place).1)
        };
        let high = f32::from(quantile(&mut ink, INK_SHARE));
        // Neighbouring ink is not background: the middle of what is darker than half the ink.
        around.retain(|v| f32::from(*v) < 0.8 * high);
        (f32::from(quantile(&mut around, 0.5)), high)
    }

    /// The piece as the network looks at it: 0 is background, 1 full ink.
    fn patch(&self, plane: &Plane) -> [f32; SIDE * SIDE] {
        let (low, high) = self.levels(plane);
        let (w, h) = (self.width(), self.height());
        // Framed by two pixels without ink, so that every sample lies between four pixels.
        let wide = w + 2 * FRAME;
        let mut ink = vec![0.0f32; wide * (h + 2 * FRAME)];
        for y in 0..h {
            for x in 0..w {
                if self.near(x + self.x0, y + self.y0) {
                    let grey = f32::from(plane.at(x + self.x0, y + self.y0));
                    ink[(y + FRAME) * wide + x + FRAME] = ((grey - low) / (high - low).max(1.0)).clamp(0.0, 1.0);
                }
            }
        }
        let step = w.max(h) as f32 / BODY;
        // The pixel before each sample along an axis, and how far it is towards the next.
        let places = |size: usize| -> [(usize, f32); SIDE * SAMPLES] {
            std::array::from_fn(|i| {
                let place = ((i as f32 + 0.5) / SAMPLES as f32 - SIDE as f32 / 2.0) * step + size as f32 / 2.0 - 0.5;
                let before = place.floor();
                let framed = (before as isize).clamp(-(FRAME as isize), size as isize) + FRAME as isize;
                (framed as usize, place - before)
            })
        };
        let (columns, rows) = (places(w), places(h));
        let mut patch = [0.0; SIDE * SIDE];
        for (i, &(row, fy)) in rows.iter().enumerate() {
            let (upper, lower) = (&ink[row * wide..][..wide], &ink[(row + 1) * wide..][..wide]);
            for (j, &(column, fx)) in columns.iter().enumerate() {
                let above = upper[column] * (1.0 - fx) + upper[column + 1] * fx;
                let below = lower[column] * (1.0 - fx) + lower[column + 1] * fx;
                patch[i / SAMPLES * SIDE + j / SAMPLES] += above * (1.0 - fy) + below * fy;
            }
        }
        patch.map(|v| v / (SAMPLES * SAMPLES) as f32)
    }
}

/// A layer's weights, outputs last so that they are summed side by side.
struct Layer {
    weights: Vec<f32>,
    bias: Vec<f32>,
}

struct Network {
    convolutions: Vec<Layer>,
    last: Layer,
}

impl Network {
    /// # Panics
    /// When the embedded file is broken, which a test rules out.
    fn embedded() -> &'static Self {
        static NETWORK: OnceLock<Network> = OnceLock::new();
        NETWORK.get_or_init(|| Self::parse(include_bytes!("glyphs.bin")).expect("the embedded network is valid"))
    }

    /// Per layer: the step of the weights as `f32`, weights as `i8` output by output, biases as `f32`; little-endian.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let mut layer = |inputs: usize, outputs: usize| {
            let step = f32::from_le_bytes(rest.split_off(..4)?.try_into().ok()?);
            let stored = rest.split_off(..inputs * outputs)?;
            let mut weights = vec![0.0; stored.len()];
            for (i, w) in stored.iter().enumerate() {
                weights[i % inputs * outputs + i / inputs] = step * f32::from(*w as i8);
            }
            let bias = rest.split_off(..4 * outputs)?.chunks_exact(4);
            let bias = bias.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
            Some(Layer { weights, bias })
        };
        let convolutions = [1, CHANNELS[0], CHANNELS[1]].into_iter().zip(CHANNELS).map(|(i, o)| layer(9 * i, o));
        let convolutions = convolutions.collect::<Option<_>>()?;
        let last = layer(CHANNELS[2] * (SIDE / 4).pow(2), CLASSES)?;
        rest.is_empty().then_some(Self { convolutions, last })
    }

    fn answer(&self, patch: &[f32]) -> Answer {
        let mut side = SIDE;
        let mut values = patch.to_vec();
        for (i, layer) in self.convolutions.iter().enumerate() {
            values = convolved(&values, side, layer);
            if i < 2 {
                values = halve(&values, side, layer.bias.len());
                side /= 2;
            }
        }
        // The full layer counts its inputs channel by channel.
        let channels = CHANNELS[2];
        let mut sums = self.last.bias.clone();
        for channel in 0..channels {
            for place in 0..side * side {
                let value = values[place * channels + channel];
                let row = &self.last.weights[(channel * side * side + place) * CLASSES..][..CLASSES];
                for (sum, w) in sums.iter_mut().zip(row) {
                    *sum += value * w;
                }
            }
        }
        let top = sums.iter().copied().fold(f32::MIN, f32::max);
        let mut answer = [0.0; CLASSES];
        for (p, sum) in answer.iter_mut().zip(&sums) {
            *p = libm::expf(sum - top);
        }
        let total: f32 = answer.iter().sum();
        answer.map(|p| p / total)
    }
}

/// 3 x 3 neighbours of all channels, rectified; zeros around. Channels of a pixel lie side by side.
fn convolved(values: &[f32], side: usize, layer: &Layer) -> Vec<f32> {
    let inputs = values.len() / (side * side);
    // A frame of zeros, so that every pixel has all neighbours.
    let wide = side + 2;
    let mut framed = vec![0.0; wide * wide * inputs];
    for (y, row) in values.chunks_exact(side * inputs).enumerate() {
        framed[((y + 1) * wide + 1) * inputs..][..row.len()].copy_from_slice(row);
    }
    let mut out = vec![0.0; side * side * layer.bias.len()];
    convolve(&mut out, &framed, side, inputs, layer);
    out
}

widest! {
    /// The sums of a layer, in blocks of pixels and outputs that stay in registers; each in the same order.
    fn convolve(out: &mut [f32], framed: &[f32], side: usize, inputs: usize, layer: &Layer) {
        let (outputs, wide) = (layer.bias.len(), side + 2);
        for y in 0..side {
            for x in (0..side).step_by(BLOCK) {
                for first in (0..outputs).step_by(OUTPUTS) {
                    let mut sums = [[0.0f32; OUTPUTS]; BLOCK];
                    for pixel in 0..BLOCK {
                        sums[pixel].copy_from_slice(&layer.bias[first..first + OUTPUTS]);
                    }
                    for tap in 0..9 {
                        let seen = &framed[((y + tap / 3) * wide + x + tap % 3) * inputs..][..BLOCK * inputs];
                        for input in 0..inputs {
                            let weights = &layer.weights[(input * 9 + tap) * outputs + first..][..OUTPUTS];
                            for pixel in 0..BLOCK {
                                sums[pixel] = plus(sums[pixel], seen[pixel * inputs + input], weights);
                            }
                        }
                    }
                    for pixel in 0..BLOCK {
                        let to = &mut out[(y * side + x + pixel) * outputs + first..][..OUTPUTS];
                        for o in 0..OUTPUTS {
                            to[o] = sums[pixel][o].max(0.0);
                        }
                    }
                }
            }
        }
    }
}

/// Sums with weighted values added. Handed over as a whole, which keeps them in registers.
#[inline(always)]
#[allow(clippy::needless_range_loop)]
fn plus(mut sums: [f32; OUTPUTS], value: f32, weights: &[f32]) -> [f32; OUTPUTS] {
    for o in 0..OUTPUTS {
        sums[o] += value * weights[o];
    }
    sums
}

/// The largest of each 2 x 2 pixels.
fn halve(values: &[f32], side: usize, channels: usize) -> Vec<f32> {
    let half = side / 2;
    let at = |x: usize, y: usize, c: usize| values[(y * side + x) * channels + c];
    let mut out = Vec::with_capacity(half * half * channels);
    for y in 0..half {
        for x in 0..half {
            out.extend((0..channels).map(|c| {
                let (x, y) = (2 * x, 2 * y);
                at(x, y, c).max(at(x + 1, y, c)).max(at(x, y + 1, c)).max(at(x + 1, y + 1, c))
            }));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the network sees in a drawing, four times enlarged.
    fn seen(drawing: &[&str]) -> Answer {
        let (rows, columns) = (drawing.len(), drawing[0].len());
        let (width, height) = (4 * columns + 12, 4 * rows + 12);
        let mut value = vec![40u8; width * height];
        let mut runs = Vec::new();
        for y in 0..4 * rows {
            for x in (0..4 * columns).filter(|x| drawing[y / 4].as_bytes()[x / 4] == b'#') {
                value[(y + 6) * width + x + 6] = 250;
                runs.push(Run { y: y as u32 + 6, x0: x as u32 + 6, x1: x as u32 + 7 });
            }
        }
        classify(&Plane { width, height, value }, &Piece::of(runs.iter(), 0, width).unwrap())
    }

    #[test]
    fn letters_are_told_from_discs() {
        let one = seen(&["..#..", ".##..", "#.#..", "..#..", "..#..", "..#..", "#####"]);
        assert!(one[1] > 0.8, "{one:?}");
        let disc = seen(&["..###..", ".#####.", "#######", "#######", "#######", ".#####.", "..###.."]);
        assert!(disc[JUNK] > 0.8, "{disc:?}");
        assert!((one.iter().sum::<f32>() - 1.0).abs() < 1e-5);
    }

    #[test]
    fn a_cut_network_is_refused() {
        let whole = include_bytes!("glyphs.bin");
        assert!(Network::parse(whole).is_some() && Network::parse(&whole[..whole.len() - 1]).is_none());
    }
}
