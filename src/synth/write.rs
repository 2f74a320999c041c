//! A set of scenes on disk: pictures, label pictures and tables.

use super::{Kind, Scene, Synthetic, scene};
use crate::error::{Error, Result};
use crate::units::PixelSize;
use rayon::prelude::*;
use serde::Serialize;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;
use tiff::encoder::{Compression, DeflateLevel, Rational, TiffEncoder, colortype::Gray16};
use tiff::tags::{ResolutionUnit, Tag};

/// Denominator of the resolution's fraction: keeps 6 digits at any pixel size in use.
const RESOLUTION_DENOMINATOR: u32 = 1_000_000;
/// Largest field, pixels along a side: the specimen is rendered in memory as a whole.
const SIDE_MAX_PX: usize = 16_384;
/// ImageJ's own description of a calibrated picture.
const DESCRIPTION: &str = "ImageJ=1.53t\nunit=nm\n";

/// What to write; anything left out is drawn at random from the kind's usual range.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options {
    pub width_px: Option<usize>,
    pub height_px: Option<usize>,
    pub pixel_size_nm: Option<f64>,
    /// Kinds to cycle through; all when empty.
    pub kinds: Vec<Kind>,
}

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    pub images: usize,
    pub vesicles: usize,
    pub others: usize,
}

/// One line of `scenes.csv`.
#[derive(Serialize)]
struct SceneRow {
    image: String,
    kind: &'static str,
    seed: u64,
    index: u64,
    width_px: usize,
    height_px: usize,
    pixel_size_nm: f64,
    vesicles: usize,
    others: usize,
    stain: &'static str,
    contrast: f64,
    background_swing: f64,
    dose_per_px: f64,
    noise_correlation: f64,
    readout_ratio: f64,
    fringe: f64,
    blur_px: f64,
    eight_bit: bool,
    jpeg_quality: u8,
    enlarged: f64,
    gamma: f64,
    defocus_nm: f64,
    plain: bool,
    strip_px: usize,
}

impl Options {
    /// The recipe of scene number `index`.
    pub fn recipe(&self, seed: u64, index: u64) -> Scene {
        let kinds: &[Kind] = if self.kinds.is_empty() { &Kind::ALL } else { &self.kinds };
        let drawn = Scene::draw(kinds[index as usize % kinds.len()], seed, index);
        Scene {
            width_px: self.width_px.unwrap_or(drawn.width_px),
            height_px: self.height_px.unwrap_or(drawn.height_px),
            pixel_size_nm: self.pixel_size_nm.unwrap_or(drawn.pixel_size_nm),
            ..drawn
        }
    }

    /// Whether there can be such scenes.
    ///
    /// # Errors
    /// [`Error::Config`].
    pub fn check(&self) -> Result<()> {
        for side in [self.width_px, self.height_px].into_iter().flatten() {
            if !(1..=SIDE_MAX_PX).contains(&side) {
                let cause = format!("a field of {side} px can't be rendered");
                return Err(Error::config(cause, format!("ask for 1 to {SIDE_MAX_PX} px")));
            }
        }
        match self.pixel_size_nm {
            Some(nm) if !(0.05..=20.0).contains(&nm) => {
                Err(Error::config(format!("pixels of {nm} nm show no vesicles"), "ask for 0.05 to 20 nm"))
            }
            _ => Ok(()),
        }
    }
}

/// Writes `count` scenes: `images/NAME.tif`, `truth/NAME.labels.tif`, `truth.csv` and `scenes.csv` in `out`.
///
/// The bytes depend on seed and options only, not on the number of threads.
pub fn write(out: &Path, count: usize, seed: u64, options: &Options) -> Result<Summary> {
    options.check()?;
    let (images, truth) = (out.join("images"), out.join("truth"));
    for folder in [&images, &truth] {
        fs::create_dir_all(folder).map_err(|e| Error::output(folder, e, "choose a folder that can be written to"))?;
    }
    let tables: Vec<_> = (0..count as u64)
        .into_par_iter()
        .map(|index| {
            let recipe = options.recipe(seed, index);
            let synthetic = scene(&recipe);
            let Synthetic { name, width, height, grey, labels, pixel_size_nm, .. } = &synthetic;
            write_picture(&images.join(format!("{name}.tif")), *width, *height, grey, *pixel_size_nm)?;
            write_picture(&truth.join(format!("{name}.labels.tif")), *width, *height, &labels.label, *pixel_size_nm)?;
            let row = scene_row(&recipe, &synthetic);
            Ok((row, synthetic.truth))
        })
        .collect::<Result<_>>()?;

    let scenes_path = out.join("scenes.csv");
    let truth_path = out.join("truth.csv");
    let mut scenes = csv_writer(&scenes_path)?;
    let mut particles = csv_writer(&truth_path)?;
    let head = [
        "image",
        "particle_id",
        "shape",
        "appearance",
        "polarity",
        "x_nm",
        "y_nm",
        "diameter_nm",
        "feret_max_nm",
        "feret_min_nm",
        "is_vesicle",
        "touches_border",
        "visible_share",
    ];
    particles.write_record(head).map_err(|e| unwritten(&truth_path, e))?;
    let mut summary = Summary { images: tables.len(), ..Summary::default() };
    for (row, truth) in &tables {
        scenes.serialize(row).map_err(|e| unwritten(&scenes_path, e))?;
        summary.vesicles += row.vesicles;
        summary.others += row.others;
        for particle in truth {
            particles.serialize((&row.image, particle)).map_err(|e| unwritten(&truth_path, e))?;
        }
    }
    scenes.flush().map_err(|e| unwritten(&scenes_path, e))?;
    particles.flush().map_err(|e| unwritten(&truth_path, e))?;
    Ok(summary)
}

fn scene_row(recipe: &Scene, synthetic: &Synthetic) -> SceneRow {
    let vesicles = synthetic.truth.iter().filter(|t| t.is_vesicle).count();
    let conditions = &synthetic.conditions;
    SceneRow {
        image: synthetic.name.clone(),
        kind: recipe.kind.name(),
        seed: recipe.seed,
        index: recipe.index,
        width_px: synthetic.width,
        height_px: synthetic.height,
        pixel_size_nm: synthetic.pixel_size_nm,
        vesicles,
        others: synthetic.truth.len() - vesicles,
        stain: conditions.stain.name(),
        contrast: conditions.contrast,
        background_swing: conditions.swing,
        dose_per_px: conditions.camera.dose,
        noise_correlation: conditions.camera.noise_correlation,
        readout_ratio: conditions.camera.readout_ratio,
        fringe: conditions.camera.fringe,
        blur_px: conditions.export.blur_px,
        eight_bit: conditions.export.eight_bit,
        jpeg_quality: conditions.export.jpeg_quality,
        enlarged: conditions.export.enlarged,
        gamma: conditions.export.gamma,
        defocus_nm: conditions.defocus_nm,
        plain: conditions.plain,
        strip_px: conditions.strip_px,
    }
}

fn csv_writer(path: &Path) -> Result<csv::Writer<File>> {
    let file = File::create(path).map_err(|e| unwritten(path, e))?;
    Ok(csv::WriterBuilder::new().has_headers(!path.ends_with("truth.csv")).from_writer(file))
}

fn unwritten(path: &Path, cause: impl ToString) -> Error {
    Error::output(path, cause, "choose a folder that can be written to and has room")
}

/// A 16-bit picture in strips, calibrated the way ImageJ does it.
///
/// # Errors
/// [`Error::Output`].
pub fn write_picture(path: &Path, width: usize, height: usize, value: &[u16], pixel_size_nm: f64) -> Result<()> {
    let file = File::create(path).map_err(|e| unwritten(path, e))?;
    let per_nm = (f64::from(RESOLUTION_DENOMINATOR) / PixelSize::square(pixel_size_nm).map_or(1.0, |p| p.x_nm)).round();
    let resolution = || Rational { n: per_nm as u32, d: RESOLUTION_DENOMINATOR };
    let save = || -> tiff::TiffResult<()> {
        let mut encoder =
            TiffEncoder::new(BufWriter::new(file))?.with_compression(Compression::Deflate(DeflateLevel::Balanced));
        let mut image = encoder.new_image::<Gray16>(width as u32, height as u32)?;
        image.encoder().write_tag(Tag::ImageDescription, DESCRIPTION)?;
        image.resolution_unit(ResolutionUnit::None);
        image.x_resolution(resolution());
        image.y_resolution(resolution());
        image.write_data(value)
    };
    save().map_err(|e| unwritten(path, e))
}
