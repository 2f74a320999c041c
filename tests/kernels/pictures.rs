//! What the kernels are tried on: scenes with structure up to the border, extremes, noise; odd sizes.

use cupule::synth::{Kind, Scene, scene};

/// Whole numbers from 0 to 65535, as every stage behind `bin` gets them.
pub struct Picture {
    pub name: &'static str,
    pub width: usize,
    pub height: usize,
    pub grey: Vec<f32>,
}

pub fn pictures() -> Vec<Picture> {
    vec![
        synthetic("cups", Kind::Cup, 67, 53),
        synthetic("dense", Kind::Dense, 130, 97),
        extremes(19, 31),
        noise("noise", 64, 64),
        // Smaller than a patch, a block, a blur or a ring.
        noise("tiny", 5, 3),
        noise("row", 33, 1),
        noise("column", 1, 33),
        Picture { name: "flat", width: 9, height: 7, grey: vec![12.0; 63] },
    ]
}

/// A picture of a usual size, to measure with.
pub fn large() -> Picture {
    synthetic("dense, 1024 x 1024", Kind::Dense, 1024, 1024)
}

/// A scene stretched over the whole range, so that vesicles, film and clipped pixels are there.
fn synthetic(name: &'static str, kind: Kind, width: usize, height: usize) -> Picture {
    let scene = scene(&Scene { kind, width_px: width, height_px: height, pixel_size_nm: 4.0, seed: 5, index: 1 });
    let mut sorted = scene.grey.clone();
    sorted.sort_unstable();
    let (low, high) = (f32::from(sorted[sorted.len() / 100]), f32::from(sorted[sorted.len() * 99 / 100]));
    assert!(high > low, "{name} shows nothing");
    let stretch = |&v: &u16| ((f32::from(v) - low) / (high - low) * 65535.0).round().clamp(0.0, 65535.0);
    Picture { name, width, height, grey: scene.grey.iter().map(stretch).collect() }
}

/// The smallest and largest values side by side, in the middle of each side too, and a ramp.
fn extremes(width: usize, height: usize) -> Picture {
    let value = |x: usize, y: usize| match (x / 3 + y / 2) % 3 {
        0 => 0.0,
        1 => 65535.0,
        _ => ((x * 911 + y * 2003) % 65536) as f32,
    };
    let grey = (0..height).flat_map(|y| (0..width).map(move |x| value(x, y))).collect();
    Picture { name: "extremes", width, height, grey }
}

fn noise(name: &'static str, width: usize, height: usize) -> Picture {
    let mut dice = Dice(width as u32);
    Picture { name, width, height, grey: (0..width * height).map(|_| (dice.unit() * 65535.0).round()).collect() }
}

/// Numbers without pattern, the same in every run.
pub struct Dice(pub u32);

impl Dice {
    /// From 0 to 1.
    pub fn unit(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
        let word = ((self.0 >> ((self.0 >> 28) + 4)) ^ self.0).wrapping_mul(277_803_737);
        ((word >> 22) ^ word) as f32 / u32::MAX as f32
    }
}
