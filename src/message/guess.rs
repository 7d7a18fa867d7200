//! Guesses about what a user meant, good enough for a question and not for a decision.
//!
//! Only ever used to warn, or to fill in what nobody said. Pure. RFC 5322 §2.2; RFC 2046.

use super::field::{colon_of, first_line, is_continuation, is_empty_line};

/// Fields that make a block of lines a header section rather than a list.
const TELLING: [&str; 14] = [
    "From",
    "To",
    "Cc",
    "Bcc",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "Received",
    "Return-Path",
    "Reply-To",
    "In-Reply-To",
    "Resent-From",
];

/// Words that announce an attachment, in lower case.
const ATTACHED: [&str; 22] = [
    "attach",
    "attached",
    "attaching",
    "attachment",
    "attachments",
    "enclosed",
    "anbei",
    "anhang",
    "angehängt",
    "angehängte",
    "beigefügt",
    "beigefügte",
    "ci-joint",
    "ci-jointe",
    "jointe",
    "adjunto",
    "adjunta",
    "allegato",
    "allegati",
    "bijlage",
    "anexo",
    "bifogad",
];

/// Media types by extension, in the order of the extensions.
const TYPES: [(&str, &str); 66] = [
    ("7z", "application/x-7z-compressed"),
    ("aac", "audio/aac"),
    ("asc", "text/plain"),
    ("avif", "image/avif"),
    ("bmp", "image/bmp"),
    ("bz2", "application/x-bzip2"),
    ("c", "text/plain"),
    ("conf", "text/plain"),
    ("css", "text/css"),
    ("csv", "text/csv"),
    ("diff", "text/x-diff"),
    ("doc", "application/msword"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("eml", "message/rfc822"),
    ("epub", "application/epub+zip"),
    ("flac", "audio/flac"),
    ("gif", "image/gif"),
    ("gz", "application/gzip"),
    ("h", "text/plain"),
    ("heic", "image/heic"),
    ("htm", "text/html"),
    ("html", "text/html"),
    ("ics", "text/calendar"),
    ("ini", "text/plain"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("js", "text/javascript"),
    ("json", "application/json"),
    ("log", "text/plain"),
    ("m4a", "audio/mp4"),
    ("md", "text/markdown"),
    ("mkv", "video/matroska"),
    ("mov", "video/quicktime"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("mpeg", "video/mpeg"),
    ("odp", "application/vnd.oasis.opendocument.presentation"),
    ("ods", "application/vnd.oasis.opendocument.spreadsheet"),
    ("odt", "application/vnd.oasis.opendocument.text"),
    ("ogg", "audio/ogg"),
    ("opus", "audio/opus"),
    ("p7s", "application/pkcs7-signature"),
    ("patch", "text/x-diff"),
    ("pdf", "application/pdf"),
    ("pgp", "application/octet-stream"),
    ("png", "image/png"),
    ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("ps", "application/postscript"),
    ("py", "text/x-python"),
    ("rs", "text/plain"),
    ("rtf", "application/rtf"),
    ("sh", "application/x-sh"),
    ("svg", "image/svg+xml"),
    ("tar", "application/x-tar"),
    ("tgz", "application/gzip"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("toml", "application/toml"),
    ("txt", "text/plain"),
    ("vcf", "text/vcard"),
    ("wav", "audio/wav"),
    ("webm", "video/webm"),
    ("webp", "image/webp"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("xml", "application/xml"),
    ("zip", "application/zip"),
];

/// The media type of a file by its name; octets if nobody knows.
pub fn media_type(name: &str) -> &'static str {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default();
    let found = TYPES.binary_search_by_key(&extension.as_str(), |(known, _)| known);
    found.ok().and_then(|at| TYPES.get(at)).map_or("application/octet-stream", |(_, media_type)| media_type)
}

/// The extension that files of a media type usually have.
pub fn extension(media_type: &str) -> Option<&'static str> {
    // Of several the one that most people would write.
    let usual = ["txt", "html", "jpg", "md", "mp4", "tiff"];
    let all = || TYPES.iter().filter(|(_, known)| *known == media_type).map(|(extension, _)| *extension);
    all().find(|extension| usual.contains(extension)).or_else(|| all().next())
}

/// Whether a text that should be a body looks like a complete message: lines that are all header fields up to an
/// empty one, and names among them that only a message has. One field alone proves little, unless it is a subject.
pub fn looks_complete(text: &[u8]) -> bool {
    let (mut rest, mut count, mut telling, mut has_subject) = (text, 0, 0, false);
    loop {
        let line = first_line(rest);
        if line.is_empty() || is_empty_line(line) {
            let is_ended = !line.is_empty();
            return is_ended && telling > 0 && (count > 1 || has_subject);
        }
        rest = &rest[line.len()..];
        if count > 0 && is_continuation(line) {
            continue;
        }
        let Some(colon) = colon_of(line) else { return false };
        let name = line[..colon].trim_ascii_end();
        count += 1;
        telling += usize::from(TELLING.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes())));
        has_subject |= name.eq_ignore_ascii_case(b"Subject");
    }
}

/// Whether a text speaks of an attachment; what it quotes, and its signature, do not count.
pub fn mentions_attachment(text: &str) -> bool {
    let own = text.lines().take_while(|line| *line != "-- ").filter(|line| !line.starts_with('>'));
    own.flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '-'))
        .any(|word| ATTACHED.contains(&word.to_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_in_order_and_found_by_extension() {
        assert!(TYPES.is_sorted());
        for (name, wanted) in [
            ("report.PDF", "application/pdf"),
            ("a.b.tgz", "application/gzip"),
            ("message.eml", "message/rfc822"),
            ("Makefile", "application/octet-stream"),
            ("x.unheard-of", "application/octet-stream"),
            ("", "application/octet-stream"),
        ] {
            assert_eq!(media_type(name), wanted, "{name}");
        }
        for (media_type, wanted) in
            [("image/jpeg", Some("jpg")), ("text/plain", Some("txt")), ("image/svg+xml", Some("svg")), ("a/b", None)]
        {
            assert_eq!(extension(media_type), wanted, "{media_type}");
        }
    }

    #[test]
    fn a_whole_message_is_told_from_a_text() {
        for (text, wanted) in [
            ("From: a@x\nTo: b@x\n\ntext\n", true),
            ("Subject: hello\r\n\r\ntext\r\n", true),
            ("to: b@x\nX-Mine: y\n folded\n\ntext", true),
            ("Received: by x\n\tfor y\nDate: today\n\n", true),
            ("To: do list\n\nmilk\n", false),
            ("Note: buy milk\nThen: go home\n\n", false),
            ("From: a@x\nTo: b@x\nno field\n\n", false),
            ("From: a@x\nTo: b@x\n", false),
            ("Hello Bob,\nSubject: x\n\n", false),
            ("\nSubject: x\n\n", false),
            ("", false),
        ] {
            assert_eq!(looks_complete(text.as_bytes()), wanted, "{text:?}");
        }
    }

    #[test]
    fn a_forgotten_attachment_is_noticed_in_what_one_writes_oneself() {
        for (text, wanted) in [
            ("See the attached file.", true),
            ("Anbei die Rechnung", true),
            ("Vous trouverez ci-joint le rapport", true),
            ("The file is ATTACHED!", true),
            ("We are very attentive", false),
            ("> see attached\nThanks", false),
            ("Thanks\n-- \nattached to the sea", false),
            ("", false),
        ] {
            assert_eq!(mentions_attachment(text), wanted, "{text:?}");
        }
    }
}
