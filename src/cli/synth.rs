//! `cupule synth`.

use crate::error::Result;
use crate::synth::{self, Kind, Options};
use crate::units::PixelSize;
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// Make synthetic micrographs whose vesicles are known exactly
///
/// Writes images/NAME.tif (16 bit, calibrated), truth/NAME.labels.tif (which pixel belongs to which vesicle), truth.csv
/// (every vesicle and every piece of clutter) and scenes.csv. The same seed and options give the same bytes.
#[derive(Args)]
pub struct Synth {
    /// Folder for the set; created if missing
    #[arg(long, short, value_name = "DIR")]
    out: PathBuf,

    /// Seed of the random numbers
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// How many micrographs
    #[arg(long, short = 'n', value_name = "N", default_value_t = 10)]
    count: usize,

    /// Kinds of scene to cycle through, separated by commas: clean, cup, halo, clutter, dense, cryo, dark, faint, coarse,
    /// mixed, empty [default: all]
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    kind: Vec<Kind>,

    /// Width and height, px, such as 1024x768 [default: drawn for each]
    #[arg(long, value_name = "WxH", value_parser = size)]
    size: Option<(usize, usize)>,

    /// Edge of a pixel with its unit, such as 0.6nm [default: drawn for each]
    #[arg(long, value_name = "LENGTH")]
    pixel_size: Option<PixelSize>,
}

fn size(text: &str) -> std::result::Result<(usize, usize), String> {
    let wrong = || format!("'{text}' is not a size: write width x height in px, such as 1024x768");
    let (width, height) = text.split_once(['x', 'X']).ok_or_else(wrong)?;
    Ok((width.trim().parse().map_err(|_| wrong())?, height.trim().parse().map_err(|_| wrong())?))
}

impl Synth {
    pub fn run(self) -> Result<ExitCode> {
        let options = Options {
            width_px: self.size.map(|size| size.0),
            height_px: self.size.map(|size| size.1),
            pixel_size_nm: self.pixel_size.map(|p| p.mean_nm()),
            kinds: self.kind,
        };
        let made = synth::write(&self.out, self.count, self.seed, &options)?;
        let (images, vesicles, others) = (made.images, made.vesicles, made.others);
        super::say(&format!(
            "micrographs: {images}, vesicles: {vesicles}, other things: {others}; in {}",
            self.out.display()
        ));
        Ok(ExitCode::SUCCESS)
    }
}
