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
