//! The settings of a plan as text: TOML that can be given back, and JSON.

use super::resolve::Resolved;
use super::setting::{Place, Setting};
use super::value::Value;
use crate::error::{Error, Result};
use serde_json::json;
use std::path::Path;

/// All settings as TOML, each with where its value came from.
///
/// * `explained`: also with what it is.
///
/// # Errors
/// [`Error::Config`] when the name of a file is no text.
pub fn toml<T: Clone>(settings: &[Setting<T>], resolved: &Resolved<T>, explained: bool) -> Result<String> {
    let mut text = String::new();
    let mut current = "";
    for (setting, origin) in resolved.with_origins(settings) {
        let (section, key) = setting.parts();
        if section != current {
            let gap = if text.is_empty() { "" } else { "\n" };
            text += &format!("{gap}[{section}]\n");
            current = section;
        }
        if explained {
            text += &format!("# {}\n", setting.help);
        }
        let value = setting.get(&resolved.plan);
        let meaning = match (&value, setting.unset) {
            (None, Some(unset)) => format!(": {unset}"),
            _ => String::new(),
        };
        text += &format!("{key} = {}  # {origin}{meaning}\n", in_toml(setting, value)?);
    }
    Ok(text)
}

fn in_toml<T>(setting: &Setting<T>, value: Option<Value>) -> Result<String> {
    let quoted = |text: &str| ::toml::Value::from(text).to_string();
    Ok(match value {
        None if matches!(setting.place, Place::List(_)) => "[]".into(),
        None => "\"\"".into(),
        Some(Value::Flag(flag)) => flag.to_string(),
        Some(Value::Whole(number)) => number.to_string(),
        Some(Value::Number(number)) => ::toml::Value::from(number).to_string(),
        Some(Value::Text(text)) => quoted(&text),
        Some(Value::File(path)) => quoted(&path_text(setting.key, &path)?),
        Some(Value::List(texts)) => format!("[{}]", texts.iter().map(|t| quoted(t)).collect::<Vec<_>>().join(", ")),
    })
}

/// A path that means the same wherever the text is saved.
fn path_text(key: &str, path: &Path) -> Result<String> {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    absolute.into_os_string().into_string().map_err(|path| {
        let cause = format!("{key}: the name of {} is no text", path.display());
        Error::config(cause, "rename the file: a configuration can only hold text")
    })
}

/// All settings as JSON: sections of keys, each with its value (null where nothing is set) and where that came from.
///
/// # Errors
/// As [`toml()`].
pub fn json<T: Clone>(settings: &[Setting<T>], resolved: &Resolved<T>) -> Result<serde_json::Value> {
    let mut sections = serde_json::Map::new();
    for (setting, origin) in resolved.with_origins(settings) {
        let (section, key) = setting.parts();
        let value = match setting.get(&resolved.plan) {
            None => serde_json::Value::Null,
            Some(Value::Flag(flag)) => flag.into(),
            Some(Value::Whole(number)) => number.into(),
            Some(Value::Number(number)) => number.into(),
            Some(Value::Text(text)) => text.into(),
            Some(Value::File(path)) => path_text(setting.key, &path)?.into(),
            Some(Value::List(texts)) => texts.into(),
        };
        let entry = json!({"value": value, "from": origin.to_string(), "help": setting.help});
        let keys = sections.entry(section).or_insert_with(|| json!({}));
        keys[key] = entry;
    }
    Ok(sections.into())
}
