//! The options that commands share which analyse micrographs: layers of settings, how to begin, how much to say.

use super::own::{EndSettings, Own, lasting};
use super::settings::SETTINGS;
use super::wanted::Wanted;
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
use std::time::Duration;

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
    /// What was typed of them, but for what changes nothing in the results.
    fn lasting(&self) -> Vec<String> {
        let named =
            [("--profile", self.profile.clone()), ("--config", self.config.as_ref().map(|p| p.display().to_string()))];
        let mut words = Vec::new();
        for (option, value) in named {
            words.extend(value.into_iter().flat_map(|value| [option.to_owned(), value]));
        }
        for set in &self.set {
            words.extend(["--set".to_owned(), set.to_string_lossy().into_owned()]);
        }
        words.extend(lasting(&self.own.0));
        words
    }

    /// All layers together, from weak to strong.
    ///
    /// # Errors
    /// [`Error::Config`], naming where the fault is.
    pub fn resolve(&self) -> Result<Resolved<Wanted>> {
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

fn selection(plan: &Wanted) -> Result<Selection> {
    Selection::new(&plan.include, &plan.exclude)
}

/// Adds where the values came from that don't go together.
fn blame(error: Error, resolved: &Resolved<Wanted>, keys: &[&str]) -> Error {
    let Error::Config { cause, remedy } = error else { return error };
    let origins = resolved.with_origins(&SETTINGS).filter(|(setting, _)| keys.contains(&setting.key));
    let from: Vec<String> = origins.map(|(setting, origin)| format!("{}: {origin}", setting.key)).collect();
    Error::Config { cause: format!("{cause} ({})", from.join("; ")), remedy }
}

/// Longest time that can be asked for, s: a day.
const SECONDS_MAX: f64 = 86_400.0;

/// Reads a time in seconds.
pub fn seconds(text: &str) -> std::result::Result<f64, String> {
    let number = text.trim().parse().ok().filter(|number| (0.0..=SECONDS_MAX).contains(number));
    number.ok_or_else(|| format!("'{text}' is no time: write seconds between 0 and {SECONDS_MAX}"))
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

/// How much to say.
#[derive(Args)]
struct Loudness {
    /// Say nothing but errors
    #[arg(long, short, conflicts_with = "verbose")]
    quiet: bool,

    /// Say more: a line per image with counts and times, also beside the progress bar
    #[arg(long, short)]
    verbose: bool,
}

impl Loudness {
    fn verbosity(&self) -> Verbosity {
        match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        }
    }
}

/// What there is to say where results are put together.
#[derive(Args)]
pub struct EndOptions {
    #[command(flatten)]
    settings: EndSettings,

    #[command(flatten)]
    loudness: Loudness,
}

impl EndOptions {
    /// Puts the settings together.
    ///
    /// # Errors
    /// [`Error::Config`], naming where the fault is.
    pub fn prepare(self) -> Result<Prepared> {
        let plan = self.settings.resolve()?;
        let log = Log::new(plan.log_format, self.loudness.verbosity());
        Ok(Prepared { log, begin: Begin::Resume, plan, typed: Vec::new() })
    }
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

    #[command(flatten)]
    loudness: Loudness,
}

/// A run whose settings are known.
pub struct Prepared {
    pub plan: Wanted,
    pub log: Log,
    begin: Begin,
    /// Options that decide what comes out, as they were typed.
    typed: Vec<String>,
}

/// Paths as they were typed.
pub fn typed(paths: &[PathBuf]) -> Vec<String> {
    paths.iter().map(|path| path.to_string_lossy().into_owned()).collect()
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
        Ok(Prepared {
            typed: self.layers.lasting(),
            log: Log::new(plan.log_format, self.loudness.verbosity()),
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

    /// The work on a list of files, without the command that gives it.
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
            command: Vec::new(),
            include: plan.include.clone(),
            exclude: plan.exclude.clone(),
            chunk: None,
            lock_wait: Duration::ZERO,
            begin: self.begin,
            keeps_gone: false,
            fail_on: plan.fail_on,
            log: &self.log,
        }
    }

    /// The command line that gives the results again.
    pub fn command(&self, name: &str, typed: &[String], include: &[String], exclude: &[String]) -> Vec<String> {
        let patterns = |option: &'static str, patterns: &[String]| {
            patterns.iter().flat_map(move |pattern| [option.to_owned(), pattern.clone()]).collect::<Vec<_>>()
        };
        let mut words = vec!["cupule".to_owned(), name.to_owned()];
        words.extend(typed.iter().cloned());
        words.extend(patterns("--include", include));
        words.extend(patterns("--exclude", exclude));
        words.extend(self.typed.iter().cloned());
        words
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
