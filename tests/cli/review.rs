//! After the analysis: reports made again, decisions of people, outlines that come back.

use super::*;
use serde_json::{Value as Json, json};

fn run(dir: &Path, args: &[&str], code: i32) -> Ended {
    let ended = cupule(dir, args);
    assert_eq!(ended.code, code, "{args:?}: {}", ended.stderr);
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    ended
}

fn read_json(path: &Path) -> Json {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Decisions as the report's page saves them: the first particle of a status gets another one.
fn decisions(out: &Path, from: &str, to: &str) -> Json {
    let particles = rows(&out.join("particles.csv"));
    let row = particles.iter().find(|row| row["status"] == from).unwrap();
    let images = rows(&out.join("images.csv"));
    let image = images.iter().find(|image| image["image"] == row["image"]).unwrap();
    let id: u32 = row["particle_id"].parse().unwrap();
    json!({ "format": "cupule curation", "version": 1, "decisions": [{
        "image": row["image"], "input_sha256": image["input_sha256"], "particle_id": id, "status": to,
        "reason": "two bodies", "by": "A. N. Other", "utc": "2026-11-23T12:00:00Z" }] })
}

fn count(out: &Path, column: &str, value: &str) -> usize {
    rows(&out.join("particles.csv")).iter().filter(|row| row[column] == value).count()
}

#[test]
fn decisions_of_a_person_change_every_table_and_can_be_taken_back() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    // With more than one vesicle: without any there is nothing to draw and to export.
    fields(dir, &[Kind::Dense], 1);
    analyze(dir, &["in", "--out", "out", "--export", "all"], 0);
    let out = dir.join("out");
    let before = files(&out);
    let accepted = count(&out, "status", "accepted");
    fs::write(dir.join("curation.json"), decisions(&out, "accepted", "rejected").to_string()).unwrap();
    let ended = run(dir, &["curate", "out", "curation.json"], 0);
    assert!(ended.stdout.contains(&format!("{accepted} before, {} now", accepted - 1)), "{}", ended.stdout);
    assert_eq!(count(&out, "status", "accepted"), accepted - 1);
    assert_eq!((count(&out, "machine_status", "accepted"), count(&out, "curated_by", "A. N. Other")), (accepted, 1));
    assert_eq!(read_json(&out.join("statistics.json"))["count"], accepted - 1);
    let changed = files(&out);
    assert_eq!(changed.len(), before.len() + 1, "curation.json alone is new");
    for name in ["particles.csv", "images.csv", "imagej.csv", "coco.json", "report.html", "purity.json"] {
        assert!(changed[name] != before[name], "{name}");
    }
    for name in ["labels.tif", "overlay.png", "rois.zip", "outlines.geojson", "labels.ome.tif"] {
        let name = format!("images/dense-000/{name}");
        assert!(changed[&name] != before[&name], "{name}");
    }
    // The machine's findings are what they were.
    assert!(changed["images/dense-000/result.json"] == before["images/dense-000/result.json"]);
    // Once more changes nothing.
    let ended = run(dir, &["curate", "out", "curation.json"], 0);
    assert!(ended.stdout.contains("0 new decisions (1 were known already)"), "{}", ended.stdout);
    assert!(files(&out) == changed);
    // An analysis that only goes on leaves a person's work alone, one from the start would throw it away.
    analyze(dir, &["in", "--out", "out", "--export", "all"], 0);
    assert!(files(&out).iter().all(|(name, bytes)| name == "summary.json" || *bytes == changed[name]));
    let ended = analyze(dir, &["in", "--out", "out", "--restart"], 2);
    assert!(ended.stderr.contains("holds decisions of a person"), "{}", ended.stderr);
    fs::write(out.join("summary.json"), &before["summary.json"]).unwrap();
    fs::remove_file(out.join("curation.json")).unwrap();
    run(dir, &["report", "out"], 0);
    let after = files(&out);
    assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
    assert!(after.iter().all(|(name, bytes)| *bytes == before[name]), "the same bytes as before");
}

#[test]
fn decisions_about_something_else_change_nothing() {
    let dir = folder_with_field();
    let dir = dir.path();
    analyze(dir, &["in", "--out", "out", "--export", "none"], 0);
    let before = files(&dir.join("out"));
    let good = decisions(&dir.join("out"), "accepted", "rejected");
    let with = |change: &dyn Fn(&mut Json)| {
        let mut changed = good.clone();
        change(&mut changed["decisions"][0]);
        changed.to_string()
    };
    for (text, words) in [
        (with(&|d| d["input_sha256"] = "00".into()), "other content"),
        (with(&|d| d["image"] = "b.tif".into()), "no such image"),
        (with(&|d| d["particle_id"] = 99_999.into()), "no such particle"),
        (with(&|d| d["status"] = "perhaps".into()), "perhaps"),
        (with(&|d| d["stauts"] = "accepted".into()), "stauts"),
        (good.to_string().replace("cupule curation", "other"), "not 'cupule curation'"),
        ("{".into(), "no file of decisions"),
        (String::new(), "no file of decisions"),
    ] {
        fs::write(dir.join("c.json"), text).unwrap();
        let ended = run(dir, &["curate", "out", "c.json"], 3);
        assert!(ended.stderr.starts_with("error: c.json: ") && ended.stderr.contains(words), "{}", ended.stderr);
    }
    assert!(files(&dir.join("out")) == before);
    for (args, words) in [
        (["curate", "nowhere", "c.json"].as_slice(), "run.json"),
        (&["curate", "in", "c.json"], "run.json"),
        (&["curate", "out", "nowhere.json"], "nowhere.json"),
        (&["report", "nowhere"], "'cupule analyze' was told"),
    ] {
        assert!(run(dir, args, 3).stderr.contains(words), "{args:?}");
    }
}

#[test]
fn reports_can_be_had_later_and_without_the_micrographs() {
    let dir = folder_with_field();
    let dir = dir.path();
    analyze(dir, &["in", "--out", "all", "--export", "all"], 0);
    analyze(dir, &["in", "--out", "later", "--export", "none"], 0);
    fs::remove_dir_all(dir.join("in")).unwrap();
    assert!(!dir.join("later/report.html").exists());
    run(dir, &["report", "later", "--export", "coco,rois"], 0);
    assert!(dir.join("later/coco.json").exists() && !dir.join("later/omero.csv").exists());
    run(dir, &["report", "later", "--export", "all"], 0);
    let (all, later) = (files(&dir.join("all")), files(&dir.join("later")));
    assert_eq!(all.keys().collect::<Vec<_>>(), later.keys().collect::<Vec<_>>());
    // But for times, and the names of the folders.
    for name in ["particles.csv", "imagej.csv", "coco.json", "purity.json", "statistics.json"] {
        assert!(all[name] == later[name], "{name}");
    }
    let ended = run(dir, &["report", "later", "--export", "cocoa"], 2);
    assert!(ended.stderr.contains("'cocoa' is no file") && ended.stderr.contains("coco.json"), "{}", ended.stderr);
}

#[test]
fn outlines_go_to_fiji_and_qupath_and_come_back() {
    let dir = folder_with_field();
    let dir = dir.path();
    analyze(dir, &["in", "--out", "out", "--export", "rois.zip,outlines.geojson"], 0);
    let image = dir.join("out/images/clean-000");
    let before = files(&dir.join("out"));
    for name in ["rois.zip", "outlines.geojson"] {
        fs::copy(image.join(name), dir.join(name)).unwrap();
        let ended = run(dir, &["import-rois", "out", name, "--by", "me"], 0);
        assert!(ended.stdout.contains("outlines, 0 of them new or redrawn"), "{}", ended.stdout);
    }
    fs::remove_file(dir.join("out/curation.json")).unwrap();
    run(dir, &["report", "out"], 0);
    assert!(files(&dir.join("out")) == before, "nothing was drawn, nothing changes");
    // A person moves the first outline, draws a new one and deletes the second.
    let mut json = read_json(&dir.join("outlines.geojson"));
    let features = json["features"].as_array_mut().unwrap();
    let mut drawn = features[0].clone();
    drawn["properties"]["name"] = "mine".into();
    drawn["geometry"]["coordinates"] = json!([[[10, 10], [30, 10], [30, 30], [10, 30], [10, 10]]]);
    features.push(drawn);
    for vertex in features[0]["geometry"]["coordinates"][0].as_array_mut().unwrap() {
        vertex[0] = (vertex[0].as_f64().unwrap() + 2.0).into();
    }
    features.remove(1);
    fs::write(dir.join("redrawn.geojson"), json.to_string()).unwrap();
    let args =
        ["import-rois", "out", "redrawn.geojson", "--by", "me", "--reject-missing", "--reason", "seen in QuPath"];
    let ended = run(dir, &args, 0);
    assert!(ended.stdout.contains("2 of them new or redrawn"), "{}", ended.stdout);
    let particles = rows(&dir.join("out/particles.csv"));
    let mine: Vec<_> = particles.iter().filter(|row| row["curated_by"] == "me").collect();
    assert_eq!(mine.len(), 3);
    assert!(mine.iter().any(|row| row["area_px2"] == "400" && row["machine_status"].is_empty()));
    assert!(mine.iter().any(|row| row["status"] == "rejected" && row["reason"] == "seen in QuPath"));
    for (args, words) in [
        (["import-rois", "out", "in/clean-000.tif", "--by", "me"].as_slice(), "no outlines"),
        (&["import-rois", "out", "rois.zip", "--image", "b.tif"], "no image 'b.tif'"),
        (&["import-rois", "out", "nowhere.zip"], "nowhere.zip"),
    ] {
        let ended = cupule(dir, args);
        assert!(ended.code > 0 && ended.stderr.contains(words), "{args:?}: {}", ended.stderr);
    }
}
