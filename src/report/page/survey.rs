//! What the page has to know about the run before it shows anything: a first pass over the results, without pictures.

use crate::error::Result;
use crate::measure::Status;
use crate::report::overlay::is_drawn;
use crate::results::{Decision, ImageResult, ImageRow, Particle, Run, Verdict};
use std::collections::{BTreeMap, HashSet};

/// Most particles whose pictures are in one page: a browser shows that many at once (1,000 take half a second).
pub const THUMBS_MAX: usize = 2000;
/// Most decisions of people that are listed; all of them are in the tables.
pub const DECISIONS_LISTED: usize = 200;

/// Most different warnings that are listed, and images that one is told of by name.
const WARNINGS_LISTED: usize = 50;
const WARNED_NAMED: usize = 3;

/// What the first pass found.
#[derive(Debug, Default)]
pub struct Survey {
    /// One per input, in order.
    pub images: Vec<ImageRow>,
    /// What the images' warnings say.
    pub warnings: Grouped,
    /// Rejected candidates by the rule that rejected them, most first.
    pub rules: Vec<RuleCount>,
    /// What people decided, the first of them, and how many that are in all.
    pub decided: Vec<Decided>,
    pub decided_count: usize,
    /// Particles that are drawn at all, and rejected ones that are not.
    pub drawn_count: usize,
    pub undrawn_count: usize,
    /// Particles whose pictures are in the main page: number of the image and id.
    chosen: HashSet<(usize, u32)>,
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

/// A particle that could be shown, with its place in the queue.
struct Candidate {
    rejected: bool,
    /// Vesicles: the number within the image, so that every image gets as many. Rejected ones: rising with doubt.
    rank: f64,
    image_number: usize,
    id: u32,
}

impl Survey {
    /// Looks at every image of a run.
    ///
    /// # Errors
    /// [`crate::error::Error::Input`] when results are missing or damaged.
    pub fn of(run: &Run) -> Result<Self> {
        let mut survey = Self::default();
        let mut rules: BTreeMap<Option<Rule>, usize> = BTreeMap::new();
        let mut queue = Vec::new();
        for image in run.images() {
            survey.add(image?, &mut rules, &mut queue);
        }
        survey.rules = rules.into_iter().map(|(rule, count)| RuleCount { rule, count }).collect();
        survey.rules.sort_by_key(|rule| std::cmp::Reverse(rule.count));
        survey.drawn_count = queue.len();
        queue.sort_by(|a, b| {
            let order = a.rejected.cmp(&b.rejected).then(a.rank.total_cmp(&b.rank));
            order.then(a.image_number.cmp(&b.image_number)).then(a.id.cmp(&b.id))
        });
        survey.chosen = queue.iter().take(THUMBS_MAX).map(|c| (c.image_number, c.id)).collect();
        Ok(survey)
    }

    fn add(&mut self, image: ImageResult, rules: &mut BTreeMap<Option<Rule>, usize>, queue: &mut Vec<Candidate>) {
        let image_number = self.images.len() + 1;
        let mut vesicles = 0;
        for particle in &image.particles {
            let rejected = !particle.is_vesicle();
            if rejected {
                *rules.entry(rule(particle)).or_default() += 1;
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
                queue.push(Candidate { rejected, rank, image_number, id: particle.id });
            } else {
                self.undrawn_count += 1;
            }
        }
        image.row.warnings.iter().for_each(|warning| self.warnings.add(&image.row.image, warning));
        self.images.push(image.row);
    }

    /// Whether the main page shows a particle's picture.
    pub fn is_chosen(&self, image_number: usize, id: u32) -> bool {
        self.chosen.contains(&(image_number, id))
    }

    /// Number of particles whose pictures are in the main page.
    pub fn chosen_count(&self) -> usize {
        self.chosen.len()
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
