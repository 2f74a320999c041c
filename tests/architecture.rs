//! The rooms of the program point one way: see the map in `src/lib.rs`.

use std::collections::BTreeSet;
use std::path::Path;

/// A room uses only rooms before it. `config` lies behind the stages, because it is made of their own configurations.
const ORDER: [&str; 30] = [
    "memory",
    "widest",
    "caught",
    "visible",
    "clock",
    "error",
    "stop",
    "atomic",
    "log",
    "lock",
    "units",
    "image",
    "marks",
    "gpu",
    "read",
    "calibrate",
    "denoise",
    "network",
    "segment",
    "measure",
    "config",
    "results",
    "statistics",
    "purity",
    "report",
    "pipeline",
    "batch",
    "shards",
    "bench",
    "cli",
];

/// What a room must not know although it comes before: the science knows no file format, the report no device.
const UNKNOWN: [(&str, &[&str]); 11] = [
    ("read", &["gpu"]),
    ("calibrate", &["read"]),
    ("denoise", &["read"]),
    ("network", &["read"]),
    ("segment", &["read"]),
    ("measure", &["read", "gpu"]),
    ("results", &["read", "gpu"]),
    ("statistics", &["read", "gpu"]),
    ("purity", &["read", "gpu"]),
    ("report", &["read", "gpu"]),
    ("pipeline", &["read", "report", "results", "statistics", "purity"]),
];

/// Files that may use a later room, and why.
const ALLOWED: [(&str, &[&str]); 1] = [
    // The one place that lists every shader beside its native twin.
    ("gpu/kernels.rs", &["calibrate", "denoise", "network", "segment"]),
];

/// Stand beside the row and use no more of it than this: one makes input for it and shares only what any program would
/// need; the other judges its output, for which it reads pictures and turns outlines into pixels as the row does.
const ASIDE: [(&str, &[&str]); 2] = [
    ("synth", &["error", "units", "image", "atomic"]),
    ("evaluate", &["error", "visible", "units", "image", "read", "calibrate", "measure::Mask"]),
];
/// Who may use them, besides tests: the command line of both, and what times the row on made-up input.
const ASIDE_USED_BY: [(&str, &[&str]); 2] = [("cli", &["synth", "evaluate"]), ("bench", &["synth"])];

/// A `crate::` path in a file, as far as the second step.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    /// Below `src`.
    file: String,
    to: String,
}

fn edge(file: &str, to: &str) -> Edge {
    Edge { file: file.into(), to: to.into() }
}

impl Edge {
    /// Room of the file.
    fn from(&self) -> &str {
        self.file.split(['/', '.']).next().unwrap_or_default()
    }

    /// Room that it uses.
    fn room(&self) -> &str {
        self.to.split("::").next().unwrap_or_default()
    }

    fn is_allowed(&self) -> bool {
        let of = |table: &[(&str, &[&str])], what: &str| {
            table.iter().any(|(from, rooms)| *from == what && rooms.contains(&self.room()))
        };
        let rank = |room: &str| ORDER.iter().position(|r| *r == room);
        if self.from() == self.room() {
            return true;
        }
        if let Some((_, uses)) = ASIDE.iter().find(|(room, _)| *room == self.from()) {
            return uses.iter().any(|path| self.to == *path || self.to.starts_with(&format!("{path}::")));
        }
        if ASIDE.iter().any(|(room, _)| *room == self.room()) {
            return of(&ASIDE_USED_BY, self.from());
        }
        let (Some(from), Some(to)) = (rank(self.from()), rank(self.room())) else { return false };
        (to < from && !of(&UNKNOWN, self.from())) || of(&ALLOWED, &self.file) || of(&ALLOWED, self.from())
    }
}

/// All `crate::` paths of a source text, comments and unit tests left out.
fn paths(text: &str) -> BTreeSet<String> {
    let program = text.split("#[cfg(test)]").next().unwrap_or_default();
    let code: String =
        program.lines().map(|line| line.split("//").next().unwrap_or_default().to_owned() + "\n").collect();
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        // `$crate::` and `pub(in crate::...)` would be written otherwise; `my_crate::` is another word.
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            found.extend(group_members(group));
        } else {
            found.insert(two_steps(rest));
        }
    }
    found
}

/// The members of `{a, b::c, d::{e, f}}` behind its opening brace.
fn group_members(group: &str) -> Vec<String> {
    let mut members = vec![String::new()];
    let mut depth = 0;
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => members.push(String::new()),
            _ if depth == 0 => members.last_mut().unwrap().push(c),
            _ => {}
        }
    }
    members.iter().map(|m| two_steps(m.trim())).filter(|m| !m.is_empty()).collect()
}

/// `a::b` of `a::b::c`.
fn two_steps(path: &str) -> String {
    let end = path.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(path.len());
    path[..end].split("::").filter(|step| !step.is_empty()).take(2).collect::<Vec<_>>().join("::")
}

fn edges() -> Vec<Edge> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut edges = Vec::new();
    for entry in walkdir::WalkDir::new(&root).sort_by_file_name() {
        let entry = entry.unwrap();
        // Unit tests that are a file of their own may use what they like, as those at the end of a file.
        if entry.path().extension().is_some_and(|e| e == "rs") && entry.file_name() != "tests.rs" {
            let steps = entry.path().strip_prefix(&root).unwrap().iter().map(|s| s.to_string_lossy());
            let file = steps.collect::<Vec<_>>().join("/");
            let text = std::fs::read_to_string(entry.path()).unwrap();
            edges.extend(paths(&text).into_iter().map(|to| Edge { file: file.clone(), to }));
        }
    }
    edges
}

#[test]
fn rooms_point_one_way() {
    let edges = edges();
    assert!(edges.len() > 50, "only {} edges were found", edges.len());
    let wrong: Vec<&Edge> = edges.iter().filter(|e| !e.is_allowed()).collect();
    assert!(wrong.is_empty(), "these edges point the wrong way: {wrong:#?}");
}

/// A room that is not in the order would be checked by nobody.
#[test]
fn the_order_names_every_room() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut rooms = BTreeSet::new();
    for entry in std::fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        rooms.insert(path.file_stem().unwrap().to_string_lossy().into_owned());
    }
    let known: BTreeSet<&str> = ORDER.into_iter().chain(ASIDE.map(|(room, _)| room)).chain(["lib", "main"]).collect();
    assert_eq!(rooms.iter().map(String::as_str).collect::<BTreeSet<_>>(), known);
}

/// An exception that nothing needs any more is to be taken away.
#[test]
fn every_exception_is_in_use() {
    let edges = edges();
    for (from, rooms) in ALLOWED {
        for room in rooms {
            let used = |e: &Edge| (e.file == from || e.from() == from) && e.room() == *room;
            assert!(edges.iter().any(used), "{from} -> {room}");
        }
    }
}

#[test]
fn wrong_edges_are_noticed() {
    for (file, to) in [
        ("gpu/mod.rs", "segment::native"),
        ("gpu/kernels.rs", "measure"),
        ("segment/mod.rs", "measure::Particle"),
        ("segment/mod.rs", "read::load"),
        ("measure/rules.rs", "config::Config"),
        ("report/csv.rs", "gpu::Device"),
        ("pipeline.rs", "batch"),
        ("batch/run.rs", "bench::Bench"),
        ("bench/quality.rs", "evaluate::run"),
        ("synth/mod.rs", "bench"),
        ("measure/mod.rs", "synth::scene"),
        ("synth/mod.rs", "measure::Shape"),
        ("synth/write.rs", "report::csv"),
        ("synth/write.rs", "evaluate::Region"),
        ("evaluate/run.rs", "segment::Outline"),
        ("evaluate/run.rs", "pipeline"),
        ("report/csv.rs", "evaluate::score"),
        ("error.rs", "image::Labels"),
        ("attic.rs", "error"),
        ("cli/mod.rs", "attic"),
    ] {
        assert!(!edge(file, to).is_allowed(), "{file} -> {to}");
    }
    for (file, to) in [
        ("gpu/kernels.rs", "segment"),
        ("segment/native/blur.rs", "segment"),
        ("synth/write.rs", "atomic"),
        ("cli/synth.rs", "synth::write"),
        ("cli/bench.rs", "bench::run"),
        ("bench/pictures.rs", "synth::scene"),
        ("bench/whole.rs", "batch::run"),
        ("evaluate/regions.rs", "measure::Mask"),
        ("cli/evaluate.rs", "evaluate::run"),
        ("batch/run.rs", "read::load"),
    ] {
        assert!(edge(file, to).is_allowed(), "{file} -> {to}");
    }
}

#[test]
fn paths_are_found_in_every_form() {
    let text = "use crate::error::{Error, Result};\nuse crate::{calibrate, denoise::native::nlm, gpu::{Device, Plane},\n\
                segment};\n//! [`crate::cli`]\nlet x = crate::units::PixelSize::square(1.0); // crate::batch\n\
                use my_crate::read;\n#[cfg(test)]\nmod tests { use crate::synth; }\n";
    let expected = ["error", "calibrate", "denoise::native", "gpu", "segment", "units::PixelSize"];
    assert_eq!(paths(text), expected.into_iter().map(str::to_owned).collect());
}
