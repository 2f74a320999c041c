//! `cupule import-rois`.

use super::curate::apply;
use crate::clock;
use crate::error::{Error, Result};
use crate::evaluate::drawn;
use crate::results::record::InputRecord;
use crate::results::{Author, Drawn, Run, particle_id};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// Take back outlines that were redrawn in Fiji (rois.zip, .roi) or QuPath (.geojson)
///
/// An outline whose name begins with a particle's number, as in the exported files (0012-accepted), replaces that
/// particle's; any other is added. Who did it and when is kept in RUN/curation.json, and every table, picture and page
/// is written again.
#[derive(Args)]
pub struct ImportRois {
    /// Folder of results of 'cupule analyze'
    #[arg(value_name = "RUN")]
    run: PathBuf,

    /// Outlines: a zip of the ROI Manager, a .roi file, or QuPath's .geojson
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// The image they belong to, as images.csv names it [default: the one in whose folder FILE lies, or the only one]
    #[arg(long, value_name = "NAME")]
    image: Option<String>,

    /// Reject vesicles of the image that have no outline in FILE
    #[arg(long)]
    reject_missing: bool,

    /// Who drew them [default: the name of the user's account]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,

    /// Why, in your words
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl ImportRois {
    pub fn run(self) -> Result<ExitCode> {
        let (_lock, run) = Run::open_alone(&self.run)?;
        let image = run.image(&self.output(&run)?)?;
        if let Some(error) = &image.row.error {
            return Err(Error::config(format!("{} failed ({error})", image.row.image), "name an image with results"));
        }
        let outlines: Vec<Drawn> = drawn(&self.file)?
            .into_iter()
            .map(|(name, polygon)| Drawn { particle_id: particle_id(&name), polygon })
            .collect();
        let author = Author { by: self.author()?, utc: clock::now(), reason: self.reason };
        let decisions = image.redrawn(&outlines, self.reject_missing, &author);
        if let Some(fault) = decisions.iter().find_map(|decision| decision.fault(&image)) {
            return Err(Error::input(&self.file, fault, "draw it again within the image"));
        }
        let (redrawn, all) = (decisions.iter().filter(|d| d.outline.is_some()).count(), outlines.len());
        let said = apply(run, decisions)?;
        super::print_line(&format!("{}: {all} outlines, {redrawn} of them new or redrawn", self.file.display()))?;
        super::print_line(&said)?;
        Ok(ExitCode::SUCCESS)
    }
}

impl ImportRois {
    /// Folder of the image that the outlines belong to.
    fn output(&self, run: &Run) -> Result<String> {
        let found = match &self.image {
            Some(name) => {
                let named = |input: &InputRecord| input.image == *name || input.output == *name;
                let mut inputs = run.journals().map(|journal| Ok(journal?.input));
                inputs.find(|input| input.as_ref().map_or(true, named)).transpose()?.map(|input| input.output)
            }
            None => {
                let folder = self.file.canonicalize().ok().and_then(|path| Some(path.parent()?.to_owned()));
                let is_home = |output: &&str| run.folder(output).canonicalize().ok() == folder;
                let only = if run.outputs.len() == 1 { run.outputs.get(0) } else { None };
                run.outputs.iter().find(is_home).or(only).map(str::to_owned)
            }
        };
        found.ok_or_else(|| {
            let cause = match &self.image {
                Some(name) => format!("the run has no image '{name}'"),
                None => "it is not clear to which image of the run the outlines belong".into(),
            };
            Error::config(cause, "name it with --image, as images.csv does in its first column")
        })
    }

    fn author(&self) -> Result<String> {
        let account = || ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
        let name = self.by.clone().or_else(account).filter(|name| !name.trim().is_empty());
        name.ok_or_else(|| Error::config("it is not known who drew the outlines", "say so with --by NAME"))
    }
}
