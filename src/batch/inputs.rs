//! The files of a run and what they are called, packed: a hundred thousand of them take some megabytes.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Component, Path, PathBuf};

/// One file to analyse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    pub path: PathBuf,
    /// Name in tables: the path below the folder that was given, with `/` between its parts; the path as given where two
    /// inputs would bear the same name.
    pub image: String,
    /// Folder of its results below `images/`: the name without extension, or with it where that is taken twice.
    pub folder: String,
}

/// The files of a run, in the order of their names.
#[derive(Debug, Default)]
pub struct Inputs {
    /// Folders that were searched; the first is empty, for files that were named.
    roots: Vec<PathBuf>,
    files: Vec<Packed>,
    /// Hashes of all folders of results, sorted.
    folders: Vec<u64>,
}

/// A file, without what follows from its place.
#[derive(Debug, Clone)]
struct Packed {
    below: Box<OsStr>,
    root: u32,
    /// Above 1 where several files would still be called the same.
    number: u32,
    /// Whether it is called by its whole path, and whether its folder keeps the extension.
    is_whole: bool,
    has_extension: bool,
}

impl Inputs {
    /// Those that were found: the place of the folder that was searched in `roots`, of which the first is empty and for
    /// files that were named, and the path below it. Each file gets a folder of its own, and an image name that is met
    /// only once.
    pub(super) fn new(roots: Vec<PathBuf>, found: impl IntoIterator<Item = (usize, PathBuf)>) -> Self {
        let pack = |(root, below): (usize, PathBuf)| Packed {
            below: below.into_os_string().into_boxed_os_str(),
            root: u32::try_from(root).unwrap_or(0),
            number: 1,
            is_whole: false,
            has_extension: false,
        };
        let mut inputs = Self { roots, files: found.into_iter().map(pack).collect(), folders: Vec::new() };
        inputs.files.shrink_to_fit();
        let images = inputs.counted(Self::image);
        inputs.change(|inputs, file| file.is_whole = images[&hash(&inputs.image(file))] > 1);
        let folders = inputs.counted(Self::folder);
        inputs.change(|inputs, file| file.has_extension = folders[&hash(&inputs.folder(file))] > 1);
        let mut files = std::mem::take(&mut inputs.files);
        // Keys that are kept would take more memory than all the files.
        files.sort_by(|a, b| inputs.image(a).cmp(&inputs.image(b)).then_with(|| inputs.path(a).cmp(&inputs.path(b))));
        inputs.files = files;
        let mut seen: HashMap<u64, u32> = HashMap::new();
        // Names that differ in case, in bytes that are no text, or in `..` only: numbered in the order of the paths.
        inputs.change(|inputs, file| {
            let count = seen.entry(hash(&inputs.folder(file))).or_default();
            *count += 1;
            file.number = *count;
        });
        inputs.folders = inputs.files.iter().map(|file| hash(&inputs.folder(file))).collect();
        inputs.folders.sort_unstable();
        inputs
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The file at a place.
    pub fn get(&self, index: usize) -> Option<Input> {
        let file = self.files.get(index)?;
        Some(Input { path: self.path(file), image: self.image(file), folder: self.folder(file) })
    }

    /// All of them in order.
    pub fn iter(&self) -> impl Iterator<Item = Input> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// Whether a file has this folder of results, ignoring case.
    pub fn has_folder(&self, folder: &str) -> bool {
        self.folders.binary_search(&hash(folder)).is_ok()
    }

    fn path(&self, file: &Packed) -> PathBuf {
        self.roots[file.root as usize].join(Path::new(&file.below))
    }

    fn image(&self, file: &Packed) -> String {
        let below = Path::new(&file.below);
        let image = match (file.is_whole, file.root) {
            (true, _) => name(&self.path(file)),
            (_, 0) => below.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            _ => name(below),
        };
        numbered(image, file.number)
    }

    fn folder(&self, file: &Packed) -> String {
        let image = self.image(&Packed { number: 1, ..file.clone() });
        let folder = match file.has_extension {
            true => image,
            false => Path::new(&image).with_extension("").to_string_lossy().into_owned(),
        };
        numbered(folder, file.number)
    }

    /// How often each name is met, by its hash.
    fn counted(&self, name: impl Fn(&Self, &Packed) -> String) -> HashMap<u64, u32> {
        let mut counts = HashMap::new();
        self.files.iter().for_each(|file| *counts.entry(hash(&name(self, file))).or_default() += 1);
        counts
    }

    /// Changes each file by what its name is before.
    fn change(&mut self, mut change: impl FnMut(&Self, &mut Packed)) {
        let mut files = std::mem::take(&mut self.files);
        files.iter_mut().for_each(|file| change(self, file));
        self.files = files;
    }
}

fn numbered(name: String, number: u32) -> String {
    if number > 1 { format!("{name}~{number}") } else { name }
}

/// Of a name ignoring case, because the results may lie on a file system that does. Two names of one hash would only both
/// be called by their longer names.
fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.to_lowercase().hash(&mut hasher);
    hasher.finish()
}

/// A path as text, with `/` between its parts on every system.
fn name(path: &Path) -> String {
    let parts = path.components().filter_map(|part| match part {
        Component::Normal(part) => Some(part.to_string_lossy().into_owned()),
        _ => None,
    });
    parts.collect::<Vec<_>>().join("/")
}
