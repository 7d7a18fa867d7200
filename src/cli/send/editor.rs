//! A text from the user's editor, for whoever has a terminal and no text yet.

use super::super::editor;
use mailkit::error::{Error, Kind, Result};
use std::io::Read;

/// Octets of a text that somebody typed.
const TYPED_MAX: u64 = 16 * 1024 * 1024;

/// Lets the user write a text. Nothing written means that nothing is to be sent. The editor is not given the variables
/// `hidden`.
pub(super) fn write(editor: &str, hidden: &[String]) -> Result<String> {
    let failed = |error| Error::new(Kind::CannotCreate, "no file for the editor").caused_by(error);
    let file = tempfile::Builder::new().prefix("mailkit-").suffix(".txt").tempfile().map_err(failed)?;
    editor::open(editor, file.path(), hidden).map_err(|error| error.hint("nothing was sent"))?;
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
