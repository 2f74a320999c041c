//! Tables, files and pictures as a user, a spreadsheet and ImageJ will meet them.

use cupule::atomic::write_whole;
use cupule::clock::utc;
use cupule::error::{Error, Result};
use cupule::image::{Labels, Micrograph};
use cupule::measure::appearance::Appearance;
use cupule::measure::shape::shape;
use cupule::measure::{Class, Mask, Particle, Quality, Reason, Shape, Status};
use cupule::report::columns::{IMAGES, Kind, PARTICLES, Value, documentation, documentation_json};
use cupule::report::csv::{Images, Particles, decimal};
use cupule::report::labels::write_labels;
use cupule::report::{Sink, overlay};
use cupule::results::record::{DeviceRecord, InputRecord, StageRecord};
use cupule::results::{ImageCounts, ImageResult, ImageRow, Journal, Picture, RunRecord, RunStatus, ScaleBarRow};
use cupule::segment::{Outline, Polarity, RAYS};
use cupule::units::PixelSize;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

fn particle(id: u32, (x_px, y_px): (f64, f64), r: f32, status: Status, picture: (usize, usize)) -> Particle {
    // A gentle wobble, so that outlines don't look like compasses drew them.
    let radius_px = std::array::from_fn(|k| r * (1.0 + 0.06 * libm::sinf(k as f32 * 0.196 + id as f32)));
    let outline = Outline { x_px, y_px, radius_px, polarity: Polarity::Lighter };
    Particle {
        id,
        shape: shape(&Mask::of_outline(&outline, picture), picture),
        outline,
        diameter_uncertainty_nm: 0.8,
        appearance: Appearance { dent_offset: Some(0.2), rim_width_nm: Some(9.0), ..Default::default() },
        confidence: 0.75,
        class: Class::Vesicle,
        status,
        reason: (status == Status::Rejected).then_some(Reason {
            rule: "solidity".into(),
            value: 0.5,
            comparison: '<',
            threshold: 0.8,
        }),
    }
}

/// Rows of a table as maps from heading to cell.
fn parse(csv: &[u8]) -> Vec<HashMap<String, String>> {
    csv::Reader::from_reader(csv).deserialize().map(std::result::Result::unwrap).collect()
}

/// A particle in an image of its own.
struct ParticleRow<'a> {
    image: &'a str,
    pixel_size: Option<PixelSize>,
    particle: &'a Particle,
}

fn result(row: ImageRow, particles: &[Particle]) -> ImageResult {
    ImageResult { row, marks: Vec::new(), particles: particles.iter().cloned().map(Into::into).collect() }
}

/// What a file of a run contains after these images.
fn written<S: Sink>(create: fn(&Path) -> Result<S>, name: &str, images: &[ImageResult]) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let mut sink = Box::new(create(dir.path()).unwrap());
    images.iter().for_each(|image| sink.image(image).unwrap());
    sink.finish().unwrap();
    std::fs::read(dir.path().join(name)).unwrap()
}

fn particle_table(rows: &[ParticleRow<'_>]) -> Vec<u8> {
    let image = |row: &ParticleRow<'_>| {
        let of_image = ImageRow { image: row.image.into(), pixel_size: row.pixel_size, ..ImageRow::default() };
        result(of_image, std::slice::from_ref(row.particle))
    };
    written(Particles::create, "particles.csv", &rows.iter().map(image).collect::<Vec<_>>())
}

fn image_table(rows: &[ImageRow]) -> Vec<u8> {
    written(Images::create, "images.csv", &rows.iter().map(|row| result(row.clone(), &[])).collect::<Vec<_>>())
}

/// A micrograph and what was found in it, as a run's folder has them.
fn shown(micrograph: &Micrograph, particles: &[Particle]) -> (Picture, ImageResult) {
    let row = ImageRow {
        width_px: Some(micrograph.width),
        height_px: Some(micrograph.height),
        pixel_size: micrograph.pixel_size,
        ..ImageRow::default()
    };
    let image = ImageResult { marks: micrograph.marks.clone(), ..result(row, particles) };
    (Picture::of(micrograph), image)
}

fn overlay(micrograph: &Micrograph, particles: &[Particle]) -> image::RgbImage {
    let (picture, image) = shown(micrograph, particles);
    overlay::overlay(&picture, &image)
}

fn write_overlay(out: &mut dyn Write, micrograph: &Micrograph, particles: &[Particle]) -> io::Result<()> {
    let (picture, image) = shown(micrograph, particles);
    overlay::write_overlay(out, &picture, &image)
}

#[test]
fn particles_csv_has_the_promised_columns_in_their_order() {
    let headings = "image,particle_id,status,reason,class,polarity,confidence,x_px,y_px,x_nm,y_nm,diameter_px,\
                    diameter_nm,feret_max_nm,feret_min_nm,area_nm2,perimeter_nm,circularity,solidity,aspect_ratio,\
                    rim_contrast,rim_completeness,cup_depth,";
    let text = String::from_utf8(particle_table(&[])).unwrap();
    assert!(text.starts_with(headings), "{text}");
    assert!(
        text.ends_with(
            "feret_max_px,feret_min_px,area_px2,perimeter_px,covered_share,machine_status,machine_class,\
                           curated_by,curated_utc\n"
        ),
        "{text}"
    );
    let headings = "image,output,status,error,format,width_px,height_px,pixel_size_nm,pixel_size_source,accepted_count,\
                    border_count,rejected_count,suppressed_count,contour_count,background_grey,background_swing,\
                    noise_grey,nonfinite_count,device,warnings,input_sha256,frame,frame_count,scale_bar_nm,\
                    scale_bar_px,scale_bar_confidence,covered_share,stain_gradient,granularity,edge_width_nm,\
                    saturated_share,rim_contrast_median,vesicle_share,clutter_share,crowded_share,diameter_median_nm,per_um2\n";
    assert_eq!(String::from_utf8(image_table(&[])).unwrap(), headings);
}

#[test]
fn nanometres_follow_from_pixels() {
    let shape = Shape {
        area_px2: 100.0,
        x_px: 10.0,
        y_px: 20.0,
        diameter_px: 11.283792,
        feret_max_px: 12.0,
        feret_min_px: 10.0,
        perimeter_px: 35.4,
        circularity: 1.0,
        solidity: 0.95,
        aspect_ratio: 1.1,
        touches_border: false,
        covered_share: 0.0,
    };
    let particle = Particle { shape, ..particle(1, (10.0, 20.0), 6.0, Status::Accepted, (64, 64)) };
    // Four times as high as wide: lengths go by the edge of the square of the same area, 2 nm.
    let pixel_size = PixelSize::new(1.0, 4.0);
    let rows = parse(&particle_table(&[
        ParticleRow { image: "a.tif", pixel_size, particle: &particle },
        ParticleRow { image: "a.tif", pixel_size: None, particle: &particle },
    ]));
    let expected = [
        ("x_nm", "10"),
        ("y_nm", "80"),
        ("diameter_nm", "22.56758"),
        ("feret_max_nm", "24"),
        ("feret_min_nm", "20"),
        ("area_nm2", "400"),
        ("perimeter_nm", "70.8"),
    ];
    for (column, value) in expected {
        assert_eq!(rows[0][column], value, "{column}");
        assert_eq!(rows[1][column], "", "{column} without a pixel size");
    }
    assert_eq!([&rows[1]["diameter_px"], &rows[1]["area_px2"], &rows[1]["solidity"]], ["11.28379", "100", "0.95"]);
}

#[test]
fn what_is_unknown_is_blank_and_never_zero() {
    let mut particle = particle(1, (-50.0, 5.0), 3.0, Status::Rejected, (64, 64));
    particle.appearance = Appearance { rim_contrast: f64::NAN, rim_completeness: f64::INFINITY, ..particle.appearance };
    let row = &parse(&particle_table(&[ParticleRow { image: "a.tif", pixel_size: None, particle: &particle }]))[0];
    let blank = ["x_nm", "diameter_nm", "area_nm2", "circularity", "solidity", "aspect_ratio", "rim_contrast"];
    blank.into_iter().chain(["rim_completeness"]).for_each(|column| assert_eq!(row[column], "", "{column}"));
    assert_eq!(row["reason"], "solidity 0.500 < 0.800");
    assert_eq!(row["area_px2"], "0");

    let failed = ImageRow { image: "b.tif".into(), error: Some("cut short".into()), ..ImageRow::default() };
    let row = &parse(&image_table(&[failed]))[0];
    assert_eq!([&row["image"], &row["status"], &row["error"]], ["b.tif", "failed", "cut short"]);
    let filled = row.iter().filter(|(_, cell)| !cell.is_empty()).count();
    assert_eq!(filled, 3, "{row:?}");
}

#[test]
fn an_image_row_says_everything() {
    let row = ImageRow {
        image: "dir/a.tif".into(),
        output: Some("a".into()),
        format: Some("TIFF".into()),
        width_px: Some(162),
        height_px: Some(161),
        pixel_size: PixelSize::square(0.62),
        pixel_size_source: Some("--pixel-size".into()),
        counts: Some(ImageCounts { contour: 40, suppressed: 8, accepted: 20, border: 2, rejected: 10 }),
        background_grey: Some(1234.5),
        background_swing: Some(12.0),
        noise_grey: Some(0.000_123_456_789),
        nonfinite_count: Some(0),
        device: Some("native".into()),
        warnings: vec!["one".into(), "two".into()],
        input_sha256: Some("ab".into()),
        frame: Some("mean".into()),
        frame_count: Some(3),
        scale_bar: Some(ScaleBarRow { length_nm: 200.0, length_px: 322.5, confidence: 0.98 }),
        covered_share: Some(0.0625),
        diameter_median_nm: Some(81.5),
        per_um2: Some(12.5),
        quality: Some(Quality {
            stain_gradient: Some(2.5),
            granularity: Some(0.375),
            edge_width_nm: Some(8.5),
            saturated_share: Some(0.001),
            rim_contrast: Some(6.25),
            vesicle_share: Some(0.125),
            clutter_share: Some(0.0),
            crowded_share: None,
        }),
        error: None,
    };
    let text = String::from_utf8(image_table(&[row])).unwrap();
    let expected = "dir/a.tif,a,ok,,TIFF,162,161,0.62,--pixel-size,20,2,10,8,40,1234.5,12,0.0001234568,0,native,\
                    one; two,ab,mean,3,200,322.5,0.98,0.0625,2.5,0.375,8.5,0.001,6.25,0.125,0,,81.5,12.5";
    // The one cell that begins like a formula.
    assert_eq!(text.lines().nth(1).unwrap(), expected.replace("--pixel-size", "'--pixel-size"));
}

#[test]
fn numbers_are_plain_decimals() {
    let expected = [
        (0.0, "0"),
        (-0.0, "0"),
        (-1e-300, "0"),
        (1.0, "1"),
        (0.1 + 0.2, "0.3"),
        (152.317_249, "152.3172"),
        (-2.5, "-2.5"),
        (9.999_999_96, "10"),
        (123_456_789.4, "123456789"),
        (1e21, "1000000000000000000000"),
        (0.000_012_345_678_9, "0.00001234568"),
        (f64::NAN, ""),
        (f64::NEG_INFINITY, ""),
    ];
    for (number, text) in expected {
        assert_eq!(decimal(number), text);
    }
}

#[test]
fn no_cell_is_a_formula_and_none_breaks_the_table() {
    let particle = particle(1, (32.0, 32.0), 9.0, Status::Accepted, (64, 64));
    let evil = ["=cmd|'/C calc'!A0", "+1", "-1", "@SUM(1)", "\tx", "\rx", "\nx", "\0x"];
    let harmless = ["a,b.tif", "say \"hi\".tif", "two\nlines.tif", "µ 🧫 \u{202E}fit.tif", "<script>.tif", "a=b.tif"];
    for (names, prefix) in [(&evil[..], "'"), (&harmless[..], "")] {
        for image in names {
            let table = particle_table(&[ParticleRow { image, pixel_size: None, particle: &particle }]);
            let rows = parse(&table);
            assert_eq!((rows.len(), &rows[0]["image"]), (1, &format!("{prefix}{image}")));
        }
    }
    // A negative number is a number, with neither quotes nor apostrophe, and lines end in LF.
    let outside = self::particle(2, (-3.5, 2.0), 1.0, Status::Rejected, (0, 0));
    let mut outside = Particle { shape: Shape { x_px: -3.5, ..outside.shape }, ..outside };
    outside.appearance.cup_depth = -0.25;
    let table = particle_table(&[ParticleRow { image: "a.tif", pixel_size: None, particle: &outside }]);
    let text = String::from_utf8(table).unwrap();
    assert!(
        text.contains(",-3.5,") && text.contains(",-0.25,") && !text.contains('"') && !text.contains('\r'),
        "{text}"
    );
}

#[test]
fn every_column_is_documented() {
    let text = documentation();
    assert!(text.lines().all(|line| line.chars().count() <= 100));
    let json = documentation_json();
    let mut names = HashSet::new();
    let columns = PARTICLES.iter().map(|c| ("particles.csv", c.name, c.unit, c.kind, c.meaning));
    let columns = columns.chain(IMAGES.iter().map(|c| ("images.csv", c.name, c.unit, c.kind, c.meaning)));
    for (table, name, unit, kind, meaning) in columns {
        assert!(names.insert((table, name)), "{name} twice");
        assert!(!meaning.is_empty(), "{name}");
        assert!(text.contains(&format!("\n  {name} (")), "{name}");
        assert!(json[table].as_array().unwrap().iter().any(|c| c["name"] == name && c["meaning"] == meaning), "{name}");
        // The unit is part of the name of everything that has one.
        let suffix = [("_nm", "nm"), ("_px", "px"), ("_nm2", "nm²"), ("_px2", "px²"), ("seconds", "s")];
        let by_name = suffix.iter().find(|(suffix, _)| name.ends_with(suffix)).map_or("", |(_, unit)| unit);
        assert_eq!(unit, by_name, "{name}");
        assert!(unit.is_empty() || kind != Kind::Text, "{name}");
    }
}

#[test]
fn cells_have_the_kind_that_is_documented() {
    let particle = particle(1, (32.0, 32.0), 9.0, Status::Rejected, (64, 64));
    let decision =
        serde_json::json!({ "image": "a.tif", "input_sha256": "0", "particle_id": 1, "by": "AN", "utc": "now" });
    let mut shown: cupule::results::Particle = particle.into();
    shown.decision = Some(serde_json::from_value(decision).unwrap());
    let row = cupule::report::ParticleRow { image: "a.tif", pixel_size: PixelSize::square(1.0), particle: &shown };
    for column in PARTICLES {
        let fits = match (column.get)(&row) {
            Value::Text(_) => column.kind == Kind::Text,
            Value::Number(_) => column.kind == Kind::Number,
            Value::Integer(_) => column.kind == Kind::Integer,
            Value::Missing => false,
        };
        assert!(fits, "{}", column.name);
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_file_is_whole_or_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    write_whole(&path, |out| out.write_all(b"first")).unwrap();
    write_whole(&path, |out| out.write_all(b"second")).unwrap();
    let failed = write_whole(&path, |out| {
        out.write_all(&[b'x'; 100_000])?;
        Err(io::Error::from(ErrorKind::StorageFull))
    });
    assert!(matches!(&failed, Err(Error::Output { path: p, remedy, .. }) if *p == path && remedy.contains("space")));
    assert_eq!(std::fs::read(&path).unwrap(), b"second");
    assert_eq!(names_in(folder.path()), ["table.csv"]);
}

#[test]
fn where_nothing_can_be_written_the_error_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let remedy_at = |path: &Path| match write_whole(path, |out| out.write_all(b"x")) {
        Err(Error::Output { remedy, .. }) => remedy,
        other => panic!("{other:?}"),
    };
    std::fs::write(folder.path().join("file"), "").unwrap();
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    assert!(remedy_at(&folder.path().join("missing/a.csv")).contains("exists"));
    assert!(remedy_at(&folder.path().join("file/a.csv")).contains("is a folder"));
    assert!(remedy_at(&folder.path().join("folder")).contains("in the place of this file"));
    let mut names = names_in(folder.path());
    names.sort();
    assert_eq!(names, ["file", "folder"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_named() {
    // The file that is always full: what the writer hands on must keep the kind of the error.
    let mut full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let picture = picture(64, 64, None);
    let folder = tempfile::tempdir().unwrap();
    let labels = Labels { width: 8, height: 8, label: vec![0; 64] };
    let failures = [
        write_whole(&folder.path().join("b"), |_| write_overlay(&mut full, &picture, &[])),
        write_whole(&folder.path().join("c"), |_| write_labels(&mut full, &labels, None)),
    ];
    for failure in failures {
        assert!(matches!(&failure, Err(Error::Output { remedy, .. }) if remedy.contains("space")), "{failure:?}");
    }
    assert!(names_in(folder.path()).is_empty());
}

#[cfg(unix)]
#[test]
fn results_can_be_read_by_whom_the_umask_allows() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (ours, plain) = (folder.path().join("ours"), folder.path().join("plain"));
    write_whole(&ours, |out| out.write_all(b"x")).unwrap();
    std::fs::write(&plain, "x").unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&ours), mode(&plain));
}

#[test]
fn labels_read_back_with_their_scale_in_a_form_imagej_reads() {
    use tiff::decoder::{Decoder, DecodingResult, ifd::Value as Tag};
    let (width, height) = (700, 900);
    let label: Vec<u16> = (0..width * height).map(|i| ((i * 7919) % 65536) as u16).collect();
    let labels = Labels { width, height, label: label.clone() };
    for size in [PixelSize::new(0.62, 0.137_218_9), None] {
        let mut file = Vec::new();
        write_labels(&mut file, &labels, size).unwrap();
        let mut tiff = Decoder::new(io::Cursor::new(&file)).unwrap();
        let tags: HashMap<u16, Tag> = tiff.tag_iter().map(|t| t.map(|(tag, v)| (tag.to_u16(), v)).unwrap()).collect();
        let number = |tag: u16| tags[&tag].clone().into_u32().unwrap();
        let [bits, compression, resolution_unit, predictor] = [258, 259, 296, 317].map(number);
        assert_eq!((bits, compression, resolution_unit, predictor), (16, 8, 1, 1));
        assert!(tags.contains_key(&273) && !tags.contains_key(&322), "strips, no tiles");
        let description = if size.is_some() { "ImageJ=1.53t\nunit=nm\n" } else { "ImageJ=1.53t\n" };
        assert_eq!(tags[&270].clone().into_string().unwrap(), description);
        let size = size.unwrap_or(PixelSize { x_nm: 1.0, y_nm: 1.0 });
        for (tag, nm) in [(282, size.x_nm), (283, size.y_nm)] {
            let Tag::Rational(n, d) = tags[&tag] else { panic!("{:?}", tags[&tag]) };
            assert!((f64::from(d) / f64::from(n) / nm - 1.0).abs() < 1e-8, "{n}/{d} for {nm}");
        }
        let DecodingResult::U16(read) = tiff.read_image().unwrap() else { panic!("not 16 bits") };
        assert!(read == label);
    }
}

#[test]
fn every_possible_pixel_size_survives_in_the_label_file() {
    let labels = Labels { width: 1, height: 1, label: vec![1] };
    for i in 0..=700 {
        let nm = libm::pow(10.0, -3.0 + f64::from(i) / 100.0).clamp(1e-3, 1e4);
        let mut file = Vec::new();
        write_labels(&mut file, &labels, PixelSize::square(nm)).unwrap();
        let mut tiff = tiff::decoder::Decoder::new(io::Cursor::new(&file)).unwrap();
        let tiff::decoder::ifd::Value::Rational(n, d) = tiff.get_tag(tiff::tags::Tag::XResolution).unwrap() else {
            panic!("not a rational")
        };
        assert!((f64::from(d) / f64::from(n) / nm - 1.0).abs() < 5e-7, "{n}/{d} for {nm}");
    }
}

/// Grey noise with a slope.
fn picture(width: usize, height: usize, pixel_size: Option<PixelSize>) -> Micrograph {
    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 16_777_216.0 - 0.5
    };
    let grey = (0..width * height).map(|i| 1000.0 + 60.0 * (noise() + noise()) + (i % width) as f32 * 0.02).collect();
    Micrograph::new(width, height, grey, pixel_size)
}

/// A micrograph with lighter discs on a jittered grid of `step` px; some accepted, some cut by the border.
fn scene(width: usize, height: usize, step: f64, radius: f32, nm: Option<f64>) -> (Micrograph, Vec<Particle>) {
    let mut picture = picture(width, height, nm.and_then(PixelSize::square));
    let mut particles = Vec::new();
    let (columns, rows) = ((width as f64 / step) as u32, (height as f64 / step) as u32);
    for i in 0..columns * rows {
        let jitter = |k: f64| ((f64::from(i) * k).fract() - 0.5) * 0.4;
        let x = (f64::from(i % columns) + 0.5 + jitter(0.618)) * step;
        let y = (f64::from(i / columns) + 0.5 + jitter(0.414)) * step;
        let r = radius * (0.7 + 0.6 * (f64::from(i) * 0.733).fract() as f32);
        let status = if i % 3 == 0 { Status::Accepted } else { Status::Rejected };
        let mut particle = particle(i + 1, (x, y), r, status, (width, height));
        if particle.shape.touches_border {
            particle.status = Status::Border;
        }
        if particle.status != Status::Rejected {
            let mask = Mask::of_outline(&particle.outline, (width, height));
            mask.pixels().for_each(|(x, y)| picture.grey[(mask.y0 + y) * width + mask.x0 + x] += 60.0);
        }
        particles.push(particle);
    }
    (picture, particles)
}

#[test]
fn overlays_of_all_sizes_are_drawn() {
    let scenes = [
        ("tiny", scene(162, 162, 30.0, 12.0, Some(4.1))),
        ("usual", scene(1024, 1024, 110.0, 40.0, Some(0.62))),
        ("wide", scene(1600, 400, 90.0, 30.0, None)),
        ("crowded", scene(2048, 2048, 30.0, 10.0, Some(0.5))),
        ("huge", scene(5000, 4200, 260.0, 80.0, Some(0.2))),
        ("narrow", scene(12, 900, 10.0, 4.0, Some(1.0))),
        ("one", scene(1, 1, 1.0, 0.3, None)),
    ];
    for (name, (picture, particles)) in scenes {
        let started = std::time::Instant::now();
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("overlay-{name}.png"));
        write_whole(&path, |out| write_overlay(out, &picture, &particles)).unwrap();
        let drawn = image::open(&path).unwrap().into_rgb8();
        let side = drawn.width().max(drawn.height());
        println!("{}: {:?}, {:?}", path.display(), drawn.dimensions(), started.elapsed());
        assert!((800..=4096 + 400).contains(&side), "{name}: {:?}", drawn.dimensions());
        assert!(
            drawn.height() as usize * picture.width > drawn.width() as usize * picture.height || drawn.width() > 96
        );
    }
}

#[test]
fn outlines_are_where_the_particles_are() {
    // A flat picture, so that every coloured pixel is ours; 5 canvas pixels per picture pixel.
    let picture = Micrograph { grey: vec![7.0; 160 * 160], ..picture(160, 160, PixelSize::square(1.0)) };
    let mut one = particle(1, (60.3, 80.7), 30.0, Status::Accepted, (160, 160));
    one.outline.radius_px = [30.0; RAYS];
    let drawn = overlay(&picture, std::slice::from_ref(&one));
    assert_eq!(drawn.width(), 800);
    let blue = |p: &image::Rgb<u8>| p.0[2] > p.0[0].saturating_add(60);
    let near = drawn.enumerate_pixels().filter(|(_, y, p)| *y < 800 && blue(p));
    let offsets = near.map(|(x, y, _)| ((f64::from(x) + 0.5) / 5.0 - 60.3, (f64::from(y) + 0.5) / 5.0 - 80.7));
    // What is farther out is the id beside the outline.
    let ring: Vec<(f64, f64)> = offsets.filter(|(x, y)| libm::hypot(*x, *y) < 31.0).collect();
    let mean = |value: fn(&(f64, f64)) -> f64| ring.iter().map(value).sum::<f64>() / ring.len() as f64;
    let (x, y, radius) = (mean(|o| o.0), mean(|o| o.1), mean(|o| libm::hypot(o.0, o.1)));
    assert!(ring.len() > 500 && x.abs() < 0.05 && y.abs() < 0.05 && (radius - 30.0).abs() < 0.05, "{x} {y} {radius}");
}

#[test]
fn the_strip_hides_nothing_and_statuses_look_different() {
    let (picture, _) = scene(1000, 1000, 100.0, 30.0, None);
    let bare = overlay(&picture, &[]);
    assert_eq!(bare.width(), 1000);
    assert!(bare.height() > 1000);
    let drawn = |status| {
        let mut particle = particle(1, (500.0, 500.0), 100.0, Status::Accepted, (1000, 1000));
        particle.status = status;
        let drawn = overlay(&picture, &[particle]);
        let changed = drawn.enumerate_pixels().filter(|(x, y, p)| *y < 1000 && bare.get_pixel(*x, *y) != *p);
        changed.map(|(x, y, p)| (x, y, *p)).collect::<Vec<_>>()
    };
    let [accepted, border, rejected] = [Status::Accepted, Status::Border, Status::Rejected].map(drawn);
    // By style alone: dashes are shorter than a solid line, dots shorter and thinner.
    assert!(accepted.len() * 4 > border.len() * 5, "{} {}", accepted.len(), border.len());
    assert!(border.len() > rejected.len() * 2, "{} {}", border.len(), rejected.len());
    // Far from the outline the specimen is as it was.
    assert!(accepted.iter().all(|(x, y, _)| libm::hypot(*x as f64 - 500.0, *y as f64 - 500.0) < 180.0));
}

#[test]
fn a_scale_bar_has_the_length_it_says() {
    // 1000 px of 0.62 nm: a fifth is 124 nm, the bar 100 nm, 161 px.
    let drawn = overlay(&picture(1000, 1000, PixelSize::square(0.62)), &[]);
    let white = |x: u32, y: u32| drawn.get_pixel(x, y).0 == [255; 3];
    let longest = (1000..drawn.height()).map(|y| {
        let row = (0..drawn.width()).fold((0, 0), |(best, run), x| {
            let run = if white(x, y) { run + 1 } else { 0 };
            (best.max(run), run)
        });
        row.0
    });
    assert_eq!(longest.max(), Some(161));
}

#[test]
fn overlays_are_the_same_each_time() {
    let (picture, particles) = scene(300, 300, 60.0, 20.0, Some(1.0));
    let bytes = || {
        let mut out = Vec::new();
        write_overlay(&mut out, &picture, &particles).unwrap();
        out
    };
    assert_eq!(bytes(), bytes());
}

#[test]
fn absurd_outlines_do_no_harm() {
    let picture = picture(100, 100, PixelSize::square(1.0));
    let with = |x: f64, r: f32| {
        let mut particle = particle(1, (50.0, 50.0), 10.0, Status::Border, (100, 100));
        (particle.outline.x_px, particle.outline.radius_px) = (x, [r; RAYS]);
        particle
    };
    let absurd = [(f64::NAN, 1.0), (1e300, 1.0), (50.0, f32::INFINITY), (50.0, 1e30), (50.0, 0.0), (50.0, -5.0)];
    for (x, r) in absurd {
        overlay(&picture, &[with(x, r)]);
    }
    let empty = Micrograph::new(0, 0, vec![], None);
    overlay(&empty, &[]);
}

#[test]
fn times_are_written_as_date_does() {
    // date -u -d @SECONDS +%FT%TZ
    let expected = [
        (0, "1970-01-01T00:00:00Z"),
        (951_782_399, "2000-02-28T23:59:59Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (951_868_800, "2000-03-01T00:00:00Z"),
        (1_735_689_599, "2024-12-31T23:59:59Z"),
        (1_795_445_968, "2026-11-23T14:59:28Z"),
        (4_107_542_400, "2100-03-01T00:00:00Z"),
        (253_402_300_799, "9999-12-31T23:59:59Z"),
    ];
    for (seconds, text) in expected {
        assert_eq!(utc(UNIX_EPOCH + Duration::from_secs(seconds)), text);
    }
    assert_eq!(utc(UNIX_EPOCH - Duration::from_millis(500)), "1969-12-31T23:59:59Z");
}

#[test]
fn the_run_is_on_record() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("images/a_b");
    std::fs::create_dir_all(&folder).unwrap();
    let input = InputRecord {
        image: "a b.tif".into(),
        bytes: Some(12),
        output: "a_b".into(),
        status: "failed".into(),
        seconds: Some(0.5),
        ..InputRecord::default()
    };
    Journal { input, ..Journal::default() }.write(&folder).unwrap();
    let record = RunRecord {
        effort: None,
        chunk: None,
        restarts: false,
        status: RunStatus::Finished,
        cupule_version: "0.1.0".into(),
        command: vec!["cupule".into(), "run".into(), "a b.tif".into()],
        include: Vec::new(),
        exclude: Vec::new(),
        config: serde_json::json!({ "min_diameter_nm": 30.0 }),
        device: DeviceRecord { name: "CPU".into(), backend: "native".into(), ..DeviceRecord::default() },
        exports: vec!["report.html".into()],
        counts: BTreeMap::from([("accepted".into(), 3)]),
        stages: vec![StageRecord { name: "read".into(), seconds: 0.5 }],
        started_utc: utc(UNIX_EPOCH),
        finished_utc: utc(UNIX_EPOCH),
    };
    let outputs = ["a_b"].into_iter().collect();
    record.write(dir.path(), &outputs).unwrap();
    let out = std::fs::read(dir.path().join("run.json")).unwrap();
    let read: serde_json::Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(RunRecord::read(dir.path()).unwrap(), Some((record, outputs)));
    assert_eq!(read["command"][2], "a b.tif");
    assert_eq!(read["config"]["min_diameter_nm"], 30.0);
    assert_eq!(read["inputs"][0]["sha256"], serde_json::Value::Null);
    assert_eq!((&read["counts"]["accepted"], &read["device"]["backend"]), (&3.into(), &"native".into()));
    assert_eq!(out.last(), Some(&b'\n'));
}
