//! What unattended runs rest on: files that are whole or absent, one writer at a time, and a journal that knows its files.

use cupule::atomic::{
    UNFINISHED, WholeFile, create_folder, output_error, remove_file, sync_names, write_json, write_whole,
};
use cupule::error::Error;
use cupule::lock::{LOCK, Lock};
use cupule::results::{FileRecord, JOURNAL, Journal, Stamp, hex, open_file, read_file, sha256_of};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, UNIX_EPOCH};

/// Names in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = entries.collect();
    names.sort();
    names
}

#[test]
fn a_file_is_whole_or_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    write_whole(&path, |out| out.write_all(b"first")).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"first");
    let failed = write_whole(&path, |out| {
        out.write_all(b"sec")?;
        Err(io::Error::other("no more"))
    });
    assert!(matches!(failed, Err(Error::Output { .. })), "{failed:?}");
    assert_eq!((fs::read(&path).unwrap(), names(folder.path())), (b"first".to_vec(), vec!["table.csv".to_owned()]));
    write_json(&path, &[1, 2]).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "[\n  1,\n  2\n]\n");
    let nowhere = write_whole(&folder.path().join("missing").join("a"), |_| Ok(()));
    assert!(nowhere.is_err());
}

#[test]
fn a_growing_file_appears_when_it_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows");
    let mut file = WholeFile::create(&path).unwrap();
    assert_eq!(file.write(b"abc").unwrap(), 3);
    file.flush().unwrap();
    let [unfinished] = names(folder.path()).try_into().unwrap();
    assert!(unfinished.starts_with(UNFINISHED));
    assert_eq!(fs::read(folder.path().join(&unfinished)).unwrap(), b"abc");
    file.commit().unwrap();
    assert_eq!((names(folder.path()), fs::read(&path).unwrap()), (vec!["rows".to_owned()], b"abc".to_vec()));
    drop(WholeFile::create(&folder.path().join("given up")).unwrap());
    assert_eq!(names(folder.path()), ["rows"]);
}

/// The other tests have whole paths, so that another current folder does not touch them.
#[test]
fn a_name_alone_is_a_file_in_the_current_folder() {
    let folder = tempfile::tempdir().unwrap();
    std::env::set_current_dir(folder.path()).unwrap();
    write_whole(Path::new("alone"), |out| out.write_all(b"x")).unwrap();
    fs::create_dir("below").unwrap();
    write_whole(Path::new("below/one"), |out| out.write_all(b"x")).unwrap();
    assert_eq!(
        (names(folder.path()), names(Path::new("below"))),
        (vec!["alone".into(), "below".into()], vec!["one".into()])
    );
}

#[test]
fn errors_say_what_to_do() {
    let remedy = |kind: ErrorKind| match output_error(Path::new("result"), &kind.into()) {
        Error::Output { remedy, .. } => remedy,
        other => panic!("{other:?}"),
    };
    for kind in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded, ErrorKind::FileTooLarge] {
        assert!(remedy(kind).contains("free some space"), "{kind}");
    }
    for kind in [ErrorKind::ReadOnlyFilesystem, ErrorKind::PermissionDenied] {
        assert!(remedy(kind).contains("may write to"), "{kind}");
    }
    for kind in [ErrorKind::NotFound, ErrorKind::NotADirectory] {
        assert!(remedy(kind).contains("exists"), "{kind}");
    }
    assert!(remedy(ErrorKind::IsADirectory).contains("a folder is in the place of this file"));
    assert!(remedy(ErrorKind::AlreadyExists).contains("a file is in the place of this folder"));
    assert!(remedy(ErrorKind::Other).contains("its disk"));
}

#[test]
fn folders_can_be_there_and_files_be_gone_already() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("a/b/c");
    let file = deep.join("x");
    for _ in 0..2 {
        create_folder(&deep).unwrap();
        assert!(deep.is_dir());
    }
    fs::write(&file, "x").unwrap();
    for _ in 0..2 {
        remove_file(&file).unwrap();
        assert!(!file.exists());
    }
    fs::write(&file, "x").unwrap();
    // Below what is no folder there is no file either.
    remove_file(&file.join("y")).unwrap();
    assert!(matches!(remove_file(&deep), Err(Error::Output { .. })) && deep.is_dir());
    assert!(matches!(create_folder(&file), Err(Error::Output { .. })) && file.is_file());
    #[cfg(unix)]
    assert!(sync_names(&file).is_ok() && sync_names(&deep.join("missing/x")).is_err());
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_lock_that_is_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other");
    fs::write(&other, "precious").unwrap();
    std::os::unix::fs::symlink(&other, folder.path().join(LOCK)).unwrap();
    assert!(matches!(Lock::take(folder.path()), Err(Error::Output { .. })));
    assert_eq!(fs::read(&other).unwrap(), b"precious");
}

#[test]
fn the_second_one_is_told_who_holds_the_lock() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(LOCK);
    let lock = Lock::take(folder.path()).unwrap();
    assert!(lock.left_by.is_empty());
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with(&format!("process {} on ", std::process::id())), "{text}");
    if let Ok(host) = fs::read_to_string("/proc/sys/kernel/hostname") {
        assert!(text.contains(&format!(" on {} since ", host.trim())), "{text}");
    }
    match Lock::take(folder.path()) {
        Err(Error::Locked { cause, .. }) => assert!(cause.starts_with(text.lines().next().unwrap()), "{cause}"),
        other => panic!("{other:?}"),
    }
    let noted = |work: &[&str]| {
        lock.note(&work.iter().map(|&line| line.to_owned()).collect::<Vec<_>>()).unwrap();
        fs::read_to_string(&path).unwrap().strip_prefix(&text).map(str::to_owned)
    };
    assert_eq!(noted(&["a longer piece of work", "b"]).unwrap(), "a longer piece of work\nb\n");
    assert_eq!(noted(&["grid.tif"]).unwrap(), "grid.tif\n");
    assert_eq!(noted(&[]).unwrap(), "");
    drop(lock);
    assert!(names(folder.path()).is_empty());
    assert!(matches!(Lock::take(&folder.path().join("missing")), Err(Error::Output { .. })));
}

#[test]
fn what_a_killed_one_left_is_told_to_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(LOCK);
    let after = |text: &str| {
        fs::write(&path, text).unwrap();
        Lock::take(folder.path()).unwrap().left_by.clone()
    };
    assert_eq!(after("process 1 on host since then\ngrid.tif\nb.tif\n"), ["grid.tif", "b.tif"]);
    assert!(after("process 1 on host since then\n").is_empty() && after("").is_empty());
    // Somebody holds it who has not yet written down who.
    let mut held = File::create(&path).unwrap();
    held.lock().unwrap();
    let taken = Lock::take(folder.path());
    assert!(matches!(&taken, Err(Error::Locked { cause, .. }) if cause.starts_with("another process")), "{taken:?}");
    held.write_all(b"process 7\n").unwrap();
    let taken = Lock::take(folder.path());
    assert!(matches!(&taken, Err(Error::Locked { cause, .. }) if cause.starts_with("process 7 works")), "{taken:?}");
}

#[test]
fn never_two_hold_the_lock() {
    let folder = tempfile::tempdir().unwrap();
    let (inside, taken) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..100 {
                    let Ok(lock) = Lock::take(folder.path()) else { continue };
                    assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                    taken.fetch_add(1, Ordering::SeqCst);
                    inside.fetch_sub(1, Ordering::SeqCst);
                    drop(lock);
                }
            });
        }
    });
    assert!(taken.into_inner() > 0);
}

#[test]
fn checksums_are_those_of_the_standard() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bytes");
    // FIPS 180-4's examples; a million is more than is read at once.
    for (bytes, sum) in [
        (Vec::new(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (b"abc".to_vec(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (vec![b'a'; 1_000_000], "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ] {
        fs::write(&path, &bytes).unwrap();
        assert_eq!(sha256_of(&path).unwrap(), (sum.to_owned(), bytes.len() as u64));
    }
    assert_eq!(hex(&[0, 10, 255]), "000aff");
    assert!(sha256_of(&folder.path().join("missing")).is_err());
    // Not even asked what is in it: it might be a pipe.
    let refused = open_file(folder.path()).map(|_| ()).unwrap_err();
    assert_eq!((refused.kind(), read_file(&path).unwrap().len()), (ErrorKind::InvalidInput, 1_000_000));
    assert!(sha256_of(folder.path()).is_err() && read_file(folder.path()).is_err());
}

#[test]
fn a_journal_knows_the_files_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let others =
        [(JOURNAL, "old"), (&format!("{UNFINISHED}x"), "half"), ("notes.txt", "somebody's"), (".DS_Store", "")];
    for (name, text) in [("result.json", "{}"), ("labels.tif", "abc")].into_iter().chain(others) {
        fs::write(folder.join(name), text).unwrap();
    }
    fs::create_dir(folder.join("another image")).unwrap();
    let mut journal = Journal { recipe: "r".into(), stack: 1, ..Journal::default() };
    journal.write(folder).unwrap();
    let sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(journal.files[0], FileRecord { name: "labels.tif".into(), bytes: 3, sha256: sum.into() });
    assert_eq!((journal.files.len(), journal.files[1].name.as_str()), (2, "result.json"));
    assert_eq!(Journal::read(folder).unwrap(), journal);
    // While the others are made again, the findings are all that can be relied on.
    journal.write_unmade(folder).unwrap();
    assert_eq!((journal.files.len(), journal.files[0].name.as_str(), &journal.made), (1, "result.json", &None));
    assert_eq!(Journal::read(folder).unwrap(), journal);
    journal.write(folder).unwrap();
    assert!(journal.is_complete(folder));
    fs::write(folder.join("result.json"), "{ }").unwrap();
    assert!(!journal.is_complete(folder));
    fs::write(folder.join("result.json"), "[]").unwrap();
    assert!(journal.is_complete(folder) && !journal.is_true(folder), "its length is all that is asked for here");
    fs::write(folder.join("result.json"), "{}").unwrap();
    assert!(journal.is_true(folder));
    // A folder in the place of a file is none, however long it says it is.
    fs::remove_file(folder.join("result.json")).unwrap();
    fs::create_dir(folder.join("result.json")).unwrap();
    journal.files[1].bytes = fs::metadata(folder.join("result.json")).unwrap().len();
    assert!(!journal.is_complete(folder));
    fs::remove_dir(folder.join("result.json")).unwrap();
    assert!(!journal.is_complete(folder));
    fs::write(folder.join(JOURNAL), "{").unwrap();
    assert!(Journal::read(folder).is_err() && Journal::read(&folder.join("another image")).is_err());
}

#[test]
fn images_of_a_stack_are_of_one_file() {
    let of = |image: &str, stack| {
        let mut journal = Journal { stack, ..Journal::default() };
        journal.input.image = image.into();
        journal.file().to_owned()
    };
    assert_eq!(
        (of("a@b.tif@12", 20), of("a.tif@0", 1), of("a.tif", 2)),
        ("a@b.tif".into(), "a.tif@0".into(), "a.tif".into())
    );
}

#[test]
fn a_stamp_is_safe_when_another_change_would_have_another_time() {
    let changed_at = |seconds| Stamp { bytes: 1, modified: (seconds, 5), changed: None };
    let at = |seconds, nanoseconds| UNIX_EPOCH + Duration::new(seconds, nanoseconds);
    let stamp = changed_at(100);
    assert!(!stamp.is_safe(at(102, 5)) && stamp.is_safe(at(102, 6)) && !stamp.is_safe(at(101, 9)));
    // A time in the future, or after a clock was set back, says nothing.
    assert!(!stamp.is_safe(at(50, 0)));
    assert!(
        stamp.is_older(at(110, 6), Duration::from_secs(10)) && !stamp.is_older(at(110, 4), Duration::from_secs(10))
    );
    // A copy may be older than its last change of any kind.
    let copied = Stamp { changed: Some((1000, 0)), ..stamp };
    let age = Duration::from_secs(10);
    assert!(
        copied.is_settled(at(110, 6), age) && !copied.is_settled(at(110, 5), age) && !copied.is_settled(at(50, 0), age)
    );
    // What cannot be set decides where it is known.
    let touched = Stamp { changed: Some((300, 0)), ..stamp };
    assert!(!touched.is_safe(at(200, 0)) && touched.is_safe(at(303, 0)));
    let ancient = Stamp { changed: Some((-5, 0)), ..stamp };
    assert!(ancient.is_safe(at(0, 0)) && ancient.is_safe(UNIX_EPOCH - Duration::from_secs(2)));
    assert!(!ancient.is_safe(UNIX_EPOCH - Duration::from_secs(4)));
}

#[test]
fn stamps_are_those_of_the_file_even_before_1970() {
    let folder = tempfile::tempdir().unwrap();
    let file = File::create(folder.path().join("old.tif")).unwrap();
    file.set_len(7).unwrap();
    let modified = |time| {
        file.set_modified(time).unwrap();
        let stamp = Stamp::of(&file.metadata().unwrap());
        assert_eq!((stamp.bytes, stamp.changed.is_some()), (7, cfg!(unix)));
        stamp.modified
    };
    assert_eq!(modified(UNIX_EPOCH + Duration::new(1_000_000_000, 500_000_000)), (1_000_000_000, 500_000_000));
    assert_eq!(modified(UNIX_EPOCH), (0, 0));
    assert_eq!(modified(UNIX_EPOCH - Duration::new(1, 250_000_000)), (-2, 750_000_000));
    assert_eq!(modified(UNIX_EPOCH - Duration::new(3600, 500_000_000)), (-3601, 500_000_000));
}
