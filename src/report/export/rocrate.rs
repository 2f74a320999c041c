//! `ro-crate-metadata.json`: who may look for what in the run's folder, as an RO-Crate with one run of a program.
//!
//! After RO-Crate 1.1 (w3id.org/ro/crate/1.1) and Process Run Crate 0.5 (w3id.org/ro/wfrun/process/0.5), which builds on it.
//! The micrographs are not in the folder: they are files by name, size and checksum with identifiers of the document
//! itself (`#input-1`), which RO-Crate 1.2 has for files that are deliberately not there. What is not known, such as the
//! person who started the program, is left out; a licence must be there, so that none was stated is said in words.

use super::datapackage;
use crate::atomic::{WholeFile, output_error};
use crate::error::Result;
use crate::purity::{SAMPLE, Sample};
use crate::report::checksums::CHECKSUMS;
use crate::report::figures::FIGURES;
use crate::report::inventory::{ENTRIES, Sort};
use crate::report::page::PAGES;
use crate::results::record::InputRecord;
use crate::results::{CURATION, RUN, Run};
use crate::visible::visible;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;

/// Name of the file.
pub(in crate::report) const FILE: &str = "ro-crate-metadata.json";
const SPECIFICATION: &str = "https://w3id.org/ro/crate/1.1";
const PROFILE: &str = "https://w3id.org/ro/wfrun/process/0.5";
/// Of the checksum, which the context of version 1.1 does not have yet, and that of 1.2 has from there.
const SHA256: &str = "http://schema.org/sha256";
const NO_LICENSE: &str = "No licence was stated. Ask those who made these results before you use them.";
/// Where the program can be had; empty where that is not known.
const HOME: &str = env!("CARGO_PKG_REPOSITORY");

/// Writes the file; the others are to be in their places, but for `run.json` and the list of checksums.
pub(in crate::report) fn write(run: &Run, sample: Option<&Sample>) -> Result<()> {
    let path = run.dir.join(FILE);
    let mut graph = Graph { path: &path, file: WholeFile::create(&path)?, is_begun: false };
    let files = files(run);
    graph.add(&json!({ "@id": FILE, "@type": "CreativeWork", "conformsTo": reference(SPECIFICATION), "about": reference("./") }))?;
    graph.add(&root(run, sample, &files))?;
    graph.add(&json!({ "@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5" }))?;
    graph.add(&program(run))?;
    let settings = settings(run);
    // What people said or decided is not of the program's making, and the list is about the others.
    let names = files.iter().filter_map(|file| file["@id"].as_str());
    let results = names.filter(|name| ![CURATION, SAMPLE, CHECKSUMS].contains(name));
    let action = json!({
        "@id": "#analysis",
        "@type": "CreateAction",
        "name": "Analysis of the micrographs",
        "description": visible(&run.record.command.join(" ")),
        "instrument": reference(program_id()),
        "result": results.map(reference).collect::<Vec<_>>(),
        "startTime": time(&run.record.started_utc),
        "endTime": time(&run.record.finished_utc),
        "actionStatus": "http://schema.org/CompletedActionStatus",
    });
    graph.add(&Action { facts: action, object: Objects { settings: &settings, inputs: run.outputs.len() } })?;
    settings.iter().try_for_each(|setting| graph.add(setting))?;
    curation(run).iter().try_for_each(|entity| graph.add(entity))?;
    files.iter().try_for_each(|file| graph.add(file))?;
    for (number, journal) in (1..).zip(run.journals()) {
        graph.add(&input(number, &journal?.input))?;
    }
    graph.finish()
}

/// Removes the file.
pub(in crate::report) fn remove(run: &Path) -> Result<()> {
    crate::atomic::remove_file(&run.join(FILE))
}

/// The document while it grows, one entity per line.
struct Graph<'a> {
    path: &'a Path,
    file: WholeFile,
    is_begun: bool,
}

impl Graph<'_> {
    fn add(&mut self, entity: &impl Serialize) -> Result<()> {
        let start = if self.is_begun {
            ",\n".to_owned()
        } else {
            let context = json!([format!("{SPECIFICATION}/context"), { "sha256": SHA256 }]);
            format!("{{\"@context\":{context},\"@graph\":[\n")
        };
        self.is_begun = true;
        let mut put = || {
            self.file.write_all(start.as_bytes())?;
            serde_json::to_writer(&mut self.file, entity).map_err(std::io::Error::from)
        };
        put().map_err(|error| output_error(self.path, &error))
    }

    fn finish(mut self) -> Result<()> {
        self.file.write_all(b"\n]}\n").map_err(|error| output_error(self.path, &error))?;
        self.file.commit()
    }
}

fn reference(id: &str) -> Value {
    json!({ "@id": id })
}

/// References to several entities, or to the only one.
fn references(ids: impl IntoIterator<Item = String>) -> Value {
    let mut references: Vec<Value> = ids.into_iter().map(|id| reference(&id)).collect();
    if references.len() == 1 { references.remove(0) } else { references.into() }
}

/// A time with its zone as the validators of the profile want it.
fn time(utc: &str) -> String {
    utc.strip_suffix('Z').map_or_else(|| utc.to_owned(), |time| format!("{time}+00:00"))
}

fn root(run: &Run, sample: Option<&Sample>, files: &[Value]) -> Value {
    let finished = &run.record.finished_utc;
    let what = sample.and_then(|sample| sample.name.as_deref()).map_or_else(
        || format!("{} images, finished {finished}", run.outputs.len()),
        |name| format!("sample {}", visible(name)),
    );
    let actions = ["#analysis", "#curation"].into_iter().take(1 + usize::from(!run.curation.decisions.is_empty()));
    json!({
        "@id": "./",
        "@type": "Dataset",
        "conformsTo": reference(PROFILE),
        "name": format!("EV-like particles in transmission electron micrographs: {what}"),
        "description": "Sizes, shapes and outlines of EV-like particles, found by cupule. EV-like means the shape of a \
                        vesicle; a micrograph cannot tell where it comes from. The micrographs are not part of this crate.",
        "dateCreated": finished,
        "datePublished": finished,
        "license": NO_LICENSE,
        "hasPart": files.iter().map(|file| json!({ "@id": file["@id"] })).collect::<Vec<_>>(),
        "mentions": references(actions.map(str::to_owned)),
    })
}

fn program_id() -> &'static str {
    if HOME.is_empty() { "#cupule" } else { HOME }
}

fn program(run: &Run) -> Value {
    let mut program = json!({
        "@id": program_id(),
        "@type": "SoftwareApplication",
        "name": "cupule",
        "description": env!("CARGO_PKG_DESCRIPTION"),
        "softwareVersion": run.record.cupule_version,
    });
    if !HOME.is_empty() {
        program["url"] = HOME.into();
    }
    program
}

/// The settings that are known, and the device, as properties with a name and a value.
fn settings(run: &Run) -> Vec<Value> {
    let property = |id: String, name: &str, value: Value, about: String| json!({ "@id": id, "@type": "PropertyValue", "name": name, "value": value, "description": about });
    let settings = crate::results::record::leaves(&run.record.config);
    let mut properties: Vec<Value> = settings
        .iter()
        .filter_map(|(name, text)| {
            let value = match serde_json::from_str(text).ok()? {
                Value::Null => return None,
                Value::Array(_) => Value::from(text.as_str()),
                value => value,
            };
            Some(property(format!("#setting-{name}"), name, value, "Setting of the run.".into()))
        })
        .collect();
    let device = &run.record.device;
    if !device.name.is_empty() {
        let known = [("backend", &device.backend), ("driver", &device.driver), ("kind", &device.kind)];
        let known = known.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!("{name} {value}"));
        let about = format!("What the run was begun on: {}.", known.collect::<Vec<_>>().join(", "));
        properties.push(property("#device".into(), "device", device.name.as_str().into(), about));
    }
    properties
}

/// What people decided, and who they are by their own words.
fn curation(run: &Run) -> Vec<Value> {
    let decisions = &run.curation.decisions;
    let Some(last) = decisions.iter().map(|decision| decision.utc.as_str()).max() else { return Vec::new() };
    let people: BTreeSet<&str> = decisions.iter().map(|decision| decision.by.as_str()).collect();
    let id = |number: usize| format!("#person-{number}");
    let mut entities = vec![json!({
        "@id": "#curation",
        "@type": "UpdateAction",
        "name": "Decisions of people about particles",
        "description": format!("{} decisions", decisions.len()),
        "instrument": reference(program_id()),
        "agent": references((1..=people.len()).map(id)),
        "object": reference(CURATION),
        "result": [reference("particles.csv"), reference("images.csv")],
        "endTime": time(last),
    })];
    let person =
        |(number, name): (usize, &&str)| json!({ "@id": id(number), "@type": "Person", "name": visible(name) });
    entities.extend((1..).zip(&people).map(person));
    entities
}

/// The files and folders of the run that are there.
fn files(run: &Run) -> Vec<Value> {
    let is_there = |name: &str| run.dir.join(name).exists();
    let file = |name: &str, format: &str, about: &str| {
        let mut file =
            json!({ "@id": name, "@type": "File", "name": name, "description": about, "encodingFormat": format });
        // What is written after this has no size yet.
        if let Some(found) = fs::metadata(run.dir.join(name)).ok().filter(|_| name != RUN && name != CHECKSUMS) {
            file["contentSize"] = found.len().to_string().into();
        }
        file
    };
    let present = || ENTRIES.iter().filter(|entry| entry.file == RUN || is_there(entry.file));
    let mut files: Vec<Value> = present().map(|entry| file(entry.file, entry.sort.media_type(), entry.about)).collect();
    if is_there(datapackage::FILE) {
        let mut package =
            file(datapackage::FILE, "application/json", "Type, unit and meaning of every column of the tables.");
        let tables = present().filter(|entry| !matches!(entry.sort, Sort::Json | Sort::OwnJson | Sort::Other(_)));
        package["about"] = tables.map(|entry| reference(entry.file)).collect();
        package["conformsTo"] = reference(datapackage::PROFILE);
        files.push(package);
    }
    files.push(file(CHECKSUMS, "text/plain", "SHA-256 of every file, for 'sha256sum -c' or 'cupule verify'."));
    let folders = [
        (
            "images",
            "Results per image: findings, labels, overlay, and files for other programs; run.json says which is whose.",
        ),
        (FIGURES, "Panels for papers, and a table of where they come from."),
        (PAGES, "A page per image, for people."),
    ];
    let folder = |(name, about): (&str, &str)| json!({ "@id": format!("{name}/"), "@type": "Dataset", "name": name, "description": about });
    files.extend(folders.into_iter().filter(|(name, _)| is_there(name)).map(folder));
    files
}

fn input_id(number: usize) -> String {
    format!("#input-{number}")
}

fn input(number: usize, input: &InputRecord) -> Value {
    let mut file = json!({ "@id": input_id(number), "@type": "File", "name": input.image });
    if let Some(sha256) = &input.sha256 {
        file["sha256"] = sha256.as_str().into();
    }
    if let Some(bytes) = input.bytes {
        file["contentSize"] = bytes.to_string().into();
    }
    if input.is_failed() {
        file["description"] = "It could not be analysed.".into();
    }
    file
}

#[derive(Serialize)]
struct Action<'a> {
    #[serde(flatten)]
    facts: Value,
    object: Objects<'a>,
}

/// What went into the analysis, written without a list of all inputs in memory.
struct Objects<'a> {
    settings: &'a [Value],
    inputs: usize,
}

impl Serialize for Objects<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        let settings = self.settings.iter().map(|setting| json!({ "@id": setting["@id"] }));
        to.collect_seq((1..=self.inputs).map(|number| reference(&input_id(number))).chain(settings))
    }
}
