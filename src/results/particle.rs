//! A particle as it is reported: measured by the machine or drawn by a person, judged by either.

use super::Decision;
use crate::measure::appearance::Appearance;
use crate::measure::shape::shape;
use crate::measure::{self, CUP_DEPTH, Class, Mask, Original, Reason, Seen, Shape, Status};
use crate::segment::Polarity;
use serde::{Deserialize, Serialize};

/// What the machine made of a candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    pub status: Status,
    pub class: Class,
    /// Which rule rejected it; `None` unless rejected.
    pub reason: Option<Reason>,
}

/// One candidate. Status, class and outline are those that count: a person's where there is one, else the machine's.
#[derive(Debug, Clone, PartialEq)]
pub struct Particle {
    /// Counts from 1 in each image; the label of accepted and border particles.
    pub id: u32,
    /// Closed outline, `[x, y]` in px; the first vertex is not repeated.
    pub polygon: Vec<[f64; 2]>,
    /// `None` for one that a person added.
    pub polarity: Option<Polarity>,
    pub shape: Shape,
    /// Standard uncertainty of the diameter, nm; `None` for an outline that a person drew.
    pub diameter_uncertainty_nm: Option<f64>,
    /// `None` for an outline that a person drew: the grey values along it were not read.
    pub appearance: Option<Appearance>,
    /// 0 to 1; `None` for an outline that a person drew.
    pub confidence: Option<f64>,
    pub class: Class,
    pub status: Status,
    /// Why it is rejected: the rule, or a person's words.
    pub reason: Option<String>,
    /// What the machine said; `None` for one that a person added.
    pub machine: Option<Verdict>,
    /// What a person decided last.
    pub decision: Option<Decision>,
}

impl Particle {
    /// Whether it counts as a vesicle, whole or cut off.
    pub fn is_vesicle(&self) -> bool {
        self.status != Status::Rejected
    }

    /// What decides whether it counts, and as what.
    pub fn seen(&self) -> Seen<'_> {
        Seen {
            status: self.status,
            class: self.class,
            appearance: self.appearance.as_ref(),
            confidence: self.confidence,
            rule: self.machine.as_ref().and_then(|m| m.reason.as_ref()).map(|reason| reason.rule.as_ref()),
            is_named: self.decision.as_ref().is_some_and(|decision| decision.class.is_some()),
            area_px2: self.shape.area_px2,
            diameter_px: self.shape.diameter_px,
            centre_px: (self.shape.x_px, self.shape.y_px),
            is_cut: self.shape.is_cut(),
        }
    }

    /// A particle that a person adds; everything follows from the outline that they drew.
    pub(super) fn drawn(id: u32) -> Self {
        Self {
            id,
            polygon: Vec::new(),
            polarity: None,
            shape: Shape::default(),
            diameter_uncertainty_nm: None,
            appearance: None,
            confidence: None,
            class: Class::Vesicle,
            status: Status::Accepted,
            reason: None,
            machine: None,
            decision: None,
        }
    }

    /// Gives it another outline, of which only the shape is known.
    pub(super) fn redraw(&mut self, polygon: Vec<[f64; 2]>, original: &Original) {
        let mask = Mask::of_polygon(&polygon, original.size_px);
        self.shape = Shape { covered_share: original.covered_share(&mask), ..shape(&mask, original.size_px) };
        self.polygon = polygon;
        (self.diameter_uncertainty_nm, self.appearance, self.confidence) = (None, None, None);
        // Whoever draws an outline vouches for it.
        self.status = Status::Accepted;
    }

    /// Lets a person's decision count, and makes status, class and reason fit each other.
    pub(super) fn decide(&mut self, decision: &Decision) {
        self.status = decision.status.unwrap_or(self.status);
        self.class = decision.class.unwrap_or(self.class);
        if self.status != Status::Rejected {
            self.status = if self.shape.is_cut() { Status::Border } else { Status::Accepted };
        }
        let is_cup = self.appearance.is_some_and(|a| a.cup_depth >= CUP_DEPTH);
        self.class = match (self.status, self.class) {
            (Status::Rejected, Class::Vesicle | Class::CupShapedVesicle) => Class::Unresolved,
            (Status::Accepted | Status::Border, class) if !class.is_vesicle() => {
                if is_cup {
                    Class::CupShapedVesicle
                } else {
                    Class::Vesicle
                }
            }
            (_, class) => class,
        };
        let words = decision.reason.as_deref().filter(|words| !words.trim().is_empty());
        self.reason = (self.status == Status::Rejected).then(|| words.unwrap_or("rejected by a person").into());
        self.decision = Some(decision.clone());
    }

    /// Left, top, right and bottom of the outline, px.
    pub fn bounds_px(&self) -> [f64; 4] {
        self.polygon.iter().fold([f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY], |b, v| {
            [b[0].min(v[0]), b[1].min(v[1]), b[2].max(v[0]), b[3].max(v[1])]
        })
    }
}

impl From<measure::Particle> for Particle {
    fn from(found: measure::Particle) -> Self {
        Self {
            id: found.id,
            polygon: found.outline.polygon(),
            polarity: Some(found.outline.polarity),
            shape: found.shape,
            diameter_uncertainty_nm: Some(found.diameter_uncertainty_nm),
            appearance: Some(found.appearance),
            confidence: Some(found.confidence),
            class: found.class,
            status: found.status,
            reason: found.reason.as_ref().map(Reason::to_string),
            machine: Some(Verdict { status: found.status, class: found.class, reason: found.reason }),
            decision: None,
        }
    }
}
