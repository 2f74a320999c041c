//! Settings that go with a way to prepare the grid: data, one file each.

use super::layer::{Entry, Origin, of_toml};
use super::suggest::nearest;
use crate::error::{Error, Result};

/// A named set of settings that comes with the program.
#[derive(Debug)]
pub struct Profile {
    pub name: &'static str,
    /// TOML; its first line says what it is for.
    pub text: &'static str,
}

const ALL: [Profile; 3] = [
    Profile { name: "negative-stain", text: include_str!("profiles/negative-stain.toml") },
    Profile { name: "cryo", text: include_str!("profiles/cryo.toml") },
    Profile { name: "positive-stain", text: include_str!("profiles/positive-stain.toml") },
];

impl Profile {
    pub fn all() -> &'static [Self] {
        &ALL
    }

    /// The profile of a name.
    ///
    /// # Errors
    /// [`Error::Config`] when there is none.
    pub fn named(name: &str) -> Result<&'static Self> {
        let names = || ALL.iter().map(|profile| profile.name);
        ALL.iter().find(|profile| profile.name == name).ok_or_else(|| {
            let remedy = match names().find(|known| nearest(name, std::iter::once(*known)).is_some()) {
                Some(known) => format!("did you mean '{known}'?"),
                None => format!("choose among {}", names().collect::<Vec<_>>().join(", ")),
            };
            Error::config(format!("--profile {name}: there is no such profile"), remedy)
        })
    }

    /// What it is for, in a line.
    pub fn about(&self) -> &'static str {
        self.text.lines().next().unwrap_or_default().trim_start_matches(['#', ' '])
    }

    /// What it sets.
    ///
    /// # Errors
    /// [`Error::Config`] when the text is no TOML.
    pub fn entries(&'static self) -> Result<Vec<Entry>> {
        of_toml(self.text, &|_| Origin::Profile(self.name))
    }
}
