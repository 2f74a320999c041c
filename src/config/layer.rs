//! What each layer says: a file or a profile in TOML, variables of the environment, `--set`, options.

use super::setting::Setting;
use super::value::Given;
use crate::error::{Error, Result};
use crate::visible::visible;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// How the names of variables that are settings begin.
pub const PREFIX: &str = "CUPULE_";
/// What stands between section and key in the name of a variable.
const JOINT: &str = "__";
/// More than any configuration: what is larger is some other file.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Default,
    Profile(&'static str),
    File {
        path: PathBuf,
        line: usize,
    },
    /// The environment, by the name of the variable.
    Variable(String),
    Set,
    /// An option of its own, without the hyphens in front.
    Option(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Profile(name) => write!(f, "profile {name}"),
            Self::File { path, line } => write!(f, "{}, line {line}", visible(&path.display().to_string())),
            Self::Variable(name) => f.write_str(name),
            Self::Set => f.write_str("--set"),
            Self::Option(long) => write!(f, "--{long}"),
        }
    }
}

/// What one layer says of one setting, or of something that is none.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub key: String,
    pub given: Given,
    pub origin: Origin,
}

/// What a configuration file says.
///
/// # Errors
/// [`Error::Config`] when it can't be read or is no TOML.
pub fn of_file(path: &Path) -> Result<Vec<Entry>> {
    let unreadable = |cause: String| {
        Error::config(format!("{}: {cause}", path.display()), "give a text file in TOML, as 'cupule config' prints it")
    };
    let file = File::open(path).map_err(|error| unreadable(error.to_string()))?;
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|error| unreadable(error.to_string()))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(unreadable("it is too large for a configuration".into()));
    }
    let text = String::from_utf8(bytes).map_err(|_| unreadable("it is no text in UTF-8".into()))?;
    of_toml(&text, &|line| Origin::File { path: path.to_owned(), line })
}

/// What a text in TOML says; `origin` tells where a line of it is.
pub(super) fn of_toml(text: &str, origin: &dyn Fn(usize) -> Origin) -> Result<Vec<Entry>> {
    // Editors on Windows begin a text with a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let line = |byte: usize| 1 + text.bytes().take(byte).filter(|&b| b == b'\n').count();
    let table = DeTable::parse(text).map_err(|error| {
        let place = origin(error.span().map_or(1, |span| line(span.start)));
        let cause = error.message().trim().replace('\n', ", ");
        Error::config(format!("{place}: {cause}"), "write TOML, as 'cupule config' prints it")
    })?;
    let mut entries = Vec::new();
    for (section, value) in table.get_ref() {
        match value.get_ref() {
            DeValue::Table(keys) => {
                for (key, value) in keys {
                    let origin = origin(line(key.span().start));
                    let key = format!("{}.{}", section.get_ref(), key.get_ref());
                    entries.push(Entry { key, given: given(value), origin });
                }
                if keys.is_empty() {
                    // Nothing is set, but the name may be mistyped.
                    let origin = origin(line(section.span().start));
                    entries.push(Entry { key: format!("{}.", section.get_ref()), given: Given::Other(""), origin });
                }
            }
            _ => {
                let origin = origin(line(section.span().start));
                entries.push(Entry { key: section.get_ref().to_string(), given: given(value), origin });
            }
        }
    }
    Ok(entries)
}

/// A value of a file.
fn given(value: &Spanned<DeValue>) -> Given {
    match value.get_ref() {
        DeValue::String(text) => Given::Text(text.to_string()),
        DeValue::Integer(number) => {
            let digits = number.as_str().replace('_', "");
            match u64::from_str_radix(&digits, number.radix()) {
                Ok(number) => Given::Whole(number),
                Err(_) => digits.parse().map_or(Given::Other("such a number"), Given::Number),
            }
        }
        DeValue::Float(number) => {
            number.as_str().replace('_', "").parse().map_or(Given::Other("such a number"), Given::Number)
        }
        DeValue::Boolean(flag) => Given::Flag(*flag),
        DeValue::Datetime(_) => Given::Other("a date"),
        DeValue::Table(_) => Given::Other("a table"),
        DeValue::Array(array) => {
            let texts: Option<Vec<String>> = array.iter().map(|value| Some(value.get_ref().as_str()?.into())).collect();
            texts.map_or(Given::Other("a list of other things than texts"), Given::Several)
        }
    }
}

/// What the environment says: `CUPULE_DENOISE__STRENGTH` is `denoise.strength`. Names without two underscores in a row
/// after the prefix are no settings; where they begin with a section all the same, they are mistyped ones.
pub fn of_variables<T>(settings: &[Setting<T>], variables: impl Iterator<Item = (OsString, OsString)>) -> Vec<Entry> {
    let has_section = |rest: &str| {
        let first = rest.split_once('_').map(|(first, _)| first);
        settings.iter().any(|setting| first == Some(setting.parts().0))
    };
    let mut entries: Vec<Entry> = variables
        .filter_map(|(name, value)| {
            let name = name.to_string_lossy().into_owned();
            let rest = name.strip_prefix(PREFIX)?.to_lowercase();
            let key = match rest.split_once(JOINT) {
                Some((section, key)) => format!("{section}.{key}"),
                None if has_section(&rest) => rest,
                None => return None,
            };
            Some(Entry { key, given: Given::Typed(value), origin: Origin::Variable(name) })
        })
        .collect();
    // The environment has no order of its own.
    entries.sort_by(|a, b| a.key.cmp(&b.key));
    entries
}

/// The name of the variable for a setting.
pub(super) fn variable(key: &str) -> String {
    PREFIX.to_owned() + &key.replacen('.', JOINT, 1).to_uppercase()
}

/// What one `--set` says.
///
/// # Errors
/// [`Error::Config`] when there is no `=`.
pub fn of_set(text: &OsStr) -> Result<Entry> {
    let bytes = text.as_encoded_bytes();
    let Some(at) = bytes.iter().position(|&b| b == b'=') else {
        let cause = format!("--set {}: there is no '='", text.display());
        return Err(Error::config(cause, "write a key and its value, such as --set denoise.strength=1.2"));
    };
    let key = String::from_utf8_lossy(&bytes[..at]).trim().to_owned();
    let value = value_of(text, at + 1);
    Ok(Entry { key, given: Given::Typed(value), origin: Origin::Set })
}

/// What stands behind the first `=`, byte for byte where the system's strings are bytes.
#[cfg(unix)]
fn value_of(text: &OsStr, at: usize) -> OsString {
    use std::os::unix::ffi::OsStrExt;
    OsStr::from_bytes(&text.as_bytes()[at..]).to_owned()
}

#[cfg(not(unix))]
fn value_of(text: &OsStr, _at: usize) -> OsString {
    let text = text.to_string_lossy();
    text.split_once('=').map_or(OsString::new(), |(_, value)| value.into())
}

/// What an option of its own says.
pub fn of_option(key: &'static str, long: &'static str, given: Given) -> Entry {
    Entry { key: key.into(), given, origin: Origin::Option(long) }
}

#[cfg(test)]
mod tests {
    use super::super::setting::Place;
    use super::*;

    #[test]
    fn variables_without_a_section_are_no_settings() {
        let settings = [Setting {
            key: "run.fail_on",
            help: "",
            option: None,
            unset: None,
            place: Place::Flag(|flag: &mut bool| flag),
        }];
        let variable = |(name, value): (&str, &str)| (OsString::from(name), OsString::from(value));
        let given = [
            ("CUPULE_DATA", "/d"),
            ("PATH", "/bin"),
            ("CUPULE_RUN__FAIL_ON", "5%"),
            ("XCUPULE_A__B", ""),
            ("CUPULE_RUN_FAIL_ON", "5%"),
            ("CUPULE_RUNNER", ""),
        ];
        let entries = of_variables(&settings, given.into_iter().map(variable));
        let keys: Vec<_> = entries.iter().map(|entry| entry.key.as_str()).collect();
        assert_eq!(keys, ["run.fail_on", "run_fail_on"]);
        assert_eq!(super::variable("run.fail_on"), "CUPULE_RUN__FAIL_ON");
    }

    #[test]
    fn lines_are_counted_and_kinds_kept() {
        let text = "\u{feff}top = 1\n\n[a]\nx = 1_000\n'y z' = -2\n[b]\nlist = ['p', 'q']\n[c]\n";
        let origin = |line| Origin::File { path: "f".into(), line };
        let mut entries = of_toml(text, &origin).unwrap();
        entries.sort_by_key(|entry| entry.origin.to_string());
        let found: Vec<_> = entries.iter().map(|e| (e.key.as_str(), e.given.clone(), e.origin.to_string())).collect();
        let at = |line: usize| format!("f, line {line}");
        assert_eq!(
            found,
            [
                ("top", Given::Whole(1), at(1)),
                ("a.x", Given::Whole(1000), at(4)),
                ("a.y z", Given::Number(-2.0), at(5)),
                ("b.list", Given::Several(vec!["p".into(), "q".into()]), at(7)),
                ("c.", Given::Other(""), at(8)),
            ]
        );
        let error = of_toml("[a]\nx = = 2\n", &origin).unwrap_err();
        assert!(error.to_string().starts_with("f, line 2: ") && error.exit_code() == 2, "{error}");
    }
}
