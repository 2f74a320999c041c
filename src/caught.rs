//! Panics that must not end a run: caught, told as one line, and kept off standard error.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, Once, PoisonError};

/// Steps of a source file's path to tell: the crate, `src` and the file. The rest only says where it was built.
const PATH_STEPS: usize = 3;

thread_local! {
    /// Whether a panic of this thread will be caught here.
    static HERE: Cell<bool> = const { Cell::new(false) };
}
/// Calls of [`caught`] going on.
static GOING_ON: AtomicUsize = AtomicUsize::new(0);
/// Message and place of the latest panic that was kept off standard error: what is caught holds the message only.
static LATEST: Mutex<Option<(String, String)>> = Mutex::new(None);
static HOOK: Once = Once::new();

/// Does some work; a panic of it, also on the threads that it shares its work with, becomes a line of message and place.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    HOOK.call_once(|| {
        let default = panic::take_hook();
        panic::set_hook(Box::new(move |info| if is_caught() { record(info) } else { default(info) }));
    });
    let outer = HERE.replace(true);
    GOING_ON.fetch_add(1, Ordering::SeqCst);
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    GOING_ON.fetch_sub(1, Ordering::SeqCst);
    HERE.set(outer);
    result.map_err(|payload| {
        let message = message(&*payload);
        let latest = LATEST.lock().unwrap_or_else(PoisonError::into_inner).take();
        match latest.filter(|(of, _)| *of == message) {
            Some((_, place)) => format!("{message} ({place})"),
            None => message,
        }
    })
}

/// A panic on a thread of the shared pool comes out on the thread that waits for it.
fn is_caught() -> bool {
    HERE.get() || (GOING_ON.load(Ordering::SeqCst) > 0 && rayon::current_thread_index().is_some())
}

fn record(info: &PanicHookInfo) {
    let place = info.location().map(|at| {
        let steps: Vec<_> = Path::new(at.file()).iter().map(|step| step.to_string_lossy()).collect();
        format!("{}:{}", steps[steps.len().saturating_sub(PATH_STEPS)..].join("/"), at.line())
    });
    *LATEST.lock().unwrap_or_else(PoisonError::into_inner) = place.map(|place| (message(info.payload()), place));
}

/// What was said, on one line.
fn message(payload: &(dyn Any + Send)) -> String {
    let said = payload.downcast_ref::<&str>().copied().or(payload.downcast_ref::<String>().map(String::as_str));
    said.unwrap_or("panic without a message").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rayon::prelude::*;

    #[test]
    fn a_panic_becomes_a_line_with_its_place() {
        assert_eq!(caught(|| 7), Ok(7));
        let line = caught(|| panic!("no\n  luck: {}", 3)).unwrap_err();
        assert!(line.starts_with("no luck: 3 (") && line.contains("src/caught.rs:"), "{line}");
        let plain = caught(|| panic!("plain")).unwrap_err();
        assert!(plain.starts_with("plain ("), "{plain}");
    }

    #[test]
    fn a_panic_of_the_pool_is_caught_by_the_one_who_waits() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        let line = caught(|| pool.install(|| (0..4).into_par_iter().for_each(|i| assert!(i != 2, "two")))).unwrap_err();
        assert!(line.starts_with("two"), "{line}");
    }
}
