//! Arguments of a subcommand that are made when it is named.
//!
//! All of them together are two thirds of what a short command does before it begins. Help, man pages and completions
//! have to know them all, so that they come late only where that is asked for. Late ones find the options of all commands
//! there already, and go before them: what is a command's own is said first either way.

use clap::{ArgMatches, Args, Command, Error, FromArgMatches, Id};
use std::cell::Cell;
use std::ops::Deref;

thread_local! {
    static IS_LATE: Cell<bool> = const { Cell::new(false) };
}

/// A tree of commands whose arguments are made when they are named.
pub(super) fn late(tree: impl FnOnce() -> Command) -> Command {
    IS_LATE.set(true);
    let command = tree();
    IS_LATE.set(false);
    command
}

/// Arguments in a variant of an enum of subcommands.
#[derive(Debug)]
pub(super) struct Late<A>(Box<A>);

impl<A> Deref for Late<A> {
    type Target = A;

    fn deref(&self) -> &A {
        &self.0
    }
}

impl<A: FromArgMatches> FromArgMatches for Late<A> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        A::from_arg_matches(matches).map(|arguments| Self(Box::new(arguments)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}

impl<A: Args> Args for Late<A> {
    fn group_id() -> Option<Id> {
        A::group_id()
    }

    fn augment_args(command: Command) -> Command {
        if !IS_LATE.get() {
            return A::augment_args(command);
        }
        command.defer(|command| {
            let of_all: Vec<Id> = command.get_arguments().map(|argument| argument.get_id().clone()).collect();
            // An argument that is changed goes to the end, as it happens.
            let own_first = |command: Command, id| command.mut_arg(id, |argument| argument);
            of_all.into_iter().fold(late(|| A::augment_args(command)), own_first)
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        A::augment_args_for_update(command)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Cli;
    use clap::{Command, CommandFactory};

    /// Every argument below a command, in order.
    fn arguments(command: &Command) -> Vec<String> {
        let own = command.get_arguments().map(|argument| format!("{} {}", command.get_name(), argument.get_id()));
        own.chain(command.get_subcommands().flat_map(arguments)).collect()
    }

    #[test]
    fn late_arguments_are_the_same_in_the_same_order() {
        let (mut early, mut late) = (Cli::command(), super::late(Cli::command));
        assert!(arguments(&late).len() < arguments(&early).len() / 4, "hardly any are there before a command is named");
        early.build();
        late.build();
        let below = |command: &Command| {
            let commands = command.get_subcommands().filter(|below| below.get_name() != "help");
            commands.flat_map(arguments).filter(|line| !line.starts_with("help ")).collect::<Vec<_>>()
        };
        assert_eq!(below(&late), below(&early));
    }
}
