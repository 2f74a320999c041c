//! The files of a run and what they are called, packed: a hundred thousand of them take some megabytes.

use crate::error::{Error, Result};
use crate::results::{IMAGE_FILES, hex};
use sha2::{Digest, Sha256};
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
    /// Paths of the files below the roots, one behind the other, in the encoding of [`OsStr`]: a text of its own for each would
    /// take three times as much.
    paths: Vec<u8>,
    /// Files that have their names already, because a plan gave them; then there are no others.
    told: Vec<Input>,
    /// Links that look like micrographs and were passed over.
    pub links: usize,
}

/// A file, without what follows from its place.
#[derive(Debug, Clone)]
struct Packed {
    /// Where its path below the root begins in `paths`, and how long it is.
    start: u32,
    length: u32,
    root: u32,
    /// Above 1 where several files would still be called the same, or their folders.
    image_number: u32,
    folder_number: u32,
    /// Whether it is called by its whole path, and whether its folder keeps the extension.
    is_whole: bool,
    has_extension: bool,
}

const TOO_MANY: &str = "there are too many files for one run";

/// Longest name of a folder of results, bytes: most systems take paths of 4096, which the output folder's own is part of.
const FOLDER_MAX: usize = 1024;

impl Inputs {
    /// Those that were found: the place of the folder that was searched in `roots`, of which the first is empty and for
    /// files that were named, and the path below it. Each file gets a folder of its own, and an image name that is met
    /// only once.
    ///
    /// * `links`: how many links were passed over.
    ///
    /// # Errors
    /// [`Error::Config`] when there are more than can be counted, some 50 million.
    pub(super) fn new(
        roots: Vec<PathBuf>,
        found: impl IntoIterator<Item = (usize, PathBuf)>,
        links: usize,
    ) -> Result<Self> {
        let mut inputs = Self { roots, links, ..Self::default() };
        for (root, below) in found {
            let below = below.as_os_str().as_encoded_bytes();
            let counted =
                |number| u32::try_from(number).map_err(|_| Error::config(TOO_MANY, "give fewer of them at a time"));
            inputs.files.push(Packed {
                start: counted(inputs.paths.len())?,
                length: counted(below.len())?,
                root: counted(root)?,
                image_number: 1,
                folder_number: 1,
                is_whole: false,
                has_extension: false,
            });
            inputs.paths.extend(below);
        }
        inputs.files.shrink_to_fit();
        inputs.paths.shrink_to_fit();
        // Below one folder all are different but for bytes that are no text, and there the whole path is no better.
        let mut images: HashMap<u64, (u32, bool)> = HashMap::new();
        for file in &inputs.files {
            let is_new = |place: &mut (u32, bool)| place.1 |= place.0 != file.root || file.root == 0;
            images.entry(hash(&inputs.image(file))).and_modify(is_new).or_insert((file.root, false));
        }
        inputs.change(|inputs, file| file.is_whole = images[&hash(&inputs.image(file))].1);
        let mut folders: HashMap<u64, u32> = HashMap::new();
        inputs.files.iter().for_each(|file| *folders.entry(folded(&inputs.folder(file))).or_default() += 1);
        inputs.change(|inputs, file| file.has_extension = folders[&folded(&inputs.folder(file))] > 1);
        let mut files = std::mem::take(&mut inputs.files);
        // Keys that are kept would take more memory than all the files.
        files.sort_by(|a, b| inputs.image(a).cmp(&inputs.image(b)).then_with(|| inputs.path(a).cmp(&inputs.path(b))));
        inputs.files = files;
        // What differs in case, in bytes that are no text, or in `..` only is numbered in the order of the paths.
        let (mut images, mut folders): (HashMap<u64, u32>, HashMap<u64, u32>) = Default::default();
        inputs.change(|inputs, file| {
            let next = |counts: &mut HashMap<u64, u32>, name| {
                let count = counts.entry(name).or_default();
                *count += 1;
                *count
            };
            let (image, folder) = (hash(&inputs.image(file)), folded(&inputs.folder(file)));
            (file.image_number, file.folder_number) = (next(&mut images, image), next(&mut folders, folder));
        });
        Ok(inputs)
    }

    /// Files whose names were made before, among others that are not here.
    pub fn told(told: Vec<Input>) -> Self {
        Self { told, ..Self::default() }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.files.len() + self.told.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The file at a place.
    pub fn get(&self, index: usize) -> Option<Input> {
        if let Some(input) = self.told.get(index) {
            return Some(input.clone());
        }
        let file = self.files.get(index)?;
        Some(Input { path: self.path(file), image: self.image(file), folder: self.folder(file) })
    }

    /// All of them in order.
    pub fn iter(&self) -> impl Iterator<Item = Input> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    fn below(&self, file: &Packed) -> &Path {
        let start = file.start as usize;
        let bytes = &self.paths[start..start + file.length as usize];
        // SAFETY: these are all the bytes that `as_encoded_bytes` gave for a path in this very program.
        Path::new(unsafe { OsStr::from_encoded_bytes_unchecked(bytes) })
    }

    fn path(&self, file: &Packed) -> PathBuf {
        self.roots[file.root as usize].join(self.below(file))
    }

    fn image(&self, file: &Packed) -> String {
        numbered(self.plain_image(file), file.image_number)
    }

    fn plain_image(&self, file: &Packed) -> String {
        let below = self.below(file);
        match (file.is_whole, file.root) {
            (true, _) => name(&self.path(file)),
            (_, 0) => below.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            _ => name(below),
        }
    }

    fn folder(&self, file: &Packed) -> String {
        let image = self.plain_image(file);
        let path = Path::new(&image);
        // Without it a file called `...tif` would have its results in the folder above.
        let leads_away = path.file_stem().is_some_and(|stem| stem == "." || stem == "..");
        let folder = match file.has_extension || leads_away {
            true => image,
            false => path.with_extension("").to_string_lossy().into_owned(),
        };
        // A folder must not take the place of a file of the image whose folder it lies in.
        let is_taken = |part: &str| IMAGE_FILES.iter().any(|name| part.eq_ignore_ascii_case(name));
        let free = |part: &str| if is_taken(part) { format!("{part}_") } else { part.to_owned() };
        let mut folder = folder.split('/').map(free).collect::<Vec<_>>().join("/");
        // Nor that of an image of a stack, whether there is such a stack or not: nobody has to know of all files for that.
        if is_of_stack(&folder) {
            folder.push('_');
        }
        numbered(shortened(folder), file.folder_number)
    }

    /// Changes each file by what its name is before.
    fn change(&mut self, mut change: impl FnMut(&Self, &mut Packed)) {
        let mut files = std::mem::take(&mut self.files);
        files.iter_mut().for_each(|file| change(self, file));
        self.files = files;
    }
}

/// Name, of an image or its folder, of one image of a stack.
pub fn name_in_stack(name: &str, index: usize) -> String {
    format!("{name}@{index}")
}

/// Whether a name is one that [`name_in_stack`] might give.
fn is_of_stack(name: &str) -> bool {
    let number = name.rsplit_once('@').map_or("", |(_, number)| number);
    !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit())
}

/// A name of bearable length; its checksum keeps it apart from others that begin alike.
fn shortened(folder: String) -> String {
    /// Digits of the checksum: of a hundred thousand names two are alike with a chance of 1 in 3 billion.
    const DIGITS: usize = 16;
    /// Bytes that are kept of the beginning.
    const KEPT: usize = 64;
    if folder.len() <= FOLDER_MAX {
        return folder;
    }
    let checksum = hex(&Sha256::digest(&folder));
    let end = (0..=KEPT).rev().find(|&end| folder.is_char_boundary(end)).unwrap_or(0);
    format!("{}~{}", folder[..end].trim_end_matches('/'), &checksum[..DIGITS])
}

fn numbered(name: String, number: u32) -> String {
    if number > 1 { format!("{name}~{number}") } else { name }
}

/// Of a name as the strictest file system compares it, because the results may lie on one: ignoring case, and blanks and
/// dots at the end of a part, which Windows takes away. Two names of one hash would only both be called by their longer
/// names.
fn folded(name: &str) -> u64 {
    let parts: Vec<String> = name.split('/').map(|part| part.trim_end_matches([' ', '.']).to_lowercase()).collect();
    hash(&parts)
}

/// What stands for a value where many are to be told apart in little memory.
pub(super) fn hash(value: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// A path as text, with `/` between its parts on every system.
pub(super) fn name(path: &Path) -> String {
    let parts = path.components().filter_map(|part| match part {
        Component::Normal(part) => Some(part.to_string_lossy().into_owned()),
        _ => None,
    });
    parts.collect::<Vec<_>>().join("/")
}
