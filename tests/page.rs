//! `report.html` as a file: its size, what it refers to, and that nothing in it comes from a name. scripts/checks/page.py
//! opens the same files in a browser.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cupule::image::{Region, RegionKind};
use cupule::measure::appearance::Appearance;
use cupule::measure::shape::shape;
use cupule::measure::{Class, Mask, Particle, Quality, Reason, Status};
use cupule::report::{Exports, write_run};
use cupule::results::record::{DeviceRecord, InputRecord};
use cupule::results::{
    Curation, Decision, Findings, ImageCounts, ImageRow, Journal, Listing, PICTURE, Picture, Run, RunRecord, RunStatus,
    image_folder,
};
use cupule::segment::{Outline, Polarity};
use cupule::units::PixelSize;
use image::GrayImage;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Side of the pictures, px.
const SIDE: usize = 240;
// Windows has no such names.
#[cfg(unix)]
const HOSTILE: [&str; 5] = [
    "<img src=x onerror=alert(1)>\"'&.tif",
    "=cmd|calc!A1.tif",
    "two\nlines\t.tif",
    "\u{202E}fit.evil \u{5D0}.tif",
    "sub/a#b?c%20d.tif",
];

fn particle(id: u32, place: usize, status: Status) -> Particle {
    let spread = |by: usize, of: usize| (place * by % of) as f64;
    let (x, y) = (20.0 + spread(37, 197), 20.0 + spread(53, 199));
    let r = 5.0 + spread(7, 13) as f32;
    let radius_px = std::array::from_fn(|k| r * (1.0 + 0.08 * libm::sinf(k as f32 * 0.196 + place as f32)));
    let outline = Outline { x_px: x, y_px: y, radius_px, polarity: Polarity::Lighter };
    let rejected = status == Status::Rejected;
    let reason = Reason { rule: "confidence".into(), value: 0.2, comparison: '<', threshold: 0.5 };
    Particle {
        id,
        shape: shape(&Mask::of_outline(&outline, (SIDE, SIDE)), (SIDE, SIDE)),
        outline,
        diameter_uncertainty_nm: 0.8,
        appearance: Appearance { cup_depth: spread(11, 10) / 10.0, ..Appearance::default() },
        confidence: if rejected { 0.06 + spread(3, 40) / 100.0 } else { 0.99 - spread(3, 40) / 100.0 },
        class: if rejected { Class::Unresolved } else { Class::Vesicle },
        status,
        reason: rejected.then_some(reason),
    }
}

/// Grain of the worst kind for a JPEG.
fn picture(seed: u32) -> Picture {
    let mut state = seed.wrapping_mul(747_796_405).wrapping_add(1);
    let grey = GrayImage::from_fn(SIDE as u32, SIDE as u32, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        image::Luma([64 + (state >> 25) as u8])
    });
    Picture { grey, reduce: 1 }
}

fn journal(image: &str, output: &str, status: &str, pixel_size: Option<PixelSize>) -> Journal {
    let scale = json!({ "pixel_size": pixel_size, "source": "user", "warnings": [], "witnesses": [
        { "source": "user", "value": pixel_size, "raw": "1 nm", "refused": null, "doubt": null },
        { "source": "print", "value": null, "raw": "<b>72 dpi</b>", "refused": "says nothing", "doubt": null },
    ]});
    let input = InputRecord {
        image: image.into(),
        sha256: Some(format!("{:x}", Sha256::digest(image)[0]).repeat(32)),
        bytes: Some(1234),
        output: output.into(),
        status: status.into(),
        ..InputRecord::default()
    };
    Journal { input, scale: (status == "ok").then_some(scale), ..Journal::default() }
}

/// What to build: names of images, particles and rejected ones in each, and the pixel size.
struct Made<'a> {
    names: Vec<String>,
    accepted: usize,
    rejected: usize,
    pixel_size: Option<PixelSize>,
    failed: &'a [&'a str],
    curation: Curation,
}

impl Default for Made<'_> {
    fn default() -> Self {
        let pixel_size = PixelSize::square(4.0);
        Self {
            names: vec!["a.tif".into()],
            accepted: 12,
            rejected: 6,
            pixel_size,
            failed: &[],
            curation: Curation::default(),
        }
    }
}

impl Made<'_> {
    /// Puts a run into a folder of the target directory, with its page.
    fn run(&self, name: &str) -> PathBuf {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page").join(name);
        let _ = fs::remove_dir_all(&dir);
        let mut outputs = Listing::default();
        for (i, image) in self.names.iter().enumerate() {
            let output = image.replace('/', "_");
            let mut journal = journal(image, &output, "ok", self.pixel_size);
            let findings = self.findings(i, image, &output, journal.input.sha256.clone());
            let folder = image_folder(&dir, &output);
            fs::create_dir_all(&folder).unwrap();
            findings.write(&folder).unwrap();
            picture(i as u32).write(&mut File::create(folder.join(PICTURE)).unwrap()).unwrap();
            journal.write(&folder).unwrap();
            outputs.push(&output);
        }
        for image in self.failed {
            let error = Some("the file ends <early>".into());
            let row = ImageRow { image: (*image).into(), error, ..ImageRow::default() };
            let folder = image_folder(&dir, image);
            fs::create_dir_all(&folder).unwrap();
            Findings { row, marks: Vec::new(), particles: Vec::new() }.write(&folder).unwrap();
            journal(image, image, "failed", None).write(&folder).unwrap();
            outputs.push(image);
        }
        let record = RunRecord {
            effort: None,
            chunk: None,
            restarts: false,
            status: RunStatus::Finished,
            cupule_version: "0.1.0".into(),
            command: vec!["cupule".into(), "analyze".into(), "</script><script>alert(1)</script>".into()],
            include: Vec::new(),
            exclude: Vec::new(),
            config: json!({ "segment": { "min_diameter_nm": 25.0 } }),
            device: DeviceRecord { name: "cpu".into(), kind: "native".into(), ..DeviceRecord::default() },
            counts: BTreeMap::new(),
            stages: Vec::new(),
            started_utc: "2026-11-23T14:59:28Z".into(),
            finished_utc: "2026-11-23T15:00:28Z".into(),
            exports: vec!["report".into()],
        };
        fs::create_dir_all(&dir).unwrap();
        let run = Run { dir: dir.clone(), record, outputs, curation: self.curation.clone() };
        write_run(&run, &"report".parse::<Exports>().unwrap()).unwrap();
        dir
    }

    fn findings(&self, i: usize, image: &str, output: &str, input_sha256: Option<String>) -> Findings {
        let status = |n: usize| match n {
            n if n >= self.accepted => Status::Rejected,
            n if n % 9 == 8 => Status::Border,
            _ => Status::Accepted,
        };
        let particles: Vec<Particle> =
            (0..self.accepted + self.rejected).map(|n| particle(n as u32 + 1, i * 131 + n, status(n))).collect();
        let count = |status| particles.iter().filter(|p| p.status == status).count();
        let counts = ImageCounts {
            accepted: count(Status::Accepted),
            border: count(Status::Border),
            rejected: count(Status::Rejected),
            ..ImageCounts::default()
        };
        let row = ImageRow {
            image: image.into(),
            output: Some(output.into()),
            width_px: Some(SIDE),
            height_px: Some(SIDE),
            pixel_size: self.pixel_size,
            counts: Some(counts),
            background_grey: Some(1200.0),
            background_swing: Some(30.0),
            quality: Some(Quality { stain_gradient: Some(7.5), rim_contrast: Some(5.0), ..Quality::default() }),
            warnings: if i == 1 { vec!["<u>dark</u>".into()] } else { Vec::new() },
            input_sha256,
            ..ImageRow::default()
        };
        let marks = vec![Region { kind: RegionKind::Text, x0: 200, y0: 220, x1: 240, y1: 240 }];
        Findings { row, marks, particles }
    }
}

fn page(dir: &Path) -> String {
    fs::read_to_string(dir.join("report.html")).unwrap()
}

/// All pages of a run.
#[cfg(unix)]
fn pages(dir: &Path) -> Vec<String> {
    let files = walkdir::WalkDir::new(dir).sort_by_file_name().into_iter().map(Result::unwrap);
    let pages = files.filter(|f| f.path().extension().is_some_and(|e| e == "html"));
    pages.map(|f| fs::read_to_string(f.path()).unwrap()).collect()
}

/// Values of an attribute.
fn attributes<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!(" {name}=\"");
    html.split(start.as_str()).skip(1).map(|rest| rest.split('"').next().unwrap()).collect()
}

/// What stands behind an attribute's value.
fn after_quote(text: &str) -> &str {
    text.split_once('"').map_or(text, |(_, rest)| rest)
}

/// What every page has to be, whatever it shows.
fn check(html: &str) {
    // Style and script are those that the policy names.
    let between = |from: &str, to: &str| html.split(from).nth(1).map(|rest| rest.split(to).next().unwrap());
    let policy = attributes(html, "content").into_iter().find(|p| p.starts_with("default-src 'none'; ")).unwrap();
    for text in [between("<style>", "</style>").unwrap(), between("<script>", "</script>").unwrap()] {
        assert!(policy.contains(&format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    // Nothing comes from outside: pictures are data, links are relative or anchors.
    assert!(!html.contains("http:") && !html.contains("https:"), "an address");
    for link in attributes(html, "href").into_iter().chain(attributes(html, "src")) {
        let inside = link.starts_with("data:") || link.starts_with('#') || !link.contains(':');
        assert!(inside, "{}", &link[..link.len().min(80)]);
    }
    // Every reference has its target, once.
    let ids: Vec<&str> = attributes(html, "id");
    let known: HashSet<&str> = ids.iter().copied().collect();
    assert_eq!(known.len(), ids.len(), "an id is there twice");
    let anchors = attributes(html, "href").into_iter().filter_map(|link| link.strip_prefix('#'));
    let named = ["aria-labelledby", "for", "aria-describedby"].map(|name| attributes(html, name));
    for id in anchors.chain(named.iter().flatten().flat_map(|ids| ids.split_whitespace())) {
        assert!(known.contains(id), "#{id}");
    }
    for start in html.split("url(#").skip(1) {
        assert!(known.contains(start.split(')').next().unwrap()));
    }
    assert!(attributes(html, "style").is_empty() && attributes(html, "onclick").is_empty(), "the policy forbids them");
    let text: String = html.split("<script>").next().unwrap().split("href=\"data:").map(after_quote).collect();
    for none in ["NaN", "inf", "Infinity"]
        .map(|word| [format!(">{word}"), format!(" {word} "), format!("\"{word}")])
        .iter()
        .flatten()
    {
        assert!(!text.contains(none.as_str()), "a number that is none: {none}");
    }
}

#[test]
fn a_small_run_is_one_page_with_everything() {
    let dir =
        Made { names: vec!["a.tif".into(), "b.tif".into(), "c.tif".into()], failed: &["d.tif"], ..Made::default() }
            .run("small");
    let html = page(&dir);
    check(&html);
    assert!(!dir.join("pages").exists());
    for text in [
        "Sample without a name",
        "95 % interval",
        "EV-like",
        "the file ends &lt;early&gt;",
        "confidence &lt; 0.5",
        "<td>&lt;u&gt;dark&lt;/u&gt;</td>",
        "refused: says nothing",
        "min_diameter_nm",
        "lang=\"en\"",
        "cupule curate RUN curation.json",
        "uneven stain: it swings by 7.5 times the noise",
        "missing</span>",
    ] {
        assert!(html.contains(text), "{text}");
    }
    assert_eq!(html.matches("<li class=\"p ").count(), 3 * 18);
    assert_eq!(html.matches("class=\"o accepted\"").count(), 3 * 11);
    assert_eq!(html.matches("class=\"view\"").count(), 3);
}

#[test]
fn the_same_run_gives_the_same_bytes() {
    let [one, two] = ["same-one", "same-two"].map(|name| page(&Made::default().run(name)));
    assert!(one == two);
}

#[cfg(unix)]
#[test]
fn names_are_inert_and_legible() {
    let mut names: Vec<String> = HOSTILE.map(str::to_owned).into();
    names.push("é".repeat(125) + "x.tif");
    // So many particles that the images get pages of their own, whose names are theirs.
    let dir = Made { names, accepted: 400, ..Made::default() }.run("hostile");
    let all = pages(&dir);
    assert_eq!(all.len(), 7);
    for html in &all {
        check(html);
        assert!(!html.contains("<img src=x") && !html.contains("<u>") && !html.contains("<script>alert"));
        assert!(!html.contains('\u{202E}'));
    }
    let main = page(&dir);
    assert!(main.contains("<bdi class=\"name\">&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;.tif</bdi>"));
    assert!(main.contains("two\\nlines\\t.tif") && main.contains("\\u{202E}fit.evil"));
    let links: Vec<&str> = attributes(&main, "href").into_iter().filter(|l| l.starts_with("pages/")).collect();
    assert_eq!(links.len(), 6);
    for link in links {
        let bytes: Vec<u8> = percent_decoded(link);
        let path = dir.join(String::from_utf8(bytes).unwrap());
        assert!(path.is_file(), "{link}");
    }
}

#[cfg(unix)]
fn percent_decoded(link: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = link.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    bytes
}

#[test]
fn what_is_not_there_is_said_to_be_not_there() {
    let none = Made { names: Vec::new(), ..Made::default() }.run("none");
    let failed = Made { names: Vec::new(), failed: &["x.tif"], ..Made::default() }.run("failed");
    let empty = Made { accepted: 0, rejected: 0, ..Made::default() }.run("empty");
    let one = Made { accepted: 1, rejected: 0, ..Made::default() }.run("one");
    let unscaled = Made { pixel_size: None, ..Made::default() }.run("unscaled");
    for dir in [&none, &failed, &empty, &one, &unscaled] {
        check(&page(dir));
    }
    assert!(page(&none).contains("The run has no images."));
    assert!(page(&empty).contains("There is no particle to show."));
    assert!(page(&unscaled).contains("no particle has a size in nanometres") && page(&unscaled).contains(" px</span>"));
}

#[test]
fn decisions_of_people_stand_beside_the_machine() {
    let decision = Decision {
        image: "a.tif".into(),
        input_sha256: journal("a.tif", "a.tif", "ok", None).input.sha256.unwrap(),
        particle_id: 1,
        revert: false,
        status: Some(Status::Rejected),
        class: Some(Class::Aggregate),
        outline: None,
        reason: Some("a <clump>".into()),
        by: "J. <Doe>".into(),
        utc: "2026-11-23T16:00:00Z".into(),
    };
    let curation = Curation { decisions: vec![decision], ..Curation::default() };
    let html = page(&Made { curation, ..Made::default() }.run("decided"));
    check(&html);
    let row = "<td>accepted, vesicle</td><td>rejected, aggregate</td><td>a &lt;clump&gt;</td>\
               <td><bdi class=\"name\">J. &lt;Doe&gt;</bdi></td><td>2026-11-23T16:00:00Z</td>";
    assert!(html.contains(row), "the decision");
    assert!(html.contains("data-m=\"accepted, vesicle\""), "the machine's verdict in the gallery");
    assert!(html.contains("a person&#39;s decision"), "the rule");
}

#[test]
fn a_thousand_particles_are_below_six_megabytes() {
    let names = (0..20).map(|i| format!("{i:03}.tif")).collect();
    let dir = Made { names, accepted: 50, rejected: 0, ..Made::default() }.run("thousand");
    let html = page(&dir);
    check(&html);
    assert_eq!(html.matches("<li class=\"p ").count(), 1000);
    assert!(html.len() < 6_000_000, "{} bytes", html.len());
}

#[test]
fn twenty_thousand_particles_are_below_fifteen_megabytes() {
    let names = (0..500).map(|i| format!("{i:03}.tif")).collect();
    let dir = Made { names, accepted: 36, rejected: 4, ..Made::default() }.run("many");
    let html = page(&dir);
    check(&html);
    assert_eq!(html.matches("<li class=\"p ").count(), 2000);
    assert!(html.len() < 15_000_000, "{} bytes", html.len());
    // Every image has as many of the pictures, and what is missing here is on its page.
    assert_eq!(html.matches("<li class=\"p accepted\" id=\"p-1-").count(), 4);
    let own = fs::read_to_string(dir.join("pages/499.tif.html")).unwrap();
    check(&own);
    assert_eq!(own.matches("<li class=\"p ").count(), 40);
    assert!(own.contains("href=\"../report.html#images\""));
    assert!(own.len() < 2_000_000, "{} bytes", own.len());
}

#[test]
fn what_is_too_long_for_the_page_is_said_to_be_elsewhere() {
    let names = (0..1010).map(|i| format!("{i:04}.tif")).collect();
    let failed: Vec<String> = (0..205).map(|i| format!("cut-{i:03}.tif")).collect();
    let failed: Vec<&str> = failed.iter().map(String::as_str).collect();
    let dir = Made { names, failed: &failed, accepted: 0, rejected: 1, ..Made::default() }.run("long");
    let html = page(&dir);
    check(&html);
    for (listed, all, file) in
        [(1000, 1010, "images.csv"), (200, 205, "images.csv"), (1000, 1010, "purity.json"), (1000, 1215, "run.json")]
    {
        let told = format!("<p>The first {listed} of {all} are listed here; all are in <code>{file}</code>.</p>");
        assert!(html.contains(&told), "{told}");
    }
    // In the tables of images, of purity and of files.
    assert_eq!((html.matches(">0999.tif<").count(), html.matches(">1000.tif<").count()), (3, 0));
    assert_eq!((html.matches(">cut-199.tif<").count(), html.matches(">cut-200.tif<").count()), (1, 0));
    let purity: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(dir.join("purity.json")).unwrap()).unwrap();
    let last = |list: &str| purity[list].as_array().unwrap()[1009]["image"].clone();
    assert_eq!([last("images"), last("background")], ["1009.tif", "1009.tif"]);
}
