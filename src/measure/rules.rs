//! Rules that a person can read: why a candidate is rejected, and what it looks like.

use super::appearance::Appearance;
use super::{Class, Reason, VerdictConfig};
use crate::segment::SegmentConfig;

/// Depth from which a vesicle is called cup-shaped: its centre is darker than the rim by a quarter of the rim's height over
/// the surroundings, more than grain and uneven stain make of a filled disc.
const CUP_DEPTH: f64 = 0.25;
/// Rim completeness below which a rejected candidate is called open: annotators leave out rims with a fifth missing.
const OPEN_RIM: f64 = 0.8;
/// Granularity (standard deviation inside over the edge's contrast) from which a rejected candidate is called an aggregate.
const GRANULAR: f64 = 0.45;

/// What the rules compare with.
pub struct Rules<'a> {
    pub segment: &'a SegmentConfig,
    pub verdict: &'a VerdictConfig,
}

impl Rules<'_> {
    /// The first rule that rejects a candidate.
    pub fn reason(
        &self,
        diameter_nm: f64,
        confidence: f64,
        appearance: &Appearance,
        touches_border: bool,
    ) -> Option<Reason> {
        let compare = |rule, value, comparison, threshold| {
            let rejects = if comparison == '<' { value < threshold } else { value > threshold };
            rejects.then_some(Reason { rule, value, comparison, threshold })
        };
        // What the border cuts off can't be too small.
        let smallest = if touches_border { 0.0 } else { self.segment.min_diameter_nm };
        compare("diameter_nm", diameter_nm, '<', smallest)
            .or_else(|| compare("diameter_nm", diameter_nm, '>', self.segment.max_diameter_nm))
            .or_else(|| compare("rim_contrast", appearance.rim_contrast, '<', self.verdict.min_rim_contrast))
            .or_else(|| {
                compare("rim_completeness", appearance.rim_completeness, '<', self.verdict.min_rim_completeness)
            })
            .or_else(|| compare("confidence", confidence, '<', self.verdict.min_confidence))
    }

    /// What a candidate looks like.
    pub fn class(&self, diameter_nm: f64, appearance: &Appearance, accepted: bool) -> Class {
        if accepted {
            if appearance.cup_depth >= CUP_DEPTH { Class::CupShapedVesicle } else { Class::Vesicle }
        } else if diameter_nm < self.segment.min_diameter_nm {
            Class::Dot
        } else if appearance.rim_completeness < OPEN_RIM {
            Class::OpenRim
        } else if appearance.granularity >= GRANULAR {
            Class::Aggregate
        } else {
            Class::Unresolved
        }
    }
}
