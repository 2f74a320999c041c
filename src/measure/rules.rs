//! Rules that a person can read: why a candidate is rejected, and what it looks like.

use super::appearance::Appearance;
use super::verdict::{Likeness, Model};
use super::{Class, Reason, Shape, VerdictConfig};
use crate::segment::SegmentConfig;
use std::borrow::Cow;

/// Depth from which a vesicle is called cup-shaped: its centre is darker than the rim by a quarter of the rim's height over
/// the surroundings, more than grain and uneven stain make of a filled disc.
pub const CUP_DEPTH: f64 = 0.25;
/// Share of what a rejected candidate looks like from which it is called so: more than all else together.
const LIKENESS_MIN: f64 = 0.5;

/// Share of a candidate under marks drawn into the picture from which it is taken for a part of them. Less, and it is a
/// thing of the specimen that a mark cuts off.
const COVERED_MAX: f64 = 0.25;

/// What the rules compare with.
pub struct Rules<'a> {
    pub segment: &'a SegmentConfig,
    pub verdict: &'a VerdictConfig,
    pub model: &'a Model,
}

impl Rules<'_> {
    /// The first rule that rejects a candidate.
    pub fn reason(&self, diameter_nm: f64, confidence: f64, appearance: &Appearance, shape: &Shape) -> Option<Reason> {
        let compare = |rule: &'static str, value, comparison, threshold| {
            let rejects = if comparison == '<' { value < threshold } else { value > threshold };
            rejects.then_some(Reason { rule: Cow::Borrowed(rule), value, comparison, threshold })
        };
        // What the border or a mark cuts off can't be too small.
        let smallest = if shape.is_cut() { 0.0 } else { self.segment.min_diameter_nm };
        compare("covered_share", shape.covered_share, '>', COVERED_MAX)
            .or_else(|| compare("diameter_nm", diameter_nm, '<', smallest))
            .or_else(|| compare("diameter_nm", diameter_nm, '>', self.segment.max_diameter_nm))
            .or_else(|| compare("rim_contrast", appearance.rim_contrast, '<', self.verdict.min_rim_contrast))
            .or_else(|| {
                compare("rim_completeness", appearance.rim_completeness, '<', self.verdict.min_rim_completeness)
            })
            .or_else(|| compare("confidence", confidence, '<', self.verdict.min_confidence))
    }

    /// What a candidate looks like. A rejected one is called what it looks most like, if that is likelier than all else.
    pub fn class(
        &self,
        diameter_nm: f64,
        appearance: &Appearance,
        likeness: &[f64; Likeness::ALL.len()],
        accepted: bool,
    ) -> Class {
        if accepted {
            return if appearance.cup_depth >= CUP_DEPTH { Class::CupShapedVesicle } else { Class::Vesicle };
        }
        if diameter_nm < self.segment.min_diameter_nm {
            return Class::Dot;
        }
        let sure = Likeness::ALL.iter().zip(likeness).find(|(_, share)| **share >= LIKENESS_MIN);
        match sure.map(|(like, _)| like) {
            Some(Likeness::OpenRim) => Class::OpenRim,
            Some(Likeness::Aggregate) => Class::Aggregate,
            Some(Likeness::Precipitate) => Class::Precipitate,
            Some(Likeness::Dot) => Class::Dot,
            Some(Likeness::Debris) => Class::Debris,
            Some(Likeness::Vesicle | Likeness::Other) | None => Class::Unresolved,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(look: impl FnOnce(Rules)) {
        let (segment, verdict) = (SegmentConfig::default(), VerdictConfig::default());
        look(Rules { segment: &segment, verdict: &verdict, model: Model::embedded() });
    }

    #[test]
    fn what_reaches_a_threshold_passes_it() {
        rules(|rules| {
            let (least, most) = (rules.segment.min_diameter_nm, rules.segment.max_diameter_nm);
            let clear = Appearance {
                rim_contrast: rules.verdict.min_rim_contrast,
                rim_completeness: rules.verdict.min_rim_completeness,
                ..Appearance::default()
            };
            let sure = rules.verdict.min_confidence;
            let covered = |covered_share| Shape { covered_share, ..Shape::default() };
            let reason = |diameter_nm: f64, confidence: f64, look: &Appearance, shape: &Shape| {
                rules.reason(diameter_nm, confidence, look, shape).map(|r| (r.rule.into_owned(), r.comparison))
            };
            let said = |rule: &str, comparison: char| Some((rule.to_owned(), comparison));
            for diameter_nm in [least, most] {
                assert_eq!(reason(diameter_nm, sure, &clear, &covered(COVERED_MAX)), None);
            }
            let whole = covered(0.0);
            assert_eq!(reason(least - 0.1, sure, &clear, &whole), said("diameter_nm", '<'));
            assert_eq!(reason(most + 0.1, sure, &clear, &whole), said("diameter_nm", '>'));
            assert_eq!(reason(least, sure - 0.01, &clear, &whole), said("confidence", '<'));
            assert_eq!(reason(least, sure, &clear, &covered(0.26)), said("covered_share", '>'));
            let faint = Appearance { rim_contrast: clear.rim_contrast - 0.1, ..clear };
            let open = Appearance { rim_completeness: clear.rim_completeness - 0.01, ..clear };
            assert_eq!(reason(least, sure, &faint, &whole), said("rim_contrast", '<'));
            assert_eq!(reason(least, sure, &open, &whole), said("rim_completeness", '<'));
            // What is cut off can't be too small.
            assert_eq!(reason(1.0, sure, &clear, &Shape { touches_border: true, ..whole }), None);
        });
    }

    #[test]
    fn a_class_is_what_a_candidate_is_most_like() {
        rules(|rules| {
            let least = rules.segment.min_diameter_nm;
            let cup = |cup_depth| Appearance { cup_depth, ..Appearance::default() };
            let none = [0.0; Likeness::ALL.len()];
            let accepted = |cup_depth| rules.class(80.0, &cup(cup_depth), &none, true);
            assert_eq!([accepted(CUP_DEPTH), accepted(0.24)], [Class::CupShapedVesicle, Class::Vesicle]);
            let like = |place: usize, share: f64| {
                let mut likeness = none;
                likeness[place] = share;
                rules.class(least, &cup(0.0), &likeness, false)
            };
            let classes = [Class::OpenRim, Class::Aggregate, Class::Precipitate, Class::Dot, Class::Debris];
            for (place, class) in (1..).zip(classes) {
                assert_eq!((like(place, 0.5), like(place, 0.49)), (class, Class::Unresolved));
            }
            assert_eq!([like(0, 0.9), like(6, 0.9)], [Class::Unresolved; 2]);
            assert_eq!(rules.class(least - 0.1, &cup(0.0), &none, false), Class::Dot);
        });
    }
}
