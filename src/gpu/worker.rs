//! A thread that owns what may hang, and a caller who doesn't wait for ever.
//!
//! A driver can hang in any call, not only where the wait can be given a limit: compiling a shader, handing in work and
//! closing a device have none, and wgpu's own queue waits without limit when it is dropped (`Queue::drop` of wgpu-core 30
//! calls `wait_for_idle`). So everything that belongs to a driver lives on a thread of its own, with the numbers it holds.
//! The caller hands work over and waits for each answer as long as it has patience. A thread that doesn't answer is left
//! behind with all that it owns, and nothing of it is touched again.

use crate::caught::caught;
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// Work on the state of a worker; `None` once it is closed.
type Job<S> = Box<dyn FnOnce(&mut Option<S>) + Send>;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// None came in time.
    Hang(Duration),
    /// The work panicked; message and place.
    Panic(String),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            Self::Hang(patience) => write!(f, "the driver did not answer within {} s", patience.as_secs_f64()),
            Self::Panic(message) => write!(f, "internal error of the driver's wrapper: {message}"),
        }
    }
}

/// A thread that owns an `S`.
pub struct Worker<S> {
    jobs: Sender<Job<S>>,
    patience: Duration,
    /// The first failure; nothing is asked afterwards.
    failure: OnceLock<Failure>,
}

/// What a worker tells while it works.
enum Sign<T> {
    /// Some step is done, others are to come.
    Alive,
    Done(Result<T, String>),
}

impl<S: 'static> Worker<S> {
    /// Starts a thread and makes what it owns there. The patience is with each step of all its later work.
    ///
    /// # Errors
    /// In words: no thread, no answer, or what `make` says.
    pub fn start(
        name: &str,
        patience: Duration,
        make: impl FnOnce() -> Result<S, String> + Send + 'static,
    ) -> Result<Self, String> {
        let (jobs, queue) = channel::<Job<S>>();
        let (sender, made) = channel();
        let live = move || {
            let mut state = match caught(make) {
                Ok(Ok(state)) => Some(state),
                Ok(Err(cause)) => return drop(sender.send(Sign::Done(Ok(Err(cause))))),
                Err(panic) => return drop(sender.send(Sign::Done(Err(panic)))),
            };
            let _ = sender.send(Sign::Done(Ok(Ok(()))));
            while state.is_some() {
                let Ok(job) = queue.recv() else { break };
                job(&mut state);
            }
            // Some drivers panic when they are closed.
            let _ = caught(move || drop(state));
        };
        std::thread::Builder::new()
            .name(name.into())
            .spawn(live)
            .map_err(|error| format!("no thread for the driver: {error}"))?;
        answer(&made, patience).map_err(|failure| failure.to_string())??;
        Ok(Self { jobs, patience, failure: OnceLock::new() })
    }

    /// Has work done and waits for its answer. The work is given what it calls after each step, for patience to begin anew.
    ///
    /// # Errors
    /// [`Failure`], and the same at once ever after.
    pub fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut S, &dyn Fn()) -> T + Send + 'static,
    ) -> Result<T, Failure> {
        self.ask_within(self.patience, work)
    }

    /// As [`Self::ask`], with another patience.
    pub fn ask_within<T: Send + 'static>(
        &self,
        patience: Duration,
        work: impl FnOnce(&mut S, &dyn Fn()) -> T + Send + 'static,
    ) -> Result<T, Failure> {
        if let Some(failure) = self.failure.get() {
            return Err(failure.clone());
        }
        let (sender, signs) = channel();
        self.post(move |state| {
            let alive = || drop(sender.send(Sign::Alive));
            let _ = sender.send(Sign::Done(caught(|| work(state, &alive))));
        });
        answer(&signs, patience).inspect_err(|failure| drop(self.failure.set(failure.clone())))
    }

    /// Has work done some time, unless the worker is closed.
    fn post(&self, work: impl FnOnce(&mut S) + Send + 'static) {
        self.poster().post(work);
    }

    /// A way to hand work over that may outlive the worker.
    pub fn poster(&self) -> Poster<S> {
        Poster(self.jobs.clone())
    }

    /// The failure after which it is of no use.
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.get()
    }
}

/// Waits for the end of some work.
fn answer<T>(signs: &Receiver<Sign<T>>, patience: Duration) -> Result<T, Failure> {
    loop {
        match signs.recv_timeout(patience) {
            Ok(Sign::Alive) => {}
            Ok(Sign::Done(result)) => return result.map_err(Failure::Panic),
            Err(RecvTimeoutError::Timeout) => return Err(Failure::Hang(patience)),
            Err(RecvTimeoutError::Disconnected) => return Err(Failure::Panic("its thread ended".into())),
        }
    }
}

impl<S> Drop for Worker<S> {
    /// Closes what it owns on its own thread, in order before anything new is opened, unless the thread hangs.
    fn drop(&mut self) {
        if !matches!(self.failure.get(), Some(Failure::Hang(_))) {
            let (sender, closed) = channel::<()>();
            let close = move |state: &mut Option<S>| {
                let _ = caught(|| state.take());
                drop(sender);
            };
            if self.jobs.send(Box::new(close)).is_ok() {
                let _ = closed.recv_timeout(self.patience);
            }
        }
    }
}

/// Hands work to a worker without waiting.
pub struct Poster<S>(Sender<Job<S>>);

impl<S: 'static> Poster<S> {
    /// Has work done some time, unless the worker is closed.
    pub fn post(&self, work: impl FnOnce(&mut S) + Send + 'static) {
        let _ = self.0.send(Box::new(|state| {
            if let Some(state) = state {
                let _ = caught(|| work(state));
            }
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex, PoisonError};

    const SHORT: Duration = Duration::from_millis(50);
    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn answers_come_back_and_the_end_is_waited_for() {
        struct Tells(Arc<Mutex<bool>>);
        impl Drop for Tells {
            fn drop(&mut self) {
                std::thread::sleep(SHORT);
                *self.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
            }
        }
        let closed = Arc::new(Mutex::new(false));
        let worker = Worker::start("test", LONG, {
            let closed = closed.clone();
            move || Ok(Tells(closed))
        })
        .unwrap();
        assert_eq!(worker.ask(|state, _| *state.0.lock().unwrap()), Ok(false));
        drop(worker);
        assert!(*closed.lock().unwrap());
    }

    #[test]
    fn a_hanging_thread_is_left_behind() {
        let worker = Worker::start("test", LONG, || Ok(5)).unwrap();
        let hang = |_: &mut i32, _: &dyn Fn()| std::thread::sleep(LONG);
        assert_eq!(worker.ask_within(SHORT, hang), Err(Failure::Hang(SHORT)));
        // At once, although the patience is long now.
        assert_eq!(worker.ask(|state, _| *state), Err(Failure::Hang(SHORT)));
        drop(worker);
        let stuck = || -> Result<(), String> {
            std::thread::sleep(LONG);
            Ok(())
        };
        assert!(Worker::start("test", SHORT, stuck).is_err_and(|cause| cause.contains("did not answer")));
    }

    #[test]
    fn steps_renew_the_patience() {
        let worker = Worker::start("test", SHORT * 4, || Ok(())).unwrap();
        let slow = |(): &mut (), alive: &dyn Fn()| {
            for _ in 0..8 {
                std::thread::sleep(SHORT);
                alive();
            }
            "done"
        };
        assert_eq!(worker.ask(slow), Ok("done"));
    }

    #[test]
    fn a_panic_is_told_and_the_state_is_not_used_again() {
        let worker = Worker::start("test", LONG, || Ok(5)).unwrap();
        let told = worker.ask(|_, _| panic!("planted")).unwrap_err();
        assert!(matches!(&told, Failure::Panic(message) if message.starts_with("planted")), "{told}");
        assert_eq!(worker.ask(|state, _| *state), Err(told));
        let refused = Worker::<()>::start("test", LONG, || Err("no".into()));
        assert!(refused.is_err_and(|cause| cause == "no"));
    }
}
