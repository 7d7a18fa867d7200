//! The data directory: where it is, and what in it is whose.
//!
//! The names stand here once, so that all commands that work on one directory find the same things.

use super::context::Context;
use mailkit::account::state_dir;
use mailkit::error::{Error, Kind, Result};
use std::path::{Path, PathBuf};

/// The directory that the arguments, else the configuration, else custom names.
pub(super) fn directory(context: &Context, given: Option<&Path>) -> Result<PathBuf> {
    let path = match given {
        Some(path) => path.to_owned(),
        None => context.config()?.serve.data.clone().map_or_else(state_dir, Ok)?,
    };
    if path.exists() && !path.is_dir() {
        let what = format!("{} is no directory, so no data can be kept in it", path.display());
        return Err(Error::new(Kind::CannotCreate, what));
    }
    Ok(path)
}

/// Where accepted messages wait.
pub(super) fn spool(data: &Path) -> PathBuf {
    data.join("spool")
}
