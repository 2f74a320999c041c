//! Looks at the shards before anything is done with them: whether they are all of one plan and go together.

use crate::error::{Error, Result};
use crate::purity::SAMPLE;
use crate::results::record::ChunkRecord;
use crate::results::{CURATION, Listing, RUN, RunRecord, RunStatus, read_file, reading};
use crate::stop;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Most reasons that are told, and most numbers of chunks in one of them.
const REASONS_MAX: usize = 20;

/// The finished run of a chunk.
pub struct Shard {
    pub dir: PathBuf,
    pub record: RunRecord,
    pub chunk: ChunkRecord,
    pub outputs: Listing,
    /// What is said about the sample.
    sample: Option<Vec<u8>>,
}

/// Reads all shards, in the order of their chunks.
///
/// # Errors
/// [`Error::NoInput`] that says why they can't be put together: what is missing, there twice, unfinished or different.
pub fn collect(dirs: &[PathBuf]) -> Result<Vec<Shard>> {
    let read: Vec<std::result::Result<Shard, String>> = reading(|| dirs.par_iter().map(|dir| read(dir)).collect());
    stop::check()?;
    let (mut shards, mut reasons) = (Vec::new(), Vec::new());
    for shard in read {
        match shard {
            Ok(shard) => shards.push(shard),
            Err(reason) => reasons.push(reason),
        }
    }
    shards.sort_by(|a, b| a.chunk.number.cmp(&b.chunk.number).then_with(|| a.dir.cmp(&b.dir)));
    if let Some(first) = shards.first() {
        reasons.extend(shards.iter().filter_map(|shard| difference(first, shard)));
        reasons.extend(absence(&shards));
    }
    if reasons.is_empty() {
        return Ok(shards);
    }
    let more = reasons.len().saturating_sub(REASONS_MAX);
    reasons.truncate(REASONS_MAX);
    if more > 0 {
        reasons.push(format!("and {more} more reasons"));
    }
    let cause = format!("these are not the shards of one run: {}", reasons.join("; "));
    Err(Error::no_input(
        cause,
        "do what is missing with 'cupule analyze --list', then merge all of the same plan again",
    ))
}

fn read(dir: &Path) -> std::result::Result<Shard, String> {
    let here = dir.display();
    let (record, outputs) = match RunRecord::read(dir) {
        Ok(Some(run)) => run,
        Ok(None) => return Err(format!("{here} holds no results (no {RUN})")),
        Err(error) => return Err(error.to_string()),
    };
    let Some(chunk) = record.chunk.clone() else { return Err(format!("{here} is no chunk of a plan")) };
    if record.status == RunStatus::Unfinished {
        return Err(format!("{here} ({}) is not finished", chunk.name()));
    }
    if !(1..=chunk.of).contains(&chunk.number) {
        return Err(format!("{here} says that it is {}: its {RUN} was changed", chunk.name()));
    }
    if record.cupule_version != VERSION {
        let theirs = &record.cupule_version;
        return Err(format!(
            "{here} ({}) is of version {theirs}, this is {VERSION}: merge with that one",
            chunk.name()
        ));
    }
    if dir.join(CURATION).exists() {
        return Err(format!("{here} holds decisions of a person ({CURATION}), which are for the merged results"));
    }
    Ok(Shard { dir: dir.to_owned(), record, chunk, outputs, sample: read_file(&dir.join(SAMPLE)).ok() })
}

/// In what a shard differs from the first one.
fn difference(first: &Shard, shard: &Shard) -> Option<String> {
    let (here, there) = (shard.dir.display(), first.dir.display());
    let of_plan = |shard: &Shard| (shard.chunk.plan.clone(), shard.chunk.of);
    if of_plan(shard) != of_plan(first) {
        return Some(format!("{here} is {}, {there} is {}", shard.chunk.name(), first.chunk.name()));
    }
    let (ours, theirs) = (shard.record.settings(), first.record.settings());
    if let Some(key) = ours.keys().chain(theirs.keys()).find(|key| ours.get(*key) != theirs.get(*key)) {
        let value = |settings: &BTreeMap<String, String>| settings.get(key).cloned().unwrap_or_else(|| "none".into());
        return Some(format!("{key} is {} in {here}, {} in {there}", value(&ours), value(&theirs)));
    }
    if shard.record.exports != first.record.exports {
        return Some(format!("{here} and {there} have other --export files"));
    }
    (shard.sample != first.sample).then(|| format!("{here} and {there} say other things about the sample ({SAMPLE})"))
}

/// Chunks that are missing or there twice, of shards in the order of their numbers.
fn absence(shards: &[Shard]) -> Vec<String> {
    let mut reasons = Vec::new();
    for pair in shards.windows(2).filter(|pair| pair[0].chunk.number == pair[1].chunk.number) {
        let [one, other] = pair else { continue };
        let dirs = (one.dir.display(), other.dir.display());
        reasons.push(format!("{} is there twice, in {} and {}", one.chunk.name(), dirs.0, dirs.1));
    }
    let of = shards.iter().map(|shard| shard.chunk.of).max().unwrap_or(0);
    let there: BTreeSet<usize> = shards.iter().map(|shard| shard.chunk.number).collect();
    let missing = of - there.len();
    if missing > 0 {
        let absent = (1..=of).filter(|number| !there.contains(number));
        let named: Vec<String> = absent.take(REASONS_MAX).map(|number| number.to_string()).collect();
        let more = missing - named.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        reasons.push(format!("of {of} chunks these are missing: {}{more}", named.join(", ")));
    }
    reasons
}
