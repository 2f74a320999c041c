//! Everything that is common to one scene, drawn from wide ranges: what the preparation, the microscope and the figure
//! it ended in were like. Breadth here is what a verdict trained on the scenes lives on.

use super::camera::Camera;
use super::clutter::Clutter;
use super::dice::Dice;
use super::export::Export;
use super::kind::Kind;
use super::vesicle::Appearance;

/// Reach of shared pools, nm, and of those much wider than any vesicle with the chance of a scene to have them.
const POOL_NM: Range = (60.0, 350.0);
const WIDE_POOL_NM: Range = (200.0, 900.0);
const WIDE_POOLS: f64 = 0.15;
/// Chance that a scene that looks like a figure is plain.
const PLAIN: f64 = 0.15;
/// Chance that a picture was retouched, and that one that looks like a figure was.
const RETOUCHED: f64 = 0.1;
const RETOUCHED_FIGURE: f64 = 0.4;
/// Chance of a strongly graded background.
const GRADED: f64 = 0.1;

/// Range a number is drawn from, evenly.
pub(super) type Range = (f64, f64);

/// Which way the stain works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stain {
    /// Stain around the bodies, which stay bright.
    Negative,
    /// Stain in the bodies, which turn dark.
    Positive,
    /// No stain: bodies in ice, dark membranes.
    None,
}

/// The common traits of a scene.
#[derive(Debug, Clone)]
pub(super) struct Style {
    pub stain: Stain,
    /// Whether everything is kept plain, as in drawings and other people's synthetic pictures.
    pub plain: bool,
    /// Typical step between a body and its surroundings, absorption lengths.
    pub contrast: f64,
    /// Background swing (5 to 95 %) as a share of the grey range.
    pub swing: f64,
    /// Carbon grain as a share of the contrast, and the scale at which it is strongest.
    pub grain: f64,
    pub grain_nm: f64,
    /// Share of the field that vesicles cover, and the fewest in a scene.
    pub coverage: f64,
    pub vesicles_min: usize,
    /// Log-normal diameters.
    pub median_nm: f64,
    pub sigma_g: f64,
    /// Share of vesicles from a second population of the smallest sizes, hardly larger than dots.
    pub small_share: f64,
    /// Smallest vesicle that a pixel of this size shows as one, nm.
    pub least_nm: f64,
    /// Their median, nm.
    pub small_nm: f64,
    /// Thickness of the membrane's line, nm.
    pub membrane_nm: f64,
    /// Blur of a specimen out of focus, nm.
    pub defocus_nm: f64,
    /// Softness of the flanks of bodies, nm.
    pub edge_nm: f64,
    /// Level of bodies relative to the far ground, in contrasts: negative is brighter.
    pub level: Range,
    /// Brightness of rims, in contrasts.
    pub rim: Range,
    pub opacity: Range,
    /// Depth (contrasts) and width (radii) of the pools around bodies.
    pub halo: Range,
    pub halo_width: Range,
    /// Pools shared by several objects, number per µm² and depth in contrasts.
    pub shared_pools: f64,
    /// How far each reaches, nm.
    pub pool_nm: Range,
    pub shared_depth: f64,
    /// Largest thickness that stain fills up to, contrasts.
    pub stain_limit: f64,
    pub texture: Range,
    pub appearances: [(Appearance, f64); Appearance::STAINED.len()],
    /// Chance that a vesicle is put in touch with another, and that it then overlaps.
    pub touching: f64,
    pub overlapping: f64,
    /// Chance that one is the first of a clump.
    pub clumping: f64,
    /// Expected number of each kind of clutter, per µm², and the fewest in a scene.
    pub clutter: [(Clutter, f64); Clutter::ALL.len()],
    pub clutter_min: usize,
    /// Typical diameter of dots and how strong they are, in contrasts.
    pub dot_nm: f64,
    pub dot_strength: f64,
    /// Weights of single dots, short rows and worm-like clumps.
    pub dot_groups: [f64; 3],
    /// Chance that a piece of clutter sits at a vesicle's edge.
    pub clinging: f64,
    /// Share of dots and small things that lie on top of bodies.
    pub dots_on_top: f64,
    /// Chance that a clump of dots lies on the rim of a vesicle.
    pub soiled: f64,
    pub camera: Camera,
    pub export: Export,
    /// How many times finer than the pixel the specimen is rendered.
    pub oversampling: usize,
}

/// Diameter below which a vesicle is not told from a dot, pixels: truth that nobody could see would teach nonsense.
const LEAST_PX: f64 = 5.0;
/// Pixel that specimens are rendered with at least, nm: half a membrane.
const PITCH_MAX_NM: f64 = 2.2;

/// How many times finer than the pixel a specimen is rendered.
pub(super) fn oversampling(pixel_size_nm: f64) -> usize {
    (pixel_size_nm / PITCH_MAX_NM).ceil().max(1.0) as usize
}

impl Style {
    /// The traits of a scene of the given kind.
    pub fn draw(kind: Kind, pixel_size_nm: f64, dice: &mut Dice) -> Self {
        let mut style = Self::any(pixel_size_nm, dice);
        match kind {
            Kind::Clean => style.clean(dice),
            Kind::Cup => {
                style.appear(&[
                    (Appearance::Cup, 6.0),
                    (Appearance::Crescent, 3.0),
                    (Appearance::DeepCup, 3.0),
                    (Appearance::Membrane, 1.0),
                ]);
                style.rim = (0.3, 1.1);
                style.scale_clutter(0.5);
            }
            Kind::Halo => {
                style.halo = (0.5, 1.6);
                style.halo_width = (0.5, 1.6);
                style.shared_pools = dice.log_uniform(2.0, 8.0);
                style.shared_depth = dice.uniform(0.5, 1.5);
                style.swing = dice.uniform(0.2, 0.46);
            }
            Kind::Clutter => {
                style.scale_clutter(dice.log_uniform(2.0, 5.0));
                style.clutter_min = 2;
                style.coverage = dice.log_uniform(0.01, 0.06);
            }
            Kind::Dense => {
                style.coverage = dice.uniform(0.15, 0.4);
                style.touching = dice.uniform(0.4, 0.8);
                style.clumping = dice.uniform(0.0, 0.2);
                style.overlapping = dice.uniform(0.0, 0.6);
                style.scale_clutter(0.6);
            }
            Kind::Cryo => style.freeze(dice),
            Kind::Dark => {
                if dice.chance(0.4) {
                    style.stain_positively(dice);
                } else {
                    style.level = (0.1, 0.6);
                    style.halo = (0.7, 1.6);
                    style.rim = (0.0, 0.5);
                }
            }
            Kind::Faint => {
                style.contrast = dice.log_uniform(0.05, 0.16);
                style.set_noise(dice.log_uniform(0.18, 0.5));
                style.grain = dice.uniform(0.1, 0.3);
            }
            Kind::Coarse => {
                style.oversampling = oversampling(pixel_size_nm);
                // Averaging pixels away would leave less noise than such figures show.
                style.set_noise(1.4 / (style.camera.dose.sqrt() * style.contrast));
                style.scale_clutter(dice.log_uniform(0.7, 2.0));
                style.coverage = dice.log_uniform(0.008, 0.06);
                style.export = Export::draw(0.5, 0.6, 0.25, dice);
                if dice.chance(0.75) {
                    style.small_share = dice.uniform(0.2, 0.8);
                    style.small_nm = dice.uniform(30.0, 38.0);
                }
            }
            Kind::Mixed => {
                if dice.chance(0.1) {
                    style.freeze(dice);
                } else if dice.chance(0.12) {
                    style.stain_positively(dice);
                }
                style.scale_clutter(dice.log_uniform(0.4, 3.0));
                style.touching = dice.uniform(0.0, 0.5);
                style.oversampling = oversampling(pixel_size_nm);
                style.export = Export::draw(0.3, 0.3, 0.3, dice);
            }
            Kind::Empty => style.empty(pixel_size_nm, dice),
        }
        let figure = matches!(kind, Kind::Clean | Kind::Coarse | Kind::Mixed);
        if figure && style.stain == Stain::Negative && dice.chance(PLAIN) {
            style.simplify(dice);
        }
        if dice.chance(match kind {
            // The noise of these is what they are about.
            Kind::Faint => 0.0,
            Kind::Coarse | Kind::Mixed | Kind::Empty => RETOUCHED_FIGURE,
            _ => RETOUCHED,
        }) {
            style.export = style.export.retouched(dice);
        }
        style
    }

    /// A stained scene with every trait from its whole range.
    fn any(pixel_size_nm: f64, dice: &mut Dice) -> Self {
        let contrast = dice.log_uniform(0.15, 0.6);
        let wide = dice.chance(0.25);
        let level = dice.uniform(-0.75, 0.0);
        let camera = Camera {
            dose: 1.0,
            noise_correlation: dice.uniform(0.3, 0.6),
            readout_ratio: dice.uniform(0.0, 0.2),
            gain: 1.0,
            offset: dice.uniform(0.0, 800.0),
            fringe: if dice.chance(0.5) { dice.uniform(0.0, 0.6) } else { 0.0 },
            fringe_nm: dice.uniform(1.5, 4.0),
        };
        let mut style = Self {
            stain: Stain::Negative,
            plain: false,
            contrast,
            swing: dice.log_uniform(0.08, 0.46),
            grain: dice.log_uniform(0.04, 0.2),
            grain_nm: dice.log_uniform(1.2, 4.0),
            coverage: dice.log_uniform(0.015, 0.12),
            vesicles_min: 1,
            median_nm: dice.log_uniform(55.0, 120.0),
            sigma_g: dice.uniform(1.3, 1.7),
            least_nm: LEAST_PX * pixel_size_nm,
            small_share: if dice.chance(0.3) { dice.uniform(0.1, 0.6) } else { 0.0 },
            small_nm: 38.0,
            defocus_nm: if dice.chance(0.15) { dice.log_uniform(1.0, 5.0) } else { 0.0 },
            membrane_nm: dice.uniform(4.0, 8.0),
            edge_nm: dice.log_uniform(1.0, 3.2),
            level: (level - 0.25, level + 0.25),
            rim: (0.0, 0.7),
            opacity: (0.55, 1.0),
            halo: if wide { (0.4, 1.3) } else { (0.1, 1.0) },
            halo_width: if wide { (0.6, 1.4) } else { (0.25, 0.9) },
            shared_pools: if dice.chance(0.6) { dice.log_uniform(0.3, 4.0) } else { 0.0 },
            pool_nm: POOL_NM,
            shared_depth: dice.uniform(0.2, 1.2),
            stain_limit: dice.uniform(1.2, 2.5),
            texture: (0.02, 0.22),
            appearances: Appearance::STAINED,
            touching: dice.uniform(0.0, 0.25),
            overlapping: dice.uniform(0.0, 0.4),
            clumping: if dice.chance(0.35) { dice.uniform(0.02, 0.2) } else { 0.0 },
            clutter: Clutter::ALL.map(|c| (c, c.draw_density_um2(dice))),
            clutter_min: 0,
            dot_nm: dice.log_uniform(6.0, 18.0),
            dot_strength: dice.log_uniform(0.12, 0.6),
            dot_groups: [dice.uniform(1.0, 8.0), dice.uniform(0.5, 3.0), dice.uniform(0.1, 3.0)],
            clinging: dice.uniform(0.0, 0.5),
            dots_on_top: dice.uniform(0.0, 0.4),
            soiled: if dice.chance(0.4) { dice.uniform(0.05, 0.4) } else { 0.0 },
            camera,
            export: Export::draw(0.05, 0.15, 0.15, dice),
            oversampling: 1,
        };
        // Coarse pixels average more electrons than fine ones, though not in proportion: people dose by pixel.
        let noise = dice.log_uniform(0.05, 0.3) * libm::pow(0.8 / pixel_size_nm, 0.3).clamp(0.6, 1.3);
        if dice.chance(WIDE_POOLS) {
            // Far wider than any vesicle, so few of them.
            (style.pool_nm, style.shared_pools) = (WIDE_POOL_NM, dice.log_uniform(0.3, 1.5));
            style.shared_depth = dice.uniform(0.5, 1.4);
        }
        if dice.chance(GRADED) {
            style.swing = dice.uniform(0.4, 0.9);
        }
        style.set_noise(noise);
        style.camera.gain = dice.log_uniform(1500.0, 20_000.0) / style.camera.dose;
        style
    }

    /// Sets the dose so that counting noise is the given share of the contrast.
    pub fn set_noise(&mut self, share: f64) {
        let counts = self.camera.dose * self.camera.gain;
        self.camera.dose = 1.0 / (share * self.contrast).powi(2);
        self.camera.gain = counts / self.camera.dose;
    }

    /// Makes all clutter rarer or more common.
    pub fn scale_clutter(&mut self, factor: f64) {
        self.clutter.iter_mut().for_each(|c| c.1 *= factor);
    }

    /// Leaves only the given appearances, with their weights.
    pub fn appear(&mut self, wanted: &[(Appearance, f64)]) {
        for slot in &mut self.appearances {
            slot.1 = wanted.iter().filter(|w| w.0 == slot.0).map(|w| w.1).sum();
        }
    }

    /// A draw from a range given in contrasts, in absorption lengths.
    pub fn amount(&self, range: Range, dice: &mut Dice) -> f64 {
        self.contrast * dice.uniform(range.0, range.1)
    }

    /// Which way bodies stand out from the ground next to them: -1 brighter, 1 darker.
    pub fn sign(&self) -> f64 {
        if self.stain == Stain::Negative { -1.0 } else { 1.0 }
    }
}

impl Stain {
    /// Name used in the table of scenes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Negative => "negative",
            Self::Positive => "positive",
            Self::None => "none",
        }
    }
}
