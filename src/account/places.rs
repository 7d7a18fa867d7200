//! Where files of settings and of state belong, for all users and for one.
//!
//! The system's conventions decide (XDG on Linux). Reads no file and makes none.

use crate::error::{Error, Kind, Result};
use etcetera::BaseStrategy;
use std::path::{Path, PathBuf};

/// What holds for all users of the machine.
const SYSTEM: &str = "/etc/mailkit";

/// The files that there may be, in the order in which they are read: the last word is the user's.
pub fn usual_files() -> Vec<PathBuf> {
    let user = etcetera::choose_base_strategy().ok().map(|strategy| strategy.config_dir().join("mailkit"));
    [Some(PathBuf::from(SYSTEM)), user].into_iter().flatten().flat_map(|dir| in_directory(&dir)).collect()
}

/// The file that belongs to the user, where new accounts are written.
pub fn user_file() -> Result<PathBuf> {
    let strategy = etcetera::choose_base_strategy()
        .map_err(|error| Error::new(Kind::Config, "cannot tell where the home directory is").caused_by(error))?;
    Ok(strategy.config_dir().join("mailkit/config.toml"))
}

/// `config.toml`, then `conf.d/*.toml` by name.
fn in_directory(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir.join("conf.d")).into_iter().flatten().flatten();
    let is_toml = |path: &PathBuf| path.extension().is_some_and(|end| end == "toml");
    let hidden = |path: &PathBuf| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    let mut more: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|p| is_toml(p) && !hidden(p)).collect();
    more.sort();
    [dir.join("config.toml")].into_iter().chain(more).collect()
}

/// Where programs keep what must outlive them but is no user's document: `$XDG_STATE_HOME/mailkit`.
pub fn state_dir() -> Result<PathBuf> {
    let strategy = etcetera::choose_base_strategy()
        .map_err(|error| Error::new(Kind::Config, "cannot tell where the home directory is").caused_by(error))?;
    Ok(strategy.state_dir().unwrap_or_else(|| strategy.data_dir()).join("mailkit"))
}

/// `~/Mail` as a path below the user's home directory.
pub(super) fn at_home(path: PathBuf) -> PathBuf {
    match (path.strip_prefix("~"), etcetera::home_dir()) {
        (Ok(rest), Ok(home)) => home.join(rest),
        _ => path,
    }
}
