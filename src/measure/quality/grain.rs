//! The grain of the film.

use super::{Grey, Picture, finite};
use crate::segment::gaussian_weights;
use crate::widest::{add_pair, scale};
use rayon::prelude::*;
use std::ops::Range;

/// Sizes of grain that the granularity holds, nm: stain grain and protein, below any vesicle.
const GRAIN_NM: (f64, f64) = (2.0, 10.0);
/// Edge of the squares in which grain is measured, nm, and the share of the quietest that are taken as film.
const GRAIN_SQUARE_NM: f64 = 60.0;
const QUIET_SHARE: f64 = 0.3;

/// Grain of the film over the noise.
pub(super) fn granularity<T: Grey>(picture: &Picture<T>) -> Option<f64> {
    // A period of 10 nm takes two pixels to be seen.
    if picture.pixel_nm > 0.5 * GRAIN_NM.1 {
        return None;
    }
    // A bump of full width w at half maximum is a Gaussian of w / 2.355.
    let weights = |nm: f64| gaussian_weights(nm / picture.pixel_nm / (8.0 * std::f64::consts::LN_2).sqrt());
    let (fine, coarse) = (weights(GRAIN_NM.0), weights(GRAIN_NM.1));
    let (squares, edge) = picture.squares(GRAIN_SQUARE_NM);
    let squares: Vec<(usize, usize)> = squares.collect();
    let mut deviations: Vec<f64> = squares
        .par_chunk_by(|a, b| a.1 == b.1)
        .flat_map_iter(|row| {
            let rows = row[0].1..row[0].1 + edge;
            let (fine, coarse) = (blurred(picture, &fine, rows.clone()), blurred(picture, &coarse, rows));
            let band: Vec<f32> = fine.iter().zip(&coarse).map(|(a, b)| a - b).collect();
            row.iter().map(move |&(x, _)| {
                let square =
                    || band.chunks_exact(picture.width).flat_map(|row| &row[x..x + edge]).map(|&v| f64::from(v));
                let count = (edge * edge) as f64;
                let mean = square().sum::<f64>() / count;
                (square().map(|v| (v - mean).powi(2)).sum::<f64>() / count).sqrt()
            })
        })
        .collect();
    deviations.sort_by(f64::total_cmp);
    let quiet = deviations.get((deviations.len().max(1) as f64 * QUIET_SHARE) as usize)?;
    finite(quiet / picture.noise)
}

/// Rows of a picture, blurred; border pixels repeated outwards.
pub(super) fn blurred<T: Grey>(picture: &Picture<T>, weights: &[f32], rows: Range<usize>) -> Vec<f32> {
    let (width, height, reach) = (picture.width, picture.height, weights.len() - 1);
    // Along the rows first, of all that are looked at.
    let (first, last) = (rows.start.saturating_sub(reach), (rows.end + reach).min(height));
    let mut along = vec![0.0; width * (last - first)];
    let mut padded = vec![0.0; width + 2 * reach];
    for (out, y) in along.chunks_exact_mut(width).zip(first..) {
        let row = &picture.grey[y * width..][..width];
        let grey = |v: &T| (*v).into() as f32;
        padded[..reach].fill(grey(&row[0]));
        padded[reach..].iter_mut().zip(row).for_each(|(to, v)| *to = grey(v));
        padded[reach + width..].fill(grey(&row[width - 1]));
        scale(out, &padded[reach..], weights[0]);
        for (i, weight) in weights.iter().enumerate().skip(1) {
            add_pair(out, &padded[reach - i..], &padded[reach + i..], *weight);
        }
    }
    let row = |y: usize| &along[(y - first) * width..][..width];
    let mut both = vec![0.0; width * rows.len()];
    for (out, y) in both.chunks_exact_mut(width).zip(rows) {
        scale(out, row(y), weights[0]);
        for (i, weight) in weights.iter().enumerate().skip(1) {
            add_pair(out, row(y.saturating_sub(i)), row((y + i).min(height - 1)), *weight);
        }
    }
    both
}
