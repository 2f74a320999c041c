//! Settings through the program: layers, what is refused and how, profiles, the options of unattended runs, and what
//! shells and terminals meet.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

struct Ended {
    code: i32,
    stdout: String,
    stderr: String,
}

/// The program in `dir`, with no settings in its environment but these.
fn program<S: AsRef<OsStr>>(dir: &Path, args: &[S], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cupule"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CUPULE_")) {
        command.env_remove(name);
    }
    command.current_dir(dir).args(args).envs(variables.iter().copied());
    command
}

fn ended(command: &mut Command) -> Ended {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    Ended { code: output.status.code().expect("ended by a signal"), stdout, stderr }
}

fn cupule<S: AsRef<OsStr>>(dir: &Path, args: &[S]) -> Ended {
    ended(&mut program(dir, args, &[]))
}

fn dir() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// A small calibrated picture, of 64 px edge.
fn picture(path: &Path) {
    let grey: Vec<u16> = (0..64 * 64u32).map(|i| 1000 + (i.wrapping_mul(2_654_435_761) >> 24) as u16).collect();
    let mut tiff = tiff::encoder::TiffEncoder::new(File::create(path).unwrap()).unwrap();
    tiff.write_image::<tiff::encoder::colortype::Gray16>(64, 64, &grey).unwrap();
}

/// The text without its comments.
fn bare(toml: &str) -> String {
    toml.lines().map(|line| line.split("  # ").next().unwrap()).filter(|line| !line.starts_with('#')).collect()
}

// Layers

#[test]
fn each_layer_is_stronger_than_the_one_before() {
    let dir = dir();
    let dir = dir.path();
    fs::write(dir.join("night.toml"), "[segment]\nmax_diameter_nm = 300\n").unwrap();
    let layers: [(&[&str], &str, f64); 6] = [
        (&[], "default", 250.0),
        (&["--profile", "cryo"], "profile cryo", 500.0),
        (&["--config", "night.toml"], "night.toml, line 2", 300.0),
        (&[], "CUPULE_SEGMENT__MAX_DIAMETER_NM", 310.0),
        (&["--set", "segment.max_diameter_nm=1", "--set", "segment.max_diameter_nm=0.32um"], "--set", 320.0),
        (&["--max-diameter", "330"], "--max-diameter", 330.0),
    ];
    for strongest in 0..layers.len() {
        // The stronger ones first: their order on the command line doesn't matter.
        let mut args = vec!["config", "--json"];
        layers[..=strongest].iter().rev().for_each(|layer| args.extend(layer.0));
        let variable = [("CUPULE_SEGMENT__MAX_DIAMETER_NM", "310"), ("CUPULE_DATA", "x")];
        let ended = ended(&mut program(dir, &args, if strongest < 3 { &[] } else { &variable }));
        let all: serde_json::Value = serde_json::from_str(&ended.stdout).expect(&ended.stderr);
        let setting = &all["segment"]["max_diameter_nm"];
        let (from, value) = (layers[strongest].1, layers[strongest].2);
        assert_eq!((setting["from"].as_str(), setting["value"].as_f64()), (Some(from), Some(value)));
        assert_eq!(all["denoise"]["strength"]["from"], "default");
    }
}

#[test]
fn the_printed_settings_can_be_given_back() {
    let dir = dir();
    let dir = dir.path();
    fs::create_dir(dir.join("sub")).unwrap();
    let args =
        "config --profile cryo --pixel-size 6.2A --trust-scale-bar --frame mean --include *.tif --include [ab]\"* \
                --denoise-strength 0.1 --set denoise.search_radius=5 --verdict v.json --threads 3 --export coco,rois \
                --sample s.toml --fail-on 2.5% --log-format json --device llvm"
            .split_whitespace();
    let odd = ["--set", "run.on_finish=echo \"#\n'''\u{1b}\\"];
    let first = cupule(dir, &args.chain(odd).collect::<Vec<_>>());
    assert_eq!((first.code, first.stderr.as_str()), (0, ""));
    fs::write(dir.join("sub/all.toml"), &first.stdout).unwrap();
    // Everything that is set counts more than a profile, even what is as it would be without.
    for extra in [&[][..], &["--profile", "positive-stain"]] {
        let second = cupule(dir, &[&["config", "--config", "sub/all.toml"], extra].concat());
        assert_eq!(bare(&second.stdout), bare(&first.stdout), "{}", second.stderr);
    }
    let default = cupule(dir, &["config"]);
    assert_ne!(bare(&default.stdout), bare(&first.stdout));
    let settings = |text: &str| text.lines().filter(|line| line.contains(" = ")).count();
    assert_eq!(settings(&default.stdout), default.stdout.matches("  # default").count());
    let explained = cupule(dir, &["config", "--explain"]).stdout;
    assert_eq!(bare(&explained), bare(&default.stdout));
    assert!(explained.contains("# Smallest vesicle diameter to accept, nm\nmin_diameter_nm = 25.0"), "{explained}");
}

#[test]
fn files_are_looked_for_beside_the_configuration_and_blanks_take_back() {
    let dir = dir();
    let dir = dir.path();
    fs::create_dir(dir.join("sub")).unwrap();
    let file = "[run]\nsample = 'about.toml'\nthreads = 2\n";
    fs::write(dir.join("sub/night.toml"), file).unwrap();
    let value = |args: &[&str], key: &str| {
        let ended = cupule(dir, &[&["config", "--json", "--config", "sub/night.toml"], args].concat());
        let all: serde_json::Value = serde_json::from_str(&ended.stdout).expect(&ended.stderr);
        all["run"][key]["value"].clone()
    };
    let sample = value(&[], "sample");
    let expected: std::path::PathBuf = ["sub", "about.toml"].iter().collect();
    assert!(Path::new(sample.as_str().unwrap()).ends_with(&expected), "{sample}");
    let here = value(&["--sample", "other.toml"], "sample");
    assert!(!here.as_str().unwrap().contains("sub"), "{here}");
    assert!(value(&["--sample", ""], "sample").is_null());
    assert!(value(&["--set", "run.threads="], "threads").is_null());
}

// What is refused

#[test]
fn faults_of_a_file_name_its_line_and_what_was_meant() {
    let dir = dir();
    let dir = dir.path();
    for (text, says) in [
        (
            "[denoise]\nstength = 1.2\n",
            &["night.toml, line 2: there is no setting 'denoise.stength'", "'denoise.strength'?"],
        ),
        (
            "\n[denoize]\nstrength = 1\n",
            &["night.toml, line 3", "no section [denoize]; did you mean 'denoise.strength'?"],
        ),
        ("[segmnt]\n", &["night.toml, line 1: there is no section [segmnt]", "did you mean [segment]?"]),
        ("pixel_size = '1nm'\n", &["night.toml, line 1", "did you mean 'calibrate.pixel_size'?"]),
        ("[run]\nxyzzy = 1\n", &["no setting 'run.xyzzy'", "'cupule config' prints all settings"]),
        (
            "[denoise]\nstrength = '1.2'\n",
            &["line 2: denoise.strength: a number is wanted, not the text '1.2'", "quotes"],
        ),
        ("[denoise]\nstrength = true\n", &["a number is wanted", "not true"]),
        ("[denoise]\nstrength = 101\n", &["line 2: denoise.strength: 101 is out of range", "between 0 and 100"]),
        ("[denoise]\nstrength = nan\n", &["out of range", "between 0 and 100"]),
        ("[denoise]\nsearch_radius = 8\n", &["denoise.search_radius", "a whole number, 1 to 7"]),
        ("[denoise]\nsearch_radius = 4.0\n", &["denoise.search_radius", "a whole number, 1 to 7"]),
        ("[calibrate]\npixel_size = 0.62\n", &["calibrate.pixel_size", "has no unit; write a number with its unit"]),
        ("[calibrate]\npixel_size = '0.62'\n", &["calibrate.pixel_size", "has no unit; write a number with its unit"]),
        ("[calibrate]\ntrust_scale_bar = 'yes'\n", &["true or false is wanted", "'yes'"]),
        ("[read]\ninclude = [1]\n", &["read.include", "a list of texts is wanted"]),
        ("[run]\nfail_on = '5'\n", &["run.fail_on", "none, any, or a share such as 5%"]),
        ("[run]\nsample = 1979-05-27\n", &["run.sample", "not a date"]),
        ("[run]\ndevice = ''\n", &["run.device", "auto, gpu, cpu"]),
        ("[segment]\nmin_diameter_nm = 300\n", &["300 to 250 nm", "segment.min_diameter_nm: night.toml, line 2"]),
        ("[read]\nexclude = ['[']\n", &["'['", "read.exclude: night.toml, line 2"]),
        ("[run\n", &["night.toml, line 1", "write TOML"]),
        ("[run]\nthreads = 1\nthreads = 2\n", &["night.toml, line 3", "duplicate key"]),
    ] {
        fs::write(dir.join("night.toml"), text).unwrap();
        // Stronger layers don't hide it.
        let ended = cupule(dir, &["config", "--config", "night.toml", "--set", "verdict.min_confidence=0.9"]);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{text}: {}", ended.stderr);
        for part in says {
            assert!(ended.stderr.contains(part), "{text}: '{part}' is not in {}", ended.stderr);
        }
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    }
    fs::write(dir.join("night.toml"), [0xff, 0xfe]).unwrap();
    for file in ["night.toml", "none.toml", "."] {
        let ended = cupule(dir, &["config", "--config", file]);
        assert!(ended.code == 2 && ended.stderr.starts_with(&format!("error: {file}: ")), "{}", ended.stderr);
    }
}

#[test]
fn faults_elsewhere_name_the_variable_or_the_option() {
    let dir = dir();
    let of_variable = |name, value| ended(&mut program(dir.path(), &["config"], &[(name, value)]));
    let of = |args: &[&str]| cupule(dir.path(), &[&["config"], args].concat());
    for (ended, says) in [
        (
            of_variable("CUPULE_DENOISE__STRENTH", "1"),
            "CUPULE_DENOISE__STRENTH: there is no such setting; did you mean CUPULE_DENOISE__STRENGTH?",
        ),
        (of_variable("CUPULE_DENOISE__STRENGTH", "much"), "CUPULE_DENOISE__STRENGTH: a number is wanted, not 'much'"),
        (of(&["--set", "denoise.strength"]), "--set denoise.strength: there is no '='; write a key and its value"),
        (of(&["--set", "strength=1"]), "--set: there is no setting 'strength'; did you mean 'denoise.strength'?"),
        (
            of(&["--set", "denoise.strength=-1"]),
            "--set denoise.strength: -1 is out of range; give a number between 0 and 100",
        ),
        (of(&["--denoise-strength", "-1"]), "--denoise-strength: -1 is out of range"),
        (of(&["--denoise-strength", "-1", "--set", "run.thread=1"]), "did you mean 'run.threads'?"),
        (
            of(&["--set", "denoise.strength=-1", "--denoise-strength", "1"]),
            "--set denoise.strength: -1 is out of range",
        ),
        (of(&["--profile", "cyro"]), "--profile cyro: there is no such profile; did you mean 'cryo'?"),
        (of(&["--profile", "gold"]), "choose among negative-stain, cryo, positive-stain"),
    ] {
        assert_eq!(ended.code, 2, "{says}");
        assert!(ended.stderr.contains(says), "'{says}' is not in {}", ended.stderr);
    }
}

// Profiles

#[test]
fn profiles_are_listed_with_a_line_each() {
    let dir = dir();
    let list = cupule(dir.path(), &["config", "--profiles"]).stdout;
    let names: Vec<&str> = list.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, ["negative-stain", "cryo", "positive-stain"]);
    let json: serde_json::Value =
        serde_json::from_str(&cupule(dir.path(), &["config", "--profiles", "--json"]).stdout).unwrap();
    for (name, profile) in names.iter().zip(json.as_array().unwrap()) {
        assert_eq!(profile["name"], **name);
        assert!(list.contains(profile["about"].as_str().unwrap()));
    }
    let of = |args: &[&str]| bare(&cupule(dir.path(), &[&["config"], args].concat()).stdout);
    assert_eq!(of(&["--profile", "negative-stain"]), of(&[]));
    assert_ne!(of(&["--profile", "cryo"]), of(&[]));
}

// Runs

#[test]
fn a_run_does_what_the_layers_say() {
    let dir = dir();
    let dir = dir.path();
    fs::create_dir_all(dir.join("in/raw")).unwrap();
    for name in ["in/a.tif", "in/b.tif", "in/raw/c.tif"] {
        picture(&dir.join(name));
    }
    fs::write(dir.join("in/a_bad.tif"), "no picture").unwrap();
    let night = "[calibrate]\npixel_size = '1nm'\n[read]\ninclude = ['a*', 'c*']\nexclude = ['raw']\n[run]\ndevice = 'cpu'\n\
                 export = 'none'\nfail_on = '50%'\n[segment]\nmax_diameter_nm = 60\n[verdict]\nmin_rim_contrast = 3.5\n";
    fs::write(dir.join("night.toml"), night).unwrap();
    let run = ["analyze", "in", "--out", "out", "--config", "night.toml", "--min-diameter", "20"];
    let first = ended(&mut program(dir, &run, &[("CUPULE_DENOISE__STRENGTH", "0.5")]));
    assert_eq!(first.code, 0, "{}", first.stderr);
    let record: serde_json::Value = serde_json::from_slice(&fs::read(dir.join("out/run.json")).unwrap()).unwrap();
    let config = &record["config"];
    for (value, expected) in [
        (&config["segment"]["min_diameter_nm"], 20.0),
        (&config["segment"]["max_diameter_nm"], 60.0),
        (&config["verdict"]["min_rim_contrast"], 3.5),
        (&config["denoise"]["strength"], 0.5),
        (&config["pixel_size"]["x_nm"], 1.0),
    ] {
        assert_eq!(value.as_f64(), Some(expected), "{config}");
    }
    let images = fs::read_to_string(dir.join("out/images.csv")).unwrap();
    let names: Vec<&str> = images.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    assert_eq!(names, ["a.tif", "a_bad.tif"]);
    // The same failure counts otherwise.
    for (limit, code) in [("any", 1), ("49%", 1), ("none", 0)] {
        let args = [&run[..], &["--restart", "--fail-on", limit, "--denoise-strength", "0.5"]].concat();
        assert_eq!(cupule(dir, &args).code, code, "--fail-on {limit}");
    }
    let both = cupule(dir, &[&run[..], &["--restart", "--resume"]].concat());
    assert!(both.code == 2 && both.stderr.contains("cannot be used with"), "{}", both.stderr);
}

#[cfg(unix)]
#[test]
fn how_a_run_ended_is_told_to_a_command_and_to_programs() {
    let dir = dir();
    let dir = dir.path();
    let tell = "echo $CUPULE_STATUS $CUPULE_EXIT_CODE \"$CUPULE_SUMMARY\" > told";
    let ended = cupule(dir, &["analyze", "none.tif", "--out", "out", "--log-format", "json", "--on-finish", tell]);
    assert_eq!(ended.code, 3);
    let event: serde_json::Value = serde_json::from_str(ended.stderr.trim()).expect(&ended.stderr);
    assert_eq!((event["event"].as_str(), event["exit_code"].as_u64()), (Some("error"), Some(3)));
    assert_eq!(fs::read_to_string(dir.join("told")).unwrap().trim(), "error 3");
    picture(&dir.join("a.tif"));
    let run = ["analyze", "a.tif", "--out", "out", "--device", "cpu", "--export", "none", "--on-finish", tell];
    assert_eq!(cupule(dir, &run).code, 0);
    assert!(fs::read_to_string(dir.join("told")).unwrap().starts_with("finished 0"));
}

#[test]
fn names_that_begin_with_a_hyphen_or_are_no_text_can_be_given() {
    let dir = dir();
    let dir = dir.path();
    picture(&dir.join("-a.tif"));
    let args =
        ["analyze", "--out", "out", "--pixel-size", "1nm", "--device", "cpu", "--export", "none", "--", "-a.tif"];
    let ended = cupule(dir, &args);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::ffi::OsStrExt;
        let odd = OsStr::from_bytes(b"b\xff.tif");
        picture(&dir.join(odd));
        let args = args.map(OsStr::new);
        let args = [&args[..2], &[OsStr::from_bytes(b"out\xfe")], &args[3..10], &[odd]].concat();
        let ended = cupule(dir, &args);
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        assert!(dir.join(args[2]).join("images.csv").is_file());
        let sample = cupule(dir, &[OsStr::new("config"), OsStr::new("--sample"), odd]);
        assert!(sample.code == 2 && sample.stderr.contains("is no text"), "{}", sample.stderr);
    }
}

// Shells and terminals

/// Names of all commands, from the help.
fn commands(dir: &Path) -> Vec<String> {
    let help = cupule(dir, &["--help"]).stdout;
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // Of a help that runs over several lines, the others are indented further.
    let names = list.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.filter_map(|line| Some(line.split_whitespace().next()?.to_owned())).filter(|name| name != "help").collect()
}

/// Whether a tool is there. That a check is left out must be seen.
fn has(tool: &str) -> bool {
    let found = Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !found {
        eprintln!("NOT CHECKED: {tool} is not installed");
    }
    found
}

#[test]
fn completions_know_all_commands() {
    let dir = dir();
    let dir = dir.path();
    let commands = commands(dir);
    assert!(commands.len() > 12, "{commands:?}");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = cupule(dir, &["completions", shell]).stdout;
        for word in commands.iter().map(String::as_str).chain(["denoise-strength", "on-finish"]) {
            assert!(script.contains(word), "{shell}: {word}");
        }
        if shell == "bash" && has("bash") {
            fs::write(dir.join("cupule.bash"), script).unwrap();
            let checked = Command::new("bash").arg("-n").arg("cupule.bash").current_dir(dir).output().unwrap();
            assert!(checked.status.success() && checked.stderr.is_empty(), "{checked:?}");
        }
    }
    assert_eq!(cupule(dir, &["completions", "tcsh"]).code, 2);
}

#[test]
fn manual_pages_can_be_set() {
    let dir = dir();
    let dir = dir.path();
    assert_eq!(cupule(dir, &["man", "--out", "man"]).code, 0);
    assert_eq!(cupule(dir, &["man"]).stdout, fs::read_to_string(dir.join("man/cupule.1")).unwrap());
    let pages = commands(dir).into_iter().map(|name| format!("cupule-{name}")).chain(["cupule".into()]);
    let groff = has("groff");
    for page in pages {
        let path = dir.join(format!("man/{page}.1"));
        assert!(path.is_file(), "{page}");
        if groff {
            let set = Command::new("groff").args(["-man", "-Tascii", "-P-cbou", "-ww"]).arg(&path).output().unwrap();
            let text = String::from_utf8_lossy(&set.stdout);
            assert!(set.status.success() && set.stderr.is_empty(), "{page}: {}", String::from_utf8_lossy(&set.stderr));
            assert!(text.contains("NAME") && text.contains("SYNOPSIS"), "{page}: {text}");
        }
    }
    fs::write(dir.join("file"), "").unwrap();
    assert_eq!(cupule(dir, &["man", "--out", "file"]).code, 4);
}

/// Exit code of a program that ended by a panic.
const PANIC: i32 = 101;

#[test]
fn readers_that_are_gone_are_no_fault() {
    let dir = dir();
    let dir = dir.path();
    for args in [&["config"][..], &["columns"], &["completions", "zsh"], &["man"], &["--help"], &["config", "--json"]] {
        let mut child = program(dir, args, &[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{args:?}: {output:?}");
    }
    for args in [&["no-such-command"][..], &["config", "--set", "x"], &["inspect", "nothing.tif"], &[]] {
        let mut child = program(dir, args, &[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stderr.take());
        let code = child.wait().unwrap().code();
        assert!(code.is_some_and(|code| (1..PANIC).contains(&code)), "{args:?}: {code:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn closed_and_full_outputs_are_no_fault() {
    let dir = dir();
    let dir = dir.path();
    picture(&dir.join("a.tif"));
    let exe = env!("CARGO_BIN_EXE_cupule");
    let analyze = "analyze a.tif --out out --restart --pixel-size 1nm --device cpu --export none -v";
    for (rest, code) in [
        ("config >&-", 0),
        ("config 2>&-", 0),
        ("config >&- 2>&- <&-", 0),
        ("config >/dev/full", 4),
        ("config >/dev/full 2>/dev/full", 4),
        ("inspect nothing.tif 2>/dev/full", 1),
        ("inspect nothing.tif 2>&-", 1),
        ("nonsense 2>/dev/full", 2),
        ("--help >/dev/full", 0),
        (&format!("{analyze} >&- 2>&-"), 0),
        (&format!("{analyze} 2>/dev/full"), 0),
        (&format!("{analyze} nothing.tif 2>/dev/full"), 3),
    ] {
        let ended = Command::new("sh").arg("-c").arg(format!("{exe} {rest}")).current_dir(dir).output().unwrap();
        assert_eq!(ended.status.code(), Some(code), "{rest}");
    }
}

/// Only where `script`, which pretends to be a terminal, is installed.
#[cfg(target_os = "linux")]
#[test]
fn colours_are_for_terminals_that_want_them() {
    if !has("script") {
        return;
    }
    let dir = dir();
    let exe = env!("CARGO_BIN_EXE_cupule");
    let escapes = |line: &str, variables: &[(&str, &str)]| {
        let mut command = Command::new("script");
        command.args(["-qec", &format!("{exe} {line}"), "/dev/null"]).current_dir(dir.path()).stdin(Stdio::null());
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI"] {
            command.env_remove(name);
        }
        command.env("TERM", "xterm").envs(variables.iter().copied()).output().unwrap().stdout.contains(&0x1b)
    };
    for line in ["--help", "config --no-such-option"] {
        assert!(escapes(line, &[]), "{line}: a terminal gets no colours: the check checks nothing");
        assert!(!escapes(line, &[("NO_COLOR", "1")]), "{line}");
        assert!(!escapes(line, &[("TERM", "dumb")]), "{line}");
    }
    let plain = cupule(dir.path(), &["--help"]).stdout;
    assert!(!plain.contains('\u{1b}'));
}
