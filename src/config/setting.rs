//! One setting: its key, what it means, and where in a plan of work `T` its value goes.

use super::value::{Given, Value};
use crate::error::Error;
use crate::units::parse_length_nm;
use std::path::PathBuf;

/// A setting of a plan `T`.
pub struct Setting<T> {
    /// Section and name, as `denoise.strength`.
    pub key: &'static str,
    /// One line for people, with the unit.
    pub help: &'static str,
    /// The option of its own, if it has one.
    pub option: Option<Opt>,
    /// What happens where nothing is given; `None` for a setting that always has a value.
    pub unset: Option<&'static str>,
    pub place: Place<T>,
}

/// An option of the command line.
#[derive(Clone, Copy)]
pub struct Opt {
    /// Without the hyphens in front.
    pub long: &'static str,
    /// What its value is called in the help; blank for a switch.
    pub value_name: &'static str,
}

/// Where a value goes, and of which kind it must be.
#[derive(Clone, Copy)]
pub enum Place<T> {
    Flag(fn(&mut T) -> &mut bool),
    /// A number within bounds.
    Number {
        low: f64,
        high: f64,
        at: fn(&mut T) -> &mut f64,
    },
    /// A length in nm: a number, or a text with its unit. Its bounds are checked with those of its neighbours.
    Nanometres(fn(&mut T) -> &mut f64),
    /// A whole number within bounds; `None` where there is none.
    Whole {
        low: u64,
        high: u64,
        put: fn(&mut T, Option<u64>),
        get: fn(&T) -> Option<u64>,
    },
    /// Words that the plan itself reads; a whole number counts as its digits. Blank where there are none.
    Words {
        put: fn(&mut T, &str) -> Result<(), Fault>,
        get: fn(&T) -> String,
    },
    /// A file; relative to the configuration file that names it.
    File(fn(&mut T) -> &mut Option<PathBuf>),
    List(fn(&mut T) -> &mut Vec<String>),
}

/// What is wrong with a value, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub cause: String,
    pub remedy: String,
}

impl Fault {
    pub fn new(cause: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { cause: cause.into(), remedy: remedy.into() }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::Config { cause, remedy } => Self { cause, remedy },
            other => Self::new(other.to_string(), "see 'cupule config'"),
        }
    }
}

impl<T> Setting<T> {
    /// Section and name.
    pub fn parts(&self) -> (&'static str, &'static str) {
        self.key.split_once('.').unwrap_or(("", self.key))
    }
}

impl<T: Clone> Setting<T> {
    /// Puts a value where it belongs.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn put(&self, plan: &mut T, given: Given) -> Result<(), Fault> {
        let wanted = |kind: &str| {
            let found = given.describe();
            let remedy = if matches!(given, Given::Text(_)) { "leave the quotes away" } else { "see 'cupule config'" };
            Fault::new(format!("{kind} is wanted, not {found}"), remedy)
        };
        match self.place {
            Place::Flag(at) => match given.word().as_deref() {
                _ if matches!(given, Given::Flag(true)) => *at(plan) = true,
                _ if matches!(given, Given::Flag(false)) => *at(plan) = false,
                Some("true") if given.is_typed() => *at(plan) = true,
                Some("false") if given.is_typed() => *at(plan) = false,
                _ => return Err(wanted("true or false")),
            },
            Place::Number { low, high, at } => {
                let number = given.number().ok_or_else(|| wanted("a number"))?;
                if !(low..=high).contains(&number) {
                    return Err(Fault::new(
                        format!("{number} is out of range"),
                        format!("give a number between {low} and {high}"),
                    ));
                }
                *at(plan) = number;
            }
            Place::Nanometres(at) => {
                *at(plan) = match (given.number(), given.word()) {
                    (Some(nm), _) => nm,
                    (None, Some(text)) => parse_length_nm(&text).map_err(Fault::from)?,
                    (None, None) => return Err(wanted("a length in nm")),
                };
            }
            Place::Whole { low, high, put, .. } => match given.whole() {
                Some(number) if (low..=high).contains(&number) => put(plan, Some(number)),
                None if self.unset.is_some() && given.is_blank() => put(plan, None),
                number => {
                    let range = match high {
                        u64::MAX => format!("{low} or more"),
                        _ => format!("{low} to {high}"),
                    };
                    let cause = match number {
                        Some(number) => format!("{number} is out of range"),
                        None => wanted("a whole number").cause,
                    };
                    return Err(Fault::new(cause, format!("give a whole number, {range}")));
                }
            },
            Place::Words { put, .. } => match given.word() {
                Some(text) => put(plan, text.trim())?,
                None => return Err(wanted("text")),
            },
            Place::File(at) => {
                *at(plan) = match given {
                    _ if given.is_blank() => None,
                    Given::Typed(path) => Some(path.into()),
                    Given::Text(path) => Some(path.into()),
                    _ => return Err(wanted("the path of a file, in quotes,")),
                }
            }
            Place::List(at) => *at(plan) = given.list().ok_or_else(|| wanted("a list of texts"))?,
        }
        Ok(())
    }

    /// The value in a plan; `None` where nothing is set.
    pub fn get(&self, plan: &T) -> Option<Value> {
        // The places are told by a way to change them, which a copy is good enough for.
        let mut plan = plan.clone();
        Some(match self.place {
            Place::Flag(at) => Value::Flag(*at(&mut plan)),
            Place::Number { at, .. } | Place::Nanometres(at) => Value::Number(*at(&mut plan)),
            Place::Whole { get, .. } => Value::Whole(get(&plan)?),
            Place::Words { get, .. } => Value::Text(Some(get(&plan)).filter(|text| !text.is_empty())?),
            Place::File(at) => Value::File(at(&mut plan).take()?),
            Place::List(at) => Value::List(Some(std::mem::take(at(&mut plan))).filter(|list| !list.is_empty())?),
        })
    }
}
