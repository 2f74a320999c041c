//! The options that commands share which analyse micrographs: layers of settings, how to begin, how much to say.

use super::own::Own;
use super::plan::Plan;
use super::settings::SETTINGS;
use crate::batch::{Begin, Effort, Inputs, Job, Opening, Selection};
use crate::config::{Profile, Resolved, of_file, of_set, of_variables, resolve};
use crate::error::{Error, Result};
use crate::log::{self, Log, SUMMARY, Status, Verbosity};
use crate::measure::Model;
use crate::purity::Sample;
use crate::read::Limits;
use clap::Args;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Where settings come from.
#[derive(Args)]
pub struct Layers {
    /// Settings for a way of preparation, listed by 'cupule config --profiles'; all else counts more
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,

    /// Settings in TOML, as 'cupule config' prints them; variables such as CUPULE_DENOISE__STRENGTH and options count more
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// A setting by its key, such as denoise.strength=1.2; may be repeated, and options of their own count more
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<OsString>,

    #[command(flatten)]
    own: Own,
}

impl Layers {
    /// All layers together, from weak to strong.
    ///
    /// # Errors
    /// [`Error::Config`], naming where the fault is.
    pub fn resolve(&self) -> Result<Resolved<Plan>> {
        let mut entries = Vec::new();
        if let Some(name) = &self.profile {
            entries.extend(Profile::named(name)?.entries()?);
        }
        if let Some(path) = &self.config {
            entries.extend(of_file(path)?);
        }
        entries.extend(of_variables(&SETTINGS, std::env::vars_os()));
        for text in &self.set {
            entries.push(of_set(text)?);
        }
        entries.extend(self.own.0.iter().cloned());
        let resolved = resolve(&SETTINGS, entries)?;
        let diameters = ["segment.min_diameter_nm", "segment.max_diameter_nm"];
        resolved.plan.config.validate().map_err(|error| blame(error, &resolved, &diameters))?;
        let patterns = ["read.include", "read.exclude"];
        selection(&resolved.plan).map_err(|error| blame(error, &resolved, &patterns))?;
        Ok(resolved)
    }
}

fn selection(plan: &Plan) -> Result<Selection> {
    Selection::new(&plan.include, &plan.exclude)
}

/// Adds where the values came from that don't go together.
fn blame(error: Error, resolved: &Resolved<Plan>, keys: &[&str]) -> Error {
    let Error::Config { cause, remedy } = error else { return error };
    let origins = resolved.with_origins(&SETTINGS).filter(|(setting, _)| keys.contains(&setting.key));
    let from: Vec<String> = origins.map(|(setting, origin)| format!("{}: {origin}", setting.key)).collect();
    Error::Config { cause: format!("{cause} ({})", from.join("; ")), remedy }
}

/// Computes on so many threads; on one per core where nothing is said.
///
/// # Errors
/// [`Error::Config`] when the system refuses.
pub fn take_threads(threads: Option<usize>) -> Result<()> {
    let Some(threads) = threads else { return Ok(()) };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
    pool.map_err(|error| Error::config(error, "give another number of --threads"))
}

/// All that a run needs to know besides its inputs and its folder.
#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    layers: Layers,

    /// Keep the results of an earlier run that still hold, and do only what is missing or changed (the default)
    #[arg(long, conflicts_with = "restart")]
    resume: bool,

    /// Do everything again, also where the settings or the version of the program are others
    #[arg(long)]
    restart: bool,

    /// Say nothing but errors
    #[arg(long, short, conflicts_with = "verbose")]
    quiet: bool,

    /// Say more: a line per image with counts and times, also beside the progress bar
    #[arg(long, short)]
    verbose: bool,
}

/// A run whose settings are known.
pub struct Prepared {
    pub plan: Plan,
    pub log: Log,
    begin: Begin,
}

/// What a run is told by files and patterns.
pub struct Told {
    /// Which files of folders.
    pub selection: Selection,
    own_model: Option<Model>,
    sample: Option<Sample>,
}

impl Options {
    /// Puts the settings together.
    ///
    /// # Errors
    /// [`Error::Config`], naming where the fault is.
    pub fn prepare(self) -> Result<Prepared> {
        let plan = self.layers.resolve()?.plan;
        let verbosity = match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        };
        Ok(Prepared {
            log: Log::new(plan.log_format, verbosity),
            begin: if self.restart { Begin::Restart } else { Begin::Resume },
            plan,
        })
    }
}

impl Prepared {
    /// Reads the files that the settings name, and takes as many threads as they say.
    ///
    /// # Errors
    /// [`Error::Config`] and those of reading these files.
    pub fn told(&self) -> Result<Told> {
        let plan = &self.plan;
        take_threads(plan.threads)?;
        Ok(Told {
            selection: selection(plan)?,
            own_model: plan.verdict.as_deref().map(Model::read).transpose()?,
            sample: plan.sample.as_deref().map(Sample::read).transpose()?,
        })
    }

    /// The work on a list of files.
    pub fn job<'a>(&'a self, told: &'a Told, inputs: &'a Inputs, out: &'a Path) -> Job<'a> {
        let plan = &self.plan;
        Job {
            inputs,
            out,
            config: plan.config,
            model: told.own_model.as_ref().unwrap_or_else(|| Model::embedded()),
            device: plan.device.clone(),
            effort: Effort::new(plan.jobs, plan.memory_bytes),
            opening: Opening { scale: plan.scale, limits: Limits::of_pixels(plan.max_pixels) },
            frames: plan.frames,
            exports: plan.exports.clone(),
            sample: told.sample.as_ref(),
            command: std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect(),
            include: plan.include.clone(),
            exclude: plan.exclude.clone(),
            begin: self.begin,
            keeps_gone: false,
            fail_on: plan.fail_on,
            log: &self.log,
        }
    }

    /// Tells the error that ended a run, if one did, and starts what the user wants started then.
    ///
    /// * `result`: the exit code of its images.
    pub fn end(&self, out: &Path, result: Result<u8>) -> ExitCode {
        let error = result.as_ref().err();
        let code = result.as_ref().map_or_else(Error::exit_code, |code| *code);
        if let Some(error) = error {
            log::error(self.plan.log_format, &error.to_string(), code);
        }
        if let Some(command) = &self.plan.on_finish {
            // Where none began, the summary is that of an earlier run, or another one's that is at work.
            let has_summary = self.log.has_run() && out.join(SUMMARY).is_file();
            log::on_finish(&self.log, command, out, Status::of(error), code, has_summary);
        }
        ExitCode::from(code)
    }
}
