//! Where the events of a run go, and the thread that tells in between how far it is.

use super::json::Tally;
use super::progress::Progress;
use super::voice::Voice;
use super::{Event, Format, Verbosity, stderr};
use indicatif::ProgressBar;
use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Between two heartbeats: often enough to see that it lives, rare enough for a file.
const INTERVAL: Duration = Duration::from_secs(30);
/// Between two looks at the clock for the time left beside a bar.
const INTERVAL_OF_BAR: Duration = Duration::from_secs(1);

/// Where the events of a run go. One may serve several runs, one after the other.
pub struct Log {
    format: Format,
    shared: Arc<Shared>,
    heart: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    /// The time of the next heartbeat, or that there is none any more.
    changed: Condvar,
    interval: Duration,
}

struct State {
    voice: Voice,
    progress: Progress,
    /// Absent while nothing runs.
    next_beat: Option<Instant>,
    has_run: bool,
    is_closed: bool,
}

impl Log {
    /// A log on standard error.
    pub fn new(format: Format, verbosity: Verbosity) -> Self {
        let wants_bar = format == Format::Text && verbosity > Verbosity::Quiet;
        let bar = wants_bar.then(stderr::bar).flatten();
        let interval = if bar.is_some() { INTERVAL_OF_BAR } else { INTERVAL };
        Self::start(format, verbosity, Box::new(std::io::stderr()), bar, interval)
    }

    /// A log that nobody reads.
    pub fn silent() -> Self {
        Self::start(Format::Text, Verbosity::Quiet, Box::new(std::io::sink()), None, INTERVAL)
    }

    /// A log that goes elsewhere, with another time between heartbeats: for tests.
    #[doc(hidden)]
    pub fn with_interval(
        format: Format,
        verbosity: Verbosity,
        out: impl Write + Send + 'static,
        interval: Duration,
    ) -> Self {
        Self::start(format, verbosity, Box::new(out), None, interval)
    }

    fn start(
        format: Format,
        verbosity: Verbosity,
        out: Box<dyn Write + Send>,
        bar: Option<ProgressBar>,
        interval: Duration,
    ) -> Self {
        let state = State {
            voice: Voice::new(format, verbosity, out, bar),
            progress: Progress::new(0, Instant::now()),
            next_beat: None,
            has_run: false,
            is_closed: false,
        };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new(), interval });
        let of_heart = shared.clone();
        // A system that has no thread left gives no heartbeats: no reason to end a run.
        let heart = std::thread::Builder::new().name("heartbeat".into()).spawn(move || of_heart.beat()).ok();
        Self { format, shared, heart }
    }

    /// Who reads it.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Whether a run has begun.
    pub fn has_run(&self) -> bool {
        self.shared.lock().has_run
    }

    /// Tells an event.
    pub fn tell(&self, event: &Event) {
        let now = Instant::now();
        let mut state = self.shared.lock();
        let State { voice, progress, next_beat, has_run, .. } = &mut *state;
        progress.note(event, now);
        let mut tally = None;
        match event {
            Event::RunStarted { .. } => {
                voice.begin();
                *has_run = true;
                *next_beat = Some(now + self.shared.interval);
                self.shared.changed.notify_all();
            }
            Event::RunFinished { .. } | Event::Error { .. } => {
                voice.end();
                *next_beat = None;
                let (images_analysed, images_kept, images_failed) = progress.counts();
                tally = matches!(event, Event::RunFinished { .. }).then_some(Tally {
                    images_analysed,
                    images_kept,
                    images_failed,
                });
            }
            _ => {}
        }
        voice.tell(event, tally);
        if next_beat.is_some() {
            voice.draw(&progress.heartbeat(now));
        }
    }
}

impl Drop for Log {
    /// Ends what a run left open that an error ended.
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.is_closed = true;
        state.voice.end();
        drop(state);
        self.shared.changed.notify_all();
        if let Some(heart) = self.heart.take() {
            let _ = heart.join();
        }
    }
}

impl Shared {
    /// A thread that panicked with the lock in its hand has left nothing that matters half done.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Life of the thread: it also speaks while one image takes long.
    fn beat(&self) {
        let mut state = self.lock();
        while !state.is_closed {
            let now = Instant::now();
            state = match state.next_beat.map(|at| at.saturating_duration_since(now)) {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => {
                    let State { voice, progress, next_beat, .. } = &mut *state;
                    let event = progress.heartbeat(now);
                    voice.tell(&event, None);
                    voice.draw(&event);
                    *next_beat = Some(now + self.interval);
                    state
                }
                Some(left) => self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
    }
}
