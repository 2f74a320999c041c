//! `cupule analyze`.

use super::options::Options;
use crate::error::Result;
use crate::log::Event;
use crate::{batch, stop};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// Find, outline and size the vesicles of micrographs
///
/// Reads TIFF, DM3, DM4, MRC, SER, EMD, PNG and JPEG files, alone or in folders. Writes report.html, particles.csv, images.csv,
/// run.json and, per image, images/NAME/labels.tif and overlay.png into the output folder; 'cupule columns' explains the
/// tables, 'cupule config' the settings.
#[derive(Args)]
#[command(after_help = super::EXIT_CODES)]
pub struct Analyze {
    /// Micrographs, or folders to search in depth (by extension; links and hidden files are passed over)
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,

    /// Folder for the results; created if missing. What an earlier run with the same settings did is kept, the rest replaced
    #[arg(long, short, value_name = "DIR")]
    out: PathBuf,

    #[command(flatten)]
    options: Options,
}

impl Analyze {
    pub fn run(self) -> Result<ExitCode> {
        stop::listen()?;
        let run = self.options.prepare()?;
        let work = || {
            let told = run.told()?;
            let inputs = batch::find(&self.inputs, &self.out, &told.selection)?;
            if inputs.links > 0 {
                let warning =
                    format!("{} links were passed over; name them to have their files analysed", inputs.links);
                run.log.tell(&Event::Warning { image: None, warning: &warning });
            }
            batch::run(&run.job(&told, &inputs, &self.out))
        };
        Ok(run.end(&self.out, work().map(|outcome| outcome.exit_code(run.plan.fail_on))))
    }
}
