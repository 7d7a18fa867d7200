//! The program: reads the command line, runs it, and turns what came of it into an exit code.
//!
//! Everything it does is in `cli`; everything that could be used by another program is in the library.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::console::announce_panics();
    // Each connection of a server is a task of its own, whose panic ends that task only. What arrives here
    // is a mistake of ours in the command itself.
    let exit = std::panic::catch_unwind(cli::run).unwrap_or(cli::exit::Exit::SOFTWARE);
    exit.into()
}
