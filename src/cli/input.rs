//! Files that the user names, read whole.
//!
//! A device or a pipe may never end: a limit makes an error of that, and not the end of all memory.

use mailkit::account::read_text;
use mailkit::error::{Error, Kind, Result};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Octets of a message or an attachment; what is larger is no mail anybody could have sent.
const MESSAGE_MAX: u64 = 512 * 1024 * 1024;

/// A message; `-` is standard input.
pub(super) fn message(path: &Path) -> Result<Vec<u8>> {
    match path.as_os_str() == "-" {
        true => up_to(MESSAGE_MAX, path, io::stdin().lock()),
        false => file(path),
    }
}

/// An attachment.
pub(super) fn file(path: &Path) -> Result<Vec<u8>> {
    let file = File::open(path).map_err(|error| Error::input(path, error))?;
    up_to(MESSAGE_MAX, path, file)
}

/// Settings: users, certificates.
pub(super) fn text(path: &Path) -> Result<String> {
    read_text(path).map_err(|error| Error::input(path, error))
}

fn up_to(max: u64, path: &Path, reader: impl Read) -> Result<Vec<u8>> {
    let mut octets = Vec::new();
    reader.take(max + 1).read_to_end(&mut octets).map_err(|error| Error::input(path, error))?;
    if octets.len() as u64 > max {
        let size = format!("it is larger than {} MiB", max / 1024 / 1024);
        return Err(Error::new(Kind::Data, format!("cannot read {}", path.display())).caused_by(size));
    }
    Ok(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_ends_is_an_error_and_costs_no_more_than_the_limit() {
        let endless = Path::new("/dev/zero");
        let error = up_to(2 * 1024 * 1024, endless, io::repeat(0)).expect_err("it has no end");
        assert_eq!(error.kind(), Kind::Data);
        assert!(error.to_string().contains("larger than 2 MiB"), "{error}");
        assert!(text(endless).is_err());
    }
}
