//! `cupule train`: makes the verdict's file anew. For developers; `scripts/train-verdict` calls it.

use crate::config::Config;
use crate::error::Result;
use crate::gpu::Device;
use crate::image::Micrograph;
use crate::measure::verdict::train::{Example, train};
use crate::measure::{Known, Likeness, examples, kept};
use crate::pipeline::outline;
use crate::report::atomic::write_whole;
use crate::segment::Contour;
use crate::synth::{self, Kind, Options, Synthetic};
use crate::units::PixelSize;
use clap::Args;
use rayon::prelude::*;
use std::path::PathBuf;
use std::process::ExitCode;

/// Train the verdict on synthetic micrographs
#[derive(Args)]
pub struct Train {
    /// File for the verdict
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,

    /// Seed of the micrographs and of the training
    #[arg(long, value_name = "N")]
    seed: u64,

    /// How many micrographs to learn from
    #[arg(long, value_name = "N")]
    scenes: u64,

    /// How often each outline is seen
    #[arg(long, value_name = "N")]
    passes: usize,
}

/// Kinds that the verdict sees more often, because real fields are most like them.
const HARDER: [Kind; 3] = [Kind::Coarse, Kind::Mixed, Kind::Coarse];

/// One micrograph in this many is kept aside for the calibration.
const HELD_EVERY: u64 = 5;

impl Train {
    pub fn run(self) -> Result<ExitCode> {
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
                examples.extend(lesson.examples);
            }
        }
        let right = examples.iter().filter(|e| e.iou >= 0.5).count();
        eprintln!("{} outlines, {right} of them right, from {} micrographs", examples.len(), self.scenes);
        let version = format!(
            "{}: {} outlines of {} synthetic micrographs, seed {}, {} passes",
            env!("CARGO_PKG_VERSION"),
            examples.len(),
            self.scenes,
            self.seed,
            self.passes
        );
        let kept = |scene: usize, confidence: &[f64]| kept(&contours[scene], confidence);
        let model = train(&examples, &held, kept, self.passes, self.seed, version);
        write_whole(&self.out, |out| Ok(serde_json::to_writer(out, &model)?))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// What one micrograph teaches.
struct Lesson {
    examples: Vec<Example>,
    contours: Vec<Contour>,
}

fn learn_from(synthetic: &Synthetic) -> Result<Lesson> {
    let micrograph = Micrograph {
        width: synthetic.width,
        height: synthetic.height,
        grey: synthetic.grey.iter().map(|&v| f32::from(v)).collect(),
        nonfinite_count: 0,
        pixel_size: PixelSize::square(synthetic.pixel_size_nm),
    };
    let outlined = outline(&micrograph, &Config::default(), &Device::Native)?;
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
    let known = Known { labels: &synthetic.labels, whole: &whole, others: &others };
    let examples = examples(&outlined.scene(), &outlined.contours, &known);
    Ok(Lesson { examples, contours: outlined.contours })
}

/// Visible share from which a vesicle's area says how large it is: a percent less is half a percent of the diameter.
const WHOLE: f64 = 0.99;

/// What a piece of synthetic clutter counts as.
fn looks(appearance: &str) -> Likeness {
    match appearance {
        "dot" => Likeness::Dot,
        "aggregate" | "dot-ring" => Likeness::Aggregate,
        "precipitate" | "crystal" => Likeness::Precipitate,
        "open-rim" | "fold" => Likeness::OpenRim,
        "debris" | "cloud" | "hole" | "wrinkle" | "scratch" => Likeness::Debris,
        _ => Likeness::Other,
    }
}
