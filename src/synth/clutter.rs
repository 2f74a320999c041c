//! What lies on the film and is no vesicle: kinds, how often, and what the truth table says about each.

use super::canvas::Canvas;
use super::dice::Dice;
use super::outline::Outline;
use super::style::Style;
use super::vesicle::Vesicle;
use super::{decoys, grains, lines, sheets};

/// Most pieces of one kind in a scene, so that a wide field of a dirty preparation still renders quickly.
const PIECES_MAX: usize = 4000;

/// Kinds of things that are no vesicles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clutter {
    /// Protein-sized bright dots, alone, in chains, in clumps.
    Dots,
    /// Grape-like clumps in a dark pool.
    Aggregate,
    /// Dots in a ring around nothing.
    DotRing,
    /// Branched dark stain.
    Precipitate,
    /// Dark polygon with sharp edges.
    Crystal,
    /// Soft patch without an edge.
    Cloud,
    /// Irregular sheet with a ragged outline.
    Debris,
    /// Membrane ring with a wide gap.
    OpenRim,
    /// Open membrane, bent.
    Fold,
    /// Round bright spot of thin stain: no membrane.
    Disc,
    /// Tear in the film.
    Hole,
    /// Long band.
    Wrinkle,
    /// Long thin line.
    Scratch,
    /// A compact rough lump of several lobes.
    Lump,
    /// Torn bodies that hang together.
    Torn,
    /// Flat smooth sheet of low contrast with a round outline.
    Sheet,
    /// Bright ring too small for a vesicle.
    Ringlet,
    /// Blots of stain around a bright gap.
    Blots,
    /// Cracked mud.
    Cracks,
    /// Bubble or burned spot: round, sharp, very bright or dark.
    Bubble,
}

impl Clutter {
    /// All kinds, in the order in which they are painted: what lies deepest first.
    pub const ALL: [Self; 20] = [
        Self::Hole,
        Self::Wrinkle,
        Self::Cracks,
        Self::Cloud,
        Self::Sheet,
        Self::Disc,
        Self::Precipitate,
        Self::Blots,
        Self::Debris,
        Self::Torn,
        Self::Lump,
        Self::Aggregate,
        Self::OpenRim,
        Self::Fold,
        Self::DotRing,
        Self::Ringlet,
        Self::Crystal,
        Self::Bubble,
        Self::Scratch,
        Self::Dots,
    ];

    /// Name used in the truth table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dots => "dot",
            Self::Aggregate => "aggregate",
            Self::DotRing => "dot-ring",
            Self::Precipitate => "precipitate",
            Self::Crystal => "crystal",
            Self::Cloud => "cloud",
            Self::Debris => "debris",
            Self::OpenRim => "open-rim",
            Self::Fold => "fold",
            Self::Disc => "disc",
            Self::Hole => "hole",
            Self::Wrinkle => "wrinkle",
            Self::Scratch => "scratch",
            Self::Lump => "lump",
            Self::Torn => "torn",
            Self::Sheet => "sheet",
            Self::Ringlet => "ringlet",
            Self::Blots => "blots",
            Self::Cracks => "cracks",
            Self::Bubble => "bubble",
        }
    }

    /// How many to expect per µm² in a scene: often none, sometimes plenty.
    pub(super) fn draw_density_um2(self, dice: &mut Dice) -> f64 {
        let (chance, low, high) = match self {
            Self::Dots => (0.95, 10.0, 500.0),
            Self::Aggregate => (0.7, 0.3, 6.0),
            Self::DotRing => (0.3, 0.1, 1.0),
            Self::Precipitate => (0.4, 0.2, 3.0),
            Self::Crystal => (0.2, 0.1, 1.0),
            Self::Cloud => (0.6, 0.3, 4.0),
            Self::Debris => (0.6, 0.2, 3.0),
            Self::OpenRim => (0.6, 0.2, 3.0),
            Self::Fold => (0.5, 0.2, 2.0),
            Self::Disc => (0.4, 0.2, 2.0),
            Self::Hole => (0.1, 0.02, 0.2),
            Self::Wrinkle => (0.15, 0.03, 0.3),
            Self::Scratch => (0.1, 0.03, 0.3),
            Self::Lump => (0.6, 0.3, 5.0),
            Self::Torn => (0.4, 0.1, 1.5),
            Self::Sheet => (0.4, 0.1, 2.0),
            Self::Ringlet => (0.4, 1.0, 30.0),
            Self::Blots => (0.25, 0.1, 1.0),
            Self::Cracks => (0.08, 0.05, 0.3),
            Self::Bubble => (0.1, 0.1, 2.0),
        };
        if dice.chance(chance) { dice.log_uniform(low, high) } else { 0.0 }
    }

    /// How many to paint in a field.
    pub(super) fn draw_count(self, density_um2: f64, least: usize, area_um2: f64, dice: &mut Dice) -> usize {
        let count = dice.poisson((density_um2 * area_um2).min(PIECES_MAX as f64)) as usize;
        // Tears, folds and cracks of the film and scratches change the whole field, bubbles its range: never forced.
        let rare = matches!(self, Self::Hole | Self::Wrinkle | Self::Scratch | Self::Cracks | Self::Bubble);
        let least = if rare { 0 } else { least };
        count.clamp(least, PIECES_MAX)
    }

    /// Where a piece goes: anywhere, or at the edge of a vesicle, where much of it is found.
    pub(super) fn place(self, vesicles: &[Vesicle], style: &Style, canvas: &Canvas, dice: &mut Dice) -> (f64, f64) {
        let (width_nm, height_nm) = canvas.size_nm();
        let clings =
            matches!(self, Self::Aggregate | Self::Debris | Self::Precipitate | Self::Dots | Self::Lump | Self::Torn);
        if clings && dice.chance(style.clinging) && !vesicles.is_empty() {
            let outline = &vesicles[dice.count(0, vesicles.len() - 1)].body.outline;
            let angle = dice.angle();
            let distance_nm = outline.radius_nm(angle) * dice.uniform(0.9, 1.5) + dice.uniform(0.0, 30.0);
            return (outline.x_nm + distance_nm * libm::cos(angle), outline.y_nm + distance_nm * libm::sin(angle));
        }
        (dice.uniform(0.0, width_nm), dice.uniform(0.0, height_nm))
    }

    /// Paints one piece and tells what was painted.
    pub(super) fn paint(self, at: (f64, f64), style: &Style, canvas: &mut Canvas, dice: &mut Dice) -> Vec<Piece> {
        match self {
            Self::Dots => grains::dots(at, style, canvas, dice),
            Self::Aggregate => grains::aggregate(at, style, canvas, dice),
            Self::DotRing => grains::ring(at, style, canvas, dice),
            Self::Precipitate => lines::precipitate(at, style, canvas, dice),
            Self::Crystal => sheets::crystal(at, style, canvas, dice),
            Self::Cloud => sheets::cloud(at, style, canvas, dice),
            Self::Debris => sheets::debris(at, style, canvas, dice),
            Self::OpenRim => sheets::open_rim(at, style, canvas, dice),
            Self::Fold => lines::fold(at, style, canvas, dice),
            Self::Disc => sheets::disc(at, style, canvas, dice),
            Self::Hole => sheets::hole(at, style, canvas, dice),
            Self::Wrinkle => lines::wrinkle(at, style, canvas, dice),
            Self::Scratch => lines::scratch(at, style, canvas, dice),
            Self::Lump => decoys::lump(at, style, canvas, dice),
            Self::Torn => decoys::torn(at, style, canvas, dice),
            Self::Sheet => decoys::sheet(at, style, canvas, dice),
            Self::Ringlet => grains::ringlet(at, style, canvas, dice),
            Self::Blots => decoys::blots(at, style, canvas, dice),
            Self::Cracks => decoys::cracks(at, style, canvas, dice),
            Self::Bubble => decoys::bubble(at, style, canvas, dice),
        }
    }
}

/// Extent of something painted that is no vesicle.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    pub x_nm: f64,
    pub y_nm: f64,
    /// Of the circle of the same area where there is an outline, the mean extent elsewhere.
    pub diameter_nm: f64,
    pub feret_max_nm: f64,
    pub feret_min_nm: f64,
}

impl Piece {
    /// Something that has an outline.
    pub fn outlined(outline: &Outline) -> Self {
        let (x_nm, y_nm) = outline.centroid_nm();
        let (feret_max_nm, feret_min_nm) = outline.feret_nm();
        Self { x_nm, y_nm, diameter_nm: outline.diameter_nm(), feret_max_nm, feret_min_nm }
    }

    /// Something roundish.
    pub fn round((x_nm, y_nm): (f64, f64), diameter_nm: f64) -> Self {
        Self { x_nm, y_nm, diameter_nm, feret_max_nm: diameter_nm, feret_min_nm: diameter_nm }
    }

    /// The box around points that each reach `radius_nm`.
    pub fn spanning(points: &[(f64, f64)], radius_nm: f64) -> Self {
        let range = |axis: fn(&(f64, f64)) -> f64| {
            points.iter().map(axis).fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(v), h.max(v)))
        };
        let ((left, right), (top, bottom)) = (range(|p| p.0), range(|p| p.1));
        let (width_nm, height_nm) = (right - left + 2.0 * radius_nm, bottom - top + 2.0 * radius_nm);
        Self {
            x_nm: 0.5 * (left + right),
            y_nm: 0.5 * (top + bottom),
            diameter_nm: (width_nm * height_nm).max(0.0).sqrt(),
            feret_max_nm: width_nm.max(height_nm),
            feret_min_nm: width_nm.min(height_nm),
        }
    }
}
