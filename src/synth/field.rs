//! A plane of numbers and the few operations that image formation needs.

use super::dice::Dice;

/// Reach of a Gaussian kernel in standard deviations: what lies beyond weighs less than 0.3 %.
const KERNEL_REACH: f64 = 3.0;
/// Standard deviation of a cubic B-spline lattice of unit normal numbers: (sum of squared weights, averaged over the
/// cell) is 0.479 along each axis, hence this over both.
const LATTICE_SD: f32 = 0.479;

/// A row-major plane.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub width: usize,
    pub height: usize,
    pub value: Vec<f32>,
}

impl Field {
    /// The same value everywhere.
    #[cfg(test)]
    pub fn constant(width: usize, height: usize, value: f32) -> Self {
        Self { width, height, value: vec![value; width * height] }
    }

    /// Smooth random relief of unit standard deviation whose bumps are about `cell_px` wide.
    ///
    /// A cubic B-spline over a lattice of normal numbers: isotropic to the eye, and its cost does not grow with the scale.
    pub fn relief(width: usize, height: usize, cell_px: f64, dice: &mut Dice) -> Self {
        let cell = cell_px.max(1.0);
        let columns = (width as f64 / cell).ceil() as usize + 4;
        let rows = (height as f64 / cell).ceil() as usize + 4;
        let lattice: Vec<f32> = (0..columns * rows).map(|_| dice.normal() as f32 / LATTICE_SD).collect();
        let phase = (dice.uniform(0.0, 1.0), dice.uniform(0.0, 1.0));
        let at = |i: usize, phase: f64| {
            let position = i as f64 / cell + phase;
            (position as usize, spline(position.fract() as f32))
        };
        let across: Vec<_> = (0..width).map(|x| at(x, phase.0)).collect();
        let mut value = Vec::with_capacity(width * height);
        let mut line = vec![0f32; columns];
        for y in 0..height {
            let (j, v) = at(y, phase.1);
            for (i, l) in line.iter_mut().enumerate() {
                *l = (0..4).map(|k| v[k] * lattice[(j + k).min(rows - 1) * columns + i]).sum();
            }
            value.extend(across.iter().map(|&(i, u)| {
                let l = &line[i.min(columns - 4)..];
                u[0] * l[0] + u[1] * l[1] + u[2] * l[2] + u[3] * l[3]
            }));
        }
        Self { width, height, value }
    }

    /// Adds `amount` times another plane of the same size.
    pub fn add(&mut self, other: &Self, amount: f32) {
        self.value.iter_mut().zip(&other.value).for_each(|(v, o)| *v += amount * o);
    }

    /// The value, with both coordinates wrapped around: for textures.
    pub fn wrapped(&self, x: usize, y: usize) -> f32 {
        self.value[(y % self.height) * self.width + x % self.width]
    }

    /// Convolution with a Gaussian.
    pub fn blurred(&self, sigma_px: f64) -> Self {
        let reach = (KERNEL_REACH * sigma_px).ceil() as usize;
        let half: Vec<f32> =
            (0..=reach).map(|k| libm::exp(-0.5 * (k as f64 / sigma_px.max(1e-6)).powi(2)) as f32).collect();
        let sum = 2.0 * half.iter().sum::<f32>() - half[0];
        self.convolved(&half.iter().map(|k| k / sum).collect::<Vec<_>>())
    }

    /// Convolution along both axes with a symmetric kernel given from its middle outwards; edges are repeated.
    pub fn convolved(&self, half: &[f32]) -> Self {
        let (w, h, reach) = (self.width, self.height, half.len().saturating_sub(1));
        let mut rows = vec![0f32; w * h];
        for y in 0..h {
            for (k, &weight) in half.iter().enumerate() {
                let up = &self.value[y.saturating_sub(k) * w..][..w];
                let down = &self.value[(y + k).min(h - 1) * w..][..w];
                let weight = if k == 0 { 0.5 * weight } else { weight };
                let out = &mut rows[y * w..][..w];
                for ((o, a), b) in out.iter_mut().zip(up).zip(down) {
                    *o += weight * (a + b);
                }
            }
        }
        let mut value = vec![0f32; w * h];
        let mut padded = vec![0f32; w + 2 * reach];
        for (row, out) in rows.chunks_exact(w).zip(value.chunks_exact_mut(w)) {
            padded[..reach].fill(row[0]);
            padded[reach..reach + w].copy_from_slice(row);
            padded[reach + w..].fill(row[w - 1]);
            for (k, &weight) in half.iter().enumerate() {
                let weight = if k == 0 { 0.5 * weight } else { weight };
                let (left, right) = (&padded[reach - k..][..w], &padded[reach + k..][..w]);
                for ((o, a), b) in out.iter_mut().zip(left).zip(right) {
                    *o += weight * (a + b);
                }
            }
        }
        Self { width: w, height: h, value }
    }

    /// Mean over blocks of `factor` x `factor`; an incomplete last block is dropped.
    pub fn binned(&self, factor: usize) -> Self {
        let (width, height) = (self.width / factor, self.height / factor);
        let mut value = vec![0f32; width * height];
        for y in 0..height * factor {
            let out = &mut value[y / factor * width..][..width];
            for (o, block) in out.iter_mut().zip(self.value[y * self.width..].chunks_exact(factor)) {
                *o += block.iter().sum::<f32>();
            }
        }
        let count = (factor * factor) as f32;
        value.iter_mut().for_each(|v| *v /= count);
        Self { width, height, value }
    }

    /// Quantile `q` (0 to 1) of every 7th value, enough for scaling.
    pub fn quantile(&self, q: f64) -> f32 {
        let mut sample: Vec<f32> = self.value.iter().step_by(7).copied().collect();
        if sample.is_empty() {
            return 0.0;
        }
        let k = ((sample.len() - 1) as f64 * q.clamp(0.0, 1.0)) as usize;
        *sample.select_nth_unstable_by(k, f32::total_cmp).1
    }
}

/// Weights of the cubic B-spline at a fraction `t` of the cell.
fn spline(t: f32) -> [f32; 4] {
    let s = 1.0 - t;
    let (t2, s2) = (t * t, s * s);
    [s2 * s / 6.0, (4.0 - 6.0 * t2 + 3.0 * t2 * t) / 6.0, (4.0 - 6.0 * s2 + 3.0 * s2 * s) / 6.0, t2 * t / 6.0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relief_has_unit_spread_at_every_scale() {
        for cell_px in [1.7, 6.0, 20.0] {
            let field = Field::relief(600, 600, cell_px, &mut Dice::new(1, 2));
            let n = field.value.len() as f32;
            let mean = field.value.iter().sum::<f32>() / n;
            let sd = (field.value.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / n).sqrt();
            assert!((sd - 1.0).abs() < 0.1, "cell {cell_px} px: sd {sd}");
        }
    }

    #[test]
    fn blur_and_binning_keep_a_flat_plane_flat() {
        let field = Field::constant(33, 20, 2.0);
        for v in field.blurred(2.3).value.iter().chain(&field.binned(3).value) {
            assert!((v - 2.0).abs() < 1e-5);
        }
    }
}
