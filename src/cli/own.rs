//! The options of their own that settings have: all of them, or those about the machine.

use super::settings::SETTINGS;
use super::wanted::Wanted;
use crate::config::{Entry, Given, Origin, Place, Value, of_option, of_variables, resolve};
use crate::error::Result;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use std::ffi::OsString;

/// The options of their own that settings have, as the table of settings tells them.
pub struct Own(pub Vec<Entry>);

/// Some of them, for commands that need no more.
macro_rules! some_of_settings {
    ($(#[$doc:meta])* $options:ident, $own:ident, $keys:ident) => {
        struct $own(Vec<Entry>);
        options_of_settings!($own, |key| $keys.contains(&key));

        $(#[$doc])*
        #[derive(Args)]
        pub struct $options {
            #[command(flatten)]
            own: $own,
        }

        impl $options {
            /// What is wanted, all else as it is by default.
            ///
            /// # Errors
            /// [`crate::error::Error::Config`], naming where the fault is.
            pub fn resolve(&self) -> Result<Wanted> {
                resolve_some(&$keys, &self.own.0)
            }
        }
    };
}

fn resolve_some(keys: &[&str], own: &[Entry]) -> Result<Wanted> {
    let mut entries = of_variables(&SETTINGS, std::env::vars_os());
    entries.retain(|entry| keys.contains(&entry.key.as_str()));
    entries.extend(own.iter().cloned());
    Ok(resolve(&SETTINGS, entries)?.plan)
}

/// What a run may take of the machine.
const OF_MACHINE: [&str; 4] = ["run.device", "run.threads", "run.jobs", "run.memory_limit"];
/// Which files there are.
const OF_SELECTION: [&str; 2] = ["read.include", "read.exclude"];
/// What concerns the end of a run.
const OF_END: [&str; 4] = ["run.threads", "run.fail_on", "run.log_format", "run.on_finish"];

/// Options as they were typed, but for those that change nothing in the results: the command line that gives them again.
pub fn lasting(entries: &[Entry]) -> Vec<String> {
    let changes_nothing = |key: &str| {
        key != "run.device" && (OF_MACHINE.contains(&key) || OF_END.contains(&key)) || OF_SELECTION.contains(&key)
    };
    let mut words = Vec::new();
    for entry in entries.iter().filter(|entry| !changes_nothing(&entry.key)) {
        let Origin::Option(long) = &entry.origin else { continue };
        let mut push = |value: &str| words.extend([format!("--{long}"), value.to_owned()]);
        match &entry.given {
            Given::Typed(value) => push(&value.to_string_lossy()),
            Given::Several(values) => values.iter().for_each(|value| push(value)),
            _ => words.push(format!("--{long}")),
        }
    }
    words
}

/// Adds the options of those settings that `has` says yes to.
fn augmented(mut command: Command, has: fn(&str) -> bool) -> Command {
    let plan = Wanted::default();
    for setting in SETTINGS.iter().filter(|setting| has(setting.key)) {
        let Some(option) = setting.option else { continue };
        let help = if setting.key == "run.export" { super::export_help() } else { setting.help.to_owned() };
        let default = match setting.get(&plan) {
            Some(Value::Whole(number)) => Some(number.to_string()),
            Some(Value::Number(number)) => Some(number.to_string()),
            Some(Value::Text(text)) => Some(text),
            Some(Value::Flag(_) | Value::File(_) | Value::List(_)) => None,
            None => setting.unset.map(str::to_owned),
        };
        let help = default.map_or(help.clone(), |default| format!("{help} [default: {default}]"));
        let arg = Arg::new(setting.key).long(option.long).help(help);
        command = command.arg(match setting.place {
            Place::Flag(_) => arg.action(ArgAction::SetTrue),
            Place::List(_) => arg.value_name(option.value_name).action(ArgAction::Append),
            _ => arg
                .value_name(option.value_name)
                .value_parser(clap::value_parser!(OsString))
                .allow_negative_numbers(true)
                .action(ArgAction::Set),
        });
    }
    command
}

/// What these options say.
fn given(matches: &ArgMatches, has: fn(&str) -> bool) -> Vec<Entry> {
    let mut entries = Vec::new();
    for setting in SETTINGS.iter().filter(|setting| has(setting.key)) {
        let Some(option) = setting.option else { continue };
        let given = match setting.place {
            Place::Flag(_) => matches.get_flag(setting.key).then_some(Given::Flag(true)),
            Place::List(_) => {
                matches.get_many(setting.key).map(|texts| Given::Several(texts.cloned().collect::<Vec<String>>()))
            }
            _ => matches.get_one::<OsString>(setting.key).cloned().map(Given::Typed),
        };
        entries.extend(given.map(|given| of_option(setting.key, option.long, given)));
    }
    entries
}

/// Lets clap take the options of settings for a type that holds what they say.
macro_rules! options_of_settings {
    ($type:ident, $has:expr) => {
        impl Args for $type {
            fn augment_args(command: Command) -> Command {
                augmented(command, $has)
            }

            fn augment_args_for_update(command: Command) -> Command {
                Self::augment_args(command)
            }
        }

        impl FromArgMatches for $type {
            fn from_arg_matches(matches: &ArgMatches) -> std::result::Result<Self, clap::Error> {
                Ok(Self(given(matches, $has)))
            }

            fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> std::result::Result<(), clap::Error> {
                self.0.extend(given(matches, $has));
                Ok(())
            }
        }
    };
}

options_of_settings!(Own, |_| true);
some_of_settings!(
    /// What a run may take of the machine: options, and the variables that stand for them.
    MachineOptions,
    OfMachine,
    OF_MACHINE
);
some_of_settings!(
    /// Which files of folders are micrographs, likewise.
    SelectionOptions,
    OfSelection,
    OF_SELECTION
);
some_of_settings!(
    /// What there is to say at the end of a run, likewise.
    EndSettings,
    OfEnd,
    OF_END
);
