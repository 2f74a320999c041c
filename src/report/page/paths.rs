//! Where the pages per image lie.

use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// Folder of the pages per image in a run's folder.
pub const PAGES: &str = "pages";
/// Longest name of a page without its ending, bytes: file systems take 255, and some programs a path of 260 at most.
const NAME_MAX: usize = 200;

/// A page per image.
#[derive(Debug, Clone, PartialEq)]
pub struct PageName {
    pub path: PathBuf,
    /// From the run's folder, with `/` between its parts.
    pub relative: String,
    /// Back to the run's folder: `../` as often as it takes.
    pub up: String,
}

/// The page of the image whose results lie in the folder `output`.
pub fn page_name(run: &Path, output: &str) -> PageName {
    let (folder, last) = output.rsplit_once('/').map_or(("", output), |(folder, last)| (folder, last));
    let file = if last.len() > NAME_MAX {
        let end = (0..=NAME_MAX).rev().find(|i| last.is_char_boundary(*i)).unwrap_or(0);
        // Two long names may begin alike.
        let hash: String = Sha256::digest(output).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        format!("{}~{hash}.html", &last[..end])
    } else {
        format!("{last}.html")
    };
    let relative = if folder.is_empty() { format!("{PAGES}/{file}") } else { format!("{PAGES}/{folder}/{file}") };
    let up = "../".repeat(relative.matches('/').count());
    PageName { path: run.join(&relative), relative, up }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_the_folders_of_the_images() {
        let page = page_name(Path::new("run"), "a/b c");
        assert_eq!((page.relative.as_str(), page.up.as_str()), ("pages/a/b c.html", "../../"));
        let long = ["é".repeat(125) + "x", "é".repeat(125) + "y"].map(|name| page_name(Path::new(""), &name).relative);
        assert!(long[0] != long[1] && long.iter().all(|name| name.len() < 230), "{long:?}");
    }
}
