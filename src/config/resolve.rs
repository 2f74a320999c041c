//! The layers put upon one another, from weak to strong.

use super::layer::{Entry, Origin, variable};
use super::setting::{Fault, Place, Setting};
use super::suggest::nearest;
use super::value::Given;
use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

/// A plan with all settings in place.
#[derive(Debug, Clone)]
pub struct Resolved<T> {
    pub plan: T,
    /// Where each setting's value came from, in the order of the table.
    origins: Vec<Origin>,
}

impl<T> Resolved<T> {
    /// The settings with where their values came from.
    pub fn with_origins<'a>(
        &'a self,
        settings: &'a [Setting<T>],
    ) -> impl Iterator<Item = (&'a Setting<T>, &'a Origin)> {
        settings.iter().zip(&self.origins)
    }
}

/// Puts what the layers say, from weak to strong, into a plan that holds the defaults. A value that a stronger layer
/// replaces must be right nonetheless.
///
/// # Errors
/// [`Error::Config`] naming where it stands, for a setting that does not exist or a value that it can't have.
pub fn resolve<T: Clone + Default>(settings: &[Setting<T>], entries: Vec<Entry>) -> Result<Resolved<T>> {
    let mut plan = T::default();
    let mut origins = vec![Origin::Default; settings.len()];
    for Entry { key, given, origin } in entries {
        let Some(at) = settings.iter().position(|setting| setting.key == key) else {
            if is_section(settings, &key) {
                continue;
            }
            return Err(unknown(settings, &key, &origin));
        };
        let setting = &settings[at];
        let given = match (&setting.place, &origin) {
            (Place::File(_), Origin::File { path, .. }) => beside(path, given),
            _ => given,
        };
        setting.put(&mut plan, given).map_err(|fault| wrong(setting.key, &origin, fault))?;
        origins[at] = origin;
    }
    Ok(Resolved { plan, origins })
}

/// A path that a file names, seen from that file's folder.
fn beside(file: &Path, given: Given) -> Given {
    match given {
        Given::Text(path) if !path.is_empty() => {
            let folder = file.parent().unwrap_or(Path::new(""));
            Given::Typed(folder.join(PathBuf::from(path)).into_os_string())
        }
        other => other,
    }
}

/// Whether `key` is a section alone, without anything in it.
fn is_section<T>(settings: &[Setting<T>], key: &str) -> bool {
    key.ends_with('.') && settings.iter().any(|setting| setting.key.starts_with(key))
}

fn wrong(key: &str, origin: &Origin, fault: Fault) -> Error {
    let place = match origin {
        // These name the setting themselves.
        Origin::Variable(_) | Origin::Option(_) => origin.to_string(),
        Origin::Set => format!("{origin} {key}"),
        _ => format!("{origin}: {key}"),
    };
    Error::config(format!("{place}: {}", fault.cause), fault.remedy)
}

fn unknown<T>(settings: &[Setting<T>], key: &str, origin: &Origin) -> Error {
    let keys = settings.iter().map(|setting| setting.key);
    let sections = settings.iter().map(|setting| setting.parts().0);
    let is_variable = matches!(origin, Origin::Variable(_));
    let (section, name) = key.split_once('.').unwrap_or(("", key));
    let has_section = sections.clone().any(|known| known == section);
    let (cause, meant) = if !section.is_empty() && !has_section && name.is_empty() {
        (format!("there is no section [{section}]"), nearest(section, sections).map(|name| format!("[{name}]")))
    } else if sections.clone().any(|known| known == key) {
        (format!("'{key}' is a section, not a setting"), None)
    } else if is_variable {
        ("there is no such setting".into(), nearest(key, keys).map(variable))
    } else {
        let what =
            if section.is_empty() || has_section { String::new() } else { format!(" and no section [{section}]") };
        (format!("there is no setting '{key}'{what}"), nearest(key, keys).map(|name| format!("'{name}'")))
    };
    let remedy = match meant {
        Some(name) => format!("did you mean {name}?"),
        None => "'cupule config' prints all settings".into(),
    };
    Error::config(format!("{origin}: {cause}"), remedy)
}
