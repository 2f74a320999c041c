//! Outlines that come back from Fiji or QuPath, as decisions.

use super::{Decision, ImageResult};
use crate::measure::Status;
use std::collections::BTreeSet;

/// Vertices that lie no further from those of the run, px, were not moved: ImageJ keeps 32-bit numbers.
const SAME_PX: f64 = 1e-2;

/// An outline that was drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn {
    /// The particle that it belongs to, if its name says so.
    pub particle_id: Option<u32>,
    /// Closed outline, px.
    pub polygon: Vec<[f64; 2]>,
}

/// Who decides, when, and in what words.
#[derive(Debug, Clone, PartialEq)]
pub struct Author {
    pub by: String,
    pub utc: String,
    pub reason: Option<String>,
}

/// The particle that an outline's name begins with, as the exported outlines are named: `0012-accepted`.
pub fn particle_id(name: &str) -> Option<u32> {
    let digits: String = name.trim_start().chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok().filter(|&id| id > 0)
}

impl ImageResult {
    /// What outlines that were drawn mean for the image: redrawn where they differ from the run's, accepted where they
    /// were rejected, added where no particle of that id is known. Where `reject_missing`, vesicles without an outline
    /// among them are rejected.
    pub fn redrawn(&self, drawn: &[Drawn], reject_missing: bool, author: &Author) -> Vec<Decision> {
        let mut free = 1 + self.particles.iter().map(|p| p.id).max().unwrap_or(0);
        let mut seen = BTreeSet::new();
        let mut decisions = Vec::new();
        for outline in drawn {
            let known = outline.particle_id.and_then(|id| self.particles.iter().find(|p| p.id == id));
            // A second outline of the same name is another particle.
            let known = known.filter(|particle| seen.insert(particle.id));
            match known {
                Some(particle) if same(&particle.polygon, &outline.polygon) => {
                    if !particle.is_vesicle() {
                        let status = Some(Status::Accepted);
                        decisions.push(Decision { status, ..self.decision(particle.id, author) });
                    }
                }
                Some(particle) => {
                    let outline = Some(outline.polygon.clone());
                    decisions.push(Decision { outline, ..self.decision(particle.id, author) });
                }
                None => {
                    let outline = Some(outline.polygon.clone());
                    decisions.push(Decision { outline, ..self.decision(free, author) });
                    free += 1;
                }
            }
        }
        if reject_missing {
            for particle in self.particles.iter().filter(|p| p.is_vesicle() && !seen.contains(&p.id)) {
                let status = Some(Status::Rejected);
                decisions.push(Decision { status, ..self.decision(particle.id, author) });
            }
        }
        decisions
    }

    fn decision(&self, particle_id: u32, author: &Author) -> Decision {
        Decision {
            image: self.row.image.clone(),
            input_sha256: self.row.input_sha256.clone().unwrap_or_default(),
            particle_id,
            revert: false,
            status: None,
            class: None,
            outline: None,
            reason: author.reason.clone(),
            by: author.by.clone(),
            utc: author.utc.clone(),
        }
    }
}

/// Whether two outlines are one, however their vertices were rounded.
fn same(a: &[[f64; 2]], b: &[[f64; 2]]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a[0] - b[0]).abs() <= SAME_PX && (a[1] - b[1]).abs() <= SAME_PX)
}
