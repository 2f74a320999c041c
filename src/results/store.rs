//! Reading and writing the results of images, and the run that they belong to.

use super::listing::Listing;
use super::record::{RunStatus, StageRecord};
use super::{CURATION, Curation, ImageRow, JOURNAL, Journal, PICTURE, Particle, Picture, RunRecord, read_file};
use crate::atomic::{create_folder, output_error, write_whole};
use crate::error::{Error, Result};
use crate::image::Region;
use crate::lock::Lock;
use crate::measure::{self, Status};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Folder of the images in a run's folder.
pub const IMAGES: &str = "images";
/// Name of the findings in an image's folder.
pub const RESULT: &str = "result.json";
/// Name of the label picture in an image's folder.
pub const LABELS: &str = "labels.tif";
/// Name of the picture with outlines in an image's folder.
pub const OVERLAY: &str = "overlay.png";
/// All that this program may write into an image's folder; what else is there is somebody else's.
pub const IMAGE_FILES: [&str; 8] =
    [JOURNAL, RESULT, PICTURE, LABELS, OVERLAY, "rois.zip", "outlines.geojson", "labels.ome.tif"];

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

/// A run whose images are all done.
pub struct Run {
    pub dir: PathBuf,
    pub record: RunRecord,
    /// Folders of the images below `images/`, in the order of the run.
    pub outputs: Listing,
    pub curation: Curation,
}

/// Whether a path that a file tells stays below the folder that it starts from.
pub fn is_below(name: &str) -> bool {
    !name.is_empty() && Path::new(name).components().all(|part| matches!(part, Component::Normal(_)))
}

/// Folder of an image's results.
pub fn image_folder(run: &Path, name: &str) -> PathBuf {
    run.join(IMAGES).join(name)
}

/// Makes a folder of a run, unless a link would lead out of the run's own: nothing is written outside the folder that the
/// user named.
///
/// # Errors
/// [`Error::Output`].
pub fn make_folder(run: &Path, folder: &Path) -> Result<()> {
    check_inside(run, folder)?;
    create_folder(folder)
}

/// As [`make_folder`], without waiting for the disk: see [`crate::atomic::sync_disk`].
///
/// # Errors
/// [`Error::Output`].
pub fn make_folder_unsynced(run: &Path, folder: &Path) -> Result<()> {
    check_inside(run, folder)?;
    fs::create_dir_all(folder).map_err(|error| output_error(folder, &error))
}

/// Refuses a place that a link leads to out of the run's folder.
fn check_inside(run: &Path, folder: &Path) -> Result<()> {
    let real = |path: &Path| path.canonicalize().map_err(|error| output_error(path, &error));
    let there = folder.ancestors().find(|folder| folder.exists()).unwrap_or(run);
    if !real(there)?.starts_with(real(run)?) {
        return Err(Error::output(folder, "a link leads out of the output folder", "remove the link"));
    }
    Ok(())
}

/// What the journals of images come to together.
#[derive(Debug, Default)]
pub struct Totals {
    /// By what was counted.
    pub counts: BTreeMap<String, u64>,
    pub stages: Vec<StageRecord>,
}

impl Totals {
    /// Adds those of an image.
    pub fn add(&mut self, journal: &Journal) {
        let machine = journal.counts.unwrap_or_default();
        for (name, count) in [
            ("images", 1),
            ("images_failed", usize::from(journal.input.is_failed())),
            ("contours", machine.contour),
            ("suppressed", machine.suppressed),
            ("accepted", machine.accepted),
            ("border", machine.border),
            ("rejected", machine.rejected),
        ] {
            self.count(name, count as u64);
        }
        journal.stages.iter().for_each(|stage| self.spend(stage));
    }

    /// Adds those of other images.
    pub fn append(&mut self, others: &Self) {
        others.counts.iter().for_each(|(name, count)| self.count(name, *count));
        others.stages.iter().for_each(|stage| self.spend(stage));
    }

    fn count(&mut self, name: &str, count: u64) {
        match self.counts.get_mut(name) {
            Some(known) => *known += count,
            None => drop(self.counts.insert(name.into(), count)),
        }
    }

    fn spend(&mut self, stage: &StageRecord) {
        match self.stages.iter_mut().find(|known| known.name == stage.name) {
            Some(known) => known.seconds += stage.seconds,
            None => self.stages.push(stage.clone()),
        }
    }
}

impl Findings {
    /// Reads the findings in an image's folder.
    ///
    /// # Errors
    /// [`Error::Input`] when they are missing or damaged.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(RESULT);
        let bytes = read_file(&path).map_err(|error| Error::input(&path, error, "analyse again"))?;
        serde_json::from_slice(&bytes)
            .map_err(|error| Error::input(&path, format!("this is no result of an image ({error})"), "analyse again"))
    }

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

impl ImageResult {
    /// The machine's findings with the decisions of people that count.
    pub fn new(found: Findings, curation: &Curation) -> Self {
        let particles = found.particles.into_iter().map(Particle::from).collect();
        let mut result = Self { row: found.row, marks: found.marks, particles };
        result.decide(&curation.standing(&result.row.image, result.row.input_sha256.as_deref()));
        result.sum_up();
        result
    }

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
    /// [`Error::NoInput`] when the folder holds no run, an unfinished or a damaged one.
    pub fn open(dir: &Path) -> Result<Self> {
        let unusable = |cause: &str, remedy| Error::no_input(format!("{}: {cause}", dir.display()), remedy);
        let Some((record, outputs)) = RunRecord::read(dir)? else {
            return Err(unusable("there is no run.json", "give the folder that 'cupule analyze' was told with --out"));
        };
        if record.status == RunStatus::Unfinished {
            return Err(unusable(
                "this run is not finished",
                "run the same 'cupule analyze' again, which goes on with it",
            ));
        }
        Ok(Self { dir: dir.to_owned(), record, outputs, curation: Curation::read_if_any(&dir.join(CURATION))? })
    }

    /// Opens the folder of a finished run to change it; nobody else can until the lock is dropped.
    ///
    /// # Errors
    /// As [`Run::open`] and [`Lock::take`].
    pub fn open_alone(dir: &Path) -> Result<(Lock, Self)> {
        // A folder that holds no run is told of as such, and gets no lock.
        Self::open(dir)?;
        let lock = Lock::take(dir)?;
        Ok((lock, Self::open(dir)?))
    }

    /// The results of all images in the order of the run, failed ones included, some in memory at a time. Ends early when a
    /// signal asks for it.
    pub fn images(&self) -> impl Iterator<Item = Result<ImageResult>> {
        self.outputs.each(|output| self.image(output))
    }

    /// The journals of all images in the order of the run, likewise.
    pub fn journals(&self) -> impl Iterator<Item = Result<Journal>> {
        self.outputs.each(|output| Journal::read(&self.folder(output)))
    }

    /// The results of one image.
    ///
    /// # Errors
    /// [`Error::Input`] when its files are missing or damaged.
    pub fn image(&self, output: &str) -> Result<ImageResult> {
        Ok(ImageResult::new(Findings::read(&self.folder(output))?, &self.curation))
    }

    /// Sums up the journals, each of which `look` sees: how many candidates of all images ended where, and what the stages
    /// took.
    ///
    /// # Errors
    /// [`Error::Input`] when results are missing or damaged; those of `look`.
    pub fn sum_up(&mut self, mut look: impl FnMut(&Journal) -> Result<()>) -> Result<()> {
        let mut totals = Totals::default();
        for journal in self.journals() {
            let journal = journal?;
            look(&journal)?;
            totals.add(&journal);
        }
        (self.record.counts, self.record.stages) = (totals.counts, totals.stages);
        Ok(())
    }

    /// Folder of an image's results.
    pub fn folder(&self, output: &str) -> PathBuf {
        image_folder(&self.dir, output)
    }

    /// The picture of an image.
    ///
    /// # Errors
    /// [`Error::Input`] when it is missing or damaged.
    pub fn picture(&self, output: &str, image: &ImageResult) -> Result<Picture> {
        Picture::read(&self.folder(output).join(PICTURE), image.size_px())
    }
}
