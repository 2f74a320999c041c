//! Which files for other programs are written where, and removed when they are no longer asked for.

use super::{Export, Exports, coco, features, imagej, labels_ome, omero, outlines, rois};
use crate::atomic::{remove_file, write_whole};
use crate::error::Result;
use crate::image::Labels;
use crate::report::Sink;
use crate::results::ImageResult;
use std::path::Path;

/// Those with a file in the folder of each image.
const PER_IMAGE: [Export; 3] = [Export::Rois, Export::Outlines, Export::LabelsOme];

/// Those that grow image by image into one file of the run.
const PER_RUN: [Export; 5] = [Export::Imagej, Export::Coco, Export::Features, Export::Omero, Export::Parquet];

/// Writes the files of one image that are asked for. Those that are not are removed: one of before a person's decisions
/// would contradict the tables.
pub(in crate::report) fn write_image(
    folder: &Path,
    image: &ImageResult,
    labels: &Labels,
    exports: &Exports,
) -> Result<()> {
    for export in PER_IMAGE {
        let path = folder.join(export.file());
        // ImageJ calls a zip without outlines damaged.
        let is_empty = export == Export::Rois && !image.particles.iter().any(|p| p.is_vesicle());
        if !exports.has(export) || is_empty {
            remove_file(&path)?;
            continue;
        }
        write_whole(&path, |out| match export {
            Export::Outlines => outlines::write_outlines(out, image),
            Export::LabelsOme => labels_ome::write_labels_ome(out, labels, image, export.file()),
            _ => rois::write_rois(out, image),
        })?;
    }
    Ok(())
}

/// Removes what [`write_image`] may have written.
pub(in crate::report) fn remove_image(folder: &Path) -> Result<()> {
    PER_IMAGE.iter().try_for_each(|export| remove_file(&folder.join(export.file())))
}

/// Starts the files of the run that are asked for, and removes those that are not.
pub(in crate::report) fn sinks(run: &Path, exports: &Exports) -> Result<Vec<Box<dyn Sink>>> {
    let mut sinks: Vec<Box<dyn Sink>> = Vec::new();
    for export in PER_RUN {
        let path = run.join(export.file());
        if !exports.has(export) {
            remove_file(&path)?;
            continue;
        }
        match export {
            Export::Imagej => sinks.push(Box::new(imagej::Imagej::create(&path)?)),
            Export::Coco => sinks.push(Box::new(coco::Coco::create(&path)?)),
            Export::Features => sinks.push(Box::new(features::Features::create(&path)?)),
            Export::Omero => sinks.push(Box::new(omero::Omero::create(&path)?)),
            #[cfg(feature = "parquet")]
            Export::Parquet => sinks.push(Box::new(super::parquet::Parquet::create(&path)?)),
            _ => {}
        }
    }
    Ok(sinks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::IMAGE_FILES;

    /// What is not on that list would be left out of journals and checksums.
    #[test]
    fn the_files_of_an_image_are_on_the_list_of_these() {
        for export in PER_IMAGE {
            assert!(IMAGE_FILES.contains(&export.file()), "{}", export.file());
        }
    }
}
