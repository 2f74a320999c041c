//! A value on its way: as it was given in a layer, and as it counts.

use std::ffi::OsString;
use std::path::PathBuf;

/// A value as it was given.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// On a command line or in a variable: what it is depends on the setting.
    Typed(OsString),
    /// Several of an option that can be repeated.
    Several(Vec<String>),
    Flag(bool),
    Whole(u64),
    Number(f64),
    Text(String),
    /// Anything else that a file can hold, by the name of its kind.
    Other(&'static str),
}

/// A value as it counts.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Flag(bool),
    Whole(u64),
    Number(f64),
    Text(String),
    File(PathBuf),
    List(Vec<String>),
}

impl Given {
    pub(super) fn is_typed(&self) -> bool {
        matches!(self, Self::Typed(_))
    }

    /// Nothing, in words: what takes back a value of a weaker layer.
    pub(super) fn is_blank(&self) -> bool {
        match self {
            Self::Typed(text) => text.is_empty(),
            Self::Text(text) => text.is_empty(),
            _ => false,
        }
    }

    pub(super) fn word(&self) -> Option<String> {
        match self {
            Self::Typed(text) => text.to_str().map(|text| text.trim().to_owned()),
            Self::Text(text) => Some(text.clone()),
            Self::Whole(number) => Some(number.to_string()),
            Self::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Whole(number) => Some(*number as f64),
            Self::Typed(text) => text.to_str()?.trim().parse().ok(),
            _ => None,
        }
    }

    pub(super) fn whole(&self) -> Option<u64> {
        match self {
            Self::Whole(number) => Some(*number),
            Self::Typed(text) => text.to_str()?.trim().parse().ok(),
            _ => None,
        }
    }

    pub(super) fn list(&self) -> Option<Vec<String>> {
        match self {
            Self::Several(texts) => Some(texts.clone()),
            Self::Text(text) if text.is_empty() => Some(Vec::new()),
            Self::Text(text) => Some(vec![text.clone()]),
            Self::Typed(text) => {
                let text = text.to_str()?.trim();
                // `["*.dm4", "*.tif"]` is a list; `[ab].tif` is a pattern.
                let several: Option<Vec<String>> = toml::from_str(&format!("list = {text}"))
                    .ok()
                    .and_then(|table: toml::Table| table.get("list")?.clone().try_into().ok());
                let one = || if text.is_empty() { Vec::new() } else { vec![text.to_owned()] };
                Some(several.unwrap_or_else(one))
            }
            _ => None,
        }
    }

    pub(super) fn describe(&self) -> String {
        match self {
            Self::Typed(text) => format!("'{}'", text.display()),
            Self::Text(text) => format!("the text '{text}'"),
            Self::Several(texts) => format!("the list {texts:?}"),
            Self::Flag(flag) => flag.to_string(),
            Self::Whole(number) => number.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Other(kind) => (*kind).to_owned(),
        }
    }
}
