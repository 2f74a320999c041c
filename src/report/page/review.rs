//! The review: what a person needs to decide about particles, and to hand the decisions over.

use super::scales::PixelSizes;
use super::text::{count, json};
use crate::error::{Error, Result};
use crate::results::ImageRow;
use askama::Template;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// The gallery with everything around it.
#[derive(Template)]
#[template(path = "review.html")]
pub struct Review {
    /// What is shown of how many, in words.
    intro: String,
    /// Entries of the gallery, in parts.
    entries: Vec<String>,
    /// Unit of the diameters: nm, px, or both in a run where not all images have a pixel size.
    unit: &'static str,
    /// [`Named`] by number, as JSON.
    data: String,
}

/// An image as decisions name it.
#[derive(Debug, Serialize)]
pub struct Named {
    pub image: String,
    pub sha256: Option<String>,
}

impl Named {
    pub fn of(row: &ImageRow) -> Self {
        Self { image: row.image.clone(), sha256: row.input_sha256.clone() }
    }
}

impl Review {
    /// A gallery of these entries, which are of these images, by number.
    pub fn new(intro: String, entries: Vec<String>, images: &BTreeMap<usize, Named>, scales: &PixelSizes) -> Self {
        let unit = match (scales.scaled_count, scales.unscaled_count) {
            (_, 0) => "nm",
            (0, _) => "px",
            _ => "nm or px",
        };
        Self { intro, entries, unit, data: json(images) }
    }
}

impl Review {
    /// As HTML, made in one piece of memory: the entries are megabytes.
    ///
    /// # Errors
    /// [`Error::Output`] for the page at `path`.
    pub fn html(&self, path: &Path) -> Result<String> {
        /// Bytes of the template itself, at least.
        const TEMPLATE: usize = 8192;
        let entries: usize = self.entries.iter().map(String::len).sum();
        let mut html = String::with_capacity(entries + self.data.len() + TEMPLATE);
        let remedy = "report this as a fault of the program";
        self.render_into(&mut html).map_err(|error| Error::output(path, error, remedy))?;
        Ok(html)
    }
}

/// How many particles are shown, and where the others are.
pub fn intro(shown: usize, drawn: usize, undrawn: usize, elsewhere: &str) -> String {
    let mut text = format!("{} particles are shown", count(shown));
    if shown < drawn {
        text += &format!(
            " of {} (vesicles first, the same number from every image, then rejected candidates by falling confidence); {elsewhere}",
            count(drawn)
        );
    }
    text.push('.');
    if undrawn > 0 {
        text += &format!(
            " {} rejected candidates with a confidence below {} are listed in particles.csv only.",
            count(undrawn),
            crate::report::overlay::REJECTED_DRAWN_MIN
        );
    }
    text
}
