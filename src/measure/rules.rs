//! Rules that a person can read: why a candidate is rejected, and what it looks like.

use super::appearance::Appearance;
use super::{Class, Reason};
use crate::config::Config;

/// Depth from which a vesicle is called cup-shaped: its centre is darker than the rim by a quarter of the rim's height over
/// the surroundings, more than grain and uneven stain make of a filled disc.
const CUP_DEPTH: f64 = 0.25;
/// Rim completeness below which a rejected candidate is called open: annotators leave out rims with a fifth missing.
const OPEN_RIM: f64 = 0.8;
/// Granularity (standard deviation inside over the edge's contrast) from which a rejected candidate is called an aggregate.
const GRANULAR: f64 = 0.45;

/// The first rule that rejects a candidate.
pub fn reason(diameter_nm: f64, confidence: f64, touches_border: bool, config: &Config) -> Option<Reason> {
    let segment = &config.segment;
    let below =
        |rule, value, threshold| (value < threshold).then_some(Reason { rule, value, comparison: '<', threshold });
    let above =
        |rule, value, threshold| (value > threshold).then_some(Reason { rule, value, comparison: '>', threshold });
    // What the border cuts off can't be too small.
    let small = if touches_border { None } else { below("diameter_nm", diameter_nm, segment.min_diameter_nm) };
    small
        .or_else(|| above("diameter_nm", diameter_nm, segment.max_diameter_nm))
        .or_else(|| below("confidence", confidence, config.verdict.min_confidence))
}

/// What a candidate looks like.
pub fn class(diameter_nm: f64, appearance: &Appearance, accepted: bool, config: &Config) -> Class {
    if accepted {
        if appearance.cup_depth >= CUP_DEPTH { Class::CupShapedVesicle } else { Class::Vesicle }
    } else if diameter_nm < config.segment.min_diameter_nm {
        Class::Dot
    } else if appearance.rim_completeness < OPEN_RIM {
        Class::OpenRim
    } else if appearance.granularity >= GRANULAR {
        Class::Aggregate
    } else {
        Class::Unresolved
    }
}
