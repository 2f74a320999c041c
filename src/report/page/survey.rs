//! What the page has to know about the run before it shows anything, gathered in the first pass over the results. It keeps
//! what the page lists and totals, however many images there are.

use super::queue::{Candidate, Queue};
use super::scales::PixelSizes;
use crate::measure::Status;
use crate::purity::Assessed;
use crate::report::overlay::is_drawn;
use crate::results::{Decision, ImageResult, ImageRow, Particle, Verdict};
use std::collections::{BTreeMap, HashSet};

/// Most images that the page's tables list: some 1.5 kB each over all tables, and more than anybody reads; all of them are
/// in `images.csv`.
pub const IMAGES_LISTED: usize = 1000;
/// Most failed images that are listed: who has more looks for one cause.
pub const FAILED_LISTED: usize = 200;
/// Most images with a column of dots: a column then takes one of the chart's pixels.
const COLUMNS_MAX: usize = 1000;
/// Most dots of one image; beyond, evenly chosen ones of the sorted diameters stand for all.
pub const DOTS_MAX: usize = 120;
/// Most decisions of people that are listed; all of them are in the tables.
pub const DECISIONS_LISTED: usize = 200;

/// Most different warnings that are listed, and images that one is told of by name.
const WARNINGS_LISTED: usize = 50;
const WARNED_NAMED: usize = 3;

/// What the first pass found.
#[derive(Debug, Default)]
pub struct Survey {
    pub image_count: usize,
    pub failed_count: usize,
    /// The first images that were analysed.
    pub listed: Vec<Listed>,
    /// The first images that failed: number, name, why.
    pub failed: Vec<(usize, String, String)>,
    pub pixel_sizes: PixelSizes,
    /// Every how many-th image has a column in the chart, and those columns.
    pub every: usize,
    pub columns: Vec<Column>,
    /// What the images' warnings say.
    pub warnings: Grouped,
    /// Rejected candidates by the rule that rejected them.
    rules: BTreeMap<Option<Rule>, usize>,
    /// What people decided, the first of them, and how many that are in all.
    pub decided: Vec<Decided>,
    pub decided_count: usize,
    /// Particles that are drawn at all, and rejected ones that are not.
    pub drawn_count: usize,
    pub undrawn_count: usize,
    /// Particles whose pictures are to be in the main page.
    queue: Queue,
    /// Whether anything is drawn in an image, in the order of the run.
    has_drawn: Vec<bool>,
}

/// An image as the tables list it.
#[derive(Debug)]
pub struct Listed {
    pub number: usize,
    pub row: ImageRow,
    pub assessed: Option<Assessed>,
}

/// An image in the chart.
#[derive(Debug)]
pub struct Column {
    pub number: usize,
    /// Diameters of accepted particles, rising, nm, at most [`DOTS_MAX`].
    pub diameters_nm: Vec<f64>,
    pub median_nm: Option<f64>,
}

/// Warnings of images, those that say the same together.
#[derive(Debug, Default)]
pub struct Grouped {
    texts: BTreeMap<String, (usize, Vec<String>)>,
    /// Warnings that there was no room for.
    rest: usize,
}

impl Grouped {
    fn add(&mut self, image: &str, text: &str) {
        if self.texts.len() >= WARNINGS_LISTED && !self.texts.contains_key(text) {
            self.rest += 1;
            return;
        }
        let (count, names) = self.texts.entry(text.to_owned()).or_default();
        *count += 1;
        if names.len() < WARNED_NAMED {
            names.push(image.to_owned());
        }
    }

    /// A line per text, with the first images that it is about.
    pub fn lines(&self) -> Vec<String> {
        let line = |(text, (count, names)): (&String, &(usize, Vec<String>))| {
            let more = count - names.len();
            let more = if more > 0 { format!(" and {more} more images") } else { String::new() };
            format!("{}{more}: {text}", names.join(", "))
        };
        let mut lines: Vec<String> = self.texts.iter().map(line).collect();
        if self.rest > 0 {
            lines.push(format!("{} more warnings are in images.csv", self.rest));
        }
        lines
    }
}

/// How many candidates a rule rejected.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleCount {
    /// Column and comparison, or `None` for a person's decision.
    pub rule: Option<Rule>,
    pub count: usize,
}

/// A rule: column, comparison and threshold, as text so that equal ones are one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    pub column: String,
    pub comparison: char,
    pub threshold: String,
}

/// A particle about which a person decided.
#[derive(Debug, Clone)]
pub struct Decided {
    pub image_number: usize,
    pub machine: Option<Verdict>,
    pub status: Status,
    pub class: &'static str,
    pub decision: Decision,
}

impl Survey {
    /// Of a run of so many images.
    pub fn new(image_count: usize) -> Self {
        let has_drawn = Vec::with_capacity(image_count);
        Self { every: image_count.div_ceil(COLUMNS_MAX).max(1), has_drawn, ..Self::default() }
    }

    /// Looks at the next image of the run.
    pub fn add(&mut self, image: &ImageResult, assessed: Option<&Assessed>) {
        self.image_count += 1;
        let image_number = self.image_count;
        let drawn = self.drawn_count;
        self.add_particles(image_number, &image.particles);
        self.has_drawn.push(self.drawn_count > drawn);
        let row = &image.row;
        row.warnings.iter().for_each(|warning| self.warnings.add(&row.image, warning));
        if let Some(error) = &row.error {
            self.failed_count += 1;
            if self.failed.len() < FAILED_LISTED {
                self.failed.push((image_number, row.image.clone(), error.clone()));
            }
            return;
        }
        self.pixel_sizes.add(row.pixel_size);
        if self.listed.len() < IMAGES_LISTED {
            self.listed.push(Listed { number: image_number, row: row.clone(), assessed: assessed.cloned() });
        }
        if (image_number - 1).is_multiple_of(self.every) {
            self.columns.extend(Column::of(image_number, image));
        }
    }

    fn add_particles(&mut self, image_number: usize, particles: &[Particle]) {
        let mut vesicles = 0;
        for particle in particles {
            let rejected = !particle.is_vesicle();
            if rejected {
                *self.rules.entry(rule(particle)).or_default() += 1;
            } else {
                vesicles += 1;
            }
            if let Some(decision) = &particle.decision {
                self.decided_count += 1;
                if self.decided.len() < DECISIONS_LISTED {
                    self.decided.push(Decided {
                        image_number,
                        machine: particle.machine.clone(),
                        status: particle.status,
                        class: particle.class.name(),
                        decision: decision.clone(),
                    });
                }
            }
            if is_drawn(particle) || particle.decision.is_some() {
                let rank = if rejected { -particle.confidence.unwrap_or(1.0) } else { f64::from(vesicles) };
                self.drawn_count += 1;
                self.queue.push(Candidate { rejected, rank, image_number, id: particle.id });
            } else {
                self.undrawn_count += 1;
            }
        }
    }

    /// Rejected candidates by the rule that rejected them, most first.
    pub fn rules(&self) -> Vec<RuleCount> {
        let of = |(rule, count): (&Option<Rule>, &usize)| RuleCount { rule: rule.clone(), count: *count };
        let mut rules: Vec<RuleCount> = self.rules.iter().map(of).collect();
        rules.sort_by_key(|rule| std::cmp::Reverse(rule.count));
        rules
    }

    /// Images that were analysed.
    pub fn analysed_count(&self) -> usize {
        self.image_count - self.failed_count
    }

    /// Whether the table of images links to an image.
    pub fn is_listed(&self, image_number: usize) -> bool {
        self.listed.last().is_some_and(|last| image_number <= last.number)
    }

    /// Whether there is anything in an image that is drawn.
    pub fn has_drawn(&self, image_number: usize) -> bool {
        self.has_drawn.get(image_number - 1).copied().unwrap_or(false)
    }

    /// The particles whose pictures the main page shows: number of the image and id.
    pub fn chosen(&self) -> HashSet<(usize, u32)> {
        self.queue.chosen().collect()
    }
}

impl Column {
    /// `None` for an image without a pixel size.
    fn of(number: usize, image: &ImageResult) -> Option<Self> {
        let nm_per_px = image.row.pixel_size?.mean_nm();
        let accepted = image.particles.iter().filter(|p| p.status == Status::Accepted);
        let mut sorted: Vec<f64> =
            accepted.map(|p| p.shape.diameter_px * nm_per_px).filter(|d| d.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let every = sorted.len().div_ceil(DOTS_MAX).max(1);
        let diameters_nm = sorted.iter().copied().step_by(every).collect();
        Some(Self { number, diameters_nm, median_nm: image.row.diameter_median_nm })
    }
}

/// Which rule rejected a candidate; `None` when a person did.
fn rule(particle: &Particle) -> Option<Rule> {
    let by_person = particle.decision.as_ref().is_some_and(|decision| decision.status == Some(Status::Rejected));
    let reason = particle.machine.as_ref().and_then(|verdict| verdict.reason.as_ref()).filter(|_| !by_person)?;
    Some(Rule {
        column: reason.rule.to_string(),
        comparison: reason.comparison,
        threshold: crate::report::csv::decimal(reason.threshold),
    })
}
