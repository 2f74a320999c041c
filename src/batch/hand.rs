//! Which files are in hand: noted in the lock, so that the next run knows what this one was killed on.

use crate::error::Result;
use crate::lock::Lock;
use crate::visible::visible;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The files that are being read or analysed.
pub struct Hand<'a> {
    lock: &'a Lock,
    names: Mutex<Vec<String>>,
    emptied: Condvar,
}

/// A file that is in hand until this is dropped.
pub struct Held<'a> {
    hand: &'a Hand<'a>,
    name: String,
}

impl<'a> Hand<'a> {
    /// Nothing is in hand.
    pub fn new(lock: &'a Lock) -> Self {
        Self { lock, names: Mutex::default(), emptied: Condvar::new() }
    }

    /// Whether a killed run had the file of this name in hand.
    pub fn was_left(&self, image: &str) -> bool {
        self.lock.left_by.contains(&visible(image))
    }

    /// Takes a file in hand.
    ///
    /// # Errors
    /// [`crate::error::Error::Output`] when that can't be noted.
    pub fn take(&'a self, image: &str) -> Result<Held<'a>> {
        let held = Held { hand: self, name: visible(image) };
        let mut names = self.names();
        names.push(held.name.clone());
        let noted = self.lock.note(&names);
        drop(names);
        noted.map(|()| held)
    }

    /// Waits until nothing is in hand.
    pub fn wait_until_empty(&self) {
        let mut names = self.names();
        while !names.is_empty() {
            names = self.emptied.wait(names).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn names(&self) -> MutexGuard<'_, Vec<String>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let mut names = self.hand.names();
        if let Some(at) = names.iter().position(|name| *name == self.name) {
            names.remove(at);
        }
        // A note that can't be taken back only puts a file behind the others next time.
        let _ = self.hand.lock.note(&names);
        if names.is_empty() {
            self.hand.emptied.notify_all();
        }
    }
}
