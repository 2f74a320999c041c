//! EMD of Berkeley's NCEM and its kin (openNCEM, py4DSTEM, Prismatic): groups with the attribute `emd_group_type` hold an
//! array and a vector for each axis, of which the last is x.
//!
//! Layout: <https://emdatasets.com/format/>; version 0.2 counts its vectors from `dim1`, version 1.0 from `dim0`. The first
//! array in the order of the names that is a picture is taken.

use super::{MEMBERS_MAX, Picture, child_groups, fault, number_kind};
use crate::image::{Source, Statement};
use crate::read::Fault;
use crate::units::{is_reciprocal, unit_nm};
use hdf5_reader::group::Group;
use hdf5_reader::{Dataset, SliceInfo, SliceInfoElem};
use std::collections::HashSet;

/// Groups in groups beyond this are not looked at; real files are up to 5 deep.
const DEPTH_MAX: usize = 16;
/// Longest vector of an axis that is read, elements; only its first two matter, but it may be packed.
const VECTOR_MAX: u64 = 1 << 20;

/// The picture, `None` where the file has no group of the kind.
pub(super) fn picture(root: &Group) -> Result<Option<Picture>, Fault> {
    let mut refusal = None;
    // Links may lead round in circles: each group is visited once.
    let mut seen = HashSet::from([root.address()]);
    let mut waiting = vec![(root.clone(), 0)];
    while let Some((group, depth)) = waiting.pop() {
        if is_array(&group) {
            match array_picture(&group) {
                Ok(Some(picture)) => return Ok(Some(picture)),
                Ok(None) => {}
                Err(fault) => refusal = refusal.or(Some(fault)),
            }
        }
        if depth < DEPTH_MAX && seen.len() < MEMBERS_MAX {
            // The last one pushed is looked at first.
            for name in child_groups(&group).iter().rev() {
                if let Ok(child) = group.group(name)
                    && seen.insert(child.address())
                {
                    waiting.push((child, depth + 1));
                }
            }
        }
    }
    refusal.map_or(Ok(None), Err)
}

/// Version 0.2 numbers the type, version 1.0 names it.
fn is_array(group: &Group) -> bool {
    group.attribute("emd_group_type").is_ok_and(|kind| {
        kind.read_as_f64().is_ok_and(|number| number == 1.0) || kind.read_string().is_ok_and(|name| name == "array")
    })
}

/// The picture of a group, `None` where it holds no array, or why it is no picture.
fn array_picture(group: &Group) -> Result<Option<Picture>, Fault> {
    let mut names = group.member_names().map_err(fault)?.1;
    names.sort();
    // The array is `data` by the description, but some programs name it otherwise.
    let name = names.iter().find(|name| *name == "data").or(names.iter().find(|name| !name.starts_with("dim")));
    let Some(name) = name else { return Ok(None) };
    let dataset = group.dataset(name).map_err(fault)?;
    let Some(kind) = number_kind(dataset.dtype()) else { return Ok(None) };
    let no_picture =
        |what: &str| Fault::unsupported(format!("the EMD file holds {what}"), "give an image of the specimen");
    let axes = dataset.ndim();
    if axes < 2 {
        return Err(no_picture("a spectrum or a profile of one dimension, not a picture"));
    }
    let first = if names.iter().any(|name| name == "dim0") { 0 } else { 1 };
    let axis = |axis: usize| Axis::of(group, &format!("dim{}", axis + first));
    let (rows, columns) = (axes - 2, axes - 1);
    let (x, y) = (axis(columns), axis(rows));
    if let Some(unit) = [&x, &y].into_iter().map(|axis| &axis.unit).find(|unit| is_reciprocal(unit)) {
        return Err(no_picture(&format!("a diffraction pattern, in {unit}")));
    }
    let nm = x.edge_nm().and_then(|x| Ok((x, y.edge_nm()?)));
    let statement = Statement::new(Source::Emd, format!("{} x {}", x.words(), y.words()), nm);
    Ok(Some(Picture { dataset, kind, rows, columns, statement }))
}

/// What the vector of an axis says.
struct Axis {
    step: Option<f64>,
    /// Without the brackets and underscores of `[n_m]`.
    unit: String,
}

impl Axis {
    fn of(group: &Group, name: &str) -> Self {
        let Ok(vector) = group.dataset(name) else { return Self { step: None, unit: String::new() } };
        let unit = vector.attribute("units").and_then(|units| units.read_string()).unwrap_or_default();
        Self { step: step(&vector), unit: unit.chars().filter(|c| !"[]_ \0".contains(*c)).collect() }
    }

    fn edge_nm(&self) -> Result<f64, String> {
        let step = self.step.ok_or("an axis has no steps")?;
        let unit = unit_nm(&self.unit).ok_or_else(|| format!("'{}' is not a unit of length", self.unit))?;
        Ok(step * unit)
    }

    fn words(&self) -> String {
        self.step.map_or("nothing".into(), |step| format!("{step} {}", self.unit).trim_end().into())
    }
}

/// The difference of a vector's first two numbers.
fn step(vector: &Dataset) -> Option<f64> {
    if vector.ndim() != 1 || !(2..=VECTOR_MAX).contains(&vector.shape()[0]) {
        return None;
    }
    let ends = SliceInfo { selections: vec![SliceInfoElem::Slice { start: 0, end: 2, step: 1 }] };
    macro_rules! difference {
        ($($word:ty)*) => {
            $(if let Ok(ends) = vector.read_slice::<$word>(&ends) {
                return Some(ends[1] as f64 - ends[0] as f64);
            })*
        };
    }
    difference!(f64 f32 i64 i32 i16 u64 u32 u16);
    None
}
