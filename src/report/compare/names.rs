//! What to call runs: as much of the end of their paths as tells them apart.

use std::path::{Component, PathBuf};

/// A name for each of several different folders. Two that are both called `out` are called after their parents too.
pub(super) fn names(dirs: &[PathBuf]) -> Vec<String> {
    let steps: Vec<Vec<String>> = dirs
        .iter()
        .map(|dir| {
            let named = dir.components().filter_map(|step| match step {
                Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
                _ => None,
            });
            named.collect()
        })
        .collect();
    let end = |steps: &[String], count: usize| steps[steps.len().saturating_sub(count)..].join("/");
    let longest = steps.iter().map(Vec::len).max().unwrap_or(0);
    let name = |(at, own): (usize, &Vec<String>)| {
        let is_alone = |count: &usize| {
            steps.iter().enumerate().all(|(i, other)| i == at || end(other, *count) != end(own, *count))
        };
        // Paths that differ only in what is no text, or in the drive, are told apart by number.
        (1..=longest).find(is_alone).map_or_else(|| format!("{} ({})", end(own, 1), at + 1), |count| end(own, count))
    };
    steps.iter().enumerate().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(dirs: &[&str]) -> Vec<String> {
        names(&dirs.iter().map(PathBuf::from).collect::<Vec<_>>())
    }

    #[test]
    fn names_are_as_short_as_they_can_be() {
        assert_eq!(of(&["/data/a", "/data/b"]), ["a", "b"]);
        assert_eq!(of(&["/x/a/out", "/x/b/out", "/x/c"]), ["a/out", "b/out", "c"]);
        assert_eq!(of(&["/out", "/x/out", "/x/y/out"]), ["out", "x/out", "y/out"]);
        assert_eq!(of(&["/", "/a"]), ["", "a"]);
    }
}
