//! Twin of `resample.wgsl`.

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

/// Whole numbers throughout, so that every device gives the same.
pub fn resample(params: &[u8], inputs: &[&[f32]], out: &mut [f32]) {
    let p: ResampleParams = pod_read_unaligned(params);
    let (width, height, out_width) = (p.width as usize, p.height as usize, p.out_width as usize);
    let (grey, columns, rows) = (inputs[0], inputs[1], inputs[2]);
    let table = |table: &[f32], size: usize| -> Vec<(usize, usize, u32)> {
        let entries = table.chunks_exact(2);
        entries.map(|e| (e[0] as usize, (e[0] as usize + 1).min(size - 1), e[1] as u32)).collect()
    };
    let (columns, rows) = (table(columns, width), table(rows, height));
    out.par_chunks_mut(out_width).zip(rows.par_chunks_exact(SAMPLES)).for_each(|(line, rows)| {
        for (value, columns) in line.iter_mut().zip(columns.chunks_exact(SAMPLES)) {
            let mut sum = 0;
            for &(y0, y1, fy) in rows {
                for &(x0, x1, fx) in columns {
                    let at = |x: usize, y: usize| grey[y * width + x] as u32;
                    let upper = at(x0, y0) * (256 - fx) + at(x1, y0) * fx;
                    let lower = at(x0, y1) * (256 - fx) + at(x1, y1) * fx;
                    sum += (upper * (256 - fy) + lower * fy + 32768) >> 16;
                }
            }
            *value = ((sum + 4) / 9) as f32;
        }
    });
}
