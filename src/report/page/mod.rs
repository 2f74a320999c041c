//! `report.html`: the run for people, in one file.
//!
//! The page needs nothing from outside, can be read and printed without its script, and never grows beyond what a browser
//! shows at once: what has no room in it is on pages per image below `pages/`, and where a list ends before its end the
//! page says which table has all of it.

pub mod chart;
pub mod document;
mod gallery;
mod gather;
mod histogram;
mod ledger;
mod outline;
mod parts;
mod paths;
mod queue;
mod review;
mod scales;
mod survey;
pub mod table;
pub mod text;
mod thumbs;
mod view;

pub(super) use survey::Survey;

use crate::atomic::remove_file;
use crate::error::Result;
use crate::purity::{Purity, Sample};
use crate::report::columns::{IMAGES, Value};
use crate::results::{ImageRow, Run};
use crate::statistics::{Population, Summary};
use document::{Document, Section};
use gather::gather;
use ledger::Ledger;
use parts::{glance, images, methods, purity, rejected, scale, shapes, sizes};
pub use paths::{PAGES, page_name};
use queue::THUMBS_MAX;
use review::{Review, intro};

/// Name of the file in a run's folder.
pub const REPORT: &str = "report.html";
/// What stands behind the name of a page.
const PROGRAM: &str = "cupule report";
const STYLE: &str = include_str!("assets/report.css");
/// The script in parts, each a function of its own.
const SCRIPT: &str = concat!(include_str!("assets/zoom.js"), include_str!("assets/review.js"));

/// What the page is made from.
pub struct Page<'a> {
    pub run: &'a Run,
    pub population: &'a Population,
    pub summary: &'a Summary,
    pub purity: &'a Purity,
    pub sample: Option<&'a Sample>,
}

/// Removes the pages that an earlier run left: they would be taken for this one's.
///
/// # Errors
/// [`crate::error::Error::Output`].
pub fn remove_pages(run: &Run) -> Result<()> {
    remove_file(&run.dir.join(REPORT))?;
    if !run.dir.join(PAGES).exists() {
        return Ok(());
    }
    run.outputs.iter().try_for_each(|output| remove_file(&page_name(&run.dir, output).path))
}

/// Writes `report.html`, and a page per image below `pages/` where it would become too large. The survey is of all images.
///
/// # Errors
/// [`crate::error::Error::Output`]; [`crate::error::Error::Input`] when results of the run are damaged.
pub(super) fn write_page(page: &Page<'_>, survey: Survey) -> Result<()> {
    let path = page.run.dir.join(REPORT);
    let mut gathered = gather(page.run, &survey)?;
    let elsewhere = match survey.listed.len() < survey.analysed_count() {
        false => "the others are on the pages of the images, which the table of images links to",
        true => "the others are on the pages of the images, in the folder pages beside this file",
    };
    let shown = survey.drawn_count.min(THUMBS_MAX);
    let words = intro(shown, survey.drawn_count, survey.undrawn_count, elsewhere);
    let entries = std::mem::take(&mut gathered.entries);
    let review = Review::new(words, entries, &gathered.named, &survey.pixel_sizes).html(&path)?;
    let ledger = Ledger::of(page.run)?;
    let section = |id, title, html| Section { id, title, html };
    let sections = [
        section("glance", "At a glance", glance::html(page, &survey)),
        section("sizes", "Size distribution", sizes::html(page.population, page.summary)),
        section("images", "Images", images::html(&survey, &gathered)),
        section("pictures", "Pictures", images::pictures(&survey, &gathered)),
        section("particles-of-run", "Particles and review", review),
        section("shapes", "Shapes and cups", shapes::html(page.population, page.summary)),
        section("rejected", "Rejected candidates and decisions", rejected::html(&survey, page.population)),
        section("purity", "Purity", purity::html(page.purity, &survey)),
        section("scale", "Calibration", scale::html(&ledger)),
        section("methods", "Methods and provenance", methods::html(page.run, page.sample, &ledger)),
    ];
    let sample = page.sample.and_then(|sample| sample.name.as_deref()).map(crate::visible::visible);
    let title = sample.map_or_else(|| PROGRAM.into(), |name| format!("{name} · {PROGRAM}"));
    let footer = format!(
        "Made by cupule {} from the results of the run; the tables beside this file (particles.csv, images.csv, \
         statistics.json, purity.json) hold all figures.",
        text::escape(&page.run.record.cupule_version)
    );
    document(&title, &glance::header(page), &sections, &footer).write(&path)
}

/// A page with the report's looks and its script.
fn document<'a>(title: &'a str, header: &'a str, sections: &'a [Section], footer: &'a str) -> Document<'a> {
    Document::new(title, header, sections, footer, STYLE, SCRIPT)
}

/// All that is known about an image, as in `images.csv`.
fn facts_of_image(row: &ImageRow) -> String {
    let lines: Vec<(&str, String)> = IMAGES
        .iter()
        .filter_map(|column| {
            let value = match (column.get)(row) {
                Value::Missing => return None,
                Value::Text(text) if text.is_empty() => return None,
                Value::Text(text) => text::name(&text),
                Value::Number(number) => crate::report::csv::decimal(number),
                Value::Integer(integer) => integer.to_string(),
            };
            Some((column.name, value))
        })
        .collect();
    table::facts(&lines)
}
