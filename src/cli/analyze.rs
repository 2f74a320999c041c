//! `cupule analyze`.

use super::options::{Options, Prepared, seconds, typed};
use crate::batch::{self, Job};
use crate::error::{Error, Result};
use crate::log::Event;
use crate::shards::Chunk;
use crate::stop;
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Find, outline and size the vesicles of micrographs
///
/// Reads TIFF, DM3, DM4, MRC, SER, EMD, PNG and JPEG files, alone or in folders. Writes report.html, particles.csv, images.csv,
/// run.json and, per image, images/NAME/labels.tif and overlay.png into the output folder; 'cupule columns' explains the
/// tables, 'cupule config' the settings.
#[derive(Args)]
#[command(after_help = super::EXIT_CODES)]
pub struct Analyze {
    /// Micrographs, or folders to search in depth (by extension; links and hidden files are passed over)
    #[arg(required_unless_present = "list", value_name = "INPUT")]
    inputs: Vec<PathBuf>,

    /// Instead of INPUT, a chunk of a plan: a file that 'cupule plan' wrote
    #[arg(long, value_name = "FILE", conflicts_with = "inputs")]
    list: Option<PathBuf>,

    /// Folder for the results; created if missing. What an earlier run with the same settings did is kept, the rest replaced
    #[arg(long, short, value_name = "DIR")]
    out: PathBuf,

    /// How long to wait for the output folder where another run works in it, s
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0, value_parser = seconds)]
    lock_wait: f64,

    #[command(flatten)]
    options: Options,
}

impl Analyze {
    pub fn run(self) -> Result<ExitCode> {
        stop::listen()?;
        let run = self.options.prepare()?;
        let work = || {
            let told = run.told()?;
            let lock_wait = Duration::from_secs_f64(self.lock_wait);
            if let Some(list) = &self.list {
                let chunk = Chunk::read(list)?;
                check_patterns(&run, &chunk)?;
                // That all images of a part failed says nothing of the whole.
                let job = Job {
                    chunk: Some(&chunk.record),
                    command: run.command("analyze", &chunk.typed, &chunk.include, &chunk.exclude),
                    include: chunk.include.clone(),
                    exclude: chunk.exclude.clone(),
                    lock_wait,
                    ..run.job(&told, &chunk.inputs, &self.out)
                };
                return batch::run(&job).map(|outcome| outcome.exit_code_of_part(run.plan.fail_on));
            }
            let inputs = batch::find(&self.inputs, Some(&self.out), &told.selection)?;
            if inputs.links > 0 {
                run.log.tell(&Event::Warning { image: None, warning: &passed_over(inputs.links) });
            }
            let command = run.command("analyze", &typed(&self.inputs), &run.plan.include, &run.plan.exclude);
            let job = Job { command, lock_wait, ..run.job(&told, &inputs, &self.out) };
            batch::run(&job).map(|outcome| outcome.exit_code(run.plan.fail_on))
        };
        Ok(run.end(&self.out, work()))
    }
}

/// That links were not followed.
pub(super) fn passed_over(links: usize) -> String {
    format!("{links} links were passed over; name them to have their files analysed")
}

/// Refuses patterns that a plan was not made with: it says which files there are.
fn check_patterns(run: &Prepared, chunk: &Chunk) -> Result<()> {
    for (key, ours, planned) in
        [("include", &run.plan.include, &chunk.include), ("exclude", &run.plan.exclude, &chunk.exclude)]
    {
        if !ours.is_empty() && ours != planned {
            let cause = format!("--{key} is '{}', and the plan was made with '{}'", ours.join(" "), planned.join(" "));
            return Err(Error::config(cause, "leave it out: the plan says which files there are"));
        }
    }
    Ok(())
}
