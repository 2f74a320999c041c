//! `cupule evaluate`.

use crate::atomic::write_whole;
use crate::error::{Error, Result};
use crate::evaluate::{self, Evaluation, Options};
use crate::units::PixelSize;
use clap::Args;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Compare results with a truth: vesicles found, missed and made up, and the error of the diameter
///
/// Both sides may be a folder or a file of label pictures (NAME.labels.tif or .png, NAME/labels.tif, or plain NAME.tif),
/// ImageJ ROIs (NAME.zip, NAME_RoiSet.zip, NAME.roi) or circles (NAME.csv, or one table with a column image; x_px, y_px,
/// diameter_px, or the same in nm). Regions match one to one where they share enough of their united area (IoU). Neutral,
/// neither help nor harm: true regions that touch the border or have the label 65535, predictions mostly inside one, and
/// unmatched predictions that touch the border. The group of an image is its name up to the last hyphen. What can't be
/// computed (0/0) is '-' in the tables and null in JSON.
#[derive(Args)]
#[command(after_help = super::EXIT_CODES)]
pub struct Evaluate {
    /// Folder or file of the true outlines
    #[arg(long, value_name = "PATH")]
    truth: PathBuf,

    /// Folder or file of the outlines to judge, such as the --out of 'cupule analyze'
    #[arg(long, value_name = "PATH")]
    pred: PathBuf,

    /// Write everything as JSON, every match included; - for standard output, without the tables
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Show every image in the tables
    #[arg(long)]
    per_image: bool,

    /// Least IoU of a match, above 0, up to 1
    #[arg(long, value_name = "SHARE", default_value_t = Options::default().iou_min, allow_negative_numbers = true)]
    iou: f64,

    /// Edge of a pixel with its unit, such as 0.62nm; overrides what the files say [default: from the label pictures]
    #[arg(long, value_name = "LENGTH")]
    pixel_size: Option<PixelSize>,
}

impl Evaluate {
    pub fn run(self) -> Result<ExitCode> {
        let options = Options { iou_min: self.iou, pixel_size: self.pixel_size };
        let evaluation = evaluate::run(&self.truth, &self.pred, options)?;
        for warning in &evaluation.warnings {
            super::say(&format!("warning: {warning}"));
        }
        let unused = &evaluation.unused_predictions;
        if !unused.is_empty() {
            super::say(&format!(
                "warning: {} predictions have no truth and are passed over: {}",
                unused.len(),
                unused.join(", ")
            ));
        }
        match &self.json {
            Some(path) if path == Path::new("-") => super::print(&json(&evaluation)?)?,
            target => {
                if let Some(path) = target {
                    let text = json(&evaluation)?;
                    write_whole(path, |out| out.write_all(text.as_bytes()))?;
                }
                super::print(&evaluate::table(&evaluation, self.per_image))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn json(evaluation: &Evaluation) -> Result<String> {
    let text = serde_json::to_string_pretty(evaluation);
    text.map(|text| text + "\n").map_err(|error| Error::output("JSON".as_ref(), error, "report this as a fault"))
}
