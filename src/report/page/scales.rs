//! The pixel sizes of a run, in a line.

use super::text::{UNKNOWN, count};
use crate::units::PixelSize;
use std::collections::BTreeMap;

/// Pixel sizes that are listed; more are given as a range.
const LISTED: usize = 3;
/// Different pixel sizes that are told apart: they come from a microscope's few magnifications, or from a bar in every
/// picture, and then their number says no more.
const TOLD_APART: usize = 1000;

/// Which pixel sizes there are, and how many images have them.
#[derive(Debug, Default)]
pub struct PixelSizes {
    counts: BTreeMap<String, (PixelSize, usize)>,
    smallest: Option<PixelSize>,
    largest: Option<PixelSize>,
    /// Whether there are others than those that were counted.
    has_more: bool,
    /// Images that were analysed and have none.
    pub unscaled_count: usize,
    /// Images that have one.
    pub scaled_count: usize,
}

impl PixelSizes {
    /// Takes in that of an image that was analysed.
    pub fn add(&mut self, pixel_size: Option<PixelSize>) {
        let Some(pixel_size) = pixel_size else {
            self.unscaled_count += 1;
            return;
        };
        self.scaled_count += 1;
        let is_beyond = |known: Option<PixelSize>, beyond: fn(f64, f64) -> bool| {
            known.is_none_or(|known| beyond(pixel_size.mean_nm(), known.mean_nm()))
        };
        if is_beyond(self.smallest, |new, known| new < known) {
            self.smallest = Some(pixel_size);
        }
        if is_beyond(self.largest, |new, known| new > known) {
            self.largest = Some(pixel_size);
        }
        let text = pixel_size.to_string();
        if self.counts.len() < TOLD_APART || self.counts.contains_key(&text) {
            self.counts.entry(text).or_insert((pixel_size, 0)).1 += 1;
        } else {
            self.has_more = true;
        }
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut sizes: Vec<&(PixelSize, usize)> = self.counts.values().collect();
        sizes.sort_by(|a, b| a.0.mean_nm().total_cmp(&b.0.mean_nm()));
        let mut parts: Vec<String> = match (self.smallest, self.largest) {
            (Some(smallest), Some(largest)) if sizes.len() > LISTED => {
                let more = if self.has_more { "more than " } else { "" };
                vec![format!("{smallest} to {largest}, {more}{} different ones", sizes.len())]
            }
            _ if sizes.len() == 1 && self.unscaled_count == 0 => vec![sizes[0].0.to_string()],
            _ => sizes.iter().map(|(size, n)| format!("{size} ({} images)", count(*n))).collect(),
        };
        if self.unscaled_count > 0 {
            let without = count(self.unscaled_count);
            parts.push(format!("not known ({without} images): their sizes are in px and in no figure"));
        }
        if parts.is_empty() { UNKNOWN.into() } else { parts.join(", ") }
    }
}
