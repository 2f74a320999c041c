//! What is known about one candidate.

use super::appearance::Appearance;
use crate::segment::Outline;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What became of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// A vesicle, whole in the picture: in the size statistics.
    Accepted,
    /// Would be accepted, but is cut by the picture's border or by a mark drawn into it: outlined and labelled, never sized.
    Border,
    /// Not a vesicle, or not one that can be vouched for.
    Rejected,
}

impl Status {
    /// The word used in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Border => "border",
            Self::Rejected => "rejected",
        }
    }
}

/// What a candidate looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Closed and filled, or only a membrane.
    Vesicle,
    /// Closed, with a centre darker than its rim.
    CupShapedVesicle,
    /// A rim that does not close.
    OpenRim,
    /// A rough or granular body, or a clump.
    Aggregate,
    /// Stain that crystallised or clotted.
    Precipitate,
    /// Protein-sized, or too small to be a vesicle.
    Dot,
    /// Sheets, torn film, folds.
    Debris,
    /// Anything else.
    Unresolved,
}

impl Class {
    /// All, in the order in which they are listed.
    pub const ALL: [Self; 8] = [
        Self::Vesicle,
        Self::CupShapedVesicle,
        Self::OpenRim,
        Self::Aggregate,
        Self::Precipitate,
        Self::Dot,
        Self::Debris,
        Self::Unresolved,
    ];

    /// Whether it is a class of vesicles.
    pub fn is_vesicle(self) -> bool {
        matches!(self, Self::Vesicle | Self::CupShapedVesicle)
    }

    /// The word used in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vesicle => "vesicle",
            Self::CupShapedVesicle => "cup_shaped_vesicle",
            Self::OpenRim => "open_rim",
            Self::Aggregate => "aggregate",
            Self::Precipitate => "precipitate",
            Self::Dot => "dot",
            Self::Debris => "debris",
            Self::Unresolved => "unresolved",
        }
    }
}

/// The rule that rejected a candidate, with the value it saw and the threshold it compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// Column of `particles.csv` that the rule looked at.
    pub rule: Cow<'static, str>,
    pub value: f64,
    /// `<` when the value was below the threshold, `>` when above.
    pub comparison: char,
    pub threshold: f64,
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:.3} {} {:.3}", self.rule, self.value, self.comparison, self.threshold)
    }
}

/// Size and shape of the pixels inside an outline, in pixel units. Estimators are documented in `report::columns`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Shape {
    /// Pixels whose centre is inside the outline.
    pub area_px2: f64,
    /// Centroid of those pixels.
    pub x_px: f64,
    pub y_px: f64,
    /// `2 * sqrt(area / PI)`.
    pub diameter_px: f64,
    /// Largest and smallest caliper of the convex hull of the pixels' corners.
    pub feret_max_px: f64,
    pub feret_min_px: f64,
    /// Crofton estimate over four directions.
    pub perimeter_px: f64,
    /// `4 * PI * area / perimeter^2`, with that perimeter; not clamped.
    pub circularity: f64,
    /// Area over the area of the convex hull of the pixels' corners.
    pub solidity: f64,
    /// Major over minor axis of the ellipse with the same second moments (ImageJ's AR), at least 1.
    pub aspect_ratio: f64,
    /// Whether a pixel inside the outline lies on the picture's border.
    pub touches_border: bool,
    /// Share of the pixels inside that lie under marks drawn into the picture; 0 until those are known.
    pub covered_share: f64,
}

impl Shape {
    /// Whether a part of it is not to be seen.
    pub fn is_cut(&self) -> bool {
        self.touches_border || self.covered_share > 0.0
    }
}

/// One candidate with all that was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Particle {
    /// Counts from 1 in each image, first accepted and border particles, then rejected ones, each in reading order of the
    /// centres; the label of accepted and border particles.
    pub id: u32,
    pub outline: Outline,
    pub shape: Shape,
    /// Standard uncertainty of the diameter, nm: of where the outline lies.
    pub diameter_uncertainty_nm: f64,
    pub appearance: Appearance,
    /// 0 to 1: the chance that it is a vesicle and that the outline covers it by half (intersection over union).
    pub confidence: f64,
    pub class: Class,
    pub status: Status,
    /// Which rule rejected it; `None` unless rejected.
    pub reason: Option<Reason>,
}
