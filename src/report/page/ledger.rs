//! What the page tells of the journals, gathered in one pass over them: the files that were analysed, and what was said about
//! their pixel sizes.

use super::survey::IMAGES_LISTED;
use crate::error::Result;
use crate::results::Run;
use crate::results::record::InputRecord;
use serde_json::Value;
use std::collections::HashMap;

/// Names of images that are listed for one hearing; the others are counted.
pub const NAMES_MAX: usize = 3;
/// Most hearings that are told. Files of one microscope say the same but for a few words; where scale bars are read, every
/// image has a hearing of its own, and 200 of these are more than anybody reads.
const HEARINGS_MAX: usize = 200;

/// What the journals say.
#[derive(Debug, Default)]
pub struct Ledger {
    /// The first files: number and record.
    pub files: Vec<(usize, InputRecord)>,
    pub file_count: usize,
    /// In the order of the first image of each.
    pub hearings: Vec<Hearing>,
    /// Images of which something else was said than what is told.
    pub untold_count: usize,
}

/// Images of which the same was said.
#[derive(Debug)]
pub struct Hearing {
    pub scale: Value,
    /// The first of them: number and name.
    pub first: Vec<(usize, String)>,
    pub count: usize,
}

impl Ledger {
    /// Reads the journals of a run.
    ///
    /// # Errors
    /// [`crate::error::Error::Input`] when one is missing or damaged.
    pub fn of(run: &Run) -> Result<Self> {
        let mut ledger = Self::default();
        // Place of a hearing by its text.
        let mut places: HashMap<String, usize> = HashMap::new();
        for (number, journal) in (1..).zip(run.journals()) {
            let journal = journal?;
            if let Some(scale) = journal.scale {
                ledger.hear(&mut places, scale, number, &journal.input.image);
            }
            ledger.file_count += 1;
            if ledger.files.len() < IMAGES_LISTED {
                ledger.files.push((number, journal.input));
            }
        }
        Ok(ledger)
    }

    fn hear(&mut self, places: &mut HashMap<String, usize>, scale: Value, number: usize, image: &str) {
        let text = scale.to_string();
        let place = match places.get(&text) {
            Some(place) => *place,
            None if self.hearings.len() == HEARINGS_MAX => {
                self.untold_count += 1;
                return;
            }
            None => {
                places.insert(text, self.hearings.len());
                self.hearings.push(Hearing { scale, first: Vec::new(), count: 0 });
                self.hearings.len() - 1
            }
        };
        let hearing = &mut self.hearings[place];
        hearing.count += 1;
        if hearing.first.len() < NAMES_MAX {
            hearing.first.push((number, image.to_owned()));
        }
    }
}
