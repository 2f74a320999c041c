//! Reading and writing the results of images, and the run that they belong to.

use super::record::InputRecord;
use super::{CURATION, Curation, ImageRow, PICTURE, Particle, Picture, RunRecord};
use crate::atomic::{write_json, write_whole};
use crate::error::{Error, Result};
use crate::image::Region;
use crate::measure::{self, Status};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// Name of the file in an image's folder.
pub const RESULT: &str = "result.json";
/// Name of the record in a run's folder.
pub const RUN: &str = "run.json";

/// The machine's findings in one image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    pub row: ImageRow,
    /// What was drawn into the picture.
    pub marks: Vec<Region>,
    pub particles: Vec<measure::Particle>,
}

/// The results of one image as they are reported: the machine's findings and the decisions of people.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageResult {
    pub row: ImageRow,
    pub marks: Vec<Region>,
    pub particles: Vec<Particle>,
}

/// A finished run.
pub struct Run {
    pub dir: PathBuf,
    pub record: RunRecord,
    pub curation: Curation,
}

/// Folder of an image's results.
pub fn image_folder(run: &Path, name: &str) -> PathBuf {
    run.join("images").join(name)
}

impl Findings {
    /// Puts the findings into an image's folder.
    ///
    /// # Errors
    /// [`Error::Output`].
    pub fn write(&self, folder: &Path) -> Result<()> {
        write_whole(&folder.join(RESULT), |out| {
            serde_json::to_writer(&mut *out, self)?;
            out.write_all(b"\n")
        })
    }
}

impl From<Findings> for ImageResult {
    fn from(found: Findings) -> Self {
        let particles = found.particles.into_iter().map(Particle::from).collect();
        Self { row: found.row, marks: found.marks, particles }
    }
}

impl ImageResult {
    /// Tells median and density of the accepted particles, where there is a pixel size.
    fn sum_up(&mut self) {
        let Some(pixel_size) = self.row.pixel_size else { return };
        let accepted = self.particles.iter().filter(|p| p.status == Status::Accepted);
        let mut diameters_nm: Vec<f64> = accepted.map(|p| p.shape.diameter_px * pixel_size.mean_nm()).collect();
        diameters_nm.sort_by(f64::total_cmp);
        let middle = |i: usize| diameters_nm.get(i).copied();
        let (below, above) = (middle(diameters_nm.len().saturating_sub(1) / 2), middle(diameters_nm.len() / 2));
        self.row.diameter_median_nm = below.zip(above).map(|(a, b)| f64::midpoint(a, b));
        let (width, height) = self.size_px();
        let seen_px2 = (width * height) as f64 * (1.0 - self.row.covered_share.unwrap_or(0.0));
        let area_um2 = seen_px2 * pixel_size.x_nm * pixel_size.y_nm * 1e-6;
        self.row.per_um2 = (area_um2 > 0.0).then(|| diameters_nm.len() as f64 / area_um2);
    }

    /// Width and height, px; zeros for an image that failed.
    pub fn size_px(&self) -> (usize, usize) {
        (self.row.width_px.unwrap_or(0), self.row.height_px.unwrap_or(0))
    }
}

impl Run {
    /// Opens the folder of a finished run.
    ///
    /// # Errors
    /// [`Error::NoInput`] when the folder holds no run, or a damaged one.
    pub fn open(dir: &Path) -> Result<Self> {
        let path = dir.join(RUN);
        let remedy = "give the folder that 'cupule analyze' was told with --out";
        let unusable = |cause: String, remedy| Error::no_input(format!("{}: {cause}", path.display()), remedy);
        let bytes = fs::read(&path).map_err(|error| unusable(error.to_string(), remedy))?;
        let record = serde_json::from_slice(&bytes)
            .map_err(|error| unusable(format!("this is no record of a run ({error})"), "analyse again"))?;
        let curation = Curation::read_if_any(&dir.join(CURATION))?;
        Ok(Self::new(dir, record, curation))
    }

    /// A run whose files are in place.
    pub fn new(dir: &Path, record: RunRecord, curation: Curation) -> Self {
        Self { dir: dir.to_owned(), record, curation }
    }

    /// The results of all images in the order of the run, failed ones included, one in memory at a time.
    pub fn images(&self) -> impl Iterator<Item = Result<ImageResult>> {
        self.record.inputs.iter().map(|input| self.image(input))
    }

    /// The results of one image.
    ///
    /// # Errors
    /// [`Error::Input`] when its files are missing or damaged.
    pub fn image(&self, input: &InputRecord) -> Result<ImageResult> {
        let path = self.folder(input).join(RESULT);
        let bytes = fs::read(&path).map_err(|error| Error::input(&path, error, "analyse again"))?;
        let found: Findings = serde_json::from_slice(&bytes).map_err(|error| {
            Error::input(&path, format!("this is no result of an image ({error})"), "analyse again")
        })?;
        let mut result = ImageResult::from(found);
        result.row.seconds = input.seconds;
        result.decide(&self.curation.standing(&input.image));
        result.sum_up();
        Ok(result)
    }

    /// Writes `run.json`.
    ///
    /// # Errors
    /// [`Error::Output`].
    pub fn write_record(&self) -> Result<()> {
        write_json(&self.dir.join(RUN), &self.record)
    }

    /// Folder of an image's results.
    pub fn folder(&self, input: &InputRecord) -> PathBuf {
        image_folder(&self.dir, &input.output)
    }

    /// The picture of an image.
    ///
    /// # Errors
    /// [`Error::Input`] when it is missing or damaged.
    pub fn picture(&self, input: &InputRecord, image: &ImageResult) -> Result<Picture> {
        Picture::read(&self.folder(input).join(PICTURE), image.size_px())
    }
}
