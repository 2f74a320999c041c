//! What was drawn into a picture after the exposure: a scale bar with its label, a data bar, letters. None of it is specimen,
//! and the bar tells the scale where nothing else does.
//!
//! A bar is believed only if its label reads, without a doubt, as a length that bars have: a wrong length would falsify every
//! diameter, an unread one costs a question.

mod bars;
mod components;
mod ends;
mod glyph;
mod label;
mod line;
mod plane;
mod plate;
mod reading;
mod strip;
mod text;

use crate::image::{Region, RegionKind, Source, Statement};
use bars::Candidate;
use label::Verdict;
use plane::Plane;
use rayon::prelude::*;
use serde::Serialize;

/// What was drawn into a picture.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Marks {
    /// The scale bar, if there is one.
    pub scale_bar: Option<ScaleBar>,
    /// Boxes that hold all marks; they may overlap.
    pub regions: Vec<Region>,
}

/// A scale bar. Positions in pixels, from the picture's upper left corner.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScaleBar {
    /// Outer ends, where the grey value is half-way to what follows.
    pub left_px: f64,
    pub right_px: f64,
    pub top_px: f64,
    pub bottom_px: f64,
    pub length_px: f64,
    /// What the label says; `None` if it cannot be read without a doubt.
    pub length_nm: Option<f64>,
    /// The label as far as it was read, e.g. `200 nm`.
    pub label: String,
    /// Probability that the length is right, as far as the letters tell; 0 for no label.
    pub confidence: f64,
}

impl ScaleBar {
    /// What it says about the pixel size, if its label was read.
    pub fn statement(&self) -> Option<Statement> {
        let pixel_nm = self.length_nm? / self.length_px;
        let raw = format!("{} over {:.1} px", self.label, self.length_px);
        let doubt = (self.confidence < SURE_CONFIDENCE)
            .then(|| format!("the label was read with a confidence of {:.2} only", self.confidence));
        Some(Statement { doubt, ..Statement::new(Source::ScaleBar, raw, Ok((pixel_nm, pixel_nm))) })
    }
}

/// Candidates whose labels are looked for, at most.
const CANDIDATES_MAX: usize = 10;
/// Bars of the same length within this share tell the same scale.
const SAME_SCALE: f64 = 0.05;
/// How much of a bar another one must be, compared with the best, to count.
const RIVAL_SHARE: f64 = 0.3;
/// Confidence below which a person is told to look, even where they trust the reading.
const SURE_CONFIDENCE: f64 = 0.85;
/// Least confidence with which a length is told.
const CONFIDENCE_MIN: f64 = 0.5;
/// How far strokes may stand out of their letters' box, pixels.
const STROKE_RIM_PX: usize = 1;
/// Contrast (grey values of 8 bits) and length over thickness of a bar that is believed without a label.
const BARE_CONTRAST: f32 = 90.0;
const BARE_SLENDER: usize = 6;
/// Variance of the grey values along its rows at most, what JPEG does to it included.
const BARE_VARIANCE: f32 = 30.0;

/// Finds them. `grey` is row-major in any units; rows from `specimen_rows` on are a data bar if the file says so.
pub fn find(grey: &[f32], width: usize, height: usize, specimen_rows: Option<usize>) -> Marks {
    let Some(plane) = Plane::of(grey, width, height) else { return Marks::default() };
    let mut regions = Vec::new();
    let across = |rows: std::ops::Range<usize>| Region {
        kind: RegionKind::DataBar,
        x0: 0,
        y0: rows.start,
        x1: width,
        y1: rows.end,
    };
    match specimen_rows {
        Some(rows) if rows < height => regions.push(across(rows..height)),
        _ => regions.extend(strip::strips(&plane).into_iter().map(across)),
    }
    let (candidates, texts) = rayon::join(|| bars::candidates(&plane), || text::find(&plane));
    let read: Vec<(&Candidate, Option<Verdict>)> = candidates
        .par_iter()
        .take(CANDIDATES_MAX)
        .map(|bar| (bar, label::verdict(&plane, bar, &label::labels(&plane, bar))))
        .collect();
    let read = without_strokes(read);
    let scale_bar = chosen(&plane, &read);
    for (bar, verdict) in &read {
        let known = scale_bar.as_ref().is_some_and(|(chosen, _)| chosen == bar);
        if known || verdict.is_some() || is_bare(&plane, bar) {
            regions.push(around(&plane, bar, verdict.as_ref().map(|v| &v.reading)));
        }
    }
    regions.extend(texts);
    let plates: Vec<Region> =
        regions.iter().filter(|r| r.kind != RegionKind::DataBar).filter_map(|r| plate::plate(&plane, r)).collect();
    regions.extend(plates);
    regions.sort_unstable();
    regions.dedup();
    let inside = |r: &Region, o: &Region| {
        r != o && (o.x0..=o.x1).contains(&r.x0) && r.x1 <= o.x1 && (o.y0..=o.y1).contains(&r.y0) && r.y1 <= o.y1
    };
    let all = regions.clone();
    regions.retain(|r| r.kind != RegionKind::Text || !all.iter().any(|o| inside(r, o)));
    Marks { scale_bar: scale_bar.map(|(_, bar)| bar), regions }
}

/// Without the candidates that are strokes of a label's letters or half of an interrupted bar.
fn without_strokes(read: Vec<(&Candidate, Option<Verdict>)>) -> Vec<(&Candidate, Option<Verdict>)> {
    let is_half = |bar: &Candidate| {
        let mut whole = read.iter().filter(|(other, v)| other.gap.is_some() && v.is_some());
        bar.gap.is_none()
            && whole.any(|(other, _)| {
                (other.left..=other.right).contains(&bar.left)
                    && bar.right <= other.right
                    && bar.top.abs_diff(other.top) <= 1
                    && bar.bottom.abs_diff(other.bottom) <= 1
            })
    };
    let is_stroke = |bar: &Candidate| {
        read.iter().filter(|(other, _)| *other != bar).filter_map(|(_, v)| v.as_ref()).any(|v| {
            let (label, rim) = (&v.reading, STROKE_RIM_PX + (v.reading.high / 10.0) as usize);
            v.confidence >= CONFIDENCE_MIN
                && bar.left + rim >= label.x0
                && bar.right <= label.x1 + rim
                && bar.top + rim >= label.y0
                && bar.bottom <= label.y1 + rim
                && bar.length() < label.x1 - label.x0
        })
    };
    let strokes: Vec<bool> = read.iter().map(|(bar, _)| is_stroke(bar) || is_half(bar)).collect();
    read.into_iter().zip(strokes).filter(|(_, stroke)| !stroke).map(|(bar, _)| bar).collect()
}

/// The bar that tells the scale; without a length where two tell different ones.
fn chosen<'a>(plane: &Plane, read: &[(&'a Candidate, Option<Verdict>)]) -> Option<(&'a Candidate, ScaleBar)> {
    let scale = |bar: &Candidate, verdict: &Verdict| verdict.length_nm.map(|nm| nm / bar.length() as f64);
    let rank = |bar: &Candidate, v: &Verdict| f64::from(bars::merit(bar)) * v.confidence / (0.5 + v.distance);
    let sure: Vec<(&Candidate, &Verdict)> = read
        .iter()
        .filter_map(|(bar, v)| Some((*bar, v.as_ref()?)))
        .filter(|(_, v)| v.length_nm.is_some() && v.confidence >= CONFIDENCE_MIN)
        .collect();
    let best = sure.iter().max_by(|a, b| rank(a.0, a.1).total_cmp(&rank(b.0, b.1)));
    let Some((bar, verdict)) = best.copied() else {
        // A label that leaves doubts, or none at all.
        let doubtful = read.iter().find_map(|(bar, verdict)| Some((*bar, verdict.as_ref()?)));
        if let Some((bar, verdict)) = doubtful {
            return Some((bar, told(plane, bar, Some(verdict), None)));
        }
        let bare = read.iter().map(|(bar, _)| *bar).find(|bar| is_bare(plane, bar))?;
        return Some((bare, told(plane, bare, None, None)));
    };
    let own = scale(bar, verdict)?;
    // Another bar that tells another scale, and is not much less of a bar.
    let rival = sure.iter().any(|(other, v)| {
        let differs = scale(other, v).is_some_and(|s| (s / own - 1.0).abs() > SAME_SCALE);
        differs && rank(other, v) > RIVAL_SHARE * rank(bar, verdict)
    });
    Some((bar, told(plane, bar, Some(verdict), verdict.length_nm.filter(|_| !rival))))
}

fn told(plane: &Plane, bar: &Candidate, verdict: Option<&Verdict>, length_nm: Option<f64>) -> ScaleBar {
    let (left_px, right_px, sure) = ends::ends(plane, bar);
    let length_nm = length_nm.filter(|_| sure);
    // Whole thousandths: what a confidence is worth, and the same on every machine.
    let confidence = verdict.map_or(0.0, |v| (v.confidence * 1e3).round() / 1e3);
    ScaleBar {
        left_px,
        right_px,
        top_px: bar.top as f64,
        bottom_px: bar.bottom as f64,
        length_px: right_px - left_px,
        length_nm,
        label: verdict.map_or_else(String::new, |v| v.reading.text.clone()),
        confidence: if length_nm.is_some() { confidence } else { 0.0 },
    }
}

/// Whether a bar without a label is drawn beyond doubt.
fn is_bare(plane: &Plane, bar: &Candidate) -> bool {
    let shaped = bar.contrast >= BARE_CONTRAST
        && bar.gap.is_none()
        && bar.length() >= BARE_SLENDER * bar.thickness()
        && bar.thickness() >= 2;
    // What is drawn has one grey value; a specimen never has.
    let inner = (bar.left + bar.length() / 10)..(bar.right - bar.length() / 10);
    let mut pixels = (bar.top..bar.bottom).map(|y| &plane.row(y)[inner.clone()]);
    let even = |row: &[u8]| {
        let mean = row.iter().map(|v| f32::from(*v)).sum::<f32>() / row.len().max(1) as f32;
        row.iter().map(|v| (f32::from(*v) - mean).powi(2)).sum::<f32>() / row.len().max(1) as f32 <= BARE_VARIANCE
    };
    shaped && pixels.all(even)
}

/// The bar and its label, with what surrounds both.
fn around(plane: &Plane, bar: &Candidate, label: Option<&reading::Reading>) -> Region {
    let rim = 3 + bar.thickness() / 3;
    let mut on = Region { kind: RegionKind::ScaleBar, x0: bar.left, y0: bar.top, x1: bar.right, y1: bar.bottom };
    if let Some(label) = label {
        on = Region {
            x0: on.x0.min(label.x0),
            y0: on.y0.min(label.y0),
            x1: on.x1.max(label.x1),
            y1: on.y1.max(label.y1),
            ..on
        };
    }
    Region {
        x0: on.x0.saturating_sub(rim),
        y0: on.y0.saturating_sub(rim),
        x1: (on.x1 + rim).min(plane.width),
        y1: (on.y1 + rim).min(plane.height),
        ..on
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::covered;

    /// Grain around mid-grey, the same at every call.
    fn grain(width: usize, height: usize) -> Vec<f32> {
        let mut state = 1u32;
        (0..width * height)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                110.0 + (state >> 27) as f32
            })
            .collect()
    }

    fn draw(grey: &mut [f32], width: usize, x: std::ops::Range<usize>, y: std::ops::Range<usize>, value: f32) {
        for y in y {
            grey[y * width..][x.clone()].fill(value);
        }
    }

    #[test]
    fn a_bar_without_a_label_has_ends_but_no_length() {
        let (w, h) = (300, 200);
        let mut grey = grain(w, h);
        draw(&mut grey, w, 40..140, 180..185, 255.0);
        let marks = find(&grey, w, h, None);
        let bar = marks.scale_bar.clone().unwrap();
        assert_eq!((bar.left_px.round(), bar.right_px.round(), bar.length_nm), (40.0, 140.0, None));
        let mask = covered(&marks.regions, (w, h));
        assert!((180..185).all(|y| mask[y * w + 40..y * w + 140].iter().all(|m| *m)));
        assert!(mask.iter().filter(|m| **m).count() < 110 * 16);
    }

    #[test]
    fn grain_and_discs_are_no_marks() {
        let (w, h) = (300, 200);
        let mut grey = grain(w, h);
        for (cx, cy, r) in [(60, 60, 9), (84, 60, 9), (200, 100, 30), (250, 170, 6)] {
            for y in cy - r..=cy + r {
                for x in cx - r..=cx + r {
                    if (x - cx) * (x - cx) + (y - cy) * (y - cy) <= r * r {
                        grey[(y * 300 + x) as usize] = 0.0;
                    }
                }
            }
        }
        assert_eq!(find(&grey, w, h, None), Marks::default());
        assert_eq!(find(&[], 0, 0, None), Marks::default());
        assert_eq!(find(&grey[..10], 1, 10, Some(3)).regions.len(), 1);
    }

    #[test]
    fn strips_are_found_or_told() {
        let (w, h) = (300, 200);
        let mut grey = grain(w, h);
        let told = Region { kind: RegionKind::DataBar, x0: 0, y0: 170, x1: w, y1: h };
        assert_eq!(find(&grey, w, h, Some(170)).regions, [told]);
        draw(&mut grey, w, 0..w, 170..h, 0.0);
        assert_eq!(find(&grey, w, h, None).regions, [told]);
    }
}
