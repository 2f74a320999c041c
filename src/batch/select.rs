//! Which files of a folder are wanted.

use crate::error::{Error, Result};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use std::path::Path;

/// Patterns that files found in folders must and must not match; the default takes everything.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// `None` takes all.
    include: Option<GlobSet>,
    exclude: GlobSet,
}

impl Selection {
    /// Patterns as a shell has them, of paths below the folder that is searched, with `/` between their parts: `*` stays
    /// within a part, `**` does not. A pattern without `/` is one of file or folder names, at any depth.
    ///
    /// # Errors
    /// [`Error::Config`] when one is no pattern.
    pub fn new(include: &[String], exclude: &[String]) -> Result<Self> {
        let include = if include.is_empty() { None } else { Some(patterns(include, "--include")?) };
        Ok(Self { include, exclude: patterns(exclude, "--exclude")? })
    }

    /// Whether a file is wanted.
    ///
    /// * `below`: its path below the folder that is searched.
    pub fn takes(&self, below: &Path) -> bool {
        self.include.as_ref().is_none_or(|include| include.is_match(below)) && !self.exclude.is_match(below)
    }

    /// Whether nothing below a folder is wanted.
    pub fn refuses_folder(&self, below: &Path) -> bool {
        self.exclude.is_match(below)
    }
}

fn patterns(texts: &[String], option: &str) -> Result<GlobSet> {
    let mut set = GlobSetBuilder::new();
    for text in texts {
        // `raw` is a folder or a file anywhere, as in a .gitignore; what lies in such a folder goes with it.
        let anywhere = if text.contains('/') { text.trim_start_matches('/').to_owned() } else { format!("**/{text}") };
        for pattern in [anywhere.clone(), format!("{}/**", anywhere.trim_end_matches('/'))] {
            let glob = GlobBuilder::new(&pattern).literal_separator(true).build().map_err(|error| {
                Error::config(
                    format!("{option} '{text}': {}", error.kind()),
                    "write a pattern such as '*.dm4' or 'raw/**'",
                )
            })?;
            set.add(glob);
        }
    }
    set.build().map_err(|error| Error::config(format!("{option}: {error}"), "write fewer or shorter patterns"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(include: &[&str], exclude: &[&str], path: &str) -> bool {
        let own = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        Selection::new(&own(include), &own(exclude)).unwrap().takes(Path::new(path))
    }

    #[test]
    fn patterns_are_those_of_a_shell() {
        for (include, exclude, path, expected) in [
            (&[][..], &[][..], "a.tif", true),
            (&["*.dm4"], &[], "day/a.dm4", true),
            (&["*.dm4"], &[], "day/a.tif", false),
            (&["day/*.tif"], &[], "day/a.tif", true),
            (&["day/*.tif"], &[], "day/grid/a.tif", false),
            (&["day/**"], &[], "day/grid/a.tif", true),
            (&["day*"], &[], "day2/grid/a.tif", true),
            (&["*.dm4", "*.tif"], &["*_low*"], "a.tif", true),
            (&["*.dm4", "*.tif"], &["*_low*"], "a_low.tif", false),
            (&[], &["raw"], "x/raw/deep/a.tif", false),
            (&[], &["raw/"], "raw/a.tif", false),
            (&[], &["raw"], "rawer/a.tif", true),
            (&["[ab].tif"], &[], "b.tif", true),
        ] {
            assert_eq!(takes(include, exclude, path), expected, "{include:?} {exclude:?} {path}");
        }
        assert_eq!(Selection::new(&["[".into()], &[]).unwrap_err().exit_code(), 2);
    }
}
