//! The results of a run as they lie in its folder: the machine's findings per image, what people decided about them, the
//! record of the run. Every table, picture and page is made from these alone, so that it can be made again.
//!
//! ```text
//! DIR/run.json                     [`RunRecord`]: what was done, with what, to which images, in order
//! DIR/images/NAME/result.json      [`Findings`]: the machine's findings; never changed by a person's decision
//! DIR/images/NAME/picture.png      [`Picture`]: the image in 8-bit grey
//! DIR/images/NAME/journal.json     [`Journal`]: what they were made from, and which files the folder has; written last
//! DIR/curation.json                [`Curation`]: decisions of people, if there are any
//! ```

mod curation;
mod inputs;
mod journal;
mod listing;
mod particle;
mod picture;
pub mod record;
mod redraw;
mod rows;
mod store;

pub use curation::{CURATION, Curation, Decision};
pub use inputs::each_input;
pub use journal::{FileRecord, JOURNAL, Journal, Made, Stamp, hex, open_file, read_file, sha256_of};
pub use listing::{Listing, reading};
pub use particle::{Particle, Verdict};
pub use picture::{PICTURE, Picture, stretch};
pub use record::{RUN, RunRecord, RunStatus};
pub use redraw::{Author, Drawn, particle_id};
pub use rows::{ImageCounts, ImageRow, ScaleBarRow};
pub use store::{
    Findings, IMAGE_FILES, IMAGES, ImageResult, LABELS, OVERLAY, RESULT, Run, Totals, image_folder, is_below,
    make_folder, make_folder_unsynced,
};
