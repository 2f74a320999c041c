//! What the grey values in and around an outline look like.

use super::Scene;
use super::cup::Cup;
use super::features::Readings;
use crate::segment::Contour;
use serde::{Deserialize, Deserializer, Serialize};

/// Grey-value features of one candidate. "Rim" is just inside the outline, "surroundings" just outside it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Appearance {
    /// Mean over the rays of the grey step across the outline, over the noise; positive when the inside is lighter or
    /// darker as the outline's polarity says.
    #[serde(deserialize_with = "nan_of_null")]
    pub rim_contrast: f64,
    /// Share of the rays with a step of more than twice the noise and 0.3 of the mean step, 0 to 1.
    #[serde(deserialize_with = "nan_of_null")]
    pub rim_completeness: f64,
    /// Longest run of rays without such a step, share of a turn.
    #[serde(deserialize_with = "nan_of_null")]
    pub rim_gap: f64,
    /// (rim - centre) / (rim - surroundings): 0 for a filled disc, 1 for a centre as dark as the stain around it.
    #[serde(deserialize_with = "nan_of_null")]
    pub cup_depth: f64,
    /// Distance between the dent's centre and the outline's, over the mean radius; `None` without a dent.
    pub dent_offset: Option<f64>,
    /// From the outer edge to where the rim has fallen half way to the middle, nm on the working scale; `None` for a filled
    /// body.
    pub rim_width_nm: Option<f64>,
    /// Standard deviation of the grey values inside over the step across the outline.
    #[serde(deserialize_with = "nan_of_null")]
    pub granularity: f64,
    /// Mean strength of the edge along the outline, each point saturated against the picture's typical gradient; at most 1.
    #[serde(deserialize_with = "nan_of_null")]
    pub edge_strength: f64,
    /// Mean grey value inside, in the file's units.
    #[serde(deserialize_with = "nan_of_null")]
    pub interior_grey: f64,
    /// Mean grey value of the surroundings, in the file's units.
    #[serde(deserialize_with = "nan_of_null")]
    pub surroundings_grey: f64,
}

impl Appearance {
    /// Summarises what was read along one contour, whose outer edge lies `offset_nm` outside its steepest slope.
    pub fn new(scene: &Scene, contour: &Contour, readings: &Readings, offset_nm: f64) -> Self {
        let pixel_nm = scene.working.pixel_nm;
        let (rim, surroundings) = (readings.rim().into(), readings.surroundings().into());
        let cup = Cup::new(&scene.picture(), contour, offset_nm / pixel_nm, rim, surroundings);
        let noise = scene.noise as f32;
        let grey = |working: f32| scene.working.to_grey(f64::from(working));
        Self {
            rim_contrast: f64::from(readings.edge_contrast()) / scene.noise.max(1.0),
            rim_completeness: readings.completeness(noise).into(),
            rim_gap: readings.longest_gap(noise).into(),
            cup_depth: readings.cup_depth().into(),
            dent_offset: cup.dent_offset,
            rim_width_nm: cup.rim_width_px.map(|px| px * pixel_nm),
            granularity: readings.granularity().into(),
            edge_strength: contour.reward.into(),
            interior_grey: grey(readings.interior()),
            surroundings_grey: grey(readings.surroundings()),
        }
    }
}

/// JSON has no number that is none: it is written as null.
fn nan_of_null<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or(f64::NAN))
}
