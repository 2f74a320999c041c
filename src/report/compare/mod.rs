//! Runs side by side: `compare.csv`, `compare.json` and one page, `compare.html`.

mod caution;
mod contrast;
mod figures;
mod names;
mod page;
mod tables;

pub use contrast::Contrast;
pub use tables::text;

use crate::atomic::write_json;
use crate::error::Result;
use crate::purity::{Assessor, Purity, SAMPLE, Sample};
use crate::results::{Run, RunRecord};
use crate::statistics::{Collector, Estimate, Population, Summary, summarize};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// One of the runs.
pub struct Member {
    /// What tells it from the others: the end of its path.
    pub name: String,
    pub dir: PathBuf,
    pub record: RunRecord,
    pub image_count: usize,
    /// Checksums of the files that were analysed.
    checksums: BTreeSet<String>,
    pub population: Population,
    pub summary: Summary,
    pub purity: Purity,
    /// EV-like fraction by number with an interval by image.
    ev_like_by_image: Option<Estimate>,
    pub sample: Option<Sample>,
    /// Decisions of people that count in it.
    pub decision_count: usize,
}

/// Runs, each held against the first.
pub struct Comparison {
    pub members: Vec<Member>,
    pub contrasts: Vec<Contrast>,
    /// What to mind when they are compared; what concerns one run alone is in its summary.
    pub warnings: Vec<String>,
}

impl Member {
    /// Reads the results of a run, one image in memory at a time.
    ///
    /// # Errors
    /// [`crate::error::Error::Input`] when results are missing or damaged; [`crate::error::Error::Config`] for its
    /// `sample.toml`.
    pub fn read(run: Run) -> Result<Self> {
        let sample = Sample::read_if_any(&run.dir.join(SAMPLE))?;
        let (mut collector, mut assessor) = (Collector::default(), Assessor::default());
        for image in run.images() {
            let image = image?;
            collector.add(&image);
            assessor.add(&image);
        }
        let population = collector.finish();
        let summary = summarize(&population);
        let ev_like_by_image = assessor.ev_like_by_image();
        let purity = assessor.finish(&summary, sample.as_ref());
        let decision_count = run.curation.decisions.len();
        let mut checksums = BTreeSet::new();
        for journal in run.journals() {
            checksums.extend(journal?.input.sha256);
        }
        let (image_count, Run { dir, record, .. }) = (run.outputs.len(), run);
        let name = String::new();
        Ok(Self {
            name,
            dir,
            record,
            image_count,
            checksums,
            population,
            summary,
            purity,
            ev_like_by_image,
            sample,
            decision_count,
        })
    }
}

impl Comparison {
    /// Of two or more runs.
    pub fn new(mut members: Vec<Member>) -> Self {
        let names = names::names(&members.iter().map(|member| member.dir.clone()).collect::<Vec<_>>());
        members.iter_mut().zip(names).for_each(|(member, name)| member.name = name);
        let contrasts = members.iter().skip(1).map(|other| Contrast::new(&members[0], other)).collect();
        let warnings = caution::warnings(&members);
        Self { members, contrasts, warnings }
    }

    /// Writes `compare.csv`, `compare.json` and `compare.html` into a folder that exists.
    ///
    /// # Errors
    /// [`crate::error::Error::Output`].
    pub fn write(&self, dir: &Path) -> Result<()> {
        tables::write_csv(&dir.join("compare.csv"), self)?;
        write_json(&dir.join("compare.json"), &self.json())?;
        page::write(&dir.join("compare.html"), self)
    }

    fn json(&self) -> impl Serialize + use<'_> {
        #[derive(Serialize)]
        struct Json<'a> {
            format: &'a str,
            cupule_version: &'a str,
            runs: Vec<One<'a>>,
            /// Each run against the first.
            differences: &'a [Contrast],
            warnings: &'a [String],
        }
        #[derive(Serialize)]
        struct One<'a> {
            name: &'a str,
            sample: Option<&'a str>,
            cupule_version: &'a str,
            statistics: &'a Summary,
            purity: &'a Purity,
        }
        Json {
            format: "cupule comparison",
            cupule_version: env!("CARGO_PKG_VERSION"),
            runs: self
                .members
                .iter()
                .map(|member| One {
                    name: &member.name,
                    sample: member.sample.as_ref().and_then(|sample| sample.name.as_deref()),
                    cupule_version: &member.record.cupule_version,
                    statistics: &member.summary,
                    purity: &member.purity,
                })
                .collect(),
            differences: &self.contrasts,
            warnings: &self.warnings,
        }
    }
}
