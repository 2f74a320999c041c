//! What a run says while nobody watches, and whether it survives that nobody listens.

use cupule::error::Error;
use cupule::log::{Counts, Event, Format, KernelDone, Log, SUMMARY, Status, Summary, Verbosity, on_finish};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// So long that no heartbeat comes by itself.
const NEVER: Duration = Duration::from_secs(3600);
/// So long that something is broken.
const TOO_LONG: Duration = Duration::from_secs(60);

/// Hands on every line.
struct Lines(Sender<String>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        assert!(text.ends_with('\n') && text.matches('\n').count() == 1, "{text:?}");
        let _ = self.0.send(text.trim_end().to_owned());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn log(format: Format, verbosity: Verbosity, interval: Duration) -> (Log, Receiver<String>) {
    let (sender, receiver) = channel();
    (Log::with_interval(format, verbosity, Lines(sender), interval), receiver)
}

/// All lines about some events.
fn lines(format: Format, verbosity: Verbosity, events: &[Event]) -> Vec<String> {
    let (log, lines) = log(format, verbosity, NEVER);
    events.iter().for_each(|event| log.tell(event));
    drop(log);
    lines.into_iter().collect()
}

const STARTED: Event = Event::RunStarted { version: "1", out: "out", files: 200, device: "cpu" };
const FINISHED: Event = Event::RunFinished { status: "finished", exit_code: 1, line: "all done" };
const DONE: Event = Event::ImageDone {
    image: "a.tif",
    accepted: 3,
    border: 1,
    rejected: 2,
    seconds: 0.5,
    device: "cpu",
    stages: &[("denoise", 0.2), ("measure", 0.3)],
};

/// One of every kind that a run tells.
static KERNELS: [KernelDone; 1] = [KernelDone { kernel: "nlm", dispatches: 2, seconds: 0.004, bytes: 8_000_000 }];

fn every_event() -> Vec<Event<'static>> {
    vec![
        STARTED,
        Event::ImageStarted { image: "a.tif" },
        Event::Warning { image: Some("a.tif"), warning: "pale" },
        Event::Warning { image: None, warning: "warm" },
        DONE,
        Event::DeviceDone { kernels: &KERNELS },
        Event::ImageKept { image: "b.tif" },
        Event::ImageFailed { image: "c.tif", path: "in/c.tif", cause: "cut off; copy it again" },
        Event::Heartbeat {
            images_done: 3,
            images_total: Some(200),
            images_kept: 1,
            images_failed: 1,
            images_per_second: None,
            seconds_left: None,
            image: None,
            is_reporting: false,
        },
        Event::Reporting { images: 3 },
        FINISHED,
        Event::Error { error: "disk full", exit_code: 4 },
    ]
}

#[test]
fn a_heartbeat_comes_while_one_image_takes_long() {
    for (format, expected) in [
        (Format::Text, "0 of 200 images, 0 failed, time left unknown, now long\\n.tif"),
        (Format::Json, r#""images_total":200,"images_kept":0,"images_failed":0,"images_per_second":null,"#),
    ] {
        let (log, lines) = log(format, Verbosity::Normal, Duration::from_millis(5));
        log.tell(&STARTED);
        log.tell(&Event::ImageStarted { image: "long\n.tif" });
        let next = || lines.recv_timeout(TOO_LONG).unwrap();
        let mut beats = std::iter::repeat_with(next).filter(|line| line.contains(expected));
        assert!(beats.by_ref().take(3).count() == 3);
        log.tell(&FINISHED);
        drop(log);
        // The end is the last word.
        assert!(lines.into_iter().last().unwrap().contains("all done"));
    }
}

#[test]
fn people_are_told_what_they_asked_for() {
    let told = |verbosity| lines(Format::Text, verbosity, &every_event());
    let failed = "error: in/c.tif: cut off; copy it again";
    assert_eq!(told(Verbosity::Quiet), [failed, "error: disk full"]);
    let beat = "3 of 200 images, 1 failed, time left unknown";
    let normal = ["warning: a.tif: pale", "warning: warm", failed, beat, "all done", "error: disk full"];
    assert_eq!(told(Verbosity::Normal), normal);
    let verbose = told(Verbosity::Verbose);
    assert!(normal.iter().all(|line| verbose.iter().any(|told| told == line)), "{verbose:?}");
    let image = "a.tif: 3 accepted, 1 border, 2 rejected; 0.50 s (denoise 0.20, measure 0.30)";
    assert!(verbose.iter().any(|line| line == image), "{verbose:?}");
    // A mail about exit code 1 must not be empty because the failures are those of the night before.
    assert_eq!(
        lines(Format::Text, Verbosity::Quiet, &[STARTED, Event::ImageKept { image: "a" }, FINISHED]),
        ["all done"]
    );
    let fine = Event::RunFinished { status: "finished", exit_code: 0, line: "all done" };
    assert!(lines(Format::Text, Verbosity::Quiet, &[STARTED, DONE, fine]).is_empty());
}

#[test]
fn the_same_words_about_every_image_are_counted() {
    let names: Vec<String> = (0..100).map(|n| format!("{n}.tif")).collect();
    let mut events = vec![STARTED];
    for name in &names {
        events.push(Event::Warning { image: Some(name), warning: "no pixel size" });
        events.push(Event::ImageFailed { image: name, path: name, cause: "empty" });
    }
    events.push(FINISHED);
    let told = lines(Format::Text, Verbosity::Normal, &events);
    let of = |start: &str| told.iter().filter(|line| line.starts_with(start)).count();
    assert_eq!((of("warning: "), of("error: ")), (4, 21), "{told:?}");
    let end = ["warning: and 97 more images: no pixel size", "error: and 80 more images: empty", "all done"];
    assert_eq!(told[told.len() - 3..], end);
    // An error that ends the run takes nothing away.
    let early = lines(Format::Text, Verbosity::Normal, &events[..events.len() - 1]);
    assert_eq!(early, told[..told.len() - 1]);
    for (format, verbosity) in [(Format::Json, Verbosity::Quiet), (Format::Text, Verbosity::Verbose)] {
        assert!(lines(format, verbosity, &events).len() >= events.len() - 1);
    }
}

/// `docs/unattended.md` as cells of the table below a heading, first column by second.
fn documented(heading: &str) -> BTreeMap<String, String> {
    let docs = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/unattended.md")).unwrap();
    let section = docs.split(&format!("## {heading}\n")).nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        (cells[1].trim_matches('`').to_owned(), cells[2].to_owned())
    })
    .collect()
}

/// The words in backquotes.
fn quoted(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn programs_are_told_every_event_as_documented() {
    let documented = documented("Logs for programs");
    for verbosity in [Verbosity::Quiet, Verbosity::Normal, Verbosity::Verbose] {
        let mut names = BTreeSet::new();
        let told = lines(Format::Json, verbosity, &every_event());
        assert_eq!(told.len(), every_event().len());
        for line in told {
            let event: Map<String, Value> = serde_json::from_str(&line).unwrap();
            let name = event["event"].as_str().unwrap();
            let time = event["time_utc"].as_str().unwrap();
            assert!(time.len() == 20 && time.ends_with('Z'), "{time}");
            let fields = event.keys().filter(|key| !["event", "time_utc"].contains(&key.as_str())).cloned();
            assert_eq!(fields.collect::<BTreeSet<_>>(), quoted(&documented[name]), "{line}");
            names.insert(name.to_owned());
        }
        assert_eq!(names, documented.keys().cloned().collect());
    }
    let told = lines(Format::Json, Verbosity::Normal, &every_event());
    let of = |name: &str| told.iter().find(|line| line.contains(name)).unwrap();
    let done: Value = serde_json::from_str(of("image_done")).unwrap();
    assert_eq!(done["stages"]["measure"], 0.3);
    let end: Value = serde_json::from_str(of("run_finished")).unwrap();
    let tally = ["images_analysed", "images_kept", "images_failed"].map(|field| end[field].as_u64().unwrap());
    assert_eq!(tally, [1, 1, 1]);
}

/// A disk that is full, a reader that is gone.
struct Broken;

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::StorageFull.into())
    }
}

#[test]
fn nobody_has_to_listen() {
    for format in [Format::Text, Format::Json] {
        let log = Log::with_interval(format, Verbosity::Verbose, Broken, NEVER);
        every_event().iter().for_each(|event| log.tell(event));
    }
}

fn summary(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join(SUMMARY)).unwrap()).unwrap()
}

#[test]
fn the_summary_is_as_documented() {
    let dir = tempfile::tempdir().unwrap();
    let mut made = Summary::start();
    made.counts = Some(Counts { images: 131, failed: 130, accepted: 5, border: 1, rejected: 2 });
    for n in 0..130 {
        made.list(&format!("{n}.tif"), "empty; copy it again");
    }
    made.device = Some("cpu".into());
    made.end(Ok(1));
    made.write(dir.path()).unwrap();
    let read = summary(dir.path());
    let mut fields: BTreeSet<String> = read.as_object().unwrap().keys().cloned().collect();
    let counts = read["counts"].as_object().unwrap();
    fields.extend(counts.keys().map(|key| format!("counts.{key}")));
    assert_eq!(fields, documented("summary.json").into_keys().collect());
    assert_eq!((&read["status"], &read["exit_code"], &read["error"]), (&"finished".into(), &1.into(), &Value::Null));
    let counted = ["images", "failed", "accepted", "border", "rejected"].map(|name| counts[name].as_u64().unwrap());
    assert_eq!(counted, [131, 130, 5, 1, 2]);
    assert_eq!((read["failures"].as_array().unwrap().len(), &read["failures_left_out"]), (100, &30.into()));
    assert_eq!(read["failures"][99], serde_json::json!({"image": "99.tif", "cause": "empty; copy it again"}));
    // While there is none, a run goes on or was killed.
    for _ in 0..2 {
        Summary::remove(dir.path()).unwrap();
        assert!(!dir.path().join(SUMMARY).exists());
    }
}

#[test]
fn the_summary_tells_why_a_run_did_not_finish() {
    let dir = tempfile::tempdir().unwrap();
    for (error, status, code, words) in [
        (Error::Stopped { signal: 15, remedy: "run it again".into() }, "stopped", 143, "stopped by SIGTERM"),
        (Error::output("a".as_ref(), "disk full", "free some"), "error", 4, "a: disk full; free some"),
    ] {
        let mut made = Summary::start();
        made.end(Err(&error));
        made.write(dir.path()).unwrap();
        let read = summary(dir.path());
        assert_eq!((&read["status"], &read["exit_code"]), (&status.into(), &code.into()));
        assert!(read["error"].as_str().unwrap().starts_with(words), "{read}");
        assert!(
            read["counts"].is_null() && read["device"].is_null() && read["failures"].as_array().unwrap().is_empty()
        );
    }
}

/// The command runs in the folder of the tests, so everything is named in full.
#[cfg(unix)]
#[test]
fn the_last_command_is_told_by_its_environment_only() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("o $(touch injected) \"; touch injected; '");
    fs::create_dir(&out).unwrap();
    let (log, lines) = log(Format::Text, Verbosity::Normal, NEVER);
    let told = "cd \"$CUPULE_OUT\" && printf '%s\\n' \"$CUPULE_STATUS\" $CUPULE_EXIT_CODE \"$CUPULE_SUMMARY\" > told";
    on_finish(&log, told, &out, Status::Stopped, 143, true);
    let summary = out.join(SUMMARY).display().to_string();
    assert_eq!(fs::read_to_string(out.join("told")).unwrap().lines().collect::<Vec<_>>(), ["stopped", "143", &summary]);
    on_finish(&log, "exit 7", &out, Status::Error, 6, false);
    on_finish(&log, "test -z \"$CUPULE_SUMMARY\"", &out, Status::Error, 6, false);
    drop(log);
    let warnings: Vec<String> = lines.into_iter().collect();
    assert_eq!(warnings, ["warning: the command of --on-finish, exit 7, ended with exit status: 7"]);
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1, "only what the command wrote");
}

#[cfg(target_os = "linux")]
mod program {
    use super::*;
    use std::process::{Command, Output};
    use tiff::encoder::{TiffEncoder, colortype::Gray16};

    /// A folder with a picture whose pixel size nobody knows, and a broken one.
    fn folder() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("in")).unwrap();
        let pixels: Vec<u16> = (0..32 * 32u32).map(|n| (1000 + n * 7919 % 101) as u16).collect();
        let mut tiff = TiffEncoder::new(fs::File::create(dir.path().join("in/a.tif")).unwrap()).unwrap();
        tiff.write_image::<Gray16>(32, 32, &pixels).unwrap();
        fs::write(dir.path().join("in/b.tif"), "").unwrap();
        dir
    }

    /// Runs a shell's line with `$ANALYZE`.
    fn sh(dir: &Path, line: &str, env: &[(&str, &str)]) -> Output {
        let analyze = format!("{} analyze --device cpu --export none in --out out", env!("CARGO_BIN_EXE_cupule"));
        let mut sh = Command::new("sh");
        sh.args(["-c", line]).current_dir(dir).env("ANALYZE", analyze).env_remove("NO_COLOR").env("TERM", "xterm");
        sh.envs(env.iter().copied()).output().unwrap()
    }

    #[test]
    fn a_run_survives_that_nobody_listens() {
        for line in ["$ANALYZE 2>&-", "$ANALYZE 2>/dev/full", "{ $ANALYZE 2>&1; echo $? >&2; } | true"] {
            let dir = folder();
            let ended = sh(dir.path(), line, &[]);
            let code = match String::from_utf8_lossy(&ended.stderr).trim() {
                "" => ended.status.code(),
                told => told.parse().ok(),
            };
            assert_eq!(code, Some(1), "{line}: {ended:?}");
            assert!(dir.path().join("out/images.csv").exists(), "{line}");
        }
    }

    #[test]
    fn escape_sequences_go_to_terminals_that_know_them() {
        let terminal = "script --quiet --return --command \"$ANALYZE\" /dev/null";
        for (env, is_moving) in [(&[][..], true), (&[("TERM", "dumb")], false), (&[("NO_COLOR", "1")], false)] {
            let dir = folder();
            let ended = sh(dir.path(), terminal, env);
            let told = String::from_utf8_lossy(&ended.stdout).into_owned();
            assert!(ended.status.code() == Some(1) && told.contains("failed: 1"), "{env:?}: {ended:?}");
            assert_eq!(told.contains('\u{1b}'), is_moving, "{env:?}: {told:?}");
        }
        let dir = folder();
        let ended = sh(dir.path(), "$ANALYZE --verbose", &[]);
        let told = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(told.contains("a.tif: 0 accepted") && !told.contains('\u{1b}'), "{told:?}");
    }
}
