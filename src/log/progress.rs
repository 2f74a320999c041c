//! How far a run is and how long the rest will take.

use super::Event;
use std::time::{Duration, Instant};

/// Images that must have been analysed before a rate is told: the first one also warms up the device.
const ANALYSED_MIN: usize = 3;

/// Counts of a run that goes on.
#[derive(Debug)]
pub(super) struct Progress {
    files: usize,
    analysed: usize,
    kept: usize,
    failed: usize,
    /// Time that went into the images that were analysed. Keeping results or failing at a damaged file takes almost none:
    /// counted in, they would promise an end that doesn't come.
    busy: Duration,
    /// When the last image was done.
    mark: Instant,
    /// Those in work, the one that was begun first at the front.
    images: Vec<String>,
    is_reporting: bool,
}

impl Progress {
    pub fn new(files: usize, now: Instant) -> Self {
        let (analysed, kept, failed) = (0, 0, 0);
        Self { files, analysed, kept, failed, busy: Duration::ZERO, mark: now, images: Vec::new(), is_reporting: false }
    }

    /// Takes notice of an event.
    pub fn note(&mut self, event: &Event, now: Instant) {
        match event {
            Event::RunStarted { files, .. } => *self = Self::new(*files, now),
            Event::ImageStarted { image } => self.images.push((*image).to_owned()),
            Event::ImageDone { image, .. } => {
                self.analysed += 1;
                self.busy += now.saturating_duration_since(self.mark);
                self.end_image(image, now);
            }
            Event::ImageKept { image } => {
                self.kept += 1;
                self.end_image(image, now);
            }
            Event::ImageFailed { image, .. } => {
                self.failed += 1;
                self.end_image(image, now);
            }
            Event::Reporting { .. } => {
                self.is_reporting = true;
                self.images.clear();
                self.mark = now;
            }
            Event::Warning { .. }
            | Event::DeviceDone { .. }
            | Event::Heartbeat { .. }
            | Event::RunFinished { .. }
            | Event::Error { .. } => {}
        }
    }

    fn end_image(&mut self, image: &str, now: Instant) {
        self.mark = now;
        self.images.retain(|other| other != image);
    }

    /// Images analysed in this run, kept from an earlier one, and failed.
    pub fn counts(&self) -> (usize, usize, usize) {
        (self.analysed, self.kept, self.failed)
    }

    fn done(&self) -> usize {
        self.analysed + self.kept + self.failed
    }

    /// More images than files: stacks are taken apart, and nobody knows yet how many images are in those to come.
    fn total(&self) -> Option<usize> {
        (self.done() <= self.files).then_some(self.files)
    }

    /// What to tell in between.
    pub fn heartbeat(&self, now: Instant) -> Event<'_> {
        let open = if !self.images.is_empty() { now.saturating_duration_since(self.mark) } else { Duration::ZERO };
        let seconds = (self.busy + open).as_secs_f64();
        let rate = (self.analysed >= ANALYSED_MIN && seconds > 0.0).then(|| self.analysed as f64 / seconds);
        let total = self.total();
        Event::Heartbeat {
            images_done: self.done(),
            images_total: total,
            images_kept: self.kept,
            images_failed: self.failed,
            images_per_second: rate,
            // The tables and pages at the end are no images: how long they take is not known from these.
            seconds_left: rate
                .zip(total)
                .filter(|_| !self.is_reporting)
                .map(|(rate, total)| (total - self.done()) as f64 / rate),
            image: self.images.first().map(String::as_str),
            is_reporting: self.is_reporting,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DONE: Event =
        Event::ImageDone { image: "a", accepted: 0, border: 0, rejected: 0, seconds: 0.0, device: "", stages: &[] };

    /// Rate and time left of a heartbeat.
    fn rate_and_left(progress: &Progress, now: Instant) -> (Option<f64>, Option<f64>) {
        match progress.heartbeat(now) {
            Event::Heartbeat { images_per_second, seconds_left, .. } => (images_per_second, seconds_left),
            _ => unreachable!(),
        }
    }

    #[test]
    fn only_images_analysed_in_this_run_tell_the_rate() {
        let mut now = Instant::now();
        let mut progress = Progress::new(100, now);
        let mut pass = |progress: &mut Progress, event: &Event, seconds: u64| {
            now += Duration::from_secs(seconds);
            progress.note(event, now);
            now
        };
        for _ in 0..50 {
            pass(&mut progress, &Event::ImageKept { image: "a" }, 1);
        }
        pass(&mut progress, &DONE, 2);
        let at = pass(&mut progress, &DONE, 2);
        assert_eq!(rate_and_left(&progress, at), (None, None), "two images are too few");
        pass(&mut progress, &Event::ImageFailed { image: "a", path: "", cause: "" }, 7);
        let at = pass(&mut progress, &DONE, 2);
        assert_eq!(rate_and_left(&progress, at), (Some(0.5), Some(92.0)));
        // One that takes long slows the rate down before it is done.
        pass(&mut progress, &Event::ImageStarted { image: "long" }, 0);
        assert_eq!(rate_and_left(&progress, at + Duration::from_secs(24)), (Some(0.1), Some(460.0)));
        let at = pass(&mut progress, &Event::Reporting { images: 54 }, 24);
        assert_eq!(rate_and_left(&progress, at), (Some(0.5), None));
        assert_eq!(progress.counts(), (3, 50, 1));
    }

    #[test]
    fn the_number_of_images_is_unknown_where_stacks_are_taken_apart() {
        let now = Instant::now();
        let mut progress = Progress::new(2, now);
        for _ in 0..3 {
            progress.note(&DONE, now + Duration::from_secs(1));
        }
        let Event::Heartbeat { images_done: 3, images_total: None, seconds_left: None, .. } = progress.heartbeat(now)
        else {
            panic!("{:?}", progress.heartbeat(now));
        };
    }
}
