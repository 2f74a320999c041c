//! How much memory the images in work may take, all together.

use std::sync::{Condvar, Mutex, PoisonError};

/// Memory that is shared out to images.
pub struct Budget {
    limit_bytes: u64,
    taken_bytes: Mutex<u64>,
    given_back: Condvar,
}

/// What one image takes, given back when this is dropped.
pub struct Share<'a> {
    budget: &'a Budget,
    bytes: u64,
}

impl Budget {
    pub fn new(limit_bytes: u64) -> Self {
        Self { limit_bytes, taken_bytes: Mutex::new(0), given_back: Condvar::new() }
    }

    /// Waits until there is so much left. An image that takes more than there is gets it when no other one is in work: it may
    /// still go well, and no image is left out for its size.
    pub fn take(&self, bytes: u64) -> Share<'_> {
        let taken = self.taken_bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let is_too_much = |taken: &mut u64| *taken > 0 && taken.saturating_add(bytes) > self.limit_bytes;
        let mut taken = self.given_back.wait_while(taken, is_too_much).unwrap_or_else(PoisonError::into_inner);
        *taken = taken.saturating_add(bytes);
        Share { budget: self, bytes }
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        let mut taken = self.budget.taken_bytes.lock().unwrap_or_else(PoisonError::into_inner);
        *taken = taken.saturating_sub(self.bytes);
        self.budget.given_back.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    #[test]
    fn what_is_too_much_waits_and_what_is_far_too_much_comes_alone() {
        let budget = Budget::new(100);
        let first = budget.take(60);
        drop(budget.take(40));
        let came = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                let _share = budget.take(1000);
                came.store(true, Ordering::SeqCst);
            });
            std::thread::sleep(Duration::from_millis(50));
            assert!(!came.load(Ordering::SeqCst));
            drop(first);
            waiting.join().unwrap();
        });
        assert!(came.load(Ordering::SeqCst) && *budget.taken_bytes.lock().unwrap() == 0);
    }
}
