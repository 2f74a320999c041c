//! `cupule train`: makes the verdict's file anew. For developers; `scripts/train-verdict` calls it.

use crate::config::Config;
use crate::error::Result;
use crate::gpu::Device;
use crate::image::Micrograph;
use crate::measure::examples;
use crate::measure::verdict::train::{Example, train};
use crate::pipeline::outline;
use crate::report::atomic::write_whole;
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

impl Train {
    pub fn run(self) -> Result<ExitCode> {
        let options = Options { kinds: Kind::ALL.into_iter().chain(HARDER).collect(), ..Default::default() };
        let scenes: Result<Vec<Vec<Example>>> = (0..self.scenes)
            .into_par_iter()
            .map(|index| learn_from(&synth::scene(&options.recipe(self.seed, index))))
            .collect();
        let examples = scenes?.concat();
        let right = examples.iter().filter(|e| e.target > 0.5).count();
        eprintln!("{} outlines, {right} of them right, from {} micrographs", examples.len(), self.scenes);
        let version = format!(
            "{}: {} outlines of {} synthetic micrographs, seed {}, {} passes",
            env!("CARGO_PKG_VERSION"),
            examples.len(),
            self.scenes,
            self.seed,
            self.passes
        );
        let model = train(&examples, self.passes, self.seed, version);
        write_whole(&self.out, |out| Ok(serde_json::to_writer(out, &model)?))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Outlines of one micrograph, with how right each is.
fn learn_from(synthetic: &Synthetic) -> Result<Vec<Example>> {
    let micrograph = Micrograph {
        width: synthetic.width,
        height: synthetic.height,
        grey: synthetic.grey.iter().map(|&v| f32::from(v)).collect(),
        nonfinite_count: 0,
        pixel_size: PixelSize::square(synthetic.pixel_size_nm),
    };
    let outlined = outline(&micrograph, &Config::default(), &Device::Native)?;
    Ok(examples(&outlined.scene(), &outlined.contours, &synthetic.labels))
}
