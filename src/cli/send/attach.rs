//! `-a`: which file travels with the message, and under what name and type.
//!
//! `PATH[;type=T][;name=N][;disposition=D]`. What follows a semicolon is an option only if it is one of these
//! three: file names may have semicolons too.

use super::super::input;
use mailkit::error::{Error, Kind, Result};
use mailkit::message::build::Attachment;
use mailkit::message::guess;
use std::path::Path;

/// An attachment as it was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Spec<'a> {
    pub(super) path: &'a Path,
    media_type: Option<&'a str>,
    name: Option<&'a str>,
    inline: bool,
}

impl<'a> Spec<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self> {
        let mut spec = Spec { path: Path::new(text), media_type: None, name: None, inline: false };
        let mut rest = text;
        while let Some((before, option)) = rest.rsplit_once(';') {
            match option.trim_start().split_once('=') {
                Some(("type", value)) => spec.media_type = Some(value),
                Some(("name", value)) => spec.name = Some(value),
                Some(("disposition", "inline")) => spec.inline = true,
                Some(("disposition", "attachment")) => spec.inline = false,
                Some(("disposition", value)) => {
                    let what = format!("--attach {text}: {value:?} is neither inline nor attachment");
                    return Err(Error::new(Kind::Usage, what));
                }
                _ => break,
            }
            (rest, spec.path) = (before, Path::new(before));
        }
        if spec.path.as_os_str().is_empty() {
            return Err(Error::new(Kind::Usage, format!("--attach {text}: no file is named")));
        }
        Ok(spec)
    }

    pub(super) fn is_input(&self) -> bool {
        self.path == Path::new(input::STDIN)
    }

    /// Opens the file. Of a name only the last component goes with it.
    pub(super) fn open(&self) -> Result<Attachment> {
        let own =
            if self.is_input() { "input".into() } else { self.path.file_name().unwrap_or_default().to_string_lossy() };
        let name = self.name.unwrap_or(&own).to_owned();
        let media_type = self.media_type.unwrap_or_else(|| guess::media_type(&name)).to_owned();
        Ok(Attachment { content: input::content(self.path)?, name, media_type, inline: self.inline })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_follow_the_path_and_other_semicolons_belong_to_it() {
        let spec = |path, media_type, name, inline| Spec { path: Path::new(path), media_type, name, inline };
        for (text, wanted) in [
            ("a.pdf", spec("a.pdf", None, None, false)),
            ("-;name=log.txt", spec("-", None, Some("log.txt"), false)),
            ("x;type=a/b; name=y;disposition=inline", spec("x", Some("a/b"), Some("y"), true)),
            ("a;b.txt", spec("a;b.txt", None, None, false)),
            ("a;b;name=c", spec("a;b", None, Some("c"), false)),
            ("a;name=b=c;disposition=attachment", spec("a", None, Some("b=c"), false)),
        ] {
            assert_eq!(Spec::parse(text).ok(), Some(wanted), "{text}");
        }
        for text in ["", ";name=x", "a;disposition=hidden"] {
            assert_eq!(Spec::parse(text).map_err(|error| error.kind()), Err(Kind::Usage), "{text}");
        }
    }
}
