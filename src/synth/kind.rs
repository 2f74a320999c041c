//! The kinds of scenes.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// What a scene is meant to exercise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Few, clear vesicles on a quiet ground.
    Clean,
    /// Cups: bright rim, stained dent.
    Cup,
    /// Wide and deep stain pools, shared ones too.
    Halo,
    /// Many things that are no vesicles.
    Clutter,
    /// Touching pairs, clusters and overlaps.
    Dense,
    /// Unstained in ice: dark double membranes.
    Cryo,
    /// Bodies darker than the far background.
    Dark,
    /// Low contrast, low dose.
    Faint,
    /// Wide, coarsely sampled fields as in exported figures.
    Coarse,
    /// Anything, at random.
    Mixed,
    /// No vesicle at all: clutter of every sort, or hardly anything, or noise alone.
    Empty,
}

impl Kind {
    /// All kinds, in the order in which a set cycles through them.
    pub const ALL: [Self; 11] = [
        Self::Clean,
        Self::Cup,
        Self::Halo,
        Self::Clutter,
        Self::Dense,
        Self::Cryo,
        Self::Dark,
        Self::Faint,
        Self::Coarse,
        Self::Mixed,
        Self::Empty,
    ];

    /// Name used in file names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Cup => "cup",
            Self::Halo => "halo",
            Self::Clutter => "clutter",
            Self::Dense => "dense",
            Self::Cryo => "cryo",
            Self::Dark => "dark",
            Self::Faint => "faint",
            Self::Coarse => "coarse",
            Self::Mixed => "mixed",
            Self::Empty => "empty",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|k| k.name() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            Error::config(format!("'{text}' is not a kind of scene"), format!("choose among {names}"))
        })
    }
}
