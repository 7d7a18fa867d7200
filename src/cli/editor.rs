//! The user's editor: which one it is, and a file opened in it.
//!
//! The one of VISUAL or EDITOR. What stands there may have arguments and quotes, so a shell reads it, as it does for
//! everybody who honours these variables; the file's name is given beside it and never read by the shell.

use mailkit::error::{Error, Kind, Result};
use std::path::Path;
use std::process::Command;

/// The editor, if one is set.
pub(super) fn named() -> Option<String> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    set("VISUAL").or_else(|| set("EDITOR"))
}

/// Opens a file and waits until the user is done. The editor is not given the variables `hidden`.
pub(super) fn open(editor: &str, path: &Path, hidden: &[String]) -> Result<()> {
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{editor} \"$1\"")).arg("sh").arg(path);
    for name in hidden {
        command.env_remove(name);
    }
    match command.status() {
        Err(error) => Err(Error::new(Kind::Config, "cannot run sh").caused_by(error)),
        Ok(status) if !status.success() => {
            Err(Error::new(Kind::Usage, format!("the editor {editor} failed: {status}")))
        }
        Ok(_) => Ok(()),
    }
}
