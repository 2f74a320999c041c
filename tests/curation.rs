//! What people decide counts, is kept, and can be taken back.

use cupule::image::{Micrograph, Region, RegionKind};
use cupule::measure::appearance::Appearance;
use cupule::measure::shape::shape;
use cupule::measure::{self, Class, Mask, Reason, Status};
use cupule::report::{Exports, rewrite};
use cupule::results::record::{InputRecord, RunRecord, RunStatus};
use cupule::results::{
    Author, CURATION, Curation, Decision, Drawn, Findings, ImageCounts, ImageResult, ImageRow, Journal, PICTURE,
    Particle, Picture, Run, image_folder, particle_id,
};
use cupule::segment::{Outline, Polarity, RAYS};
use cupule::units::PixelSize;
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use tiff::decoder::{Decoder, DecodingResult};

const SIZE_PX: (usize, usize) = (200, 160);

fn found(id: u32, (x_px, y_px): (f64, f64), r: f32, status: Status, cup_depth: f64) -> measure::Particle {
    let outline = Outline { x_px, y_px, radius_px: [r; RAYS], polarity: Polarity::Lighter };
    let class = match (status, cup_depth > 0.25) {
        (Status::Rejected, _) => Class::Unresolved,
        (_, true) => Class::CupShapedVesicle,
        _ => Class::Vesicle,
    };
    measure::Particle {
        id,
        shape: shape(&Mask::of_outline(&outline, SIZE_PX), SIZE_PX),
        outline,
        diameter_uncertainty_nm: 0.8,
        appearance: Appearance { cup_depth, ..Default::default() },
        confidence: 0.75,
        class,
        status,
        reason: (status == Status::Rejected).then_some(Reason {
            rule: "confidence".into(),
            value: 0.4,
            comparison: '<',
            threshold: 0.5,
        }),
    }
}

/// A run of one image with a vesicle, a cup, a rejected candidate and a rejected one at the border.
fn run(dir: &Path) -> Run {
    let name = "a.tif";
    let row = ImageRow {
        image: name.into(),
        output: Some("a".into()),
        width_px: Some(SIZE_PX.0),
        height_px: Some(SIZE_PX.1),
        pixel_size: PixelSize::square(2.0),
        counts: Some(ImageCounts { accepted: 2, rejected: 2, ..Default::default() }),
        input_sha256: Some("abc".into()),
        ..Default::default()
    };
    let particles = vec![
        found(1, (50.0, 50.0), 15.0, Status::Accepted, 0.0),
        found(2, (120.0, 50.0), 20.0, Status::Accepted, 0.6),
        found(3, (50.0, 120.0), 12.0, Status::Rejected, 0.7),
        found(4, (198.0, 80.0), 12.0, Status::Rejected, 0.0),
    ];
    let folder = image_folder(dir, "a");
    fs::create_dir_all(&folder).unwrap();
    let marks = vec![Region { kind: RegionKind::DataBar, x0: 0, y0: 150, x1: 200, y1: 160 }];
    Findings { row, marks, particles }.write(&folder).unwrap();
    let micrograph = Micrograph::new(SIZE_PX.0, SIZE_PX.1, vec![1.0; SIZE_PX.0 * SIZE_PX.1], PixelSize::square(2.0));
    Picture::of(&micrograph).write(&mut fs::File::create(folder.join(PICTURE)).unwrap()).unwrap();
    let input = InputRecord {
        image: name.into(),
        sha256: Some("abc".into()),
        output: "a".into(),
        status: "ok".into(),
        ..InputRecord::default()
    };
    Journal { input, ..Journal::default() }.write(&folder).unwrap();
    let record = RunRecord {
        effort: None,
        chunk: None,
        restarts: false,
        status: RunStatus::Finished,
        cupule_version: "0".into(),
        command: vec![],
        include: Vec::new(),
        exclude: Vec::new(),
        config: serde_json::json!({}),
        device: Default::default(),
        exports: vec![],
        counts: Default::default(),
        stages: vec![],
        started_utc: "2026-11-23T00:00:00Z".into(),
        finished_utc: "2026-11-23T00:00:00Z".into(),
    };
    let outputs = ["a"].into_iter().collect();
    let mut run = Run { dir: dir.to_owned(), record, outputs, curation: Curation::default() };
    write(&mut run);
    run
}

fn write(run: &mut Run) {
    rewrite(run, &"none".parse::<Exports>().unwrap(), |_| true).unwrap();
}

fn decision(particle_id: u32) -> Decision {
    Decision {
        image: "a.tif".into(),
        input_sha256: "abc".into(),
        particle_id,
        revert: false,
        status: None,
        class: None,
        outline: None,
        reason: None,
        by: "A. N. Other".into(),
        utc: "2026-11-23T12:00:00Z".into(),
    }
}

fn image(dir: &Path) -> ImageResult {
    let run = Run::open(dir).unwrap();
    run.image("a").unwrap()
}

fn particle(image: &ImageResult, id: u32) -> &Particle {
    image.particles.iter().find(|p| p.id == id).unwrap()
}

/// The run with these decisions, written.
fn decide(dir: &Path, decisions: Vec<Decision>) -> ImageResult {
    let mut run = Run::open(dir).unwrap();
    let before = image(dir);
    let faults: Vec<String> = decisions.iter().filter_map(|d| d.fault(&before)).collect();
    assert!(faults.is_empty(), "{faults:?}");
    run.curation.append(decisions);
    run.curation.write(&dir.join(CURATION)).unwrap();
    write(&mut run);
    image(dir)
}

fn table(dir: &Path) -> Vec<HashMap<String, String>> {
    csv::Reader::from_path(dir.join("particles.csv")).unwrap().deserialize().map(Result::unwrap).collect()
}

#[test]
fn a_person_overrules_the_machine_and_both_stay_on_record() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    run(dir);
    let reject = Decision { status: Some(Status::Rejected), reason: Some("an aggregate".into()), ..decision(1) };
    let accept = Decision { status: Some(Status::Accepted), ..decision(3) };
    let cut_off = Decision { status: Some(Status::Accepted), ..decision(4) };
    let image = decide(dir, vec![reject, accept, cut_off]);
    assert_eq!(particle(&image, 1).status, Status::Rejected);
    assert_eq!(particle(&image, 3).class, Class::CupShapedVesicle);
    // Whoever accepts what the border cuts off does not make it whole.
    assert_eq!(particle(&image, 4).status, Status::Border);
    let counts = image.row.counts.unwrap();
    assert_eq!((counts.accepted, counts.border, counts.rejected), (2, 1, 1));
    let rows = table(dir);
    let cells = |row: &HashMap<String, String>| {
        ["status", "reason", "machine_status", "curated_by"].map(|column| row[column].clone())
    };
    assert_eq!(cells(&rows[0]), ["rejected", "an aggregate", "accepted", "A. N. Other"]);
    assert_eq!(cells(&rows[1]), ["accepted", "", "accepted", ""]);
    assert_eq!(cells(&rows[2]), ["accepted", "", "rejected", "A. N. Other"]);
}

#[test]
fn what_was_decided_can_be_taken_back() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    run(dir);
    let before = (image(dir), fs::read(dir.join("particles.csv")).unwrap());
    let reject = Decision { status: Some(Status::Rejected), ..decision(1) };
    let class = Decision { class: Some(Class::Aggregate), ..decision(1) };
    let image = decide(dir, vec![reject.clone(), class]);
    assert_eq!((particle(&image, 1).status, particle(&image, 1).class), (Status::Rejected, Class::Aggregate));
    let image = decide(dir, vec![Decision { revert: true, ..decision(1) }]);
    assert_eq!((image, fs::read(dir.join("particles.csv")).unwrap()), before);
    // Nothing is forgotten, and what is known already is not written twice.
    let mut run = Run::open(dir).unwrap();
    assert_eq!((run.curation.decisions.len(), run.curation.append(vec![reject])), (3, 0));
}

#[test]
fn a_redrawn_outline_is_measured_anew() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    run(dir);
    let square = |x: f64, y: f64, side: f64| vec![[x, y], [x + side, y], [x + side, y + side], [x, y + side]];
    let redrawn = Decision { outline: Some(square(40.0, 40.0, 20.0)), ..decision(3) };
    let added = Decision { outline: Some(square(100.0, 100.0, 10.0)), ..decision(9) };
    let under_the_bar = Decision { outline: Some(square(100.0, 145.0, 10.0)), ..decision(10) };
    let image = decide(dir, vec![redrawn, added, under_the_bar]);
    let (redrawn, added) = (particle(&image, 3), particle(&image, 9));
    assert_eq!((redrawn.shape.area_px2, redrawn.status), (400.0, Status::Accepted));
    // What was read along the old outline is no longer true.
    assert!(redrawn.appearance.is_none() && redrawn.confidence.is_none());
    assert!(redrawn.machine.as_ref().unwrap().status == Status::Rejected);
    assert_eq!((added.shape.area_px2, added.class, &added.machine), (100.0, Class::Vesicle, &None));
    assert_eq!(particle(&image, 10).status, Status::Border);
    let rows = table(dir);
    assert_eq!((rows.len(), rows[4]["area_nm2"].as_str(), rows[4]["confidence"].as_str()), (6, "400", ""));
    assert_eq!(rows[4]["machine_status"], "");
    // The label picture has it too.
    let labels = fs::File::open(image_folder(dir, "a").join("labels.tif")).unwrap();
    let DecodingResult::U16(labels) = Decoder::new(labels).unwrap().read_image().unwrap() else { panic!("not 16 bit") };
    assert_eq!(labels.iter().filter(|&&label| label == 9).count(), 100);
}

#[test]
fn outlines_that_come_back_are_told_apart_by_their_names() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path());
    let image = image(dir.path());
    let author = Author { by: "me".into(), utc: "2026".into(), reason: None };
    // As 32-bit numbers.
    let same: Vec<[f64; 2]> = particle(&image, 1).polygon.iter().map(|v| v.map(|c| f64::from(c as f32))).collect();
    let moved = same.iter().map(|v| [v[0] + 1.0, v[1]]).collect();
    let outline = |name: &str, polygon| Drawn { particle_id: particle_id(name), polygon };
    let drawn = [outline("0001-accepted", same.clone()), outline("0002-accepted", moved), outline("new", same.clone())];
    let decisions = image.redrawn(&drawn, false, &author);
    assert_eq!(decisions.iter().map(|d| d.particle_id).collect::<Vec<_>>(), [2, 5]);
    assert!(decisions.iter().all(|d| d.outline.is_some() && d.by == "me"));
    // A vesicle whose outline was deleted.
    let decisions = image.redrawn(&[outline("0001", same.clone())], true, &author);
    assert_eq!(decisions.iter().map(|d| (d.particle_id, d.status)).collect::<Vec<_>>(), [(2, Some(Status::Rejected))]);
    // A rejected candidate that somebody put among them, and one name twice.
    let third = particle(&image, 3).polygon.clone();
    let decisions = image.redrawn(&[outline("3", third.clone()), outline("3", third)], false, &author);
    assert_eq!(decisions[0].status, Some(Status::Accepted));
    assert_eq!((decisions[1].particle_id, decisions[1].outline.is_some()), (5, true));
}

#[test]
fn decisions_that_fit_nothing_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path());
    let image = image(dir.path());
    let outside = vec![[-50.0, -50.0], [-40.0, -50.0], [-40.0, -40.0]];
    for (decision, words) in [
        (Decision { input_sha256: "other".into(), ..decision(1) }, "other content"),
        (decision(77), "no such particle"),
        (decision(0), "no such particle"),
        (Decision { status: Some(Status::Border), ..decision(1) }, "accepted or rejected"),
        (Decision { outline: Some(vec![[1.0, 1.0]]), ..decision(1) }, "encloses nothing"),
        (Decision { outline: Some(vec![[1.0, 1.0], [f64::NAN, 2.0], [3.0, 3.0]]), ..decision(1) }, "encloses nothing"),
        (Decision { outline: Some(outside), ..decision(1) }, "no pixel"),
    ] {
        let fault = decision.fault(&image);
        assert!(fault.as_ref().is_some_and(|fault| fault.contains(words)), "{words}: {fault:?}");
    }
}
