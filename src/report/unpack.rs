//! Documents as reports carry them: plain, in gzip, in a zip archive.
//!
//! Whoever packs them decides how large they become, so what comes out is bounded by size and by ratio, and a document
//! is unpacked beyond its beginning only when that is the beginning of a report. Knows nothing of what stands in it.
//! RFC 1952; RFC 7489 §7.2.1.1 and RFC 8460 §5.3 for what is used.

use flate2::bufread::{DeflateDecoder, MultiGzDecoder};
use rawzip::{CompressionMethod, ZipArchive};
use std::borrow::Cow;
use std::io::Read;

/// The largest reports of the largest providers have a tenth of it.
const SIZE_MAX: usize = 64 * 1024 * 1024;
/// Reports of a single sender, row after row the same, shrink to a hundredth; a bomb to less than a thousandth.
const RATIO_MAX: usize = 250;
/// However well it was packed, so much harms nobody.
const SIZE_FREE: usize = 1024 * 1024;
/// Octets by which a document is recognised.
const HEAD: usize = 4 * 1024;
/// Files of an archive that are looked at; reports come alone.
const FILES_MAX: usize = 16;

/// The document in a content, if its beginning is wanted. An error says why something that began well cannot be had.
pub(super) fn document(content: &[u8], is_wanted: impl Fn(&[u8]) -> bool) -> Result<Option<Cow<'_, [u8]>>, String> {
    match content {
        [0x1f, 0x8b, ..] => {
            unpack(MultiGzDecoder::new(content), content.len(), is_wanted).map(|found| found.map(Cow::Owned))
        }
        [b'P', b'K', 3, 4, ..] => archive(content, is_wanted).map(|found| found.map(Cow::Owned)),
        _ => Ok(is_wanted(head(content)).then_some(Cow::Borrowed(content))),
    }
}

fn head(content: &[u8]) -> &[u8] {
    content.get(..HEAD).unwrap_or(content)
}

/// The first file of an archive that is wanted. An archive that cannot be read may be anything, so it is no error.
fn archive(content: &[u8], is_wanted: impl Fn(&[u8]) -> bool) -> Result<Option<Vec<u8>>, String> {
    let Ok(archive) = ZipArchive::from_slice(content) else { return Ok(None) };
    let mut entries = archive.entries();
    for _ in 0..FILES_MAX {
        let Ok(Some(entry)) = entries.next_entry() else { break };
        let Ok(file) = archive.get_entry(entry.wayfinder()) else { continue };
        let packed = file.data();
        let found = match entry.compression_method() {
            CompressionMethod::STORE => unpack(packed, packed.len(), &is_wanted)?,
            CompressionMethod::DEFLATE => unpack(DeflateDecoder::new(packed), packed.len(), &is_wanted)?,
            _ => None,
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Unpacks what was packed into so many octets.
fn unpack(mut packed: impl Read, size: usize, is_wanted: impl Fn(&[u8]) -> bool) -> Result<Option<Vec<u8>>, String> {
    let mut content = Vec::new();
    // What breaks before it could be recognised is not known to be a report.
    let begun = packed.by_ref().take(HEAD as u64).read_to_end(&mut content);
    if !is_wanted(&content) {
        return Ok(None);
    }
    let most = size.saturating_mul(RATIO_MAX).clamp(SIZE_FREE, SIZE_MAX);
    let rest = (most - HEAD) as u64 + 1;
    begun
        .and_then(|_| packed.take(rest).read_to_end(&mut content))
        .map_err(|error| format!("it cannot be unpacked: {error}"))?;
    match content.len() > most {
        true => Err(format!("it unpacks from {size} octets to more than {most}, which no report does")),
        false => Ok(Some(content)),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder};
    use proptest::prelude::*;
    use std::io::Write;

    /// In gzip.
    pub(in super::super) fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(content).and_then(|()| encoder.finish()).expect("into memory")
    }

    /// A zip archive of these files.
    pub(in super::super) fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut octets = Vec::new();
        let mut archive = rawzip::ZipArchiveWriter::new(&mut octets);
        for (name, content) in files {
            let (mut entry, config) =
                archive.new_file(name).compression_method(CompressionMethod::DEFLATE).start().expect("a file");
            let mut writer = config.wrap(DeflateEncoder::new(&mut entry, Compression::best()));
            writer.write_all(content).expect("into memory");
            let (encoder, descriptor) = writer.finish().expect("into memory");
            encoder.finish().expect("into memory");
            entry.finish(descriptor).expect("into memory");
        }
        archive.finish().expect("into memory");
        octets
    }

    fn wanted(content: &[u8]) -> bool {
        content.starts_with(b"<feedback")
    }

    #[test]
    fn a_document_is_found_however_it_is_packed() {
        let document = b"<feedback></feedback>".as_slice();
        for (packed, found) in [
            (document.to_vec(), true),
            (gzip(document), true),
            ([gzip(b"<feedback>"), gzip(b"</feedback>")].concat(), true),
            (zip(&[("report.xml", document)]), true),
            (zip(&[("README", b"hello"), ("report.xml", document)]), true),
            (zip(&[("README", b"hello")]), false),
            (gzip(b"hello"), false),
            (b"hello".to_vec(), false),
            (b"PK\x03\x04 and no more".to_vec(), false),
            (b"\x1f\x8b and no more".to_vec(), false),
            (Vec::new(), false),
        ] {
            let unpacked = super::document(&packed, wanted).expect("no error");
            assert_eq!(unpacked.as_deref(), found.then_some(document), "{}", packed.escape_ascii());
        }
    }

    #[test]
    fn a_bomb_is_told_by_its_ratio_and_not_unpacked() {
        let bomb = [b"<feedback>".as_slice(), &vec![b' '; SIZE_FREE * 3]].concat();
        for packed in [gzip(&bomb), zip(&[("report.xml", &bomb)])] {
            let why = super::document(&packed, wanted).expect_err("refused");
            assert!(why.starts_with("it unpacks from ") && why.ends_with(", which no report does"), "{why}");
        }
        let cut = gzip(&bomb);
        assert!(super::document(&cut[..cut.len() / 2], wanted).is_err());
        let harmless = [b"<feedback>".as_slice(), &vec![b' '; SIZE_FREE / 2]].concat();
        assert!(super::document(&gzip(&harmless), wanted).is_ok_and(|found| found.is_some()));
    }

    proptest! {
        #[test]
        fn no_octets_make_the_reader_panic(octets in any::<Vec<u8>>(), at in any::<prop::sample::Index>(), octet: u8) {
            for mut packed in [octets, gzip(b"<feedback>"), zip(&[("a", b"<feedback>")])] {
                if !packed.is_empty() {
                    let at = at.index(packed.len());
                    packed[at] = octet;
                }
                // Whatever comes of it.
                let _ = super::document(&packed, |_| true);
            }
        }
    }
}
