//! A thread that owns what may hang, and callers who don't wait for ever.
//!
//! A driver can hang in any call, not only where the wait can be given a limit: compiling a shader, handing in work and
//! closing a device have none, and wgpu's own queue waits without limit when it is dropped (`Queue::drop` of wgpu-core
//! 30 calls `wait_for_idle`). So everything that belongs to a driver lives on a thread of its own, with the numbers it
//! holds. Callers, from any number of threads, hand work over in order. They wait only where they need an answer, and
//! as long as they have patience: it begins anew with every step that the thread gets done, whoever's it is, because a
//! piece of work may stand behind many others. A thread without a step is left behind with all that it owns, and
//! nothing of it is touched again.

use crate::caught::caught;
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Work on the state of a worker, which is `None` once it is closed; called again until it says that it is finished.
type Job<S> = Box<dyn FnMut(&mut Option<S>) -> bool + Send>;

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

/// What the thread and its callers know of it.
struct Pulse {
    /// The first failure; nothing is done afterwards.
    failure: OnceLock<Failure>,
    /// When the thread last got something done.
    beat: Mutex<Instant>,
}

impl Pulse {
    fn new() -> Arc<Self> {
        Arc::new(Self { failure: OnceLock::new(), beat: Mutex::new(Instant::now()) })
    }

    fn beat(&self) {
        *self.beat.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn last_beat(&self) -> Instant {
        *self.beat.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first failure stays the one that is told.
    fn fail(&self, failure: Failure) -> Failure {
        self.failure.get_or_init(|| failure).clone()
    }

    /// Waits for an answer, as long as some step is done within the patience.
    fn answer<T>(&self, answers: &Receiver<Result<T, Failure>>, patience: Duration) -> Result<T, Failure> {
        let mut since = Instant::now();
        loop {
            match answers.recv_timeout(patience.saturating_sub(since.elapsed())) {
                Ok(answer) => return answer,
                Err(RecvTimeoutError::Disconnected) => return Err(self.fail(Failure::Panic("its thread ended".into()))),
                Err(RecvTimeoutError::Timeout) if self.last_beat() > since => since = self.last_beat(),
                Err(RecvTimeoutError::Timeout) => return Err(self.fail(Failure::Hang(patience))),
            }
        }
    }
}

/// A thread that owns an `S`.
pub struct Worker<S> {
    poster: Poster<S>,
    patience: Duration,
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
        let pulse = Pulse::new();
        let (sender, made) = channel();
        let live = move || {
            let state = match caught(make) {
                Ok(Ok(state)) => state,
                Ok(Err(cause)) => return drop(sender.send(Ok(Err(cause)))),
                Err(panic) => return drop(sender.send(Err(Failure::Panic(panic)))),
            };
            let _ = sender.send(Ok(Ok(())));
            live(state, &queue);
        };
        std::thread::Builder::new()
            .name(name.into())
            .spawn(live)
            .map_err(|error| format!("no thread for the driver: {error}"))?;
        pulse.answer(&made, patience).map_err(|failure| failure.to_string())??;
        Ok(Self { poster: Poster { jobs, pulse }, patience })
    }

    /// Has work done and waits for its answer. The work is given what it calls after each step, for patience to begin
    /// anew.
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
        let mut work = Some(work);
        self.wait(patience, move |state, alive| work.take().map(|work| work(state, alive)))
    }

    /// Has work done that waits for something outside, and waits for its answer: the work is called until it has one,
    /// with that of other callers in between. It should return after a short wait.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub fn ask_until<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut S, &dyn Fn()) -> Option<T> + Send + 'static,
    ) -> Result<T, Failure> {
        self.wait(self.patience, work)
    }

    fn wait<T: Send + 'static>(
        &self,
        patience: Duration,
        work: impl FnMut(&mut S, &dyn Fn()) -> Option<T> + Send + 'static,
    ) -> Result<T, Failure> {
        if let Some(failure) = self.failure() {
            return Err(failure.clone());
        }
        let (sender, answers) = channel();
        self.poster.hand_over(work, move |answer| drop(sender.send(answer)));
        self.poster.pulse.answer(&answers, patience)
    }

    /// Hands work over without waiting. If it fails, the next one who asks is told.
    ///
    /// # Errors
    /// An earlier [`Failure`].
    pub fn tell(&self, work: impl FnOnce(&mut S) + Send + 'static) -> Result<(), Failure> {
        match self.failure() {
            Some(failure) => Err(failure.clone()),
            None => {
                self.poster.post(work);
                Ok(())
            }
        }
    }

    /// A way to hand work over that may outlive the worker.
    pub fn poster(&self) -> Poster<S> {
        self.poster.clone()
    }

    /// The failure after which it is of no use.
    pub fn failure(&self) -> Option<&Failure> {
        self.poster.pulse.failure.get()
    }
}

/// Does jobs until the state is taken away or nobody can hand any over. What is unfinished gets its turn when no new
/// job waits.
fn live<S>(state: S, queue: &Receiver<Job<S>>) {
    let mut state = Some(state);
    let mut unfinished: VecDeque<Job<S>> = VecDeque::new();
    while state.is_some() {
        let next = if unfinished.is_empty() { queue.recv().ok() } else { queue.try_recv().ok() };
        let Some(mut job) = next.or_else(|| unfinished.pop_front()) else { break };
        if !job(&mut state) {
            unfinished.push_back(job);
        }
    }
    // Some drivers panic when they are closed.
    let _ = caught(move || drop(state));
}

impl<S> Drop for Worker<S> {
    /// Closes what it owns on its own thread, in order before anything new is opened, unless the thread hangs.
    fn drop(&mut self) {
        if !matches!(self.poster.pulse.failure.get(), Some(Failure::Hang(_))) {
            let (sender, closed) = channel::<()>();
            let mut sender = Some(sender);
            let close = move |state: &mut Option<S>| {
                let _ = caught(|| state.take());
                drop(sender.take());
                true
            };
            if self.poster.jobs.send(Box::new(close)).is_ok() {
                let _ = closed.recv_timeout(self.patience);
            }
        }
    }
}

/// Hands work to a worker without waiting.
pub struct Poster<S> {
    jobs: Sender<Job<S>>,
    pulse: Arc<Pulse>,
}

impl<S> Clone for Poster<S> {
    fn clone(&self) -> Self {
        Self { jobs: self.jobs.clone(), pulse: self.pulse.clone() }
    }
}

impl<S: 'static> Poster<S> {
    /// Has work done some time, unless the worker is closed or has failed.
    pub fn post(&self, work: impl FnOnce(&mut S) + Send + 'static) {
        let mut work = Some(work);
        self.hand_over(move |state, _| work.take().map(|work| work(state)), |_| {});
    }

    /// Has work called until it has an answer, which is passed on; after a failure, that one.
    fn hand_over<T>(
        &self,
        mut work: impl FnMut(&mut S, &dyn Fn()) -> Option<T> + Send + 'static,
        pass_on: impl Fn(Result<T, Failure>) + Send + 'static,
    ) {
        let pulse = self.pulse.clone();
        let _ = self.jobs.send(Box::new(move |state| {
            let Some(state) = state else { return true };
            let outcome = match pulse.failure.get() {
                Some(failure) => Some(Err(failure.clone())),
                None => caught(|| work(state, &|| pulse.beat()))
                    .map_err(|panic| pulse.fail(Failure::Panic(panic)))
                    .transpose(),
            };
            let finished = outcome.is_some();
            if let Some(answer) = outcome {
                pulse.beat();
                pass_on(answer);
            }
            finished
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn what_is_only_told_is_done_in_order_and_its_panic_comes_out_later() {
        let worker = Worker::start("test", LONG, || Ok(Vec::new())).unwrap();
        for i in 0..3 {
            worker.tell(move |state| state.push(i)).unwrap();
        }
        assert_eq!(worker.ask(|state, _| state.clone()), Ok(vec![0, 1, 2]));
        worker.tell(|_| panic!("planted")).unwrap();
        let told = worker.ask(|state, _| state.len()).unwrap_err();
        assert!(matches!(&told, Failure::Panic(message) if message.starts_with("planted")), "{told}");
        assert_eq!(worker.tell(|_| {}), Err(told));
    }

    #[test]
    fn a_hang_behind_what_was_told_is_noticed() {
        let worker = Worker::start("test", SHORT, || Ok(())).unwrap();
        worker.tell(|()| std::thread::sleep(LONG)).unwrap();
        assert_eq!(worker.ask(|(), _| ()), Err(Failure::Hang(SHORT)));
    }

    #[test]
    fn patience_is_with_each_piece_of_work_in_front() {
        let worker = Worker::start("test", SHORT * 4, || Ok(())).unwrap();
        for _ in 0..8 {
            worker.tell(|()| std::thread::sleep(SHORT)).unwrap();
        }
        assert_eq!(worker.ask(|(), _| "done"), Ok("done"));
    }

    #[test]
    fn others_are_served_while_one_waits() {
        let worker = Arc::new(Worker::start("test", LONG, || Ok(0)).unwrap());
        let waits = {
            let worker = worker.clone();
            std::thread::spawn(move || worker.ask_until(|state, _| (*state == 3).then_some("seen")))
        };
        for _ in 0..3 {
            worker.ask(|state, _| *state += 1).unwrap();
        }
        assert_eq!(waits.join().unwrap(), Ok("seen"));
    }

    #[test]
    fn what_never_ends_hangs() {
        let worker = Worker::start("test", SHORT, || Ok(())).unwrap();
        let never = |(): &mut (), _: &dyn Fn()| {
            std::thread::sleep(Duration::from_millis(1));
            None::<()>
        };
        assert_eq!(worker.ask_until(never), Err(Failure::Hang(SHORT)));
    }
}
