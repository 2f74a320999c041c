//! Columns of `particles.csv`.

use super::Kind::{Integer, Number, Text};
use super::{Column, ParticleColumn, ParticleRow, Value};
use crate::measure::{Class, Status};
use crate::segment::Polarity;

/// Every column, in the order of the table.
pub const PARTICLES: &[ParticleColumn] = &[
    Column {
        name: "image",
        unit: "",
        kind: Text,
        meaning: "The image the particle is in, as it was named to the program.",
        estimator: "",
        source: "",
        get: |r| r.image.into(),
    },
    Column {
        name: "particle_id",
        unit: "",
        kind: Integer,
        meaning: "Counts the candidates of an image from 1, vesicles before rejected ones, each in reading order; the value \
                  of the particle's pixels in labels.tif when it is accepted or cut off (border).",
        estimator: "",
        source: "",
        get: |r| Value::Integer(r.particle.id.into()),
    },
    Column {
        name: "status",
        unit: "",
        kind: Text,
        meaning: "accepted: a vesicle, whole in the picture, part of every statistic. border: as accepted, but cut by \
                  the picture's border or by a mark drawn into it: in no statistic, its size is that of the part in the picture. rejected: see reason.",
        estimator: "",
        source: "",
        get: |r| r.particle.status.name().into(),
    },
    Column {
        name: "reason",
        unit: "",
        kind: Text,
        meaning: "The rule that rejected the candidate: column, value found, comparison, threshold. Blank unless rejected.",
        estimator: "",
        source: "",
        get: |r| r.particle.reason.as_deref().into(),
    },
    Column {
        name: "class",
        unit: "",
        kind: Text,
        meaning: "What it looks like: vesicle, cup_shaped_vesicle, open_rim, aggregate, precipitate, dot, debris or \
                  unresolved. A vesicle by morphology: a micrograph cannot tell an exosome from another vesicle.",
        estimator: "A vesicle is cup-shaped from a cup_depth of 0.25 on. A rejected candidate below the smallest diameter is a \
                    dot; another is what the trained sorter gives more than half of its shares to, else unresolved.",
        source: "",
        get: |r| r.particle.class.name().into(),
    },
    Column {
        name: "polarity",
        unit: "",
        kind: Text,
        meaning: "Whether the inside is lighter or darker than what surrounds it.",
        estimator: "",
        source: "",
        get: |r| r.particle.polarity.map(Polarity::name).into(),
    },
    Column {
        name: "confidence",
        unit: "",
        kind: Number,
        meaning: "How surely it is a vesicle whose outline is right, 0 to 1: of candidates with a confidence of 0.8, 80 % \
                  are (on synthetic micrographs that were not trained on).",
        estimator: "Chance that outline and vesicle share more than half of the area that they cover together, from three \
                    small networks over some hundred features, calibrated.",
        source: "Calibration after Platt 1999.",
        get: |r| r.particle.confidence.into(),
    },
    Column {
        name: "x_px",
        unit: "px",
        kind: Number,
        meaning: "Position from the picture's left edge.",
        estimator: "Centroid of the pixels inside; the first pixel's centre is at 0.5.",
        source: "",
        get: |r| r.particle.shape.x_px.into(),
    },
    Column {
        name: "y_px",
        unit: "px",
        kind: Number,
        meaning: "Position from the picture's top edge, downwards.",
        estimator: "As x_px.",
        source: "",
        get: |r| r.particle.shape.y_px.into(),
    },
    Column {
        name: "x_nm",
        unit: "nm",
        kind: Number,
        meaning: "x_px in nanometres.",
        estimator: "By the pixel's edge along x.",
        source: "",
        get: |r| r.pixel_size.map(|p| r.particle.shape.x_px * p.x_nm).into(),
    },
    Column {
        name: "y_nm",
        unit: "nm",
        kind: Number,
        meaning: "y_px in nanometres.",
        estimator: "By the pixel's edge along y.",
        source: "",
        get: |r| r.pixel_size.map(|p| r.particle.shape.y_px * p.y_nm).into(),
    },
    Column {
        name: "diameter_px",
        unit: "px",
        kind: Number,
        meaning: "diameter_nm before conversion.",
        estimator: "2 sqrt(area_px2 / pi).",
        source: AREA_EQUIVALENT,
        get: |r| r.particle.shape.diameter_px.into(),
    },
    Column {
        name: "diameter_nm",
        unit: "nm",
        kind: Number,
        meaning: "The size: diameter of the disc of the same area. Of a dried vesicle on a grid, which is smaller than \
                  the hydrodynamic diameter.",
        estimator: "2 sqrt(area / pi). On ideal discs the bias is below 0.3 % from 8 px on.",
        source: AREA_EQUIVALENT,
        get: |r| length(r, r.particle.shape.diameter_px),
    },
    Column {
        name: "feret_max_nm",
        unit: "nm",
        kind: Number,
        meaning: "Largest extent in any direction.",
        estimator: "Largest caliper of the convex hull of the pixels' corners; on discs 1.0 to 1.3 px above the diameter.",
        source: "Feret of ImageJ.",
        get: |r| length(r, r.particle.shape.feret_max_px),
    },
    Column {
        name: "feret_min_nm",
        unit: "nm",
        kind: Number,
        meaning: "Smallest extent in any direction.",
        estimator: "Smallest caliper of the convex hull of the pixels' corners.",
        source: "MinFeret of ImageJ.",
        get: |r| length(r, r.particle.shape.feret_min_px),
    },
    Column {
        name: "area_nm2",
        unit: "nm²",
        kind: Number,
        meaning: "Area inside the outline.",
        estimator: "Pixels whose centre is inside, times the area of one.",
        source: "",
        get: |r| r.pixel_size.map(|p| r.particle.shape.area_px2 * p.x_nm * p.y_nm).into(),
    },
    Column {
        name: "perimeter_nm",
        unit: "nm",
        kind: Number,
        meaning: "Length of the outline of the pixels inside.",
        estimator: CROFTON,
        source: "perimeter_crofton of scikit-image, directions=4.",
        get: |r| length(r, r.particle.shape.perimeter_px),
    },
    Column {
        name: "circularity",
        unit: "",
        kind: Number,
        meaning: "1 for a disc, smaller for anything else. May exceed 1 for small or very round particles; not for \
                  comparison with ImageJ's Circ., which tends to 0.91 for a perfect disc.",
        estimator: "4 pi area / perimeter², with the Crofton perimeter, not clamped.",
        source: "FormFactor of CellProfiler, but with a perimeter that is right for a disc.",
        get: |r| ratio(r, r.particle.shape.circularity),
    },
    Column {
        name: "solidity",
        unit: "",
        kind: Number,
        meaning: "1 for a shape without dents. A perfect disc has 0.92 at 8 px and 0.98 at 100 px diameter.",
        estimator: "Area over the area of the convex hull of the pixels' corners.",
        source: "Solidity of ImageJ.",
        get: |r| ratio(r, r.particle.shape.solidity),
    },
    Column {
        name: "aspect_ratio",
        unit: "",
        kind: Number,
        meaning: "Long over short axis, at least 1.",
        estimator: "Axes of the ellipse with the second moments of the pixels, each a square with a moment of 1/12.",
        source: "AR of ImageJ.",
        get: |r| ratio(r, r.particle.shape.aspect_ratio),
    },
    Column {
        name: "rim_contrast",
        unit: "",
        kind: Number,
        meaning: "Step of the grey value across the outline in units of the noise, positive where it has the sign of \
                  the polarity.",
        estimator: "Mean over 64 rays of (mean of two samples inside - mean of two outside) / noise, on the denoised picture; \
                    the samples reach 4 nm, a working pixel or a tenth of the radius to either side, whichever is most.",
        source: "",
        get: |r| r.particle.appearance.map(|a| a.rim_contrast).into(),
    },
    Column {
        name: "rim_completeness",
        unit: "",
        kind: Number,
        meaning: "Share of the outline that has a significant step, 0 to 1. What lies beyond the picture counts as present.",
        estimator: "Rays whose step exceeds twice the noise and 0.3 of the mean step, over all 64 rays.",
        source: "",
        get: |r| r.particle.appearance.map(|a| a.rim_completeness).into(),
    },
    Column {
        name: "cup_depth",
        unit: "",
        kind: Number,
        meaning: "0 for a filled disc, 1 for a centre like the stain around it. The depression comes from drying and says \
                  nothing about being a vesicle.",
        estimator: "(rim - centre) / (rim - surroundings) of the grey values: rim at 0.8 to 0.92, centre at 0 to 0.45, \
                    surroundings at 1.13 to 1.28 of the radius; 0 when the rim is no lighter (or darker) than these.",
        source: "",
        get: |r| r.particle.appearance.map(|a| a.cup_depth).into(),
    },
    Column {
        name: "diameter_uncertainty_nm",
        unit: "nm",
        kind: Number,
        meaning: "Standard uncertainty of diameter_nm: how far the outline may lie from the membrane's outer edge. Without \
                  that of the microscope's magnification, which is often 2 to 5 %, the same for all particles.",
        estimator: "From a small network over the same features as confidence, scaled so that two of them hold 95 % of \
                    the vesicles of synthetic micrographs that were not trained on.",
        source: "",
        get: |r| r.pixel_size.and(r.particle.diameter_uncertainty_nm).into(),
    },
    Column {
        name: "dent_offset",
        unit: "",
        kind: Number,
        meaning: "How far the dent lies from the middle: 0 in the middle, towards 1 at the rim. Blank without a dent.",
        estimator: "Centroid of what is deeper than half of the deepest tenth (at least 0.2 of the step to the surroundings), \
                    from the outline's centre, over the mean radius.",
        source: "",
        get: |r| r.particle.appearance.and_then(|a| a.dent_offset).into(),
    },
    Column {
        name: "rim_width_nm",
        unit: "nm",
        kind: Number,
        meaning: "Width of the rim. Blank for a filled body.",
        estimator: "From the outline inwards to where the grey value, averaged over all directions, has fallen half way \
                    from the rim's crest to the middle.",
        source: "",
        get: |r| r.pixel_size.and(r.particle.appearance.and_then(|a| a.rim_width_nm)).into(),
    },
    Column {
        name: "rim_gap",
        unit: "",
        kind: Number,
        meaning: "Longest stretch of the outline without a significant step, share of a turn: 0 for a closed rim.",
        estimator: "As rim_completeness.",
        source: "",
        get: |r| r.particle.appearance.map(|a| a.rim_gap).into(),
    },
    Column {
        name: "granularity",
        unit: "",
        kind: Number,
        meaning: "Unevenness of the inside: low for smooth vesicles, high for aggregates.",
        estimator: "Standard deviation of the grey values inside over the step across the outline.",
        source: "",
        get: |r| r.particle.appearance.map(|a| a.granularity).into(),
    },
    Column {
        name: "edge_strength",
        unit: "",
        kind: Number,
        meaning: "How clear the edge is along the outline, at most 1. Empty film gives 0.45 to 0.55.",
        estimator: "Mean of g / (|g| + m) with g the outward grey gradient and m the picture's median gradient.",
        source: "",
        get: |r| r.particle.appearance.map(|a| a.edge_strength).into(),
    },
    Column {
        name: "interior_grey",
        unit: "",
        kind: Number,
        meaning: "Mean grey value inside, in the file's units.",
        estimator: "Samples of the denoised picture along the rays, weighted by area.",
        source: "",
        get: |r| r.particle.appearance.map(|a| a.interior_grey).into(),
    },
    Column {
        name: "surroundings_grey",
        unit: "",
        kind: Number,
        meaning: "Mean grey value just outside, in the file's units.",
        estimator: "Samples of the denoised picture at 1.13 to 1.28 of the radius.",
        source: "",
        get: |r| r.particle.appearance.map(|a| a.surroundings_grey).into(),
    },
    Column {
        name: "feret_max_px",
        unit: "px",
        kind: Number,
        meaning: "feret_max_nm before conversion.",
        estimator: "",
        source: "",
        get: |r| r.particle.shape.feret_max_px.into(),
    },
    Column {
        name: "feret_min_px",
        unit: "px",
        kind: Number,
        meaning: "feret_min_nm before conversion.",
        estimator: "",
        source: "",
        get: |r| r.particle.shape.feret_min_px.into(),
    },
    Column {
        name: "area_px2",
        unit: "px²",
        kind: Number,
        meaning: "area_nm2 before conversion: the number of pixels.",
        estimator: "",
        source: "",
        get: |r| r.particle.shape.area_px2.into(),
    },
    Column {
        name: "perimeter_px",
        unit: "px",
        kind: Number,
        meaning: "perimeter_nm before conversion.",
        estimator: "",
        source: "",
        get: |r| r.particle.shape.perimeter_px.into(),
    },
    Column {
        name: "covered_share",
        unit: "",
        kind: Number,
        meaning: "Share of the area under marks drawn into the picture (data bar, scale bar, text): above 0.25 it is \
                  taken for a part of them and rejected, above 0 it counts as cut off, like by the border.",
        estimator: "",
        source: "",
        get: |r| r.particle.shape.covered_share.into(),
    },
    Column {
        name: "machine_status",
        unit: "",
        kind: Text,
        meaning: "What the program made of it: as status, unless a person decided otherwise. Blank for a particle that a \
                  person added.",
        estimator: "",
        source: "",
        get: |r| r.particle.machine.as_ref().map(|m| m.status).map(Status::name).into(),
    },
    Column {
        name: "machine_class",
        unit: "",
        kind: Text,
        meaning: "As machine_status, of the class.",
        estimator: "",
        source: "",
        get: |r| r.particle.machine.as_ref().map(|m| m.class).map(Class::name).into(),
    },
    Column {
        name: "curated_by",
        unit: "",
        kind: Text,
        meaning: "Who decided about it last; blank where nobody did. What a person drew has no confidence and no grey \
                  values.",
        estimator: "",
        source: "",
        get: |r| r.particle.decision.as_ref().map(|d| d.by.as_str()).into(),
    },
    Column {
        name: "curated_utc",
        unit: "",
        kind: Text,
        meaning: "When they did.",
        estimator: "",
        source: "",
        get: |r| r.particle.decision.as_ref().map(|d| d.utc.as_str()).into(),
    },
];

const AREA_EQUIVALENT: &str = "equivalent_diameter_area of scikit-image.";
const CROFTON: &str = "Crossings with lines in four directions (Cauchy-Crofton); on ideal discs the bias is below 0.4 % \
                       from 8 px and 0.1 % from 20 px on, while a traced outline (Perim. of ImageJ) is up to 5 % too long.";

/// A length of any direction: by the edge of the square pixel of the same area.
fn length(row: &ParticleRow<'_>, px: f64) -> Value {
    row.pixel_size.map(|p| px * p.mean_nm()).into()
}

/// Without a single pixel inside there is nothing to take a ratio of.
fn ratio(row: &ParticleRow<'_>, value: f64) -> Value {
    if row.particle.shape.area_px2 > 0.0 { Value::Number(value) } else { Value::Missing }
}
