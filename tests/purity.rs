//! What is said about the purity of a sample, from results built here, and what a person may say in sample.toml.

use cupule::error::Error;
use cupule::image::Region;
use cupule::measure::appearance::Appearance;
use cupule::measure::{Class, Quality, Shape, Status};
use cupule::purity::{Assessed, Assessor, Item, Purity, Sample, Selection, Standing, TEMPLATE};
use cupule::results::{ImageResult, ImageRow, Particle, Verdict};
use cupule::statistics::{Distribution, Estimate, Summary};
use cupule::units::PixelSize;
use std::path::Path;

/// What stands out from empty film.
const CLEAR: Appearance = Appearance {
    rim_contrast: 6.0,
    rim_completeness: 0.9,
    rim_gap: 0.0,
    cup_depth: 0.0,
    dent_offset: None,
    rim_width_nm: None,
    granularity: 0.3,
    edge_strength: 0.7,
    interior_grey: 0.0,
    surroundings_grey: 0.0,
};

fn particle(status: Status, class: Class, confidence: f64, area_px2: f64) -> Particle {
    let polygon = vec![[10.0, 10.0], [20.0, 10.0], [20.0, 20.0], [10.0, 20.0]];
    Particle {
        id: 1,
        polygon,
        polarity: None,
        shape: Shape { area_px2, touches_border: status == Status::Border, ..Shape::default() },
        diameter_uncertainty_nm: None,
        appearance: Some(CLEAR),
        confidence: Some(confidence),
        class,
        status,
        reason: None,
        machine: Some(Verdict { status, class, reason: None }),
        decision: None,
    }
}

fn vesicle() -> Particle {
    particle(Status::Accepted, Class::Vesicle, 0.9, 100.0)
}

fn other(class: Class) -> Particle {
    particle(Status::Rejected, class, 0.1, 50.0)
}

/// An image of 1000 x 500 px of `nm` each.
fn image(name: &str, nm: Option<f64>, particles: Vec<Particle>) -> ImageResult {
    let row = ImageRow {
        image: name.into(),
        width_px: Some(1000),
        height_px: Some(500),
        pixel_size: nm.and_then(PixelSize::square),
        pixel_size_source: Some(if nm.is_some() { "dm" } else { "none" }.into()),
        ..ImageRow::default()
    };
    ImageResult { row, marks: Vec::<Region>::new(), particles }
}

fn assess(images: &[ImageResult], sample: Option<&Sample>) -> Purity {
    each_and_all(images, sample).1
}

/// What is said of each image that was analysed, and of all together.
fn each_and_all(images: &[ImageResult], sample: Option<&Sample>) -> (Vec<Assessed>, Purity) {
    let mut assessor = Assessor::default();
    let each = images.iter().filter_map(|image| assessor.add(image)).collect();
    let d50_nm = Some(Estimate { value: 70.0, low: None, high: None });
    let weighted = Distribution { d50_nm, ..Distribution::default() };
    (each, assessor.finish(&Summary { weighted, ..Summary::default() }, sample))
}

fn sample(text: &str) -> Result<Sample, Error> {
    Sample::parse(text, Path::new("s.toml"))
}

fn line<'a>(purity: &'a Purity, name: &str) -> &'a Item {
    purity.checklist.iter().find(|item| item.name == name).unwrap_or_else(|| panic!("no line {name}"))
}

#[test]
fn numbers_are_of_whole_things_and_areas_of_all() {
    let cut = particle(Status::Border, Class::CupShapedVesicle, 0.9, 300.0);
    let mut cut_lump = other(Class::Aggregate);
    cut_lump.shape.touches_border = true;
    let particles =
        vec![vesicle(), vesicle(), vesicle(), cut, other(Class::Aggregate), cut_lump, other(Class::Unresolved)];
    let purity = assess(&[image("a", Some(2.0), particles)], None);
    let number = purity.number_fraction.unwrap();
    assert_eq!((number.left_out.value, number.as_other, number.as_ev_like), (3.0 / 4.0, 3.0 / 5.0, 4.0 / 5.0));
    assert!(number.left_out.low.unwrap() < 0.75 && number.left_out.high.unwrap() > 0.75);
    // 3 x 100 + 300 px² of vesicles, 2 x 50 of aggregates, 50 unresolved.
    let area = purity.area_fraction.unwrap();
    let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
    near(area.left_out.value, 600.0 / 700.0);
    near(area.as_other, 600.0 / 750.0);
    near(area.as_ev_like, 650.0 / 750.0);
    assert_eq!(area.left_out.low, None, "one image has no spread");
    let tally = |class| purity.classes.iter().find(|tally| tally.class == class).unwrap();
    assert_eq!((tally(Class::Aggregate).count, tally(Class::Aggregate).cut_count), (1, 1));
    near(tally(Class::Aggregate).area_um2.unwrap(), 100.0 * 4e-6);
    assert!(tally(Class::Vesicle).is_ev_like && !tally(Class::Aggregate).is_ev_like);
    assert!(purity.classes.iter().all(|tally| tally.class != Class::Debris), "what does not occur is not listed");
}

#[test]
fn outlines_around_nothing_and_failed_images_count_for_nothing() {
    let nothing = || Particle { confidence: Some(1e-5), ..other(Class::Unresolved) };
    let mut particles: Vec<Particle> = (0..150).map(|_| nothing()).collect();
    particles.push(vesicle());
    let mut failed = image("b", Some(1.0), vec![vesicle()]);
    failed.row.error = Some("cut short".into());
    let (each, purity) = each_and_all(&[image("a", Some(1.0), particles), failed], None);
    let number = purity.number_fraction.unwrap();
    assert_eq!((number.left_out.value, number.as_other), (1.0, 1.0));
    assert_eq!(each.len(), 1);
}

#[test]
fn nothing_at_all_has_no_fraction() {
    for images in [vec![], vec![image("a", Some(1.0), vec![])], vec![image("a", None, vec![other(Class::Unresolved)])]]
    {
        let purity = assess(&images, None);
        assert_eq!((purity.number_fraction, purity.area_fraction), (None, None));
        serde_json::to_string(&purity).unwrap();
    }
}

#[test]
fn an_outline_that_a_person_drew_takes_the_place_of_the_programs() {
    let drawn = Particle { appearance: None, confidence: None, machine: None, ..vesicle() };
    let mut under = other(Class::Unresolved);
    (under.shape.x_px, under.shape.y_px) = (15.0, 15.0);
    let mut beside = under.clone();
    beside.shape.x_px = 40.0;
    let (each, _) = each_and_all(&[image("a", Some(1.0), vec![drawn, under, beside])], None);
    assert_eq!((each[0].tally.ev_like, each[0].tally.unresolved), (1, 1));
}

#[test]
fn images_without_a_scale_have_numbers_but_no_area() {
    let purity = assess(&[image("a", None, vec![vesicle(), other(Class::Debris)])], None);
    assert_eq!(purity.number_fraction.unwrap().left_out.value, 0.5);
    assert_eq!(purity.area_fraction, None);
    assert!(purity.classes.iter().all(|tally| tally.area_um2.is_none()));
    assert_eq!(line(&purity, "scale and its source").standing, Standing::Missing);
}

#[test]
fn only_predefined_fields_speak_of_quality() {
    let images = [image("a", Some(0.5), vec![vesicle()])];
    let statement = |text: &str| assess(&images, Some(&sample(text).unwrap())).statement;
    let denies = "shows presence, not sample quality (Rikkert 2019)";
    assert!(assess(&images, None).statement.contains(denies));
    assert!(statement("").contains(denies));
    assert!(statement("fields.selection = \"operator\"").contains(denies));
    let predefined = statement("fields.selection = \"predefined\"");
    assert!(!predefined.contains(denies) && predefined.contains("quality of the sample"), "{predefined}");
}

#[test]
fn the_checklist_tells_given_from_missing() {
    let purity = assess(&[image("a", Some(0.5), vec![vesicle()])], None);
    for (name, standing) in [
        ("scale and its source", Standing::Given),
        ("wide-field image", Standing::Missing),
        ("close-up image", Standing::Given),
        ("number of EV-like particles", Standing::Doubtful),
        ("choice of fields", Standing::Missing),
        ("stain", Standing::Missing),
        ("control grid", Standing::Missing),
        ("second method on single particles", Standing::Missing),
    ] {
        let item = line(&purity, name);
        assert_eq!(item.standing, standing, "{item:?}");
        assert!(!item.detail.is_empty() && !item.source.is_empty(), "{item:?}");
    }
    let wide = assess(&[image("a", Some(2.5), vec![vesicle()])], None);
    assert_eq!(line(&wide, "wide-field image").standing, Standing::Given);
    assert_eq!(line(&wide, "close-up image").standing, Standing::Doubtful);

    let text = "source = \"plasma\"\n[preparation]\nstain = \"uranyl acetate\"\nfixation = \"  \"\n[microscope]\nkv = 120\n\
                [fields]\ncontrol_grid = true\nselection = \"operator\"\n[nta]\nmedian_nm = 140\nparticles_per_ml = 3e11\n\
                [protein]\nug_per_ml = 10\n";
    let purity = assess(&[image("a", Some(0.5), vec![vesicle()])], Some(&sample(text).unwrap()));
    for name in ["sample", "stain", "acceleration voltage", "control grid", "second method on single particles"] {
        assert_eq!(line(&purity, name).standing, Standing::Given, "{name}");
    }
    assert_eq!(line(&purity, "fixation").standing, Standing::Missing, "a blank says nothing");
    assert_eq!(line(&purity, "choice of fields").standing, Standing::Doubtful);
    assert!(purity.outside_note.unwrap().contains("smaller than NTA says"));
    let outside = purity.outside.unwrap();
    assert_eq!((outside.particles_per_ug, outside.median_ratio), (Some(3e10), Some(0.5)));
}

#[test]
fn a_doubtful_background_is_flagged() {
    let mut good = image("a", Some(1.0), vec![vesicle()]);
    good.row.quality = Some(Quality { saturated_share: Some(1e-5), rim_contrast: Some(9.0), ..Quality::default() });
    let mut bad = good.clone();
    bad.row.quality = Some(Quality { saturated_share: Some(0.2), crowded_share: Some(0.8), ..Quality::default() });
    let (each, purity) = each_and_all(&[good, bad], None);
    assert!(each[0].background.flags.is_empty());
    assert_eq!(each[1].background.flags.len(), 2, "{:?}", each[1].background.flags);
    assert!(purity.warnings.iter().any(|warning| warning.contains("1 of 2 images")), "{:?}", purity.warnings);
    let json = serde_json::to_value(&purity).unwrap();
    assert_eq!(serde_json::from_value::<Purity>(json).unwrap(), purity);
}

#[test]
fn the_template_can_be_filled_in_line_by_line() {
    assert_eq!(Sample { text: String::new(), ..sample(TEMPLATE).unwrap() }, Sample::default());
    // Every line that is commented out is a key with a value that can be given.
    let is_key = |line: &str| line.strip_prefix('#').is_some_and(|rest| rest.starts_with(|c: char| c.is_lowercase()));
    let filled: String =
        TEMPLATE.lines().map(|line| if is_key(line) { &line[1..] } else { line }).flat_map(|l| [l, "\n"]).collect();
    let full = sample(&filled).unwrap();
    assert_eq!((full.microscope.kv, full.fields.selection), (Some(120.0), Some(Selection::Predefined)));
    let json = serde_json::to_value(&full).unwrap();
    let keys =
        json.as_object().unwrap().values().map(|v| v.as_object().map_or(1, |section| section.len())).sum::<usize>();
    assert_eq!(TEMPLATE.lines().filter(|line| is_key(line)).count(), keys, "a key is not in the template");
}

#[test]
fn mistakes_are_told_with_their_line() {
    for (text, told) in [
        ("name = \"a\"\nsoruce = \"b\"", &["s.toml, line 2", "'soruce'", "did you mean 'source'?"][..]),
        ("[microscope]\n\nkV = 120", &["line 3", "'kV'", "did you mean 'kv'?"]),
        ("[fields]\nselection = \"predifined\"", &["line 2", "'predifined'", "did you mean 'predefined'?"]),
        ("[nta]\nzzz = 1", &["line 2", "choose among", "median_nm"]),
        ("[microscope]\nkv = \"120 kV\"", &["line 2", "120 kV", "plain number without quotes"]),
        ("[fields]\ncontrol_grid = \"yes\"", &["line 2", "true or false"]),
        ("[nta]\nmode_nm = 90\nmedian_nm = -5", &["line 3", "nta.median_nm can't be -5 nm", "10 to 2000"]),
        ("[nta]\nmedian_nm = nan", &["line 2", "NaN"]),
        ("[protein]\nug_per_ml = 0", &["line 2", "µg per mL"]),
        ("microscope = { kv = 1e9 }", &["s.toml: ", "microscope.kv"]),
        ("name = ", &["line 1"]),
        ("name = \"a\"\nname = \"b\"", &["line 2"]),
    ] {
        let error = sample(text).unwrap_err();
        assert!(matches!(error, Error::Config { .. }), "{text}: {error:?}");
        for part in told {
            assert!(error.to_string().contains(part), "{text}: {error} lacks {part}");
        }
    }
    assert!(matches!(Sample::read(Path::new("no such file")), Err(Error::Config { .. })));
}

#[test]
fn a_sample_is_kept_as_it_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let text = "# mine\nname = \"µ\" # with a comment\r\n";
    sample(text).unwrap().write(dir.path()).unwrap();
    let path = dir.path().join("sample.toml");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    assert_eq!(Sample::read_if_any(&path).unwrap(), Some(sample(text).unwrap()));
    assert_eq!(Sample::read_if_any(&dir.path().join("other.toml")).unwrap(), None);
}

#[test]
fn the_program_prints_the_template() {
    let printed = std::process::Command::new(env!("CARGO_BIN_EXE_cupule")).arg("sample").output().unwrap();
    assert!(printed.status.success());
    assert_eq!(String::from_utf8(printed.stdout).unwrap(), TEMPLATE);
}
