//! The specimen: projected thickness of everything in the beam's way, in units of the absorption length.

use super::dice::Dice;
use super::field::Field;

/// Feature sizes of the two textures bodies are made of, nm: protein-sized and cargo-sized.
const TEXTURE_FINE_NM: f64 = 4.0;
const TEXTURE_COARSE_NM: f64 = 13.0;

/// A specimen being built. Thickness `t` lets `exp(-t)` of the beam through: more is darker.
pub(super) struct Canvas {
    pub width: usize,
    pub height: usize,
    pub pitch_nm: f64,
    /// The support film with its slow changes: what a body that drives all stain away would lie on.
    pub ground: Field,
    /// Everything.
    pub thickness: Field,
    /// Unit textures, fine and coarse, that bodies sample at their own offset.
    texture: [Field; 2],
}

impl Canvas {
    /// An empty specimen on the given ground.
    pub fn new(ground: Field, pitch_nm: f64, dice: &mut Dice) -> Self {
        let (width, height) = (ground.width, ground.height);
        let texture = [TEXTURE_FINE_NM, TEXTURE_COARSE_NM].map(|nm| Field::relief(width, height, nm / pitch_nm, dice));
        Self { width, height, pitch_nm, thickness: ground.clone(), ground, texture }
    }

    /// Size of the field, nm.
    pub fn size_nm(&self) -> (f64, f64) {
        (self.width as f64 * self.pitch_nm, self.height as f64 * self.pitch_nm)
    }

    /// Area of the field, µm².
    pub fn area_um2(&self) -> f64 {
        let (w, h) = self.size_nm();
        w * h * 1e-6
    }

    /// The fine and the coarse texture at a pixel, shifted by an offset that makes each body's own.
    pub fn texture(&self, x: usize, y: usize, offset: (usize, usize)) -> (f64, f64) {
        let (x, y) = (x + offset.0, y + offset.1);
        (f64::from(self.texture[0].wrapped(x, y)), f64::from(self.texture[1].wrapped(x, y)))
    }

    /// Adds to the thickness at every pixel within `reach_nm` of a point; the function is given the pixel centre's
    /// offset from it, nm.
    pub fn add(&mut self, x_nm: f64, y_nm: f64, reach_nm: f64, thickness: impl Fn(f64, f64) -> f64) {
        self.change(x_nm, y_nm, reach_nm, |cell, _| cell.thickness + thickness(cell.x_nm - x_nm, cell.y_nm - y_nm));
    }

    /// Replaces the thickness at every pixel within `reach_nm` of a point.
    pub fn change(&mut self, x_nm: f64, y_nm: f64, reach_nm: f64, thickness: impl Fn(Cell, &Self) -> f64) {
        let range = |centre: f64, size: usize| {
            let low = ((centre - reach_nm) / self.pitch_nm).floor().max(0.0) as usize;
            let high = ((centre + reach_nm) / self.pitch_nm).ceil().max(0.0) as usize;
            low.min(size)..high.min(size)
        };
        let (columns, rows) = (range(x_nm, self.width), range(y_nm, self.height));
        for y in rows {
            for x in columns.clone() {
                let at = y * self.width + x;
                let cell = Cell {
                    x,
                    y,
                    x_nm: (x as f64 + 0.5) * self.pitch_nm,
                    y_nm: (y as f64 + 0.5) * self.pitch_nm,
                    ground: f64::from(self.ground.value[at]),
                    thickness: f64::from(self.thickness.value[at]),
                };
                let new = thickness(cell, self);
                self.thickness.value[at] = new as f32;
            }
        }
    }

    /// Lets pooled stain fill up instead of growing without end: thickness above the ground bends towards `limit`.
    pub fn saturate(&mut self, limit: f64) {
        let limit = limit as f32;
        for (t, g) in self.thickness.value.iter_mut().zip(&self.ground.value) {
            let stain = *t - g;
            if stain > 0.0 {
                *t = g + limit * (1.0 - libm::expf(-stain / limit));
            }
        }
    }
}

/// One pixel of the specimen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    pub x: usize,
    pub y: usize,
    /// Centre, nm.
    pub x_nm: f64,
    pub y_nm: f64,
    pub ground: f64,
    pub thickness: f64,
}
