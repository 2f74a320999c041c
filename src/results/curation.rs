//! What people decided about particles: `curation.json`.

use super::{ImageResult, Particle, hex};
use crate::atomic::{sync_names, write_json};
use crate::error::{Error, Result};
use crate::image::covered;
use crate::measure::{Class, Mask, Original, Status};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// Name of the file in a run's folder, and of what the report's page saves.
pub const CURATION: &str = "curation.json";

/// How the file says what it is.
const FORMAT: &str = "cupule curation";
const VERSION: u32 = 1;

/// Decisions of one or more people about the particles of a run, in the order in which they were taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Curation {
    pub format: String,
    pub version: u32,
    pub decisions: Vec<Decision>,
}

/// What one person decided about one particle. What is absent stays as it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// The image as `images.csv` names it, and the checksum of its file.
    pub image: String,
    pub input_sha256: String,
    /// That of a particle of the image; any other adds a particle, which takes an outline.
    pub particle_id: u32,
    /// Takes back all earlier decisions about the particle.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub revert: bool,
    /// `accepted` or `rejected`; an accepted particle that is cut off counts as `border`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<Class>,
    /// A closed outline in px.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outline: Option<Vec<[f64; 2]>>,
    /// In the person's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who decided.
    pub by: String,
    /// When, as `2026-11-23T14:59:28Z`.
    pub utc: String,
}

impl Default for Curation {
    fn default() -> Self {
        Self { format: FORMAT.into(), version: VERSION, decisions: Vec::new() }
    }
}

impl Curation {
    /// Reads a file of decisions.
    ///
    /// # Errors
    /// [`Error::NoInput`] for one that cannot be read or is none.
    pub fn read(path: &Path) -> Result<Self> {
        let remedy = "give the file that the report's page saved";
        let unusable = |cause: String, remedy| Error::no_input(format!("{}: {cause}", path.display()), remedy);
        let bytes = fs::read(path).map_err(|error| unusable(error.to_string(), remedy))?;
        let curation: Self = serde_json::from_slice(&bytes)
            .map_err(|error| unusable(format!("this is no file of decisions ({error})"), remedy))?;
        if curation.format != FORMAT || curation.version != VERSION {
            let found = format!("'{}' version {}", curation.format, curation.version);
            let cause = format!("this is {found}, not '{FORMAT}' version {VERSION}");
            return Err(unusable(cause, "use the version of cupule that wrote it"));
        }
        Ok(curation)
    }

    /// The decisions that lie in a run's folder; none when there is no such file.
    ///
    /// # Errors
    /// [`Error::Config`] for a file that cannot be read or is none.
    pub fn read_if_any(path: &Path) -> Result<Self> {
        match fs::metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            _ => Self::read(path).map_err(|error| match error {
                Error::NoInput { cause, .. } => {
                    Error::config(cause, "put a copy of it back, or move it away: then the machine's results count")
                }
                other => other,
            }),
        }
    }

    /// Writes the file.
    ///
    /// # Errors
    /// [`Error::Output`].
    pub fn write(&self, path: &Path) -> Result<()> {
        write_json(path, self)?;
        sync_names(path)
    }

    /// The decisions about one image that still count: those about the file as it is that were not taken back.
    pub(super) fn standing<'a>(&'a self, image: &str, sha256: Option<&str>) -> Vec<&'a Decision> {
        let mut standing: Vec<&Decision> = Vec::new();
        let is_about = |d: &&Decision| d.image == image && Some(d.input_sha256.as_str()) == sha256;
        for decision in self.decisions.iter().filter(is_about) {
            if decision.revert {
                standing.retain(|earlier| earlier.particle_id != decision.particle_id);
            } else {
                standing.push(decision);
            }
        }
        standing
    }

    /// Checksum of these; `None` where there are none.
    pub fn digest(&self, image: &str, sha256: Option<&str>) -> Option<String> {
        let standing = self.standing(image, sha256);
        let text = serde_json::to_vec(&standing).unwrap_or_default();
        (!standing.is_empty()).then(|| hex(&Sha256::digest(text)))
    }

    /// Appends the decisions that are not in it yet; the number of them.
    pub fn append(&mut self, decisions: Vec<Decision>) -> usize {
        let before = self.decisions.len();
        for decision in decisions {
            if !self.decisions.contains(&decision) {
                self.decisions.push(decision);
            }
        }
        self.decisions.len() - before
    }
}

impl Decision {
    /// What is wrong with it for an image; `None` when it can be carried out.
    pub fn fault(&self, image: &ImageResult) -> Option<String> {
        let known = image.particles.iter().any(|p| p.id == self.particle_id);
        let text = |what: &str| Some(format!("{}, particle {}: {what}", self.image, self.particle_id));
        if image.row.input_sha256.as_deref() != Some(&self.input_sha256) {
            return text("the decision is about a file of other content (input_sha256 differs)");
        }
        if self.status == Some(Status::Border) {
            return text("a status is accepted or rejected; what is cut off shows by itself");
        }
        if self.revert {
            return None;
        }
        if self.particle_id == 0 || (!known && self.outline.is_none()) {
            return text("there is no such particle, and no outline to add one");
        }
        match &self.outline {
            Some(outline) if outline.len() < 3 || !outline.iter().flatten().all(|v| v.is_finite()) => {
                text("the outline encloses nothing")
            }
            Some(outline) if Mask::of_polygon(outline, image.size_px()).pixels().next().is_none() => {
                text("the outline encloses no pixel of the image")
            }
            _ => None,
        }
    }
}

impl ImageResult {
    /// Lets decisions count, in order. One that can't be carried out ([`Decision::fault`]) changes nothing.
    pub(super) fn decide(&mut self, decisions: &[&Decision]) {
        if decisions.is_empty() {
            return;
        }
        let original = Original { size_px: self.size_px(), covered: covered(&self.marks, self.size_px()) };
        for decision in decisions {
            if decision.fault(self).is_some() {
                continue;
            }
            let index = self.particles.iter().position(|p| p.id == decision.particle_id).unwrap_or_else(|| {
                self.particles.push(Particle::drawn(decision.particle_id));
                self.particles.len() - 1
            });
            let particle = &mut self.particles[index];
            if let Some(outline) = &decision.outline {
                particle.redraw(outline.clone(), &original);
            }
            particle.decide(decision);
        }
        let count = |status| self.particles.iter().filter(|p| p.status == status).count();
        if let Some(counts) = &mut self.row.counts {
            counts.accepted = count(Status::Accepted);
            counts.border = count(Status::Border);
            counts.rejected = count(Status::Rejected);
        }
        if let Some(quality) = &mut self.row.quality {
            let nm_per_px = self.row.pixel_size.map(|p| p.mean_nm());
            quality.describe(self.particles.iter().map(Particle::seen), original.seen_px2() as f64, nm_per_px);
        }
    }
}
