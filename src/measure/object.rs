//! Which candidates are things at all: most rejected ones are outlines around nothing in the grain of the film.
//!
//! The thresholds were chosen on 118 synthetic scenes with known clutter: of 29 000 rejected candidates without a class of
//! their own, the rule keeps 0.8 % of those around nothing and 40 % of those around a missed vesicle or a piece of clutter of
//! 20 nm or more; on 33 other scenes 0.6 % and 58 %.

use super::appearance::Appearance;
use super::{Class, Particle, Status};

/// Least step across the outline, standard deviations of the noise: outlines around nothing in correlated noise reach 1.9.
pub const OBJECT_RIM_CONTRAST: f64 = 2.0;
/// Least share of the outline with a significant step: 90 % of the outlines around nothing have less than 0.66, half of
/// those around something more than 0.7.
pub const OBJECT_RIM_COMPLETENESS: f64 = 0.5;
/// Least strength of the edge: empty film gives 0.45 to 0.55, 90 % of the outlines around nothing less than 0.60.
pub const OBJECT_EDGE_STRENGTH: f64 = 0.6;
/// Least confidence. It is the chance of being a vesicle, and yet tells things from nothing better than the edge does: 99 %
/// of the outlines around nothing have less than 0.018, half of those around lumps, torn bodies and open rims more.
pub const OBJECT_CONFIDENCE: f64 = 0.01;
/// Confidence from which a candidate is a vesicle rather than not.
const LIKELY: f64 = 0.5;

/// The part of a candidate that says whether it counts, and as what.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    pub status: Status,
    pub class: Class,
    /// `None` for an outline that a person drew.
    pub appearance: Option<&'a Appearance>,
    pub confidence: Option<f64>,
    /// The rule by which the program rejected it.
    pub rule: Option<&'a str>,
    /// Whether a person gave it its class.
    pub is_named: bool,
    pub area_px2: f64,
    pub diameter_px: f64,
    pub centre_px: (f64, f64),
    /// Whether a part of it lies outside the picture or under a mark.
    pub is_cut: bool,
}

impl<'a> From<&'a Particle> for Seen<'a> {
    fn from(particle: &'a Particle) -> Self {
        let shape = &particle.shape;
        Self {
            status: particle.status,
            class: particle.class,
            appearance: Some(&particle.appearance),
            confidence: Some(particle.confidence),
            rule: particle.reason.as_ref().map(|reason| reason.rule.as_ref()),
            is_named: false,
            area_px2: shape.area_px2,
            diameter_px: shape.diameter_px,
            centre_px: (shape.x_px, shape.y_px),
            is_cut: shape.is_cut(),
        }
    }
}

impl Seen<'_> {
    /// The class that it counts for; `None` for an outline around nothing.
    ///
    /// Vesicles count for theirs. So do rejected candidates that the sorter is sure of or that a person named. What is
    /// left over (dots, which are called so by their size alone, and the unresolved) has to be a thing by the thresholds
    /// above. A part of a mark never counts; what was rejected only for its size counts as unresolved when it would have
    /// been a vesicle otherwise.
    pub fn counted(&self) -> Option<Class> {
        if self.status != Status::Rejected || self.is_named {
            return Some(self.class);
        }
        match self.class {
            _ if self.rule == Some("covered_share") => None,
            Class::Dot | Class::Unresolved if !self.is_thing() => None,
            Class::Dot if self.confidence.is_some_and(|c| c >= LIKELY) => Some(Class::Unresolved),
            class => Some(class),
        }
    }

    fn is_thing(&self) -> bool {
        let (Some(look), Some(confidence)) = (self.appearance, self.confidence) else { return true };
        look.rim_contrast >= OBJECT_RIM_CONTRAST
            && look.rim_completeness >= OBJECT_RIM_COMPLETENESS
            && look.edge_strength >= OBJECT_EDGE_STRENGTH
            && confidence >= OBJECT_CONFIDENCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(class: Class, appearance: &Appearance) -> Seen<'_> {
        Seen {
            status: Status::Rejected,
            class,
            appearance: Some(appearance),
            confidence: Some(0.2),
            rule: Some("confidence"),
            is_named: false,
            area_px2: 100.0,
            diameter_px: 11.3,
            centre_px: (0.0, 0.0),
            is_cut: false,
        }
    }

    #[test]
    fn an_outline_around_nothing_does_not_count() {
        let clear = Appearance { rim_contrast: 5.0, rim_completeness: 0.9, edge_strength: 0.7, ..Default::default() };
        assert_eq!(seen(Class::Unresolved, &clear).counted(), Some(Class::Unresolved));
        for weak in [
            Appearance { rim_contrast: 1.9, ..clear },
            Appearance { rim_completeness: 0.4, ..clear },
            Appearance { edge_strength: 0.55, ..clear },
            Appearance { rim_contrast: f64::NAN, ..clear },
        ] {
            assert_eq!(seen(Class::Unresolved, &weak).counted(), None, "{weak:?}");
            assert_eq!(seen(Class::Dot, &weak).counted(), None);
            // The sorter was sure of this one, and a person named that.
            assert_eq!(seen(Class::Aggregate, &weak).counted(), Some(Class::Aggregate));
            let named = Seen { is_named: true, ..seen(Class::Dot, &weak) };
            assert_eq!(named.counted(), Some(Class::Dot));
        }
        assert_eq!(Seen { confidence: Some(1e-3), ..seen(Class::Unresolved, &clear) }.counted(), None);
        assert_eq!(Seen { rule: Some("covered_share"), ..seen(Class::Debris, &clear) }.counted(), None);
    }

    #[test]
    fn a_vesicle_outside_the_range_of_sizes_is_unresolved() {
        let clear = Appearance { rim_contrast: 5.0, rim_completeness: 0.9, edge_strength: 0.7, ..Default::default() };
        let small = Seen { confidence: Some(0.9), rule: Some("diameter_nm"), ..seen(Class::Dot, &clear) };
        assert_eq!(small.counted(), Some(Class::Unresolved));
        assert_eq!(seen(Class::Dot, &clear).counted(), Some(Class::Dot));
    }
}
