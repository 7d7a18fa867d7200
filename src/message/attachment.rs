//! A file that travels with a message, as the part that it becomes.
//!
//! Its octets stay where they are; only what stands in front of them is written here. Reads no file.
//! RFC 2045 §6; RFC 2046 §5.2.1; RFC 2183; RFC 2231.

use super::armour::Armour;
use super::build::LINE_MAX;
use super::line_ends;
use crate::error::{Error, Kind, Result};
use crate::world::Content;
use mail_builder::headers::content_type::ContentType;
use mail_builder::mime::MimePart;
use std::sync::Arc;

/// Characters of a file name for readers that know no other than ASCII.
const PLAIN_NAME_MAX: usize = 60;

/// A file that travels with a message.
#[derive(Clone)]
pub struct Attachment {
    /// The name the reader sees; a path is cut to its last component by the caller.
    pub name: String,
    /// `application/pdf`
    pub media_type: String,
    /// The octets.
    pub content: Arc<dyn Content>,
    /// Shown in place rather than listed.
    pub inline: bool,
}

/// A part as it stands in a message.
pub(super) struct Part {
    /// Its fields, and the empty line.
    pub(super) header: Vec<u8>,
    /// What stands behind them.
    pub(super) content: Arc<dyn Content>,
    /// Whether that has octets above 127.
    pub(super) eight_bit: bool,
}

/// Decides how an attachment is written down.
pub(super) fn part(attachment: &Attachment) -> Result<Part> {
    let is_message = attachment.media_type.eq_ignore_ascii_case("message/rfc822");
    let mut media_type = attachment.media_type.as_str();
    let (mut encoding, mut eight_bit) = ("base64", false);
    let mut content: Arc<dyn Content> = attachment.content.clone();
    if is_message {
        let unreadable = |error| Error::new(Kind::Io, format!("cannot read {}", attachment.name)).caused_by(error);
        let survey = line_ends::survey(&*content).map_err(unreadable)?;
        // RFC 2046 §5.2.1: a message is not encoded. One that cannot go as it is goes as octets.
        if survey.bare_cr.is_none() && !survey.has_nul && survey.longest.1 <= LINE_MAX as u64 {
            eight_bit = survey.is_eight_bit;
            encoding = if eight_bit { "8bit" } else { "7bit" };
            content = survey.with_crlf(content);
        } else {
            media_type = "application/octet-stream";
        }
    }
    if encoding == "base64" {
        content = Arc::new(Armour::new(content));
    }
    let kind = if attachment.inline { "inline" } else { "attachment" };
    let mut disposition = ContentType::new(kind);
    if !attachment.name.is_ascii() {
        // RFC 2231 has no word for readers that do not know it; they take the parameter without the star.
        disposition = disposition.attribute("filename", plain_name(&attachment.name));
    }
    let disposition = disposition.attribute("filename", attachment.name.as_str());
    let mut header = Vec::new();
    MimePart::new(ContentType::new(media_type), &b""[..])
        .header("Content-Disposition", disposition)
        .transfer_encoding(encoding)
        .write_part(&mut header);
    Ok(Part { header, content, eight_bit })
}

/// A name in ASCII that resembles one beyond it, short enough for one line.
fn plain_name(name: &str) -> String {
    let plain: Vec<char> = name.chars().map(|c| if c.is_ascii() && !"\"\\%".contains(c) { c } else { '_' }).collect();
    let over = plain.len().saturating_sub(PLAIN_NAME_MAX);
    // What is too much is cut out before the extension.
    let keep = plain.len().saturating_sub(12 + over);
    plain.iter().take(keep).chain(plain.iter().skip(keep + over)).collect()
}

/// A part whose content comes behind it.
pub(super) fn empty<'p>(kind: ContentType<'p>, encoding: &'p str) -> MimePart<'p> {
    MimePart::new(kind, &b""[..]).transfer_encoding(encoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_a_form_for_old_readers() {
        for (name, wanted) in [
            ("Grüße.pdf", "Gr__e.pdf".to_owned()),
            ("é\"\\%", "____".to_owned()),
            (&format!("{}.tar.gz", "ü".repeat(90)), format!("{}.tar.gz", "_".repeat(53))),
        ] {
            assert_eq!(plain_name(name), wanted);
        }
    }
}
