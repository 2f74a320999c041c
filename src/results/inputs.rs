//! The inputs of a run as `run.json` has them, one in memory at a time.

use super::record::InputRecord;
use super::{RUN, open_file};
use crate::error::{Error, Result};
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::io::BufReader;
use std::path::Path;

/// Calls `each` with every input in order.
///
/// # Errors
/// [`Error::NoInput`] when the record cannot be read or is none, and those of `each`, which end the reading.
pub fn each_input(run: &Path, mut each: impl FnMut(InputRecord) -> Result<()>) -> Result<()> {
    let path = run.join(RUN);
    let unusable = |cause: String| Error::no_input(format!("{}: {cause}", path.display()), "analyse again");
    let file = open_file(&path).map_err(|error| unusable(error.to_string()))?;
    let mut refused = None;
    let mut take = |input| each(input).map_err(|error| refused = Some(error)).is_ok();
    let read = Record(&mut take).deserialize(&mut serde_json::Deserializer::from_reader(BufReader::new(file)));
    match refused {
        Some(error) => Err(error),
        None => read.map_err(|error| unusable(format!("this is no record of a run ({error})"))),
    }
}

/// Takes an input; false ends it.
type Take<'a> = &'a mut dyn FnMut(InputRecord) -> bool;

struct Record<'a>(Take<'a>);

impl<'de> DeserializeSeed<'de> for Record<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> std::result::Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Record<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the record of a run")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> std::result::Result<(), A::Error> {
        while let Some(name) = fields.next_key::<String>()? {
            match name.as_str() {
                "inputs" => fields.next_value_seed(Inputs(&mut *self.0))?,
                _ => drop(fields.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

struct Inputs<'a>(Take<'a>);

impl<'de> DeserializeSeed<'de> for Inputs<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> std::result::Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Inputs<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the list of a run's inputs")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut inputs: A) -> std::result::Result<(), A::Error> {
        while let Some(input) = inputs.next_element()? {
            if !(self.0)(input) {
                return Err(A::Error::custom("ended early"));
            }
        }
        Ok(())
    }
}
