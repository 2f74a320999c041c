//! `cupule inspect`.

use crate::batch::{Loaded, Opening, Stored};
use crate::calibrate::{ScaleRequest, Witness};
use crate::error::Result;
use crate::image::RegionKind;
use crate::read::Limits;
use crate::results::hex;
use crate::units::PixelSize;
use crate::visible::visible;
use clap::Args;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Show what a file is: format, size, pixel size and everyone who says something about it, scale bar, checksum
///
/// Nothing is analysed. A file that is not read is named with the reason. Ends with 1 if there was one.
#[derive(Args)]
#[command(after_help = super::EXIT_CODES)]
pub struct Inspect {
    /// Micrographs
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Print JSON, one object on a line for each file: format, width, height, frames, dtype, pixel_size_nm {x, y} or null,
    /// pixel_size_source, witnesses, scale_bar {length_px, length_nm, confidence} or null, marks, warnings and
    /// sha256_frame0 (first image as stored, row by row, little-endian); or error
    #[arg(long)]
    json: bool,

    /// Edge of a pixel with its unit, such as 0.62nm: compared with what the files say
    #[arg(long, value_name = "LENGTH")]
    pixel_size: Option<PixelSize>,

    /// Let the scale bar that is drawn into an image decide its pixel size where nothing else tells it
    #[arg(long)]
    trust_scale_bar: bool,

    /// Largest image to read, px
    #[arg(long, value_name = "N", default_value_t = Limits::default().max_pixels)]
    max_pixels: u64,
}

impl Inspect {
    pub fn run(self) -> Result<ExitCode> {
        let opening = Opening {
            scale: ScaleRequest { pixel_size: self.pixel_size, trust_scale_bar: self.trust_scale_bar },
            limits: Limits::of_pixels(self.max_pixels),
        };
        let mut failed = false;
        for path in &self.files {
            let inspected = inspect(path, &opening);
            failed |= inspected.is_err();
            match (inspected, self.json) {
                (Ok((loaded, sha256)), true) => super::print(&format!("{}\n", as_json(path, &loaded, &sha256)))?,
                (Ok((loaded, sha256)), false) => super::print(&as_text(path, &loaded, &sha256))?,
                (Err(error), true) => {
                    let refusal = json!({ "file": path.display().to_string(), "error": error.to_string() });
                    super::print(&format!("{refusal}\n"))?;
                }
                (Err(error), false) => super::say(&format!("error: {error}")),
            }
        }
        Ok(if failed { ExitCode::from(1) } else { ExitCode::SUCCESS })
    }
}

/// The first image, calibrated, and the checksum of its samples as stored.
fn inspect(path: &Path, opening: &Opening) -> Result<(Loaded, String)> {
    let stored = Stored::load(path, &opening.limits)?;
    let raw = stored.raw(path, &opening.limits, 0)?;
    let sha256 = hex(&Sha256::digest(raw.samples.to_le_bytes()));
    Ok((Loaded::of(path, raw, &opening.scale)?, sha256))
}

fn as_json(path: &Path, loaded: &Loaded, sha256: &str) -> Value {
    let size = |size: Option<PixelSize>| size.map(|size| json!({ "x": size.x_nm, "y": size.y_nm }));
    let witness = |w: &Witness| {
        json!({
            "source": w.source, "pixel_size_nm": size(w.value), "raw": w.raw, "refused": w.refused, "doubt": w.doubt,
        })
    };
    let bar = loaded.scale_bar.as_ref().and_then(|bar| {
        let length_nm = bar.length_nm?;
        Some(json!({
            "length_px": bar.length_px, "length_nm": length_nm, "confidence": bar.confidence, "label": bar.label,
            "left_px": bar.left_px, "right_px": bar.right_px, "top_px": bar.top_px, "bottom_px": bar.bottom_px,
        }))
    });
    json!({
        "file": path.display().to_string(),
        "format": loaded.format,
        "width": loaded.micrograph.width,
        "height": loaded.micrograph.height,
        "frames": loaded.frames,
        "dtype": loaded.dtype,
        "pixel_size_nm": size(loaded.scale.pixel_size),
        "pixel_size_source": loaded.scale.source,
        "witnesses": loaded.scale.witnesses.iter().map(witness).collect::<Vec<_>>(),
        "scale_bar": bar,
        "marks": loaded.micrograph.marks,
        "warnings": loaded.scale.warnings,
        "sha256_frame0": sha256,
    })
}

fn as_text(path: &Path, loaded: &Loaded, sha256: &str) -> String {
    let micrograph = &loaded.micrograph;
    let (width, height) = (micrograph.width, micrograph.height);
    let mut lines = vec![(String::new(), visible(&path.display().to_string()))];
    let mut say = |name: &str, what: String| lines.push((name.into(), visible(&what)));
    let images = if loaded.frames == 1 { "1 image".into() } else { format!("{} images", loaded.frames) };
    say("format", format!("{}, {images} of {width} x {height} px, {}", loaded.format, loaded.dtype));
    say(
        "pixel size",
        match loaded.scale.pixel_size {
            Some(size) => format!("{size}, by {}", loaded.scale.source.name()),
            None => "unknown; give it with --pixel-size, such as --pixel-size 0.62nm".into(),
        },
    );
    for witness in &loaded.scale.witnesses {
        let value = witness.value.map(|value| value.to_string());
        let doubt = witness.refused.as_ref().map(|reason| format!("not used: {reason}"));
        let doubt = doubt.or(witness.doubt.as_ref().map(|doubt| format!("doubtful: {doubt}")));
        let parts = [Some(format!("'{}'", witness.raw)), value, doubt];
        say(&format!("  {}", witness.source.name()), parts.into_iter().flatten().collect::<Vec<_>>().join(", "));
    }
    say(
        "scale bar",
        match &loaded.scale_bar {
            Some(bar) => match bar.length_nm {
                Some(nm) => format!("{nm} nm over {:.1} px, confidence {:.2}", bar.length_px, bar.confidence),
                None => format!("one of {:.1} px, but its label can't be read", bar.length_px),
            },
            None => "none found".into(),
        },
    );
    for kind in [RegionKind::DataBar, RegionKind::ScaleBar, RegionKind::Text] {
        for region in micrograph.marks.iter().filter(|region| region.kind == kind) {
            let place = format!("columns {} to {}, rows {} to {}", region.x0, region.x1, region.y0, region.y1);
            say("not analysed", format!("{}: {place}", kind.name()));
        }
    }
    if micrograph.nonfinite_count > 0 {
        say("warning", format!("{} pixels are not finite", micrograph.nonfinite_count));
    }
    for warning in &loaded.scale.warnings {
        say("warning", warning.clone());
    }
    say("sha256", format!("{sha256} (first image as stored)"));
    let mut text = String::new();
    for (name, what) in lines {
        text += &if name.is_empty() { format!("{what}\n") } else { format!("  {name:<14} {what}\n") };
    }
    text
}
