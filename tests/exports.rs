//! The files for other programs, as far as Rust can judge them. The run that is made here stays in the target folder,
//! where `scripts/check-exports` shows it to the programs themselves.

use cupule::atomic::write_json;
use cupule::evaluate::{drawn, roi};
use cupule::image::Labels;
use cupule::measure::appearance::Appearance;
use cupule::measure::shape::shape;
use cupule::measure::{Class, Mask, Particle, Reason, Status};
use cupule::report::columns::PARTICLES;
use cupule::report::labels::write_labels;
use cupule::report::{Exports, remove_image, write_image, write_run};
use cupule::results::record::{DeviceRecord, InputRecord};
use cupule::results::{
    Author, Curation, Decision, Drawn, Findings, ImageCounts, ImageResult, ImageRow, Journal, Listing, Picture, Run,
    RunRecord, RunStatus, image_folder, particle_id,
};
use cupule::segment::{Outline, Polarity, RAYS};
use cupule::units::PixelSize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::f64::consts::TAU;
use std::fs;
use std::path::{Path, PathBuf};

const PER_IMAGE: [&str; 3] = ["rois.zip", "outlines.geojson", "labels.ome.tif"];
const PER_RUN: [&str; 4] = ["imagej.csv", "coco.json", "features.csv", "omero.csv"];

/// File names that somebody may meet, or make up.
fn hostile_names() -> Vec<String> {
    let long = format!("{}.tif", "x".repeat(251));
    let names = [
        "<img src=x onerror=alert(1)>.tif",
        "=cmd.tif",
        "line\nbreak,\"quoted\"\t.tif",
        "\u{202e}fit.elcisev-é.tif",
        "]]>&amp;.tif",
    ];
    names.into_iter().map(str::to_owned).chain([long]).collect()
}

/// Numbers from 0 to 1 that fill the range evenly, one sequence per `key`.
fn spread(i: usize, key: u32) -> f64 {
    (i as f64 * (f64::from(key) + 0.5).sqrt()).fract()
}

/// A shape about its centre: distance of its edge at an angle, in units of its size.
type Edge = Box<dyn Fn(f64) -> f64>;

fn edge(i: usize) -> Edge {
    let turn = spread(i, 2) * TAU;
    match i % 4 {
        0 => Box::new(|_| 0.5),
        // An ellipse, with axes of up to 1 to 3.
        1 => {
            let ratio = 1.0 + 2.0 * spread(i, 3);
            Box::new(move |t| 0.5 / (libm::cos(t - turn).powi(2) + (libm::sin(t - turn) * ratio).powi(2)).sqrt())
        }
        // Dents.
        2 => {
            let (waves, depth) = ((2 + i % 5) as f64, 0.1 + 0.35 * spread(i, 5));
            Box::new(move |t| 0.5 / (1.0 + depth) * (1.0 + depth * libm::cos(waves * (t - turn))))
        }
        // Rough.
        _ => Box::new(move |t| {
            0.36 + 0.05 * libm::sin(3.0 * t + turn) + 0.05 * libm::cos(7.0 * t) + 0.04 * libm::sin(11.0 * t - turn)
        }),
    }
}

fn star(x_px: f64, y_px: f64, size: f64, edge: &Edge) -> Outline {
    let radius_px = std::array::from_fn(|k| (size * edge(TAU * k as f64 / RAYS as f64)) as f32);
    Outline { x_px, y_px, radius_px, polarity: Polarity::Lighter }
}

fn particle(outline: Outline, picture: (usize, usize), rejected: bool) -> Particle {
    let shape = shape(&Mask::of_outline(&outline, picture), picture);
    let status = match (rejected, shape.is_cut()) {
        (true, _) => Status::Rejected,
        (false, true) => Status::Border,
        (false, false) => Status::Accepted,
    };
    let reason = rejected.then(|| Reason { rule: "solidity".into(), value: 0.5, comparison: '<', threshold: 0.8 });
    Particle {
        id: 0,
        outline,
        shape,
        diameter_uncertainty_nm: 0.8,
        appearance: Appearance { rim_contrast: 3.25, granularity: f64::NAN, ..Default::default() },
        confidence: 0.5 + 0.4 * (shape.area_px2 % 7.0) / 7.0,
        class: if rejected { Class::Unresolved } else { Class::Vesicle },
        status,
        reason,
    }
}

/// One image of the run on the way into its folder.
struct Made {
    row: ImageRow,
    particles: Vec<Particle>,
    decisions: Vec<Decision>,
}

impl Made {
    fn new(name: &str, size: (usize, usize), pixel_size: Option<PixelSize>) -> Self {
        let row = ImageRow {
            image: name.into(),
            format: Some("TIFF".into()),
            width_px: Some(size.0),
            height_px: Some(size.1),
            pixel_size,
            counts: Some(ImageCounts::default()),
            input_sha256: Some(format!("{:0>64}", name.len())),
            ..Default::default()
        };
        Self { row, particles: Vec::new(), decisions: Vec::new() }
    }

    fn size(&self) -> (usize, usize) {
        (self.row.width_px.unwrap(), self.row.height_px.unwrap())
    }

    /// Shapes in rows from the top, at any fraction of a pixel, none touching another.
    fn shapes(mut self, sizes: impl Iterator<Item = f64>) -> Self {
        let (mut x, mut y, mut height) = (4.0, 4.0, 0.0_f64);
        for (i, size) in sizes.enumerate() {
            if x + size + 4.0 > self.size().0 as f64 {
                (x, y, height) = (4.0, y + height + 3.0, 0.0);
            }
            let at = |start: f64, key| start + size / 2.0 + 1.0 + spread(i, key);
            self.add(star(at(x, 7), at(y, 11), size, &edge(i)), false);
            (x, height) = (x + size + 4.0, height.max(size));
        }
        self
    }

    fn add(&mut self, outline: Outline, rejected: bool) {
        let mut particle = particle(outline, self.size(), rejected);
        particle.id = self.particles.len() as u32 + 1;
        self.particles.push(particle);
    }

    fn draw(&mut self, outline: &[[f64; 2]]) {
        let id = (self.particles.len() + self.decisions.len()) as u32 + 1;
        self.decide(id, |decision| decision.outline = Some(outline.to_vec()));
    }

    fn decide(&mut self, particle_id: u32, change: impl Fn(&mut Decision)) {
        let mut decision = Decision {
            image: self.row.image.clone(),
            input_sha256: self.row.input_sha256.clone().unwrap(),
            particle_id,
            revert: false,
            status: None,
            class: None,
            outline: None,
            reason: None,
            by: "=A. Person".into(),
            utc: "2026-11-23T14:59:28Z".into(),
        };
        change(&mut decision);
        self.decisions.push(decision);
    }
}

/// More than 200 shapes, of the network's and of a person's making, three cut off and two rejected.
fn many() -> Made {
    let sizes = (0..210).map(|i| 4.0 + 146.0 * spread(i, 13).powi(3));
    let mut made = Made::new("shapes.tif", (1400, 1400), PixelSize::square(0.798_656_340_572_620_7)).shapes(sizes);
    let lowest = made.particles.iter().map(|p| p.outline.y_px + 75.0).fold(0.0, f64::max);
    assert!(lowest < 1280.0, "{lowest}");
    for (x, y) in [(300.3, 1399.0), (0.4, 1330.2), (1396.0, 1396.5)] {
        made.add(star(x, y, 60.0, &edge(0)), false);
    }
    for x in [700.2, 800.8] {
        made.add(star(x, 1340.5, 40.0, &edge(3)), true);
    }
    made.draw(&[[100.2, 1300.1], [100.9, 1300.2], [100.8, 1300.9], [100.1, 1300.8]]);
    made.draw(&[[120.2, 1300.3], [171.1, 1300.2], [171.2, 1300.8], [120.1, 1300.9]]);
    made.draw(&[[190.25, 1290.4], [190.75, 1290.4], [190.75, 1340.6], [190.25, 1340.6]]);
    made.draw(&[[210.2, 1300.3], [250.7, 1295.1], [240.1, 1320.5], [262.3, 1341.8], [215.5, 1325.5]]);
    made.draw(&[[280.0, 1290.0], [300.0, 1290.0], [300.0, 1310.0], [280.0, 1310.0]]);
    // Diagonal neighbours, and a stair of corners a pixel apart.
    made.draw(&[[320.3, 1290.0], [360.3, 1330.0], [358.9, 1331.4], [318.9, 1291.4]]);
    made.decide(3, |d| d.class = Some(Class::CupShapedVesicle));
    made.decide(5, |d| (d.status, d.reason) = (Some(Status::Rejected), Some("=out of focus".into())));
    made
}

fn images() -> Vec<Made> {
    let small = |name: &str, pixel_size| Made::new(name, (300, 240), pixel_size);
    let some = || (0..24).map(|i| 5.0 + 40.0 * spread(i, 17));
    let mut failed = Made::new("failed.tif", (0, 0), None);
    failed.row = ImageRow { image: "failed.tif".into(), error: Some("cut short".into()), ..Default::default() };
    let mut images = vec![
        many(),
        small("folder/oblong.tif", PixelSize::new(0.5, 0.7)).shapes(some()),
        small("nearly-square.tif", PixelSize::new(0.5, 0.503)).shapes(some()),
        small("unscaled.tif", None).shapes(some()),
        failed,
        small("empty.tif", PixelSize::square(1.0)),
    ];
    let size = PixelSize::new(0.137_218_9, 0.137_218_9);
    images.extend(hostile_names().iter().map(|name| small(name, size).shapes([30.0, 41.5].into_iter())));
    images
}

/// Writes the results of the images into a run's folder, as an analysis leaves them, and opens it.
fn make(dir: &Path) -> Run {
    let (mut outputs, mut curation) = (Listing::default(), Curation::default());
    for (i, made) in images().into_iter().enumerate() {
        let output = format!("image-{i:02}");
        let folder = image_folder(dir, &output);
        fs::create_dir_all(&folder).unwrap();
        let has_failed = made.row.error.is_some();
        outputs.push(&output);
        let input = InputRecord {
            image: made.row.image.clone(),
            sha256: made.row.input_sha256.clone(),
            output: output.clone(),
            status: if has_failed { "failed" } else { "ok" }.into(),
            ..InputRecord::default()
        };
        curation.append(made.decisions);
        if let (Some(width), Some(height)) = (made.row.width_px, made.row.height_px) {
            let grey = image::GrayImage::from_fn(width as u32, height as u32, |x, y| image::Luma([(x ^ y) as u8]));
            let picture = Picture { grey, reduce: 1 };
            cupule::atomic::write_whole(&folder.join("picture.png"), |out| picture.write(out)).unwrap();
        }
        let row = ImageRow { output: Some(output), ..made.row };
        Findings { row, marks: Vec::new(), particles: made.particles }.write(&folder).unwrap();
        Journal { input, ..Journal::default() }.write(&folder).unwrap();
    }
    let record = RunRecord {
        effort: None,
        chunk: None,
        restarts: false,
        status: RunStatus::Finished,
        cupule_version: env!("CARGO_PKG_VERSION").into(),
        command: vec!["cupule".into()],
        include: Vec::new(),
        exclude: Vec::new(),
        config: json!({}),
        exports: Vec::new(),
        device: DeviceRecord::default(),
        counts: BTreeMap::new(),
        stages: Vec::new(),
        started_utc: "2026-11-23T14:00:00Z".into(),
        finished_utc: "2026-11-23T14:59:28Z".into(),
    };
    record.write(dir, &outputs).unwrap();
    curation.write(&dir.join("curation.json")).unwrap();
    Run::open(dir).unwrap()
}

/// All images with the folders of their results.
fn results(run: &Run) -> Vec<(PathBuf, ImageResult)> {
    run.outputs.iter().map(|output| (run.folder(output), run.image(output).unwrap())).collect()
}

fn write(run: &Run, exports: &str) {
    let exports: Exports = exports.parse().unwrap();
    for (output, (folder, image)) in run.outputs.iter().zip(results(run)) {
        match image.row.error {
            Some(_) => remove_image(&folder).unwrap(),
            None => write_image(&folder, &image, &run.picture(output, &image).unwrap(), &exports).unwrap(),
        }
    }
    write_run(run, &exports).unwrap();
}

/// A run of its own with some files for other programs.
fn fresh(exports: &str) -> (tempfile::TempDir, Run) {
    let dir = tempfile::tempdir().unwrap();
    let run = make(dir.path());
    write(&run, exports);
    (dir, run)
}

fn table(path: &Path) -> Vec<HashMap<String, String>> {
    csv::Reader::from_path(path).unwrap().deserialize().map(Result::unwrap).collect()
}

fn json_of(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn vesicles(image: &ImageResult) -> Vec<&cupule::results::Particle> {
    image.particles.iter().filter(|p| p.is_vesicle()).collect()
}

/// Leaves the run and what the other programs are to find in it.
#[test]
fn a_run_for_the_other_programs_to_read() {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let dir = target.join("exports-run");
    if dir.exists() {
        fs::remove_dir_all(&dir).unwrap();
    }
    fs::create_dir_all(&dir).unwrap();
    let run = make(&dir);
    write(&run, "all");
    let expected: Vec<Value> = results(&run)
        .iter()
        .map(|(folder, image)| {
            let outlines: Vec<Value> = vesicles(image)
                .iter()
                .map(|p| json!({ "id": p.id, "status": p.status.name(), "polygon": p.polygon, "area": p.shape.area_px2 }))
                .collect();
            json!({
                "image": image.row.image, "folder": folder, "size": image.size_px(), "outlines": outlines,
                "pixel_nm": image.row.pixel_size.map(|p| [p.x_nm, p.y_nm]),
            })
        })
        .collect();
    write_json(&target.join("exports-expected.json"), &expected).unwrap();
    let accepted = results(&run)[0].1.particles.iter().filter(|p| p.status == Status::Accepted).count();
    assert!(accepted >= 200, "{accepted}");

    // Every value that a label can have, with and without a scale.
    let (width, height) = (700, 900);
    let label = (0..width * height).map(|i| ((i * 7919) % 65536) as u16).collect();
    let labels = Labels { width, height, label };
    for (name, size) in [("labels", PixelSize::new(0.62, 0.137_218_9)), ("labels-uncalibrated", None)] {
        let mut file = Vec::new();
        write_labels(&mut file, &labels, size).unwrap();
        fs::write(target.join(format!("{name}.tif")), &file).unwrap();
    }
}

#[test]
fn the_same_run_gives_the_same_bytes() {
    let (a, b) = (fresh("all"), fresh("all"));
    let mut compared = 0;
    for ((one, _), (other, _)) in results(&a.1).iter().zip(&results(&b.1)) {
        for name in PER_IMAGE {
            assert_eq!(fs::read(one.join(name)).ok(), fs::read(other.join(name)).ok(), "{name}");
            compared += usize::from(one.join(name).exists());
        }
    }
    for name in PER_RUN.into_iter().chain(cfg!(feature = "parquet").then_some("particles.parquet")) {
        assert_eq!(fs::read(a.1.dir.join(name)).unwrap(), fs::read(b.1.dir.join(name)).unwrap(), "{name}");
    }
    // Twelve images: one failed, and one is empty and has no outlines.
    assert_eq!(compared, 3 * 11 - 1);
}

#[test]
fn files_that_are_no_longer_asked_for_are_gone() {
    let (_dir, run) = fresh("all");
    let (folder, _) = &results(&run)[0];
    let there = |names: &[&str], dir: &Path| names.iter().filter(|name| dir.join(name).exists()).count();
    assert_eq!((there(&PER_IMAGE, folder), there(&PER_RUN, &run.dir)), (3, 4));
    write(&run, "rois,coco");
    assert_eq!((there(&PER_IMAGE, folder), there(&PER_RUN, &run.dir)), (1, 1));
    remove_image(folder).unwrap();
    assert_eq!(there(&PER_IMAGE, folder), 0);
}

#[test]
fn outlines_come_back_from_the_roi_zip_with_their_ids() {
    let (_dir, run) = fresh("rois");
    for (folder, image) in results(&run) {
        let expected = vesicles(&image);
        let Ok(zip) = fs::read(folder.join("rois.zip")) else {
            assert!(expected.is_empty(), "{}", image.row.image);
            continue;
        };
        let rois = roi::decode_zip(&zip).unwrap();
        assert_eq!(rois.len(), expected.len());
        for ((name, shape), particle) in rois.iter().zip(expected) {
            assert_eq!(*name, format!("{:04}-{}.roi", particle.id, particle.status.name()));
            let single = particle.polygon.iter().map(|v| v.map(|v| f64::from(v as f32))).collect();
            assert_eq!(shape.as_ref().unwrap(), &cupule::evaluate::Shape::Polygons(vec![single]));
        }
    }
}

#[test]
fn outlines_that_nobody_changed_come_back_as_no_decision() {
    let (_dir, run) = fresh("rois,outlines");
    let author = Author { by: "A. Person".into(), utc: "2026-11-23T14:59:28Z".into(), reason: None };
    for (folder, image) in results(&run).into_iter().filter(|(_, image)| !vesicles(image).is_empty()) {
        for name in ["rois.zip", "outlines.geojson"] {
            let outlines: Vec<Drawn> = drawn(&folder.join(name))
                .unwrap()
                .into_iter()
                .map(|(name, polygon)| Drawn { particle_id: particle_id(&name), polygon })
                .collect();
            assert_eq!(outlines.len(), vesicles(&image).len());
            assert_eq!(image.redrawn(&outlines, true, &author), [], "{name} of {}", image.row.image);
        }
    }
}

#[test]
fn features_for_qupath_are_closed_unique_and_without_nan() {
    let (_dir, run) = fresh("outlines");
    for (folder, image) in results(&run).into_iter().filter(|(_, image)| image.row.error.is_none()) {
        let collection = json_of(&folder.join("outlines.geojson"));
        let features = collection["features"].as_array().unwrap();
        assert_eq!(features.len(), vesicles(&image).len());
        let ids: HashSet<&str> = features.iter().map(|f| f["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), features.len());
        for feature in features {
            let ring = feature["geometry"]["coordinates"][0].as_array().unwrap();
            assert_eq!(ring.first(), ring.last());
            let properties = &feature["properties"];
            assert!(properties["measurements"].as_object().unwrap().values().all(Value::is_number));
            assert!(properties["metadata"].as_object().unwrap().values().all(Value::is_string));
            let lengths = if image.row.pixel_size.is_some() { "Diameter nm" } else { "Diameter px" };
            assert!(properties["measurements"][lengths].as_f64().unwrap() > 0.0);
        }
    }
    let first = &json_of(&results(&run)[0].0.join("outlines.geojson"))["features"][2]["properties"];
    assert_eq!(first["classification"]["name"], "cup_shaped_vesicle");
    assert_eq!(first["metadata"]["Curated by"], "=A. Person");
    assert_eq!((&first["metadata"]["Machine class"], &first["name"]), (&json!("vesicle"), &json!("0003-accepted")));
    assert!(first["measurements"].get("Granularity").is_none());
}

#[test]
fn the_imagej_table_has_its_headings_and_the_accepted_particles() {
    let (_dir, run) = fresh("imagej");
    let text = fs::read_to_string(run.dir.join("imagej.csv")).unwrap();
    let headings = " ,Label,Area,X,Y,Perim.,BX,BY,Width,Height,Major,Minor,Angle,Circ.,Feret,FeretX,FeretY,FeretAngle,\
                    MinFeret,AR,Round,Solidity\n";
    assert!(text.starts_with(headings), "{}", &text[..200]);
    // A label never breaks a line.
    assert_eq!(text.lines().count(), table(&run.dir.join("imagej.csv")).len() + 1);
    let rows = table(&run.dir.join("imagej.csv"));
    let accepted = |image: &ImageResult| image.particles.iter().filter(|p| p.status == Status::Accepted).count();
    assert_eq!(rows.len(), results(&run).iter().map(|(_, image)| accepted(image)).sum::<usize>());
    assert_eq!((&*rows[0][" "], &*rows[0]["Label"]), ("1", "shapes.tif:0001-accepted"));
    let oblong = rows.iter().find(|row| row["Label"].starts_with("folder/oblong.tif:")).unwrap();
    assert_eq!([&oblong["Major"], &oblong["AR"], &oblong["Round"]], ["", "", ""]);
    assert!(oblong["Feret"].parse::<f64>().unwrap() > 0.0);
}

#[test]
fn coco_annotations_lie_in_their_pictures() {
    let (_dir, run) = fresh("coco");
    let coco = json_of(&run.dir.join("coco.json"));
    let [images, annotations, categories] =
        ["images", "annotations", "categories"].map(|k| coco[k].as_array().unwrap());
    // All but the one that failed.
    assert_eq!(images.len(), run.outputs.len() - 1);
    let total: usize = results(&run).iter().map(|(_, image)| vesicles(image).len()).sum();
    assert_eq!(annotations.len(), total);
    assert_eq!(annotations.iter().map(|a| a["id"].as_u64()).collect::<HashSet<_>>().len(), total);
    for annotation in annotations {
        let image = &images[annotation["image_id"].as_u64().unwrap() as usize - 1];
        let number = |v: &Value| v.as_f64().unwrap();
        let [x, y, w, h] = [0, 1, 2, 3].map(|i| number(&annotation["bbox"][i]));
        assert!(x >= 0.0 && y >= 0.0 && w > 0.0 && h > 0.0, "{annotation}");
        assert!(x + w <= number(&image["width"]) + 1e-3 && y + h <= number(&image["height"]) + 1e-3, "{annotation}");
        assert!(categories.iter().any(|c| c["id"] == annotation["category_id"]));
        assert_eq!(annotation.get("score").is_none(), annotation["attributes"]["particle_id"].as_u64() > Some(215));
    }
}

#[test]
fn labelled_particles_are_in_the_tables_for_napari_and_omero() {
    let (_dir, run) = fresh("features,omero");
    let total: usize = results(&run).iter().map(|(_, image)| vesicles(image).len()).sum();
    let features = table(&run.dir.join("features.csv"));
    assert_eq!(features.len(), total);
    assert!(features.iter().all(|row| row["index"] == row["label"] && row["status"] != "rejected"));

    let text = fs::read_to_string(run.dir.join("omero.csv")).unwrap();
    let (types, rest) = text.split_once('\n').unwrap();
    let types: Vec<&str> = types.strip_prefix("# header ").unwrap().split(',').collect();
    assert_eq!(types.len(), PARTICLES.len() + 1);
    let mut reader = csv::Reader::from_reader(rest.as_bytes());
    let headings = reader.headers().unwrap().clone();
    assert_eq!(&headings[0], "Image Name");
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), total);
    for row in &rows {
        for (kind, cell) in types.iter().zip(row).filter(|(_, cell)| !cell.is_empty()) {
            assert!(*kind != "d" || cell.parse::<f64>().is_ok(), "{cell}");
            assert!(*kind != "l" || cell.parse::<i64>().is_ok(), "{cell}");
        }
    }
    assert!(rows.iter().any(|row| &row[0] == "oblong.tif" && &row[1] == "folder/oblong.tif"));
}

#[test]
fn no_cell_is_a_formula() {
    let (_dir, run) = fresh("all");
    for name in ["imagej.csv", "features.csv", "omero.csv"] {
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_path(run.dir.join(name)).unwrap();
        for record in reader.records() {
            for cell in &record.unwrap() {
                assert!(!cell.starts_with(['=', '+', '@', '\t', '\r', '\n']), "{name}: {cell}");
                assert!(!cell.starts_with('-') || cell.parse::<f64>().is_ok(), "{name}: {cell}");
            }
        }
    }
}

#[test]
fn parquet_is_written_or_refused_by_name() {
    let all: Exports = "all".parse().unwrap();
    assert_eq!(all.names().contains(&"particles.parquet".to_owned()), cfg!(feature = "parquet"));
    assert_eq!(Exports::help().contains("particles.parquet"), cfg!(feature = "parquet"));
    match "particles.parquet".parse::<Exports>() {
        Ok(chosen) => {
            assert_eq!((chosen.names(), cfg!(feature = "parquet")), (vec!["particles.parquet".to_owned()], true))
        }
        Err(error) => assert!(error.to_string().contains("feature 'parquet'"), "{error}"),
    }
}
