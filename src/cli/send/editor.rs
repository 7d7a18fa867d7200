//! A text from the user's editor, for whoever has a terminal and no text yet.
//!
//! The editor is the one of VISUAL or EDITOR, with its own options; no shell reads that.

use mailkit::error::{Error, Kind, Result};
use std::io::Read;
use std::process::Command;

/// Octets of a text that somebody typed.
const TYPED_MAX: u64 = 16 * 1024 * 1024;

/// The editor, if one is set.
pub(super) fn editor() -> Option<String> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    set("VISUAL").or_else(|| set("EDITOR"))
}

/// Lets the user write a text. Nothing written means that nothing is to be sent. The editor is not given the variables
/// `hidden`.
pub(super) fn write(editor: &str, hidden: &[String]) -> Result<String> {
    let failed = |error| Error::new(Kind::CannotCreate, "no file for the editor").caused_by(error);
    let file = tempfile::Builder::new().prefix("mailkit-").suffix(".txt").tempfile().map_err(failed)?;
    let mut words = editor.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words).arg(file.path());
    for name in hidden {
        command.env_remove(name);
    }
    match command.status() {
        Err(error) => {
            return Err(Error::new(Kind::Usage, format!("the editor {editor} does not start")).caused_by(error));
        }
        Ok(status) if !status.success() => {
            return Err(Error::new(Kind::Usage, format!("the editor {editor} failed")).hint("nothing was sent"));
        }
        Ok(_) => {}
    }
    // Many editors put a new file in the place of the old one, so the one we hold is not read.
    let mut text = String::new();
    let read = std::fs::File::open(file.path()).and_then(|file| file.take(TYPED_MAX).read_to_string(&mut text));
    read.map_err(|error| Error::input(file.path(), error))?;
    match text.trim().is_empty() {
        true => Err(Error::new(Kind::Usage, "nothing was written").hint("nothing was sent")),
        false => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_editor_leaves_is_the_text_and_nothing_is_no_text() {
        // The last argument is the file: tee writes its empty input there, cp the text of another file.
        let typed = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(typed.path(), "Hello\n").expect("written");
        assert_eq!(write(&format!("cp -- {}", typed.path().display()), &[]).expect("a text"), "Hello\n");
        // CARGO is in the environment of every test.
        let script = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(script.path(), "echo ${CARGO-nothing} > \"$1\"\n").expect("written");
        let editor = format!("sh {}", script.path().display());
        assert_eq!(write(&editor, &["CARGO".to_owned()]).expect("a text"), "nothing\n");
        for editor in ["true", "false", "/nowhere/editor"] {
            assert_eq!(write(editor, &[]).expect_err(editor).kind(), Kind::Usage, "{editor}");
        }
    }
}
