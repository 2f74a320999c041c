//! Whole manners of preparation and drawing that a scene's traits are bent to.

use super::dice::Dice;
use super::style::{Stain, Style, oversampling};
use super::vesicle::Appearance;

impl Style {
    /// A quiet ground with hardly any clutter.
    pub fn clean(&mut self, dice: &mut Dice) {
        self.contrast = self.contrast.max(0.25);
        self.set_noise(dice.log_uniform(0.04, 0.12));
        self.swing = dice.uniform(0.03, 0.12);
        self.shared_pools = 0.0;
        self.halo_width = (0.1, 0.4);
        self.soiled = 0.0;
        self.scale_clutter(0.15);
    }

    /// Flat ground, white noise, even discs and rings: as others draw vesicles.
    pub fn simplify(&mut self, dice: &mut Dice) {
        self.plain = true;
        (self.swing, self.grain) = (dice.uniform(0.0, 0.04), dice.uniform(0.0, 0.02));
        self.set_noise(dice.log_uniform(0.05, 0.6));
        if dice.chance(0.7) {
            (self.camera.noise_correlation, self.camera.readout_ratio) = (0.0, 0.0);
        }
        (self.camera.fringe, self.defocus_nm, self.soiled, self.shared_pools) = (0.0, 0.0, 0.0, 0.0);
        self.scale_clutter(if dice.chance(0.5) { 0.0 } else { dice.uniform(0.05, 0.5) });
        (self.level, self.opacity, self.texture) = ((-1.0, -0.4), (0.9, 1.0), (0.0, 0.0));
        self.edge_nm = dice.log_uniform(0.8, 8.0);
        self.halo = if dice.chance(0.7) { (0.2, 1.0) } else { (0.0, 0.0) };
        self.halo_width = (0.1, 0.5);
        let (discs, rings) = [(1.0, 0.0), (0.0, 1.0), (0.5, 0.5)][dice.count(0, 2)];
        self.appear(&[(Appearance::Disc, discs), (Appearance::Ring, rings)]);
    }

    /// No vesicle, and anything else or nothing: what is found here is found wrongly.
    pub fn empty(&mut self, pixel_size_nm: f64, dice: &mut Dice) {
        self.coverage = 0.0;
        self.vesicles_min = 0;
        self.oversampling = oversampling(pixel_size_nm);
        match dice.weighted(&[(0, 5.0), (1, 1.5), (2, 1.0), (3, 1.5)]) {
            0 => self.scale_clutter(dice.log_uniform(0.3, 5.0)),
            // Nearly nothing: grain, noise, a stray piece.
            1 => {
                self.scale_clutter(0.05);
                self.shared_pools = 0.0;
            }
            // Noise without features.
            2 => {
                self.scale_clutter(0.0);
                (self.shared_pools, self.swing, self.grain) = (0.0, dice.uniform(0.0, 0.01), dice.uniform(0.0, 0.02));
            }
            // An uneven ground.
            _ => {
                self.scale_clutter(0.0);
                self.swing = dice.uniform(0.2, 0.6);
            }
        }
        if dice.chance(0.15) {
            self.freeze(dice);
        }
    }

    /// Ice instead of stain: thin dark lines, hardly a pool.
    pub fn freeze(&mut self, dice: &mut Dice) {
        self.stain = Stain::None;
        self.contrast = dice.log_uniform(0.06, 0.3);
        self.set_noise(dice.log_uniform(0.1, 0.4));
        self.grain = dice.uniform(0.03, 0.15);
        self.appear(&[(Appearance::Double, 1.0)]);
        self.level = (0.0, 0.35);
        self.rim = (0.5, 1.1);
        self.halo = (0.0, 0.0);
        self.shared_pools = 0.0;
        self.camera.fringe = dice.uniform(0.2, 1.2);
        self.camera.fringe_nm = dice.uniform(1.5, 5.0);
        self.scale_clutter(0.4);
    }

    /// Stain that entered the bodies.
    pub fn stain_positively(&mut self, dice: &mut Dice) {
        self.stain = Stain::Positive;
        self.level = (0.25, 0.9);
        self.rim = (0.0, 0.8);
        self.opacity = (0.1, 0.5);
        self.halo = (0.0, 0.15);
        self.shared_pools *= 0.3;
        self.appear(&[
            (Appearance::Filled, 3.0),
            (Appearance::Membrane, 2.0),
            (Appearance::Granular, 2.0),
            (Appearance::Creased, 1.0),
            (Appearance::HalfDark, 1.0),
        ]);
        self.scale_clutter(dice.uniform(0.3, 1.0));
    }
}
