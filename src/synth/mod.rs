//! Micrographs with known truth.
//!
//! A [`Scene`] is a recipe; [`scene`] follows it: vesicles of known outline and everything that gets in the way are laid
//! on a film as projected thickness, a beam passes through, a camera counts. [`write()`] does so for a whole set.
//!
//! The truth is the outer edge of the membrane. A pixel belongs to a vesicle when its centre lies inside that outline;
//! where vesicles overlap, the upper one owns the overlap. A strip of text at the bottom cuts them like the border does.

mod body;
mod camera;
mod canvas;
mod clutter;
mod decoys;
mod dice;
mod export;
mod field;
#[cfg(test)]
mod foot;
mod grains;
mod ground;
mod interior;
mod kind;
mod layout;
mod letters;
mod lines;
mod manner;
mod marks;
mod outline;
mod retouch;
mod shapes;
mod sheets;
mod style;
mod truth;
mod vesicle;
mod write;

pub use camera::Camera;
pub use clutter::Clutter;
pub use export::Export;
pub use kind::Kind;
pub use shapes::Shape;
pub use style::Stain;
pub use truth::{Polarity, TruthRow};
pub use vesicle::{Appearance, DIAMETER_MAX_NM, DIAMETER_MIN_NM};
pub use write::{Options, Summary, write, write_picture};

use crate::image::Labels;
use canvas::Canvas;
use clutter::Piece;
use dice::Dice;
use field::Field;
use marks::Marks;
use style::Style;
use vesicle::Vesicle;

/// Range of pixel sizes that kinds other than coarse are drawn from, nm.
const PIXEL_SIZE_FINE_NM: (f64, f64) = (0.35, 2.2);
/// Ranges of pixel sizes of coarse scenes, nm: views of one field, in which small vesicles are just seen, and overviews.
const PIXEL_SIZE_COARSE_NM: (f64, f64) = (2.5, 4.2);
const PIXEL_SIZE_OVERVIEW_NM: (f64, f64) = (4.2, 11.0);
/// Share of overviews among coarse scenes.
const OVERVIEWS: f64 = 0.35;
/// Edge lengths of the field unless asked otherwise, pixels.
const SIDE_PX: (usize, usize) = (768, 1024);
const SIDE_COARSE_PX: (usize, usize) = (400, 900);
/// Widest field unless asked otherwise, nm: what published overviews show.
const FIELD_MAX_NM: f64 = 4500.0;

/// Name in the truth table of what was burned in.
const MARK: &str = "mark";

/// Size of a clump that lies on the rim of a vesicle: a share of the diameter that leaves enough of the outline to see,
/// and the least, nm.
const SOIL_SHARE: (f64, f64) = (0.2, 0.6);
const SOIL_MIN_NM: f64 = 20.0;

/// The recipe of one scene: the same recipe gives the same bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scene {
    pub kind: Kind,
    pub width_px: usize,
    pub height_px: usize,
    pub pixel_size_nm: f64,
    /// Seed of the set.
    pub seed: u64,
    /// Number of the scene within the set: picks the scene's own stream of random numbers.
    pub index: u64,
}

/// A finished scene.
#[derive(Debug, Clone, PartialEq)]
pub struct Synthetic {
    /// `kind-NNN`.
    pub name: String,
    pub width: usize,
    pub height: usize,
    pub pixel_size_nm: f64,
    /// 16-bit camera counts, row-major.
    pub grey: Vec<u16>,
    /// Which vesicle each pixel belongs to.
    pub labels: Labels,
    /// Vesicles first, in the order of their labels, then everything else.
    pub truth: Vec<TruthRow>,
    pub conditions: Conditions,
}

/// What a scene was recorded under.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conditions {
    pub stain: Stain,
    /// Typical step between a body and its surroundings, absorption lengths.
    pub contrast: f64,
    /// Background swing (5 to 95 %) asked for, as a share of the grey range.
    pub swing: f64,
    pub camera: Camera,
    pub export: Export,
    /// Blur of a specimen out of focus, nm.
    pub defocus_nm: f64,
    /// Whether everything was kept plain: flat ground, even bodies, white noise.
    pub plain: bool,
    /// Height of the strip of text that hides the bottom of the picture, pixels; 0 for none.
    pub strip_px: usize,
}

impl Scene {
    /// A recipe whose pixel size and field are drawn from the kind's usual ranges.
    pub fn draw(kind: Kind, seed: u64, index: u64) -> Self {
        // Another seed than the scene's, so that changing the size does not change the specimen's draws.
        let mut dice = Dice::new(!seed, index);
        let coarse = kind == Kind::Coarse || kind == Kind::Mixed && dice.chance(0.4);
        let range = match coarse {
            true if dice.chance(OVERVIEWS) => PIXEL_SIZE_OVERVIEW_NM,
            true => PIXEL_SIZE_COARSE_NM,
            false => PIXEL_SIZE_FINE_NM,
        };
        let sides = if coarse { SIDE_COARSE_PX } else { SIDE_PX };
        let (width_px, height_px) = (dice.count(sides.0, sides.1), dice.count(sides.0, sides.1));
        let pixel_size_nm = dice.log_uniform(range.0, range.1);
        let side_max_px = (FIELD_MAX_NM / pixel_size_nm) as usize;
        let (width_px, height_px) = (width_px.min(side_max_px), height_px.min(side_max_px));
        Self { kind, width_px, height_px, pixel_size_nm, seed, index }
    }

    /// Name of the scene: the kind and its number in the set.
    pub fn name(&self) -> String {
        format!("{}-{:03}", self.kind, self.index)
    }
}

/// A specimen before it is exposed, and what it was made with.
struct Laid {
    style: Style,
    canvas: Canvas,
    /// Edge of a rendered pixel, nm.
    pitch_nm: f64,
    vesicles: Vec<Vesicle>,
    pieces: Vec<(&'static str, Piece)>,
    marks: Marks,
}

/// Lays everything on the film.
fn lay(recipe: &Scene, (width, height): (usize, usize), dice: &mut Dice) -> Laid {
    let pixel_size_nm = recipe.pixel_size_nm;
    let style = Style::draw(recipe.kind, pixel_size_nm, dice);
    let pitch_nm = pixel_size_nm / style.oversampling as f64;
    let film = ground::film(width * style.oversampling, height * style.oversampling, pitch_nm, &style, dice);
    let mut canvas = Canvas::new(film, pitch_nm, dice);
    let width_nm = canvas.size_nm().0;
    let mut marks = Marks::draw(recipe.kind, width, height, pixel_size_nm, dice);
    let vesicles = layout::vesicles(width_nm, &marks, &style, dice);
    marks.annotate(&vesicles, dice);

    ground::pools(&vesicles, &style, &mut canvas, dice);
    vesicles.iter().for_each(|v| v.pool.paint(&v.body.outline, &mut canvas));
    let pieces = furnish(&vesicles, &style, &mut canvas, dice);

    if style.defocus_nm > 0.0 {
        canvas.thickness = canvas.thickness.blurred(style.defocus_nm / pitch_nm);
    }
    Laid { style, canvas, pitch_nm, vesicles, pieces, marks }
}

/// Renders a recipe.
pub fn scene(recipe: &Scene) -> Synthetic {
    let mut dice = Dice::new(recipe.seed, recipe.index);
    let (width, height, pixel_size_nm) = (recipe.width_px.max(1), recipe.height_px.max(1), recipe.pixel_size_nm);
    let Laid { style, canvas, pitch_nm, vesicles, mut pieces, marks } = lay(recipe, (width, height), &mut dice);
    let grey = style.camera.exposed(&canvas.thickness, pitch_nm, &mut dice);
    let grey = style.export.applied(grey.binned(style.oversampling), &marks, &mut dice);
    let labels = truth::labels(&vesicles, (width, height), marks.open_rows(), pixel_size_nm);
    pieces.retain(|(_, p)| p.y_nm < marks.open_height_nm());
    pieces.extend(marks.pieces.iter().map(|&p| (MARK, p)));
    let truth = truth::rows(&vesicles, &pieces, &labels, &marks, &style);
    let conditions = Conditions {
        stain: style.stain,
        contrast: style.contrast,
        swing: style.swing,
        camera: style.camera,
        export: style.export,
        defocus_nm: style.defocus_nm,
        plain: style.plain,
        strip_px: marks.strip_px,
    };
    Synthetic { name: recipe.name(), width, height, pixel_size_nm, grey, labels, truth, conditions }
}

/// What the camera saw of a scene, and what it would have seen without noise.
#[derive(Debug, Clone, PartialEq)]
pub struct Exposure {
    pub width: usize,
    pub height: usize,
    /// 16-bit camera counts, row-major; nothing was done to them since.
    pub noisy: Vec<u16>,
    /// The mean of any number of exposures: grain of the film, fringe and blur are in it, as they are in the specimen and
    /// the microscope; the noise of counting electrons and of reading them out is not.
    pub clean: Vec<u16>,
}

/// Exposes a recipe with and without the camera's noise; marks and what else an export does are left out.
pub fn exposure(recipe: &Scene) -> Exposure {
    let mut dice = Dice::new(recipe.seed, recipe.index);
    let (width, height) = (recipe.width_px.max(1), recipe.height_px.max(1));
    let Laid { style, canvas, pitch_nm, .. } = lay(recipe, (width, height), &mut dice);
    let counts =
        |grey: Field| -> Vec<u16> { grey.binned(style.oversampling).value.iter().map(|&v| count(v)).collect() };
    let clean = counts(style.camera.expected(&canvas.thickness, pitch_nm));
    let noisy = counts(style.camera.exposed(&canvas.thickness, pitch_nm, &mut dice));
    Exposure { width, height, noisy, clean }
}

/// A grey value as a 16-bit camera stores it.
fn count(grey: f32) -> u16 {
    grey.round().clamp(0.0, f32::from(u16::MAX)) as u16
}

/// Paints clutter and vesicles: clutter below, then the vesicles, then the clumps and dots that lie on top.
fn furnish(vesicles: &[Vesicle], style: &Style, canvas: &mut Canvas, dice: &mut Dice) -> Vec<(&'static str, Piece)> {
    let mut pieces = Vec::new();
    let mut on_top = 0;
    for (sort, density_um2) in style.clutter {
        let mut count = sort.draw_count(density_um2, style.clutter_min, canvas.area_um2(), dice);
        if sort == Clutter::Dots {
            on_top = (count as f64 * style.dots_on_top) as usize;
            count -= on_top;
        }
        for _ in 0..count {
            let at = sort.place(vesicles, style, canvas, dice);
            pieces.extend(sort.paint(at, style, canvas, dice).into_iter().map(|p| (sort.name(), p)));
        }
    }
    canvas.saturate(style.stain_limit * style.contrast);
    vesicles.iter().for_each(|v| v.body.paint(canvas));
    for vesicle in vesicles {
        if dice.chance(style.soiled) {
            let outline = &vesicle.body.outline;
            let angle = dice.angle();
            let far_nm = outline.radius_nm(angle) * dice.uniform(0.6, 1.15);
            let at = (outline.x_nm + far_nm * libm::cos(angle), outline.y_nm + far_nm * libm::sin(angle));
            let size_nm = outline.diameter_nm() * dice.uniform(SOIL_SHARE.0, SOIL_SHARE.1);
            let soil = grains::clump(at, size_nm.max(SOIL_MIN_NM), style, canvas, dice);
            pieces.push((Clutter::Aggregate.name(), soil));
        }
    }
    for _ in 0..on_top {
        let at = Clutter::Dots.place(&[], style, canvas, dice);
        pieces.extend(Clutter::Dots.paint(at, style, canvas, dice).into_iter().map(|p| (Clutter::Dots.name(), p)));
    }
    pieces
}
