//! The figures of purity.

use super::background::Background;
use super::checklist::{Checked, checklist, statement};
use super::fraction::{Amounts, Fraction, Sums, area_fraction, number_fraction};
use super::profile::{PROFILE, Profile};
use super::{Outside, Sample};
use crate::measure::{Class, Seen, Status};
use crate::results::{ImageResult, Particle};
use crate::statistics::{Estimate, Summary, share_by_image};
use serde::{Deserialize, Serialize};

/// What the figures can and cannot say; part of every `purity.json`.
const MEANING: &str = "EV-like means the shape of a vesicle. Microscopy cannot prove where a vesicle comes from: lipoproteins \
                       and membrane fragments can look alike, and what is soluble is not seen at all. Fractions are of the \
                       things that the program outlined and could tell from empty film; most of what is below 20 nm, flat \
                       or without an edge is not among them. The true share of vesicles is therefore smaller; of the                        bounds, the one that takes the unresolved for non-EV is the nearer (most of them are, in synthetic                        scenes).";

/// Sources: Chernyshev 2015 and Cavallaro 2021, abstracts.
const OUTSIDE_NOTE: &str = "Vesicles that dried on a grid are expected to be smaller than NTA says, whose diameter is \
                            hydrodynamic and which misses most particles below 70 nm: the ratio of medians corrects nothing. \
                            NTA counts whatever scatters light, so that particles per protein are no vesicles per protein.";

/// `purity.json`, but for what it lists image by image.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Purity {
    /// What the words mean.
    pub meaning: String,
    /// What the way the fields were chosen allows to say.
    pub statement: String,
    /// One entry per class that occurs, EV-like ones first.
    pub classes: Vec<ClassTally>,
    /// EV-like particles over all particles, by number, of those that are whole in the picture; `None` without any.
    pub number_fraction: Option<Fraction>,
    /// The same by area, of all that is seen, cut off or not; interval by bootstrap over the images.
    pub area_fraction: Option<Fraction>,
    pub checklist: Vec<Item>,
    pub outside: Option<Outside>,
    /// How the figures of other methods are to be read; `None` without any.
    pub outside_note: Option<String>,
    pub warnings: Vec<String>,
    /// The limits behind checklist and warnings: ours, not a guideline's.
    pub profile: Profile,
}

/// How much of a class there is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassTally {
    pub class: Class,
    pub is_ev_like: bool,
    /// Those that are whole in the picture.
    pub count: usize,
    /// Those that the border or a mark cuts off.
    pub cut_count: usize,
    /// Area of both, as far as it is seen, µm²; `None` where no image has a pixel size.
    pub area_um2: Option<f64>,
}

/// What there is to say about one image that was analysed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assessed {
    pub tally: ImageTally,
    pub background: Background,
}

/// How much of what there is in an image, whole in the picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageTally {
    pub image: String,
    pub ev_like: usize,
    pub other: usize,
    pub unresolved: usize,
    /// EV-like over EV-like and other; `None` without either.
    pub fraction: Option<f64>,
}

/// One line of the checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub name: String,
    pub standing: Standing,
    /// What was found, or what to do.
    pub detail: String,
    /// Who asks for it.
    pub source: String,
}

/// How a line of the checklist stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Given,
    Doubtful,
    Missing,
}

/// Gathers image by image what purity is made of, and keeps of an image no more than is resampled.
#[derive(Debug, Default)]
pub struct Assessor {
    /// Whole, cut off and area (µm²) by class, in the order of [`Class::ALL`].
    classes: [(usize, usize, f64); Class::ALL.len()],
    /// Images that were analysed, and those of them with a doubtful background.
    image_count: usize,
    flagged_count: usize,
    /// Numbers of what is whole.
    counts: Sums,
    /// Areas, of images with a pixel size, µm².
    areas: Sums,
    checked: Checked,
}

impl Assessor {
    /// Takes in what an image has to say, and says what that is; `None` for one that failed.
    pub fn add(&mut self, image: &ImageResult) -> Option<Assessed> {
        let row = &image.row;
        if row.error.is_some() {
            self.checked.failed_count += 1;
            return None;
        }
        let px2_um2 = row.pixel_size.map(|p| p.x_nm * p.y_nm * 1e-6);
        let (mut counts, mut areas) = (Amounts::default(), Amounts::default());
        for (seen, class) in counted(&image.particles) {
            let area_um2 = px2_um2.map_or(0.0, |um2| seen.area_px2 * um2);
            let (whole, cut, area) = &mut self.classes[position(class)];
            *(if seen.is_cut { cut } else { whole }) += 1;
            *area += area_um2;
            *counts.of(class) += f64::from(u8::from(!seen.is_cut));
            *areas.of(class) += area_um2;
        }
        let background = Background::new(row);
        self.image_count += 1;
        self.flagged_count += usize::from(!background.flags.is_empty());
        self.counts.add(counts);
        if px2_um2.is_some() {
            self.areas.add(areas);
        }
        self.checked.add(image);
        let tally = ImageTally {
            image: row.image.clone(),
            ev_like: counts.ev_like as usize,
            other: counts.other as usize,
            unresolved: counts.unresolved as usize,
            fraction: counts.fraction(),
        };
        Some(Assessed { tally, background })
    }

    /// EV-like fraction by number, with an interval that contains the difference between images; `None` without anything
    /// that is resolved.
    pub fn ev_like_by_image(&self) -> Option<Estimate> {
        let pair = |[ev_like, other]: &[f64; 2]| (*ev_like as usize, (ev_like + other) as usize);
        share_by_image(&self.counts.resolved.iter().map(pair).collect::<Vec<_>>())
    }

    /// The figures of the run.
    pub fn finish(self, summary: &Summary, sample: Option<&Sample>) -> Purity {
        let Self { classes, image_count, flagged_count, counts, areas, checked } = self;
        let has_area = areas.count > 0;
        let tallies = Class::ALL.into_iter().zip(classes);
        let classes: Vec<ClassTally> = tallies
            .filter(|(_, (whole, cut, _))| whole + cut > 0)
            .map(|(class, (count, cut_count, area))| ClassTally {
                class,
                is_ev_like: class.is_vesicle(),
                count,
                cut_count,
                area_um2: has_area.then_some(area),
            })
            .collect();
        let ev_like = counts.sum.ev_like as usize;
        let number_fraction = number_fraction(&counts);
        let outside = sample.map(|sample| Outside::new(sample, summary)).filter(|o| *o != Outside::default());
        let mut warnings = Vec::new();
        warnings.extend(number_fraction.and_then(|fraction| unresolved(&fraction, counts.sum.unresolved as usize)));
        if ev_like == 0 && image_count > 0 {
            warnings.push("no EV-like particle is whole in any image: fractions say nothing".into());
        }
        if flagged_count > 0 {
            let doubtful = format!("the background of {flagged_count} of {image_count} images is doubtful");
            warnings.push(format!("{doubtful}: see the flags per image"));
        }
        Purity {
            meaning: MEANING.into(),
            statement: statement(sample),
            classes,
            number_fraction,
            area_fraction: area_fraction(&areas),
            checklist: checklist(&checked, (image_count, ev_like), sample),
            outside_note: outside.map(|_| OUTSIDE_NOTE.into()),
            outside,
            warnings,
            profile: PROFILE,
        }
    }
}

/// What counts, and as what. A rejected candidate is no second thing where a vesicle lies: people draw outlines beside
/// those that they reject.
fn counted(particles: &[Particle]) -> impl Iterator<Item = (Seen<'_>, Class)> {
    let drawn: Vec<&Particle> =
        particles.iter().filter(|p| p.status != Status::Rejected && p.appearance.is_none()).collect();
    particles.iter().filter_map(move |particle| {
        let seen = particle.seen();
        let (x, y) = seen.centre_px;
        let is_again = particle.status == Status::Rejected && drawn.iter().any(|d| encloses(&d.polygon, x, y));
        let class = if is_again { None } else { seen.counted() };
        class.map(|class| (seen, class))
    })
}

/// Whether a point lies in a closed polygon, by the even-odd rule.
fn encloses(polygon: &[[f64; 2]], x: f64, y: f64) -> bool {
    let ends = polygon.iter().zip(polygon.iter().cycle().skip(1));
    let crosses = |(a, b): &(&[f64; 2], &[f64; 2])| {
        (a[1] > y) != (b[1] > y) && x < a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0])
    };
    ends.filter(crosses).count() % 2 == 1
}

fn position(class: Class) -> usize {
    Class::ALL.iter().position(|c| *c == class).unwrap_or(Class::ALL.len() - 1)
}

/// What to mind where things could not be told.
fn unresolved(fraction: &Fraction, count: usize) -> Option<String> {
    (fraction.as_ev_like - fraction.as_other > UNRESOLVED_MAX).then(|| {
        format!(
            "{count} things could not be told: the EV-like fraction is {:.0} to {:.0} % depending on what they are",
            100.0 * fraction.as_other,
            100.0 * fraction.as_ev_like
        )
    })
}

/// Distance of the bounds of the EV-like fraction from which the unresolved decide about it.
const UNRESOLVED_MAX: f64 = 0.2;
