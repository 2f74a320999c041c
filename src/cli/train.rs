//! `cupule train`.

use crate::atomic::write_whole;
use crate::batch::{self, Opening};
use crate::calibrate::ScaleRequest;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::evaluate::{self, Region, find};
use crate::gpu::Device;
use crate::image::{Labels, Micrograph};
use crate::measure::verdict::train::{Example, train};
use crate::measure::{Known, Likeness, examples, kept};
use crate::pipeline::outline;
use crate::segment::Contour;
use crate::synth::{self, Kind, Options, Synthetic};
use crate::units::PixelSize;
use clap::Args;
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Train a verdict on synthetic micrographs, and on your own annotated ones
///
/// Writes a file for 'cupule analyze --verdict'. The same options and annotations give the same bytes. A few annotated
/// micrographs teach less than the synthetic ones do: judge the result with 'cupule evaluate' on others than these.
#[derive(Args)]
#[command(after_help = super::EXIT_CODES)]
pub struct Train {
    /// File for the verdict
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,

    /// Annotated micrographs, or folders of them
    #[arg(long, value_name = "INPUT", num_args = 1.., requires = "truth")]
    images: Vec<PathBuf>,

    /// Outlines of all vesicles in them, in any form that 'cupule evaluate' reads; label 65535 where nobody could say
    #[arg(long, value_name = "PATH", requires = "images")]
    truth: Option<PathBuf>,

    /// Edge of a pixel of the annotated micrographs with its unit, such as 0.62nm [default: from each file]
    #[arg(long, value_name = "LENGTH", requires = "images")]
    pixel_size: Option<PixelSize>,

    /// Seed of the synthetic micrographs and of the training
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// How many synthetic micrographs to learn from
    #[arg(long, value_name = "N", default_value_t = 400, value_parser = clap::value_parser!(u64).range(2..))]
    scenes: u64,

    /// How often each outline is seen
    #[arg(long, value_name = "N", default_value_t = 8)]
    passes: usize,
}

/// Kinds that the verdict sees more often, because real fields are most like them.
const HARDER: [Kind; 3] = [Kind::Coarse, Kind::Mixed, Kind::Coarse];
/// One synthetic micrograph in this many is kept aside for the calibration.
const HELD_EVERY: u64 = 5;
/// Share of the examples that the user's own micrographs are repeated to make up, and how often at most.
const ANNOTATED_SHARE: f64 = 0.2;
const REPEATS_MAX: usize = 10;
/// Visible share from which a vesicle's area says how large it is: a percent less is half a percent of the diameter.
const WHOLE: f64 = 0.99;

impl Train {
    pub fn run(self) -> Result<ExitCode> {
        let annotated = match &self.truth {
            Some(truth) => self.annotated(truth)?,
            None => Vec::new(),
        };
        let options = Options { kinds: Kind::ALL.into_iter().chain(HARDER).collect(), ..Default::default() };
        let lessons: Result<Vec<Lesson>> = (0..self.scenes)
            .into_par_iter()
            .map(|index| learn_from(&synth::scene(&options.recipe(self.seed, index))))
            .collect();
        let (mut examples, mut held, mut contours) = (Vec::new(), Vec::new(), Vec::new());
        for (lesson, index) in lessons?.into_iter().zip(0u64..) {
            // Kinds repeat, so that a fixed step would always hold back the same ones.
            if index / HELD_EVERY % HELD_EVERY == index % HELD_EVERY {
                held.push(lesson.examples);
                contours.push(lesson.contours);
            } else {
                examples.extend(lesson.examples.into_iter().flatten());
            }
        }
        let own: Vec<Example> = annotated.into_iter().flat_map(|lesson| lesson.examples).flatten().collect();
        let right = |examples: &[Example]| examples.iter().filter(|e| e.iou >= 0.5).count();
        super::say(&format!(
            "{} synthetic micrographs: {} outlines, {} of them right",
            self.scenes,
            examples.len(),
            right(&examples)
        ));
        let mut version = format!(
            "{}: {} outlines of {} synthetic micrographs, seed {}, {} passes",
            env!("CARGO_PKG_VERSION"),
            examples.len(),
            self.scenes,
            self.seed,
            self.passes
        );
        if !own.is_empty() {
            let wanted = ANNOTATED_SHARE / (1.0 - ANNOTATED_SHARE) * examples.len() as f64 / own.len() as f64;
            let repeats = (wanted.round() as usize).clamp(1, REPEATS_MAX);
            super::say(&format!(
                "annotated micrographs: {} outlines, {} of them right, {repeats} times",
                own.len(),
                right(&own)
            ));
            version += &format!("; {repeats} times {} outlines of annotated micrographs", own.len());
            (0..repeats).for_each(|_| examples.extend(own.iter().cloned()));
        }
        let kept = |scene: usize, confidence: &[f64]| kept(&contours[scene], confidence);
        let model = train(&examples, &held, kept, self.passes, self.seed, version);
        write_whole(&self.out, |out| Ok(serde_json::to_writer(out, &model)?))?;
        Ok(ExitCode::SUCCESS)
    }

    /// What the user's own micrographs teach.
    fn annotated(&self, truth: &Path) -> Result<Vec<Lesson>> {
        let annotations = find::find(truth)?;
        let inputs = batch::find(&self.images, Some(&self.out), &batch::Selection::default())?;
        let scale = ScaleRequest { pixel_size: self.pixel_size, ..Default::default() };
        let opening = Opening { scale, ..Default::default() };
        let mut lessons = Vec::new();
        for input in inputs.iter() {
            let Some(annotation) = annotations.images.get(&input.folder) else {
                super::say(&format!("warning: {}: no outlines of it in {}; passed over", input.image, truth.display()));
                continue;
            };
            let micrograph = batch::load(&input.path, &opening)?.micrograph;
            if micrograph.pixel_size.is_none() {
                let cause = format!("{}: nothing says how large a pixel is", input.image);
                return Err(Error::config(cause, "give it as --pixel-size, such as --pixel-size 0.62nm"));
            }
            let mut warnings = Vec::new();
            let content = evaluate::read(annotation, &mut |warning| warnings.push(warning))?;
            let picture = (micrograph.width, micrograph.height);
            if content.size_px.is_some_and(|size| size != picture) {
                let cause = format!("it is not of the size of {}, {} x {} px", input.image, picture.0, picture.1);
                return Err(Error::input(&annotation.path, cause, "give the outlines of the same picture"));
            }
            let regions = evaluate::rasterised(annotation, content, picture, micrograph.pixel_size, &mut warnings)?;
            warnings.iter().for_each(|warning| super::say(&format!("warning: {warning}")));
            lessons.push(of_annotated(&micrograph, &regions)?);
        }
        if lessons.is_empty() {
            let cause = format!("none of the micrographs has outlines in {}", truth.display());
            return Err(Error::no_input(
                cause,
                "name outlines as the images: NAME.tif with NAME.labels.tif or NAME.zip",
            ));
        }
        Ok(lessons)
    }
}

/// What one micrograph teaches: an example for each outline.
struct Lesson {
    examples: Vec<Option<Example>>,
    contours: Vec<Contour>,
}

fn of_annotated(micrograph: &Micrograph, regions: &[Region]) -> Result<Lesson> {
    let (width, height) = (micrograph.width, micrograph.height);
    let mut label = vec![0u16; width * height];
    for (id, region) in (1..=u16::MAX).zip(regions) {
        for run in &region.runs {
            label[run.row as usize * width..][run.start as usize..run.end as usize].fill(id);
        }
    }
    let region = |label: u16| usize::from(label).checked_sub(1).and_then(|i| regions.get(i));
    let whole = |label| region(label).is_some_and(|r| !r.touches_border && !r.is_undecided);
    let undecided = |label| region(label).is_some_and(|r| r.is_undecided);
    let labels = Labels { width, height, label };
    lesson(micrograph, &Known { labels: &labels, whole: &whole, undecided: &undecided, others: &[] })
}

fn lesson(micrograph: &Micrograph, known: &Known) -> Result<Lesson> {
    let outlined = outline(micrograph, &Config::default(), &Device::Native)?;
    let examples = examples(&outlined.scene(), &outlined.contours, known);
    Ok(Lesson { examples, contours: outlined.contours })
}

fn learn_from(synthetic: &Synthetic) -> Result<Lesson> {
    let grey = synthetic.grey.iter().map(|&v| f32::from(v)).collect();
    let pixel_size = PixelSize::square(synthetic.pixel_size_nm);
    let micrograph = Micrograph::new(synthetic.width, synthetic.height, grey, pixel_size);
    let others: Vec<([f64; 3], Likeness)> = synthetic
        .truth
        .iter()
        .filter(|row| !row.is_vesicle)
        .map(|row| ([row.x_nm, row.y_nm, row.diameter_nm].map(|v| v / synthetic.pixel_size_nm), looks(row.appearance)))
        .collect();
    let whole = |label: u16| {
        let row = usize::from(label).checked_sub(1).and_then(|i| synthetic.truth.get(i));
        row.is_some_and(|row| !row.touches_border && row.visible_share > WHOLE)
    };
    let known = Known { labels: &synthetic.labels, whole: &whole, undecided: &|_| false, others: &others };
    lesson(&micrograph, &known)
}

/// What a piece of synthetic clutter counts as.
fn looks(appearance: &str) -> Likeness {
    match appearance {
        "dot" | "ringlet" => Likeness::Dot,
        "aggregate" | "dot-ring" | "lump" => Likeness::Aggregate,
        "precipitate" | "crystal" | "blots" => Likeness::Precipitate,
        "open-rim" | "fold" => Likeness::OpenRim,
        "debris" | "sheet" | "torn" | "cloud" | "hole" | "wrinkle" | "scratch" | "cracks" => Likeness::Debris,
        _ => Likeness::Other,
    }
}
