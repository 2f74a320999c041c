//! From thickness to camera counts: defocus fringe, electron counting, detector blur, readout.

use super::dice::Dice;
use super::field::Field;

/// What the microscope and its camera do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Camera {
    /// Electrons per pixel without a specimen.
    pub dose: f64,
    /// Correlation of the counting noise between neighbours that the detector's blur makes; measured cameras: 0.3 to 0.6.
    pub noise_correlation: f64,
    /// Readout noise as a share of the counting noise; white, so it lowers the correlation a little.
    pub readout_ratio: f64,
    /// Grey values per electron.
    pub gain: f64,
    /// Grey value of the dark camera.
    pub offset: f64,
    /// Strength and width of the bright and dark lines that defocus draws along edges.
    pub fringe: f64,
    pub fringe_nm: f64,
}

impl Camera {
    /// Grey values of a specimen, not yet quantised.
    pub(super) fn exposed(&self, thickness: &Field, pitch_nm: f64, dice: &mut Dice) -> Field {
        let mut beam = self.fringed(thickness, pitch_nm);
        let mut electrons = 0.0;
        for b in &mut beam.value {
            let mean = self.electrons(*b);
            electrons += mean;
            *b = dice.poisson(mean) as f32;
        }
        let mut grey = beam.convolved(&mtf(self.noise_correlation));
        let readout = self.readout_ratio * (electrons / grey.value.len().max(1) as f64).sqrt();
        for v in &mut grey.value {
            *v = (self.offset + self.gain * (f64::from(*v) + readout * dice.normal())) as f32;
        }
        grey
    }

    /// The mean of any number of exposures: as [`Self::exposed`], without the noise of counting and reading.
    pub(super) fn expected(&self, thickness: &Field, pitch_nm: f64) -> Field {
        let mut beam = self.fringed(thickness, pitch_nm);
        beam.value.iter_mut().for_each(|b| *b = self.electrons(*b) as f32);
        let mut grey = beam.convolved(&mtf(self.noise_correlation));
        grey.value.iter_mut().for_each(|v| *v = (self.offset + self.gain * f64::from(*v)) as f32);
        grey
    }

    /// What the beam passes through, with the lines that defocus draws along edges.
    fn fringed(&self, thickness: &Field, pitch_nm: f64) -> Field {
        let mut beam = thickness.clone();
        if self.fringe != 0.0 {
            let soft = thickness.blurred(self.fringe_nm / pitch_nm);
            for (b, s) in beam.value.iter_mut().zip(&soft.value) {
                *b += self.fringe as f32 * (*b - s);
            }
        }
        beam
    }

    /// Electrons that come through on average.
    fn electrons(&self, thickness: f32) -> f64 {
        self.dose * f64::from(libm::expf(-thickness))
    }
}

/// The three-tap kernel (half of it) that gives white noise the correlation `rho` between neighbours along an axis:
/// with taps a, 1, a the correlation is 2a / (1 + 2a²), solved for a.
fn mtf(rho: f64) -> [f32; 2] {
    if rho < 1e-3 {
        return [1.0, 0.0];
    }
    let a = (1.0 - (1.0 - 2.0 * rho * rho).max(0.0).sqrt()) / (2.0 * rho);
    let sum = 1.0 + 2.0 * a;
    [(1.0 / sum) as f32, (a / sum) as f32]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_has_the_correlation_asked_for() {
        for rho in [0.3, 0.45, 0.6] {
            let camera = Camera {
                dose: 500.0,
                noise_correlation: rho,
                readout_ratio: 0.0,
                gain: 10.0,
                offset: 100.0,
                fringe: 0.0,
                fringe_nm: 1.0,
            };
            let grey = camera.exposed(&Field::constant(400, 400, 0.2), 1.0, &mut Dice::new(3, 4));
            let mean = grey.value.iter().sum::<f32>() / grey.value.len() as f32;
            let dot = |shift: usize| -> f32 {
                grey.value.iter().zip(&grey.value[shift..]).map(|(a, b)| (a - mean) * (b - mean)).sum()
            };
            let (across, down) = (dot(1) / dot(0), dot(400) / dot(0));
            assert!((f64::from(across) - rho).abs() < 0.02, "{across} for {rho}");
            assert!((f64::from(down) - rho).abs() < 0.02, "{down} for {rho}");
        }
    }
}
