//! A closed body on the film: what vesicles are made of, and also sheets of debris, smooth discs and open rims, so that
//! none of those betrays itself by the way it is painted.

use super::canvas::{Canvas, Cell};
use super::outline::{Outline, Place};
use std::f64::consts::PI;

/// Half-width of the softest part of an edge that a pixel can show, pixels.
const EDGE_MIN_PX: f64 = 0.35;

/// How a body changes the thickness. Levels are in absorption lengths relative to the ground: negative is brighter.
#[derive(Debug, Clone)]
pub(super) struct Body {
    pub outline: Outline,
    /// Level of the interior.
    pub level: f64,
    /// Share of what was there before that the body drives away.
    pub opacity: f64,
    /// How far inside the outline the coverage reaches one half, nm: a round flank holds little material at its foot.
    pub shoulder_nm: f64,
    /// Softness of the edge, nm.
    pub edge_nm: f64,
    /// Extra level in the middle of the body, falling with the square of the distance.
    pub dome: f64,
    pub rims: Vec<Rim>,
    /// How much rims vary along their way, as a share of their level.
    pub rim_unevenness: f64,
    pub gaps: Vec<Gap>,
    pub dents: Vec<Dent>,
    pub creases: Vec<Crease>,
    pub half: Option<Half>,
    /// Amplitude of the fine and the coarse texture.
    pub texture: (f64, f64),
    /// Where this body cuts its texture out, pixels.
    pub texture_offset: (usize, usize),
    /// The narrow meniscus; wide pools are laid down before any body.
    pub meniscus: Pool,
}

/// A line along the edge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rim {
    pub level: f64,
    /// Distance of its crest inside the outline, nm.
    pub depth_nm: f64,
    /// Fall-off towards the outside and the inside, nm.
    pub outer_nm: f64,
    pub inner_nm: f64,
    /// How much it varies around the turn, and where it is strongest.
    pub lean: f64,
    pub lean_angle: f64,
}

/// A sector in which rim and coverage are lost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gap {
    pub angle: f64,
    pub half_angle: f64,
    pub soft_angle: f64,
    /// Shares lost in the middle of the gap.
    pub rim_loss: f64,
    pub cover_loss: f64,
}

/// A hollow in which stain collects; a second ellipse taken out of it makes it a crescent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dent {
    pub level: f64,
    /// Centre and half axes as shares of the mean radius.
    pub x: f64,
    pub y: f64,
    pub long: f64,
    pub short: f64,
    pub angle: f64,
    pub soft: f64,
    /// Offset of the part taken out, as a share of the short half axis; 0 for a plain dent.
    pub crescent: f64,
    /// Level of a line along its edge, and the line's width in half axes: the membrane of a body inside the body.
    pub rim: (f64, f64),
}

/// A straight or bent line across the interior.
#[derive(Debug, Clone, Copy)]
pub(super) struct Crease {
    pub level: f64,
    pub angle: f64,
    /// Distance from the centre as a share of the mean radius.
    pub offset: f64,
    pub width_nm: f64,
    pub bend: f64,
    /// Half of its length as a share of the mean radius.
    pub reach: f64,
}

/// One side of the body that differs from the other: collapsed, granular or stained through.
#[derive(Debug, Clone, Copy)]
pub(super) struct Half {
    pub level: f64,
    pub angle: f64,
    pub offset: f64,
    pub soft: f64,
    /// Share of the coverage lost there.
    pub cover_loss: f64,
    pub texture: f64,
}

/// Stain around an outline.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pool {
    pub level: f64,
    pub width_nm: f64,
    /// 1 falls exponentially, 2 like a Gaussian.
    pub power: f64,
    pub lean: f64,
    pub lean_angle: f64,
}

impl Pool {
    /// Distance beyond which the pool holds less than a hundredth, nm.
    pub fn reach_nm(&self) -> f64 {
        if self.level == 0.0 { 0.0 } else { self.width_nm * libm::pow(4.6, 1.0 / self.power.max(0.5)) }
    }

    /// Thickness at a place; the full one inside the outline, which the body then drives away.
    pub fn thickness(&self, place: &Place) -> f64 {
        if self.level == 0.0 {
            return 0.0;
        }
        let lean = 1.0 + self.lean * libm::cos(place.angle - self.lean_angle);
        let width_nm = self.width_nm * lean.max(0.15);
        self.level * lean * libm::exp(-libm::pow(place.outside_nm.max(0.0) / width_nm, self.power))
    }

    /// Lays the pool of an outline on the specimen.
    pub fn paint(&self, outline: &Outline, canvas: &mut Canvas) {
        let reach_nm = outline.reach_nm() + self.reach_nm() * (1.0 + self.lean.abs());
        let (x_nm, y_nm) = (outline.x_nm, outline.y_nm);
        canvas.add(x_nm, y_nm, reach_nm, |dx, dy| self.thickness(&outline.place(x_nm + dx, y_nm + dy)));
    }
}

impl Body {
    /// A featureless film of the given outline.
    pub fn plain(outline: Outline, level: f64, opacity: f64) -> Self {
        Self {
            outline,
            level,
            opacity,
            shoulder_nm: 0.0,
            edge_nm: 1.0,
            dome: 0.0,
            rims: Vec::new(),
            rim_unevenness: 0.0,
            gaps: Vec::new(),
            dents: Vec::new(),
            creases: Vec::new(),
            half: None,
            texture: (0.0, 0.0),
            texture_offset: (0, 0),
            meniscus: Pool::default(),
        }
    }

    /// Puts the body on the specimen, over what is there.
    pub fn paint(&self, canvas: &mut Canvas) {
        let reach_nm = self.outline.reach_nm() + 4.0 * self.edge_nm + self.meniscus.reach_nm() + 3.0;
        let radius_nm = 0.5 * self.outline.diameter_nm();
        let edge_nm = self.edge_nm.max(EDGE_MIN_PX * canvas.pitch_nm);
        canvas.change(self.outline.x_nm, self.outline.y_nm, reach_nm, |cell, canvas| {
            let place = self.outline.place(cell.x_nm, cell.y_nm);
            self.thickness(&cell, &place, radius_nm, edge_nm, canvas)
        });
    }

    fn thickness(&self, cell: &Cell, place: &Place, radius_nm: f64, edge_nm: f64, canvas: &Canvas) -> f64 {
        let inside_nm = -place.outside_nm;
        let cover = logistic((inside_nm - self.shoulder_nm) / edge_nm);
        let (mut rim_left, mut cover_left) = (1.0, 1.0);
        for gap in &self.gaps {
            let share = gap.share(place.angle);
            rim_left *= 1.0 - gap.rim_loss * share;
            cover_left *= 1.0 - gap.cover_loss * share;
        }
        let mut rim: f64 = self.rims.iter().map(|r| r.thickness(place, inside_nm)).sum();
        let meniscus = self.meniscus.thickness(place) * (1.0 - cover) * cover_left;
        let mut level = 0.0;
        if cover > 0.01 {
            let (u, v) = (place.dx_nm / radius_nm, place.dy_nm / radius_nm);
            let (fine, coarse) = canvas.texture(cell.x, cell.y, self.texture_offset);
            rim *= (1.0 + self.rim_unevenness * (0.5 * fine + coarse)).max(0.0);
            let mut texture = 1.0;
            level = self.level + self.dome * (1.0 - place.rho * place.rho).max(0.0);
            level += self.dents.iter().map(|d| d.thickness(u, v)).sum::<f64>();
            level += self.creases.iter().map(|c| c.thickness(u, v, radius_nm)).sum::<f64>();
            if let Some(half) = &self.half {
                let share = half.share(u, v);
                level += half.level * share;
                cover_left *= 1.0 - half.cover_loss * share;
                texture += half.texture * share;
            }
            level += texture * (self.texture.0 * fine + self.texture.1 * coarse);
        }
        let covered = self.opacity * cover * cover_left;
        let below = cell.thickness + meniscus;
        below + covered * (cell.ground - below) + cover * cover_left * level + rim * rim_left
    }
}

impl Rim {
    fn thickness(&self, place: &Place, inside_nm: f64) -> f64 {
        let off_nm = inside_nm - self.depth_nm;
        let width_nm = if off_nm < 0.0 { self.outer_nm } else { self.inner_nm };
        let lean = 1.0 + self.lean * libm::cos(place.angle - self.lean_angle);
        let z = off_nm / width_nm;
        if z.abs() > 4.0 { 0.0 } else { self.level * lean * libm::exp(-0.5 * z * z) }
    }
}

impl Gap {
    fn share(&self, angle: f64) -> f64 {
        let off = (angle - self.angle + PI).rem_euclid(2.0 * PI) - PI;
        logistic((self.half_angle - off.abs()) / self.soft_angle)
    }
}

impl Dent {
    fn thickness(&self, u: f64, v: f64) -> f64 {
        let (sin, cos) = libm::sincos(self.angle);
        let (dx, dy) = (u - self.x, v - self.y);
        let (along, across) = (dx * cos + dy * sin, dy * cos - dx * sin);
        let inside = |shift: f64| {
            let r = libm::hypot(along / self.long, (across - shift * self.short) / self.short);
            logistic((1.0 - r) / self.soft)
        };
        let share = inside(0.0);
        let level = self.level * if self.crescent == 0.0 { share } else { share * (1.0 - inside(self.crescent)) };
        if self.rim.0 == 0.0 {
            return level;
        }
        let off = (1.0 - libm::hypot(along / self.long, across / self.short)) / self.rim.1;
        level + self.rim.0 * libm::exp(-0.5 * off * off)
    }
}

impl Crease {
    fn thickness(&self, u: f64, v: f64, radius_nm: f64) -> f64 {
        let (sin, cos) = libm::sincos(self.angle);
        let (along, across) = (u * cos + v * sin, v * cos - u * sin);
        let off_nm = (across - self.offset - self.bend * along * along) * radius_nm;
        let end = logistic((self.reach - along.abs()) / 0.08);
        self.level * end * libm::exp(-0.5 * (off_nm / self.width_nm).powi(2))
    }
}

impl Half {
    fn share(&self, u: f64, v: f64) -> f64 {
        let (sin, cos) = libm::sincos(self.angle);
        logistic((u * cos + v * sin - self.offset) / self.soft)
    }
}

/// From 0 far below to 1 far above nought.
pub(super) fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-2.0 * x))
}
