//! The background of one image, and what is doubtful about it.

use super::profile::PROFILE;
use crate::measure::Quality;
use crate::results::ImageRow;
use serde::{Deserialize, Serialize};

/// The background of one image.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Background {
    pub image: String,
    #[serde(flatten)]
    pub quality: Quality,
    /// What lies beyond a limit of the profile, in plain words.
    pub flags: Vec<String>,
}

impl Background {
    /// That of an image that was analysed.
    pub(super) fn new(row: &ImageRow) -> Self {
        let quality = row.quality.unwrap_or_default();
        Self { image: row.image.clone(), quality, flags: flags(&quality) }
    }
}

fn flags(quality: &Quality) -> Vec<String> {
    let above = |value: Option<f64>, limit: f64| value.is_some_and(|v| v > limit);
    let percent = |value: Option<f64>| format!("{:.0} %", 100.0 * value.unwrap_or_default());
    let limits = PROFILE;
    let mut flags = Vec::new();
    let crowded = above(quality.crowded_share, limits.crowded_share_max);
    if crowded || above(quality.vesicle_share, limits.vesicle_share_max) {
        let (near, share) = (percent(quality.crowded_share), percent(quality.vesicle_share));
        flags.push(format!(
            "overloaded: {near} of the vesicles have a close neighbour, {share} of the picture is vesicles"
        ));
    }
    if above(quality.clutter_share, limits.clutter_share_max) {
        flags.push(format!("{} of the picture is aggregates, precipitate or debris", percent(quality.clutter_share)));
    }
    if above(quality.saturated_share, limits.saturated_share_max) {
        flags.push(format!("{} of the pixels are clipped", percent(quality.saturated_share)));
    }
    if above(quality.stain_gradient, limits.stain_gradient_max) {
        let swing = quality.stain_gradient.unwrap_or_default();
        flags.push(format!("uneven stain: it swings by {swing:.1} times the noise"));
    }
    if quality.rim_contrast.is_some_and(|v| v < limits.rim_contrast_min) {
        let step = quality.rim_contrast.unwrap_or_default();
        flags.push(format!("faint: the rims stand out by {step:.1} times the noise"));
    }
    if above(quality.edge_width_nm, limits.edge_width_max_nm) {
        let width = quality.edge_width_nm.unwrap_or_default();
        flags.push(format!("blurred: edges are {width:.0} nm wide"));
    }
    flags
}
