//! What the grey values in and around an outline look like.

/// Grey-value features of one candidate; contrasts are in units of the local noise unless stated.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Appearance {
    /// Mean over the rays of (grey just inside - grey just outside the edge), signed so that it is positive for a true
    /// vesicle of the outline's polarity, over the noise.
    pub rim_contrast: f64,
    /// Share of the rays whose contrast is significant, 0 to 1.
    pub rim_completeness: f64,
    /// (rim - centre) / (rim - surroundings): 0 for a filled disc, 1 for a centre as dark as the stain around it.
    pub cup_depth: f64,
}
