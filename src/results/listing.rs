//! The names of a run's images, packed: a hundred thousand of them take a few megabytes.

use super::is_below;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use std::fmt;

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
pub(super) fn outputs<'de, D: Deserializer<'de>>(from: D) -> Result<Listing, D::Error> {
    from.deserialize_seq(Names)
}

struct Names;

impl<'de> Visitor<'de> for Names {
    type Value = Listing;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the list of a run's inputs")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut inputs: A) -> Result<Listing, A::Error> {
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
    fn names_keep_their_order() {
        let listing: Listing = ["b", "", "a/ä"].into_iter().collect();
        assert_eq!(listing.iter().collect::<Vec<_>>(), ["b", "", "a/ä"]);
        assert_eq!((listing.len(), listing.get(2), listing.get(3)), (3, Some("a/ä"), None));
    }
}
