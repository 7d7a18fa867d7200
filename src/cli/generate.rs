//! `mailkit generate DIR`: man pages, completions and the table of exit codes, from the definitions themselves.
//!
//! For packagers, and for the test that keeps the files in the repository fresh.

use super::context::Context;
use super::exit::{self, Exit};
use clap_complete::Shell;
use mailkit::error::{Error, Result};
use std::path::PathBuf;

/// Writes man pages, completions and the table of exit codes below a directory
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where to write; made if missing
    dir: PathBuf,
}

/// Writes the files and names each on standard output.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit> {
    let mut written = Vec::new();
    let dir = |name: &str| -> Result<PathBuf> {
        let path = args.dir.join(name);
        std::fs::create_dir_all(&path).map_err(|e| Error::file("cannot create", &path, e))?;
        Ok(path)
    };
    let (man, completions, docs) = (dir("man")?, dir("completions")?, dir("docs")?);

    clap_mangen::generate_to(super::command(), &man).map_err(|e| Error::file("cannot write to", &man, e))?;
    for entry in std::fs::read_dir(&man).map_err(|e| Error::file("cannot list", &man, e))? {
        written.push(entry.map_err(|e| Error::file("cannot list", &man, e))?.path());
    }
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let path = clap_complete::generate_to(shell, &mut super::command(), "mailkit", &completions)
            .map_err(|e| Error::file("cannot write to", &completions, e))?;
        written.push(path);
    }
    let table = docs.join("exit-codes.md");
    std::fs::write(&table, exit::markdown()).map_err(|e| Error::file("cannot write", &table, e))?;
    written.push(table);
    written.sort();

    for path in &written {
        context.line(&path.display().to_string())?;
    }
    Ok(Exit::OK)
}
