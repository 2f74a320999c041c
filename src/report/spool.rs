//! A list that is too long for the memory: it waits in a file without a name until it is read.

use crate::atomic::output_error;
use crate::error::Result;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::ser::{Error as _, SerializeSeq, Serializer};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

/// The list while it grows. The file vanishes with the program, however that ends.
pub(super) struct Spool<T> {
    /// The file that it is for.
    path: PathBuf,
    out: BufWriter<File>,
    items: PhantomData<T>,
}

/// The list when it is complete.
pub(super) struct Spooled<T> {
    file: File,
    items: PhantomData<T>,
}

impl<T: Serialize + DeserializeOwned> Spool<T> {
    /// An empty list for the file at `path`, which it lies beside.
    ///
    /// # Errors
    /// [`crate::error::Error::Output`].
    pub fn create(path: &Path) -> Result<Self> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = tempfile::tempfile_in(folder).map_err(|error| output_error(path, &error))?;
        Ok(Self { path: path.to_owned(), out: BufWriter::new(file), items: PhantomData })
    }

    /// Appends an item.
    ///
    /// # Errors
    /// [`crate::error::Error::Output`].
    pub fn push(&mut self, item: &T) -> Result<()> {
        let written = serde_json::to_writer(&mut self.out, item).map_err(io::Error::from);
        written.and_then(|()| self.out.write_all(b"\n")).map_err(|error| output_error(&self.path, &error))
    }

    /// All of them.
    ///
    /// # Errors
    /// [`crate::error::Error::Output`].
    pub fn finish(self) -> Result<Spooled<T>> {
        let Self { path, out, .. } = self;
        let file = out.into_inner().map_err(|error| output_error(&path, error.error()))?;
        Ok(Spooled { file, items: PhantomData })
    }
}

impl<T: DeserializeOwned> Spooled<T> {
    /// Reads the items, from the first on. Two readings at once would disturb each other.
    fn items(&self) -> io::Result<impl Iterator<Item = serde_json::Result<T>> + '_> {
        let mut file = &self.file;
        file.rewind()?;
        Ok(serde_json::Deserializer::from_reader(BufReader::new(file)).into_iter())
    }

    /// The part of each item that `part` shows, as a list that is read while it is written.
    pub fn list<P: Serialize>(&self, part: fn(&T) -> &P) -> impl Serialize {
        List { spooled: self, part }
    }
}

struct List<'a, T, P> {
    spooled: &'a Spooled<T>,
    part: fn(&T) -> &P,
}

impl<T: DeserializeOwned, P: Serialize> Serialize for List<'_, T, P> {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        let mut list = to.serialize_seq(None)?;
        for item in self.spooled.items().map_err(S::Error::custom)? {
            list.serialize_element((self.part)(&item.map_err(S::Error::custom)?))?;
        }
        list.end()
    }
}
