//! Every file in `shaders/` is a valid shader and one of the program's kernels.

use cupule::gpu::{Kernel, kernels};
use naga::valid::{Capabilities, ValidationFlags, Validator};
use naga::{AddressSpace, Module, ResourceBinding, ShaderStage, StorageAccess};
use std::collections::BTreeMap;
use std::path::Path;

/// Text that stands in front of every shader; no kernel itself.
const COMMON: &str = "common";

/// Name and text of every file in `shaders/`.
fn files() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders");
    let mut files = BTreeMap::new();
    for entry in walkdir::WalkDir::new(folder) {
        let entry = entry.unwrap();
        if entry.file_type().is_file() {
            let path = entry.path();
            assert_eq!(path.extension().and_then(|e| e.to_str()), Some("wgsl"), "{} is no shader", path.display());
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(path).unwrap();
            assert!(files.insert(name, text).is_none(), "two shaders are called like {}", path.display());
        }
    }
    files
}

/// Parses and validates a shader as a device without any extension would.
pub fn validated(name: &str, source: &str) -> Result<Module, String> {
    let module = naga::front::wgsl::parse_str(source).map_err(|e| e.emit_to_string_with_path(source, name))?;
    Validator::new(ValidationFlags::all(), Capabilities::empty())
        .validate(&module)
        .map_err(|e| e.emit_to_string_with_path(source, name))?;
    Ok(module)
}

/// The module of one of the program's kernels.
pub fn module(kernel: &Kernel) -> Module {
    validated(kernel.name, kernel.source).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_program_embeds_every_file_behind_the_common_text() {
    let mut files = files();
    let common = files.remove(COMMON).expect("shaders/common.wgsl");
    assert!(!files.is_empty(), "no shader was found");
    let embedded: BTreeMap<String, &str> = kernels::ALL.iter().map(|k| (k.name.to_owned(), k.source)).collect();
    assert_eq!(embedded.len(), kernels::ALL.len(), "two kernels have one name");
    assert_eq!(files.keys().collect::<Vec<_>>(), embedded.keys().collect::<Vec<_>>());
    for (name, text) in files {
        assert!(embedded[&name] == format!("{common}{text}"), "{name} is not embedded as it stands in its file");
    }
}

#[test]
fn every_shader_is_valid() {
    let files = files();
    let common = &files[COMMON];
    let mut count = 0;
    for (name, text) in files.iter().filter(|(name, _)| *name != COMMON) {
        validated(name, &format!("{common}{text}")).unwrap_or_else(|error| panic!("{error}"));
        count += 1;
    }
    assert!(count > 0, "no shader was found");
}

#[test]
fn validation_notices_a_wrong_name_and_a_wrong_type() {
    let source = kernels::HALVE.source;
    for (right, wrong) in [("params.width", "params.breadth"), ("* 0.25", "* 1u")] {
        assert!(source.contains(right));
        assert!(validated("halve", &source.replace(right, wrong)).is_err(), "{wrong}");
    }
}

#[test]
fn the_entry_point_has_the_files_name_and_the_kernels_workgroup() {
    for kernel in kernels::ALL {
        let entries = module(kernel).entry_points;
        let found: Vec<_> = entries.iter().map(|e| (e.name.as_str(), e.stage, e.workgroup_size)).collect();
        assert_eq!(found, [(kernel.name, ShaderStage::Compute, kernel.workgroup)]);
    }
}

/// As [`cupule::gpu::Device::run`] binds them; the slab has a group of its own.
#[test]
fn bindings_are_parameters_then_inputs_then_the_output() {
    for kernel in kernels::ALL {
        let module = module(kernel);
        let mut bound: Vec<_> = module
            .global_variables
            .iter()
            .filter_map(|(_, v)| v.binding.map(|ResourceBinding { group, binding }| (group, binding, v.space)))
            .collect();
        bound.sort_by_key(|(group, binding, _)| (*group, *binding));
        assert_eq!(bound.pop(), Some((1, 0, AddressSpace::Uniform)), "{}: the slab", kernel.name);
        let last = bound.len() - 1;
        for (i, (group, binding, space)) in bound.into_iter().enumerate() {
            assert_eq!((group, binding), (0, i as u32), "{}", kernel.name);
            let expected = match i {
                0 => AddressSpace::Uniform,
                _ if i == last => AddressSpace::Storage { access: StorageAccess::LOAD | StorageAccess::STORE },
                _ => AddressSpace::Storage { access: StorageAccess::LOAD },
            };
            assert_eq!(space, expected, "{} binding {i}", kernel.name);
        }
        // What every adapter has, without asking for more.
        assert!((2..=8).contains(&last), "{} binds {last} storage buffers", kernel.name);
    }
}
