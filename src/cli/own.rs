//! The options of their own that settings have: all of them, or those about the machine.

use super::plan::Plan;
use super::settings::SETTINGS;
use crate::config::{Entry, Given, Place, Value, of_option, of_variables, resolve};
use crate::error::Result;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use std::ffi::OsString;

/// The options of their own that settings have, as the table of settings tells them.
pub struct Own(pub Vec<Entry>);

/// Those of them that say what a run may take of the machine, and not what comes out: for commands that need no more.
struct OfMachine(Vec<Entry>);

/// The settings that [`OfMachine`] has.
const OF_MACHINE: [&str; 4] = ["run.device", "run.threads", "run.jobs", "run.memory_limit"];

/// What a run may take of the machine: options, and the variables that stand for them.
#[derive(Args)]
pub struct MachineOptions {
    #[command(flatten)]
    own: OfMachine,
}

impl MachineOptions {
    /// A plan in which all else is as it is by default.
    ///
    /// # Errors
    /// [`crate::error::Error::Config`], naming where the fault is.
    pub fn resolve(&self) -> Result<Plan> {
        let mut entries = of_variables(&SETTINGS, std::env::vars_os());
        entries.retain(|entry| OF_MACHINE.contains(&entry.key.as_str()));
        entries.extend(self.own.0.iter().cloned());
        Ok(resolve(&SETTINGS, entries)?.plan)
    }
}

/// Adds the options of those settings that `has` says yes to.
fn augmented(mut command: Command, has: fn(&str) -> bool) -> Command {
    let plan = Plan::default();
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
options_of_settings!(OfMachine, |key| OF_MACHINE.contains(&key));
