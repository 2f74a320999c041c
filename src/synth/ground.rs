//! What everything lies on: the carbon film or ice, the slow drift of stain and illumination, broad pools of stain.

use super::body::Pool;
use super::canvas::Canvas;
use super::dice::Dice;
use super::field::Field;
use super::outline::Outline;
use super::shapes::Shape;
use super::style::Style;
use super::vesicle::Vesicle;

/// Grey range of a scene in contrasts, from the deepest pool to the brightest rim: what the background swing refers to.
const RANGE_CONTRASTS: f64 = 1.8;

/// Largest cell of the finest grain, pixels: in real pictures neighbours correlate by 0.5 to 0.75 after the slow part is
/// taken off, at any pixel size, so part of what looks like grain belongs to the camera.
const GRAIN_MAX_PX: f64 = 2.0;

/// The film with its drift and grain.
pub(super) fn film(width: usize, height: usize, pitch_nm: f64, style: &Style, dice: &mut Dice) -> Field {
    let side = width.max(height) as f64;
    let mut drift = Field::relief(width, height, side / dice.uniform(0.8, 2.0), dice);
    drift.add(&Field::relief(width, height, side / dice.log_uniform(2.5, 12.0), dice), dice.uniform(0.0, 0.8) as f32);
    let (sin, cos) = libm::sincos(dice.angle());
    let slope = dice.uniform(0.0, 3.0) / side;
    for (y, row) in drift.value.chunks_exact_mut(width).enumerate() {
        for (x, v) in row.iter_mut().enumerate() {
            *v += (slope * (x as f64 * cos + y as f64 * sin)) as f32;
        }
    }
    let swing = (drift.quantile(0.95) - drift.quantile(0.05)).max(1e-3);
    let wanted = (style.swing * RANGE_CONTRASTS * style.contrast) as f32;
    // Thick enough that the thin side of a slope is not cut off.
    let film = (dice.uniform(0.1, 0.4) as f32).max(0.6 * wanted);
    let middle = drift.quantile(0.5);
    drift.value.iter_mut().for_each(|v| *v = (film + (*v - middle) / swing * wanted).max(0.0));
    let finest_px = (style.grain_nm / pitch_nm).min(GRAIN_MAX_PX);
    let coarser_px = |scale: f64| style.grain_nm * scale / pitch_nm;
    let scales =
        [(finest_px, 1.0), (coarser_px(2.7), dice.uniform(0.1, 0.5)), (coarser_px(9.0), dice.uniform(0.0, 0.4))];
    for (cell_px, share) in scales {
        // A pixel averages over grain finer than itself.
        let amount = style.grain * style.contrast * share * cell_px.min(1.0);
        drift.add(&Field::relief(width, height, cell_px, dice), amount as f32);
    }
    drift
}

/// Broad pools shared by several objects: some around a vesicle, some anywhere.
pub(super) fn pools(vesicles: &[Vesicle], style: &Style, canvas: &mut Canvas, dice: &mut Dice) {
    let (width_nm, height_nm) = canvas.size_nm();
    for _ in 0..dice.poisson(style.shared_pools * canvas.area_um2()).min(60.0) as usize {
        let (x_nm, y_nm) = match vesicles.get(dice.count(0, vesicles.len())) {
            Some(v) if dice.chance(0.7) => (v.body.outline.x_nm, v.body.outline.y_nm),
            _ => (dice.uniform(0.0, width_nm), dice.uniform(0.0, height_nm)),
        };
        let reach_nm = dice.log_uniform(style.pool_nm.0, style.pool_nm.1);
        let core = Outline::draw(Shape::Irregular, 0.5 * reach_nm, dice)
            .at(x_nm + 0.3 * reach_nm * dice.normal(), y_nm + 0.3 * reach_nm * dice.normal());
        let pool = Pool {
            level: style.contrast * style.shared_depth * dice.uniform(0.4, 1.2),
            width_nm: reach_nm,
            power: dice.uniform(1.0, 2.0),
            lean: dice.uniform(0.0, 0.5),
            lean_angle: dice.angle(),
        };
        pool.paint(&core, canvas);
    }
}
