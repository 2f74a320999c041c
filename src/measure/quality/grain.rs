//! The grain of the film.

use super::{Picture, finite};

/// Sizes of grain that the granularity holds, nm: stain grain and protein, below any vesicle.
const GRAIN_NM: (f64, f64) = (2.0, 10.0);
/// Edge of the squares in which grain is measured, nm, and the share of the quietest that are taken as film.
const GRAIN_SQUARE_NM: f64 = 60.0;
const QUIET_SHARE: f64 = 0.3;

/// Grain of the film over the noise.
pub(super) fn granularity(picture: &Picture) -> Option<f64> {
    // A period of 10 nm takes two pixels to be seen.
    if picture.pixel_nm > 0.5 * GRAIN_NM.1 {
        return None;
    }
    // A bump of full width w at half maximum is a Gaussian of w / 2.355.
    let sigma = |nm: f64| nm / picture.pixel_nm / (8.0 * std::f64::consts::LN_2).sqrt();
    let fine = blur(picture, sigma(GRAIN_NM.0));
    let coarse = blur(picture, sigma(GRAIN_NM.1));
    let band: Vec<f32> = fine.iter().zip(&coarse).map(|(a, b)| a - b).collect();
    let band = Picture { grey: &band, ..*picture };
    let (squares, edge) = band.squares(GRAIN_SQUARE_NM);
    let mut deviations: Vec<f64> = squares
        .map(|at| {
            let count = (edge * edge) as f64;
            let mean = band.square(at, edge).sum::<f64>() / count;
            (band.square(at, edge).map(|v| (v - mean).powi(2)).sum::<f64>() / count).sqrt()
        })
        .collect();
    deviations.sort_by(f64::total_cmp);
    let quiet = deviations.get((deviations.len().max(1) as f64 * QUIET_SHARE) as usize)?;
    finite(quiet / picture.noise)
}

/// Gaussian blur, border pixels repeated outwards.
pub(super) fn blur(picture: &Picture, sigma_px: f64) -> Vec<f32> {
    let reach = (3.0 * sigma_px).ceil() as usize;
    let weights: Vec<f64> = (0..=reach).map(|i| (-0.5 * (i as f64 / sigma_px).powi(2)).exp()).collect();
    let total = weights[0] + 2.0 * weights[1..].iter().sum::<f64>();
    let weights: Vec<f32> = weights.iter().map(|w| (w / total) as f32).collect();
    let (width, height) = (picture.width, picture.height);
    let along = |get: &dyn Fn(usize) -> f32, at: usize, size: usize| {
        let side = |i: usize| get(at.saturating_sub(i)) + get((at + i).min(size - 1));
        (1..=reach).fold(weights[0] * get(at), |sum, i| sum + weights[i] * side(i))
    };
    let mut rows = vec![0.0; width * height];
    for (y, out) in rows.chunks_exact_mut(width).enumerate() {
        let row = &picture.grey[y * width..][..width];
        out.iter_mut().enumerate().for_each(|(x, v)| *v = along(&|i| row[i], x, width));
    }
    let mut both = vec![0.0; width * height];
    for (y, out) in both.chunks_exact_mut(width).enumerate() {
        out.iter_mut().enumerate().for_each(|(x, v)| *v = along(&|i| rows[i * width + x], y, height));
    }
    both
}
