//! What is known about an image, as the row of a table has it.

use super::{Frame, Frames, Loaded};
use crate::gpu::DeviceInfo;
use crate::image::{self, Source};
use crate::measure::Status;
use crate::pipeline::{self, Analysis};
use crate::results::{ImageCounts, ImageRow, ScaleBarRow};

/// What was read.
pub(super) fn describe_input(row: &mut ImageRow, loaded: &Loaded, frame: Frame, asked: Frames) {
    let micrograph = &loaded.micrograph;
    row.format = Some(loaded.format.into());
    row.width_px = Some(micrograph.width);
    row.height_px = Some(micrograph.height);
    row.pixel_size = micrograph.pixel_size;
    row.pixel_size_source = Some(loaded.scale.source.name().into());
    row.nonfinite_count = Some(micrograph.nonfinite_count);
    row.frame_count = Some(loaded.frames);
    row.frame = Some(match frame {
        Frame::Index(index) => index.to_string(),
        Frame::Mean => "mean".into(),
    });
    row.scale_bar = loaded.scale_bar.as_ref().and_then(|bar| {
        Some(ScaleBarRow { length_nm: bar.length_nm?, length_px: bar.length_px, confidence: bar.confidence })
    });
    let covered = image::covered(&micrograph.marks, (micrograph.width, micrograph.height));
    row.covered_share =
        Some(covered.iter().filter(|&&c| c).count() as f64 / (micrograph.width * micrograph.height) as f64);
    row.warnings.clone_from(&loaded.scale.warnings);
    if loaded.frames > 1 && asked == Frames::default() {
        row.warnings.push(format!(
            "image 0 of {} was analysed; --frame chooses another, all of them or their mean",
            loaded.frames
        ));
    }
    // That a print resolution is not used goes without saying.
    for witness in loaded.scale.witnesses.iter().filter(|witness| witness.source != Source::Print) {
        if let Some(refused) = &witness.refused {
            row.warnings.push(format!("pixel size of {} not used: {refused}", witness.source.name()));
        }
    }
    if micrograph.pixel_size.is_none() {
        row.warnings.push(format!(
            "no pixel size: sizes are in pixels only, and vesicles were looked for as if a pixel were {:.2} nm; give it with \
             --pixel-size, for example --pixel-size 0.62nm",
            pipeline::assumed_pixel_nm(micrograph)
        ));
    }
}

/// What was found, and on which device.
pub(super) fn describe_analysis(row: &mut ImageRow, analysis: &Analysis, device: &DeviceInfo) {
    let count = |status| analysis.measured.particles.iter().filter(|p| p.status == status).count();
    row.counts = Some(ImageCounts {
        contour: analysis.contour_count,
        suppressed: analysis.measured.suppressed_count,
        accepted: count(Status::Accepted),
        border: count(Status::Border),
        rejected: count(Status::Rejected),
    });
    row.background_grey = Some(analysis.background.grey);
    row.background_swing = Some(analysis.background.swing_grey);
    row.noise_grey = Some(analysis.background.noise_grey);
    row.quality = Some(analysis.quality);
    row.device = Some(device.name.clone());
}
