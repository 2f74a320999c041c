//! The limits that are ours, in one place and with a version: no guideline that could be read sets any of them.

use serde::{Deserialize, Serialize};

/// Limits of the checklist and of the warnings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Counts up when a value changes.
    pub version: u32,
    /// Longer side of a frame from which a picture counts as wide-field, µm: room for tens of vesicles.
    pub wide_field_um: f64,
    /// Pixel up to which a picture counts as a close-up, nm: ten pixels across a membrane with its stain.
    pub close_up_nm_per_px: f64,
    /// Least number of images for a spread between them to mean something.
    pub images_min: usize,
    /// Least number of EV-like particles: their median is then known to 10 % (geometric SD of 1.5, simulated).
    pub ev_like_min: usize,
    /// Share of the vesicles with a neighbour nearer than 10 nm, and share of the picture inside vesicles, from either of
    /// which a grid is overloaded: clumps then hide what lies between and count as one.
    pub crowded_share_max: f64,
    pub vesicle_share_max: f64,
    /// Share of the picture under aggregates, precipitate and debris.
    pub clutter_share_max: f64,
    /// Share of clipped pixels: a hundred times what the noise alone leaves at the ends of a range.
    pub saturated_share_max: f64,
    /// Largest swing of the stain over the noise: vesicles at its two ends then look different.
    pub stain_gradient_max: f64,
    /// Least median step across the outlines over the noise: twice what an accepted vesicle must have.
    pub rim_contrast_min: f64,
    /// Widest edges, nm: twice a membrane with its stain.
    pub edge_width_max_nm: f64,
}

/// The limits in use.
pub const PROFILE: Profile = Profile {
    version: 1,
    wide_field_um: 2.0,
    close_up_nm_per_px: 0.6,
    images_min: 5,
    ev_like_min: 100,
    crowded_share_max: 0.5,
    vesicle_share_max: 0.3,
    clutter_share_max: 0.1,
    saturated_share_max: 0.01,
    stain_gradient_max: 6.0,
    rim_contrast_min: 4.0,
    edge_width_max_nm: 15.0,
};

impl Default for Profile {
    fn default() -> Self {
        PROFILE
    }
}
