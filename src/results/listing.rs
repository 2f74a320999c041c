//! The names of a run's images, packed: a hundred thousand of them take a few megabytes.

use super::is_below;
use crate::error::Result;
use crate::stop;
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use std::fmt;
use std::sync::LazyLock;

/// Results that are read at once: enough for all threads to be busy with, few enough where each has a thousand particles.
const AT_ONCE: usize = 64;
/// Threads that read and link results, more than there are cores: most of the time they wait, for a disk or for a server.
const READERS: usize = 16;

static POOL: LazyLock<Option<ThreadPool>> =
    LazyLock::new(|| ThreadPoolBuilder::new().num_threads(READERS).thread_name(|_| "results".into()).build().ok());

/// Does work on many small files, as [`rayon`] does it, on threads of which more may wait than there are cores.
pub fn reading<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    // A system that has no threads left has those of the computations.
    match POOL.as_ref() {
        Some(pool) => pool.install(work),
        None => work(),
    }
}

/// Names of image folders in the order of the run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    text: String,
    /// Where each name ends in `text`.
    ends: Vec<usize>,
}

impl Listing {
    /// Appends a name.
    pub fn push(&mut self, name: &str) {
        self.text.push_str(name);
        self.ends.push(self.text.len());
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The name at a place, counted from 0.
    pub fn get(&self, index: usize) -> Option<&str> {
        let start = if index == 0 { 0 } else { *self.ends.get(index - 1)? };
        self.text.get(start..*self.ends.get(index)?)
    }

    /// What `read` reads for each name, in order; some are read at once, before they are asked for. Ends early when a signal
    /// asks for it.
    pub fn each<'a, T: Send + 'a>(
        &'a self,
        read: impl Fn(&str) -> Result<T> + Sync + 'a,
    ) -> impl Iterator<Item = Result<T>> + 'a {
        (0..self.len()).step_by(AT_ONCE).flat_map(move |start| self.some(start, &read))
    }

    /// The same for where there is as much to do with each as to read it: while `work` has some, the next ones are read.
    ///
    /// # Errors
    /// Those of both.
    pub fn work_on<T: Send>(
        &self,
        read: impl Fn(&str) -> Result<T> + Sync,
        mut work: impl FnMut(T) -> Result<()>,
    ) -> Result<()> {
        let mut ready = self.some(0, &read);
        for start in (0..self.len()).step_by(AT_ONCE) {
            let mut next = Vec::new();
            rayon::in_place_scope(|scope| {
                scope.spawn(|_| next = self.some(start + AT_ONCE, &read));
                ready.drain(..).try_for_each(|item| work(item?))
            })?;
            ready = next;
        }
        Ok(())
    }

    fn some<T: Send>(&self, start: usize, read: &(impl Fn(&str) -> Result<T> + Sync)) -> Vec<Result<T>> {
        let end = self.len().min(start + AT_ONCE);
        let read = |index| stop::check().and_then(|()| read(self.get(index).unwrap_or_default()));
        reading(|| (start.min(end)..end).into_par_iter().map(read).collect())
    }

    /// All names in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> + Clone {
        (0..self.len()).filter_map(|index| self.get(index))
    }
}

impl<S: AsRef<str>> FromIterator<S> for Listing {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        let mut listing = Self::default();
        names.into_iter().for_each(|name| listing.push(name.as_ref()));
        listing
    }
}

/// Reads the field `output` of each object of a JSON list and keeps nothing else.
pub(super) fn outputs<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<Listing, D::Error> {
    from.deserialize_seq(Names)
}

struct Names;

impl<'de> Visitor<'de> for Names {
    type Value = Listing;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the list of a run's inputs")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut inputs: A) -> std::result::Result<Listing, A::Error> {
        let mut listing = Listing::default();
        while let Some(input) = inputs.next_element::<Input>()? {
            if !is_below(&input.output) {
                return Err(A::Error::custom(format!("'{}' leads out of the folder", input.output)));
            }
            listing.push(&input.output);
        }
        Ok(listing)
    }
}

#[derive(Deserialize)]
struct Input {
    output: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_comes_in_order_and_ends_with_the_first_error() {
        let listing: Listing = (0..100).map(|i| i.to_string()).collect();
        let read = |name: &str| match name.parse::<usize>() {
            Ok(77) => Err(crate::error::Error::config("seventy-seven", "leave it out")),
            number => Ok(number.unwrap_or_default()),
        };
        let (mut seen, upto) = (Vec::new(), (0..77).collect::<Vec<_>>());
        assert!(
            listing
                .work_on(read, |number| {
                    seen.push(number);
                    Ok(())
                })
                .is_err()
        );
        assert_eq!(seen, upto);
        assert_eq!(listing.each(read).map_while(Result::ok).collect::<Vec<_>>(), upto);
        assert_eq!(listing.each(read).count(), 100);
        assert!(Listing::default().work_on(read, |_| Ok(())).is_ok());
    }

    #[test]
    fn names_keep_their_order() {
        let listing: Listing = ["b", "", "a/ä"].into_iter().collect();
        assert_eq!(listing.iter().collect::<Vec<_>>(), ["b", "", "a/ä"]);
        assert_eq!((listing.len(), listing.get(2), listing.get(3)), (3, Some("a/ä"), None));
    }
}
