//! Twin of `convolve.wgsl`.
//!
//! Inputs, weights and sums are whole numbers below 2^24, which `f32` holds exactly: the order of the additions, fused
//! or not, on any processor, changes nothing.

use crate::widest::{is_fused, widest};
use bytemuck::{Pod, Zeroable, pod_read_unaligned};
use rayon::prelude::*;

/// Parameters, laid out as in the shader.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
pub struct ConvolveParams {
    pub grid_width: u32,
    pub grid_height: u32,
    pub width: u32,
    pub channels: u32,
    pub enlarged: u32,
    pub skip_channels: u32,
    pub out_width: u32,
    pub out_height: u32,
    pub outputs: u32,
    pub stride: u32,
    pub scale: f32,
    pub top: f32,
}

/// Outputs that are computed together; every layer has a multiple of it.
pub const BLOCK: usize = 4;
/// Taps of an input channel along each axis.
const SIDE: usize = 3;
const TAPS: usize = SIDE * SIDE;
/// Rows of the output that a thread computes one after the other: neighbours share two or one of their three input rows.
const ROWS: usize = 16;
/// Numbers behind the end of a line that the last vectors read and don't use: as many as the widest strip has.
const SLACK: usize = 64;

/// A 3 x 3 convolution over one or two stacks of planes.
pub fn convolve(params: &[u8], inputs: &[&[f32]], out: &mut [f32]) {
    let p: ConvolveParams = pod_read_unaligned(params);
    let layer = Layer {
        p,
        channels: (p.channels + p.skip_channels) as usize,
        features: inputs[0],
        skip: inputs[1],
        weights: bytemuck::cast_slice(inputs[2]),
        bias: inputs[3],
    };
    let row = (p.outputs * p.out_width) as usize;
    out.par_chunks_mut(row * ROWS).enumerate().for_each(|(i, rows)| {
        let mut lines = Lines::new(&layer);
        for (j, row) in rows.chunks_exact_mut(row).enumerate() {
            lines.move_to(i * ROWS + j);
            convolve_row(&layer, &lines, row);
        }
    });
}

struct Layer<'a> {
    p: ConvolveParams,
    /// Of both stacks.
    channels: usize,
    features: &'a [f32],
    skip: &'a [f32],
    weights: &'a [[f32; BLOCK]],
    bias: &'a [f32],
}

/// The three rows of the grid that an output row looks at, all channels of each, laid out so that what a tap meets along the
/// row lies side by side: framed by zeros, and for a stride of 2 first the even places, then the odd ones.
struct Lines<'a> {
    layer: &'a Layer<'a>,
    /// Row `y` of the grid lies in number `(y + 1) % 3`.
    rows: [Vec<f32>; SIDE],
    /// Length of one channel's line, slack included.
    len: usize,
    /// Where the values of each tap begin in a line.
    taps: [usize; SIDE],
    /// The row of the output, and which one's lines are there.
    y: usize,
    last: Option<usize>,
}

impl<'a> Lines<'a> {
    fn new(layer: &'a Layer<'a>) -> Self {
        let stride = layer.p.stride as usize;
        let part = layer.p.out_width as usize + SIDE;
        let len = part * stride + SLACK;
        let rows = std::array::from_fn(|_| vec![0.0; len * layer.channels]);
        let taps = if stride == 1 { [0, 1, 2] } else { [0, part, 1] };
        Self { layer, rows, len, taps, y: 0, last: None }
    }

    fn move_to(&mut self, y: usize) {
        let stride = self.layer.p.stride as usize;
        let known = if self.last.is_some_and(|last| last + 1 == y) { SIDE - stride } else { 0 };
        for ky in known..SIDE {
            let mut row = std::mem::take(&mut self.rows[(y * stride + ky) % SIDE]);
            for (c, line) in row.chunks_exact_mut(self.len).enumerate() {
                self.lay(line, c, (y * stride + ky).checked_sub(1));
            }
            self.rows[(y * stride + ky) % SIDE] = row;
        }
        (self.y, self.last) = (y, Some(y));
    }

    /// Lays out a row of a channel; zeros beyond the border.
    fn lay(&self, line: &mut [f32], c: usize, row: Option<usize>) {
        let p = &self.layer.p;
        let Some(row) = row.filter(|row| *row < p.grid_height as usize) else { return line.fill(0.0) };
        let (channels, width) = (p.channels as usize, p.width as usize);
        let (values, enlarged) = if c < channels {
            let enlarged = p.enlarged as usize;
            (&self.layer.features[(row / enlarged * channels + c) * width..][..width], enlarged)
        } else {
            let width = p.grid_width as usize;
            (&self.layer.skip[(row * p.skip_channels as usize + c - channels) * width..][..width], 1)
        };
        let to = &mut line[1..];
        match (p.stride, enlarged) {
            (1, 1) => to[..values.len()].copy_from_slice(values),
            (1, _) => {
                let (pairs, _) = to[..p.grid_width as usize + 1].as_chunks_mut::<2>();
                pairs.iter_mut().zip(values).for_each(|(pair, &value)| *pair = [value; 2]);
                // Of an odd grid the last value has room for one.
                to[p.grid_width as usize] = 0.0;
            }
            _ => {
                // With the frame, place x of the grid is place x + 1: the odd ones come from even places.
                let (even, odd) = line.split_at_mut(self.taps[1]);
                odd.iter_mut().zip(values.iter().step_by(2)).for_each(|(to, &value)| *to = value);
                even[1..].iter_mut().zip(values.iter().skip(1).step_by(2)).for_each(|(to, &value)| *to = value);
            }
        }
    }

    /// The row of the grid that the tap row `ky` meets.
    fn row(&self, ky: usize) -> &[f32] {
        &self.rows[(self.y * self.layer.p.stride as usize + ky) % SIDE]
    }
}

widest! {
    /// One row of all outputs.
    fn convolve_row(layer: &Layer, lines: &Lines, out: &mut [f32]) {
        // As many sums as the registers hold beside weights and values: 16 of 32 with 512 bits, else 8 of 16.
        if LANES == 16 {
            strips::<LANES, 4>(layer, lines, out);
        } else {
            strips::<LANES, 2>(layer, lines, out);
        }
    }
}

/// Strips of as many pixels as `VECTORS` registers hold, a block of outputs at a time. A register is an array here: loops over
/// whole ones are what the compiler turns into vector instructions reliably.
#[inline(always)]
#[allow(clippy::needless_range_loop)]
fn strips<const LANES: usize, const VECTORS: usize>(layer: &Layer, lines: &Lines, out: &mut [f32]) {
    let (p, strip) = (&layer.p, LANES * VECTORS);
    let (out_width, top) = (p.out_width as usize, p.top);
    let rows: [&[f32]; SIDE] = std::array::from_fn(|ky| lines.row(ky));
    for x0 in (0..out_width).step_by(strip) {
        let n = strip.min(out_width - x0);
        for (block, weights) in layer.weights.chunks_exact(layer.channels * TAPS).enumerate() {
            let mut sums = [[[0.0f32; LANES]; VECTORS]; BLOCK];
            let (channels, _) = weights.as_chunks::<TAPS>();
            for (c, weights) in channels.iter().enumerate() {
                for ky in 0..SIDE {
                    for kx in 0..SIDE {
                        let values = &rows[ky][c * lines.len + lines.taps[kx] + x0..][..strip];
                        let (values, _) = values.as_chunks::<LANES>();
                        for j in 0..VECTORS {
                            for i in 0..BLOCK {
                                sums[i][j] = plus(sums[i][j], values[j], weights[ky * SIDE + kx][i]);
                            }
                        }
                    }
                }
            }
            for i in 0..BLOCK {
                let o = block * BLOCK + i;
                let to = &mut out[o * out_width + x0..][..n];
                // A copy, because what is lent out is kept in memory, and the sums belong into registers.
                let done = sums[i];
                finish(to, done.as_flattened(), layer.bias[o], p.scale, top);
            }
        }
    }
}

/// What a register of sums becomes when weighted values are added. Handed over as a whole, which keeps it in a register, and
/// counted plainly: what iterators call is not always inlined, and then not compiled for the wide registers.
#[inline(always)]
#[allow(clippy::needless_range_loop)]
fn plus<const LANES: usize>(mut sums: [f32; LANES], values: [f32; LANES], weight: f32) -> [f32; LANES] {
    for lane in 0..LANES {
        sums[lane] = if const { is_fused(LANES) } {
            weight.mul_add(values[lane], sums[lane])
        } else {
            sums[lane] + weight * values[lane]
        };
    }
    sums
}

/// Sums to outputs: whole numbers from 0 to `top`, or as they are where that is 0.
#[inline(always)]
#[allow(clippy::needless_range_loop)]
fn finish(out: &mut [f32], sums: &[f32], bias: f32, scale: f32, top: f32) {
    for i in 0..out.len().min(sums.len()) {
        let value = (sums[i] + bias) * scale;
        // The floor of what is not negative, without the function that it is on old processors.
        out[i] = if top > 0.0 { (value + 0.5).clamp(0.0, top + 0.5) as i32 as f32 } else { value };
    }
}
