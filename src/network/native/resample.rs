//! Twin of `resample.wgsl`.

use crate::widest::widest;
use bytemuck::{Pod, Zeroable, pod_read_unaligned};
use rayon::prelude::*;

/// Samples along each axis of an output pixel.
pub const SAMPLES: usize = 3;

/// Parameters, laid out as in the shader.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
pub struct ResampleParams {
    pub width: u32,
    pub height: u32,
    pub out_width: u32,
    pub out_height: u32,
}

/// The pixel before a sample, the one after it, and 256ths towards that.
type Sample = (usize, usize, u32);

/// Whole numbers throughout, so that every device gives the same.
pub fn resample(params: &[u8], inputs: &[&[f32]], out: &mut [f32]) {
    let p: ResampleParams = pod_read_unaligned(params);
    let (width, height, out_width) = (p.width as usize, p.height as usize, p.out_width as usize);
    let (grey, columns, rows) = (inputs[0], inputs[1], inputs[2]);
    let table = |table: &[f32], size: usize| -> Vec<Sample> {
        let entries = table.chunks_exact(2);
        entries.map(|e| (e[0] as usize, (e[0] as usize + 1).min(size - 1), e[1] as u32)).collect()
    };
    let (columns, rows) = (table(columns, width), table(rows, height));
    out.par_chunks_mut(out_width)
        .zip(rows.par_chunks_exact(SAMPLES))
        .for_each(|(line, rows)| resample_row(line, rows, &columns, grey, width));
}

widest! {
    /// One row of the output.
    fn resample_row(line: &mut [f32], rows: &[Sample], columns: &[Sample], grey: &[f32], width: usize) {
        for (value, columns) in line.iter_mut().zip(columns.chunks_exact(SAMPLES)) {
            let mut sum = 0;
            for &(y0, y1, fy) in rows {
                let (first, second) = (&grey[y0 * width..][..width], &grey[y1 * width..][..width]);
                for &(x0, x1, fx) in columns {
                    let upper = first[x0] as u32 * (256 - fx) + first[x1] as u32 * fx;
                    let lower = second[x0] as u32 * (256 - fx) + second[x1] as u32 * fx;
                    sum += (upper * (256 - fy) + lower * fy + 32768) >> 16;
                }
            }
            *value = ((sum + 4) / 9) as f32;
        }
    }
}
