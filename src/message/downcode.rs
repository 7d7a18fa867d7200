//! An eight-bit message in seven bits, for servers that take no other.
//!
//! Each leaf with octets above 127 becomes quoted-printable or base64, and says so; what stands around it stays.
//! Where that would break a signature, or where no encoding is allowed, the message is refused instead.
//! Holds the message while it works, so there is a limit. RFC 6152 §3; RFC 2045 §6.2, §6.4; RFC 2046 §5.2.1; RFC 1428.

use super::field;
use super::guard::{self, Block, BlockKind, Limits, Verdict};
use super::rope::{self, Rope};
use super::transfer::{Encoding, encode_quoted_printable};
use crate::error::{Error, Kind, Result};
use crate::world::Content;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

/// Octets of a message that is turned; so much text nobody writes, and files are in base64 already.
const SIZE_MAX: u64 = 24 * 1024 * 1024;

/// Fields that sign the message they stand in.
const SIGNATURES: [&str; 4] = ["DKIM-Signature", "ARC-Message-Signature", "ARC-Seal", "DomainKey-Signature"];

/// Turns a message with CRLF line ends into seven bits; one that has no octet above 127 stays as it is. Returns an
/// error of kind `Data` that says why it cannot be.
///
/// Needs memory for the message and for what is changed in it; larger ones than 24 MiB are refused.
pub fn downcode(message: &dyn Content) -> Result<Rope<'_>> {
    if message.size() > SIZE_MAX {
        return Err(refused(&format!("it is larger than {} MiB", SIZE_MAX / 1024 / 1024)));
    }
    let octets = rope::octets(message, 0..SIZE_MAX)
        .map_err(|error| Error::new(Kind::Io, "cannot read the message").caused_by(error))?;
    let verdict = guard::check(&octets, &Limits::default());
    let edits = edits(&octets, &verdict)?;
    let whole: Arc<dyn Content + '_> = Arc::new(message);
    let (mut rope, mut at) = (Rope::new(), 0);
    for (range, new) in edits {
        stay(&mut rope, &whole, &octets, at..range.start);
        rope.push_octets(new);
        at = range.end;
    }
    stay(&mut rope, &whole, &octets, at..octets.len());
    Ok(rope)
}

/// Adds what stays. Between the parts there may be words for readers without MIME, which nobody needs to the letter.
fn stay<'m>(rope: &mut Rope<'m>, whole: &Arc<dyn Content + 'm>, octets: &[u8], range: Range<usize>) {
    let kept = octets.get(range.clone()).unwrap_or_default();
    match kept.is_ascii() {
        true => rope.push_range(whole.clone(), range.start as u64..range.end as u64),
        false => rope.push_octets(kept.iter().map(|o| if o.is_ascii() { *o } else { b'?' }).collect::<Vec<u8>>()),
    }
}

/// What is written in the place of what, in order.
fn edits(octets: &[u8], verdict: &Verdict) -> Result<Vec<(Range<usize>, Vec<u8>)>> {
    let is_eight_bit = |range: &Range<usize>| !octets[range.clone()].is_ascii();
    let blocks = &verdict.blocks;
    let leaf = |block: &Block| block.kind == BlockKind::Leaf && is_eight_bit(&block.body);
    let leaves: Vec<usize> = (0..blocks.len()).filter(|index| leaf(&blocks[*index])).collect();
    if let Some(block) = blocks.iter().find(|block| is_eight_bit(&block.header)) {
        let whose = if block.parent.is_none() { "its header section has" } else { "the fields of a part have" };
        return Err(refused(&format!("{whose} octets beyond ASCII, which no encoding changes")));
    }
    let mut changed: BTreeSet<usize> = leaves.iter().copied().collect();
    for leaf in &leaves {
        let mut above = blocks[*leaf].parent;
        while let Some(index) = above {
            changed.insert(index);
            above = blocks[index].parent;
        }
    }
    if let Some(signature) = (!changed.is_empty()).then(|| signature(octets, blocks, &changed)).flatten() {
        return Err(refused(&format!("it is signed ({signature}), and the signature would no longer hold")));
    }
    let mut edits = Vec::new();
    for index in changed {
        let block = &blocks[index];
        if block.kind != BlockKind::Leaf {
            if !matches!(block.encoding, Encoding::SevenBit) {
                edits.push((block.header.clone(), header(octets, block, None, index == 0)));
            }
            continue;
        }
        let (encoding, body) = encoded(octets, block)?;
        edits.push((block.header.clone(), header(octets, block, Some(encoding), index == 0)));
        edits.push((block.body.clone(), body));
    }
    edits.sort_by_key(|(range, _)| range.start);
    Ok(edits)
}

/// What signs something that would be changed.
fn signature(octets: &[u8], blocks: &[Block], changed: &BTreeSet<usize>) -> Option<String> {
    let header = blocks.first().map(|root| &octets[root.header.clone()]).unwrap_or_default();
    let in_header = SIGNATURES.iter().find(|name| field::fields(header).any(|field| field.is(name)));
    let is_signed = |block: &&Block| {
        block.media.is("multipart", "signed")
            || block.media.is("application", "pkcs7-mime")
            || block.media.is("application", "x-pkcs7-mime")
    };
    let within = changed.iter().filter_map(|index| blocks.get(*index)).find(is_signed);
    in_header.map(|name| (*name).to_owned()).or_else(|| within.map(|block| block.media.to_string()))
}

/// A leaf's body in seven bits.
fn encoded(octets: &[u8], block: &Block) -> Result<(Encoding, Vec<u8>)> {
    let body = &octets[block.body.clone()];
    // RFC 2045 §6.4: these two may not be encoded at all.
    if block.media.main == "multipart" || block.media.is_message() {
        return Err(refused(&format!("its structure cannot be read ({})", block.media)));
    }
    if block.encoding == Encoding::Unknown {
        return Err(refused("a part has an encoding that is not known here"));
    }
    // What broke the encoding that was declared is left out, as readers do.
    let content = block.encoding.decode(body).content;
    let is_text = matches!(block.media.main.as_str(), "text" | "message");
    let above = content.iter().filter(|octet| !octet.is_ascii()).count();
    let is_at_end = block.body.end == octets.len();
    if is_text && above <= content.len() / 6 {
        let mut out = Vec::with_capacity(content.len() + above * 2 + content.len() / 50);
        encode_quoted_printable(&content, &mut out);
        return Ok((Encoding::QuotedPrintable, out));
    }
    let mut out = Vec::with_capacity(content.len() / 57 * 78 + 80);
    for line in content.chunks(57) {
        out.extend_from_slice(STANDARD.encode(line).as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    if !is_at_end {
        // The line end in front of a boundary belongs to the boundary.
        out.truncate(out.len().saturating_sub(2));
    }
    Ok((Encoding::Base64, out))
}

/// A header section with another encoding, or with none, and with what a reader needs to heed it.
fn header(octets: &[u8], block: &Block, encoding: Option<Encoding>, is_root: bool) -> Vec<u8> {
    let old = &octets[block.header.clone()];
    // Up to the empty line, if there is one.
    let fields_end = match old {
        b"\r\n" => 0,
        _ if old.ends_with(b"\r\n\r\n") => old.len() - 2,
        _ => old.len(),
    };
    let (mut new, mut at) = (Vec::with_capacity(old.len() + 128), 0);
    let (mut has_version, mut has_type) = (false, false);
    for field in field::fields(&old[..fields_end]) {
        has_version |= field.is("MIME-Version");
        has_type |= field.is("Content-Type");
        if field.is("Content-Transfer-Encoding") {
            new.extend_from_slice(&old[at..field.at.start]);
            at = field.at.end;
        }
    }
    new.extend_from_slice(&old[at..fields_end]);
    if is_root && !has_version {
        new.extend_from_slice(b"MIME-Version: 1.0\r\n");
    }
    if let Some(encoding) = encoding {
        if !has_type {
            // RFC 1428 §3: nobody said what these octets mean, and nobody here makes it up.
            let is_utf8 = std::str::from_utf8(&octets[block.body.clone()]).is_ok();
            let charset = if is_utf8 { "utf-8" } else { "unknown-8bit" };
            new.extend_from_slice(format!("Content-Type: {}; charset={charset}\r\n", block.media).as_bytes());
        }
        new.extend_from_slice(format!("Content-Transfer-Encoding: {}\r\n", encoding.name()).as_bytes());
    }
    new.extend_from_slice(b"\r\n");
    new
}

fn refused(why: &str) -> Error {
    Error::new(Kind::Data, "the message cannot be turned into seven bits")
        .caused_by(why.to_owned())
        .hint("send it by a server that offers 8BITMIME")
}

#[cfg(test)]
mod tests {
    use super::super::view::Message;
    use super::*;
    use proptest::prelude::*;

    fn turned(source: &str) -> Result<String> {
        let octets = source.replace('\n', "\r\n").into_bytes();
        let rope = downcode(&octets)?;
        let text = String::from_utf8(rope.to_vec().expect("in memory")).expect("seven bits");
        assert!(text.is_ascii() && text.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n'])));
        Ok(text.replace("\r\n", "\n"))
    }

    #[test]
    fn leaves_are_encoded_and_say_so_while_all_else_stays() {
        for (source, wanted) in [
            ("Subject: x\n\nplain\n", "Subject: x\n\nplain\n"),
            (
                "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\nMIME-Version: 1.0\n\nThe crêpes\n",
                "Content-Type: text/plain; charset=utf-8\nMIME-Version: 1.0\nContent-Transfer-Encoding: quoted-printable\n\nThe cr=C3=AApes\n",
            ),
            // Nobody declared anything.
            (
                "Subject: x\n\nThe crêpes\n",
                "Subject: x\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\
                 Content-Transfer-Encoding: quoted-printable\n\nThe cr=C3=AApes\n",
            ),
            (
                "no field: the crêpes\n",
                "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\
                 Content-Transfer-Encoding: quoted-printable\n\nno field: the cr=C3=AApes\n",
            ),
            // What is mostly beyond ASCII is shorter in base64.
            (
                "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\nблины\n",
                "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n0LHQu9C40L3Riw0K\n",
            ),
            (
                "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: 8bit\n\nprélude\n\
                 --b\n\nplain\n--b\nContent-Type: application/x\nContent-Transfer-Encoding: binary\n\ndéjà\n--b--\n",
                "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\npr??lude\n\
                 --b\n\nplain\n--b\nContent-Type: application/x\nContent-Transfer-Encoding: base64\n\nZMOpasOg\n--b--\n",
            ),
            (
                "MIME-Version: 1.0\nContent-Type: message/rfc822\nContent-Transfer-Encoding: 8bit\n\nSubject: y\n\nThe crêpes\n",
                "MIME-Version: 1.0\nContent-Type: message/rfc822\n\nSubject: y\nContent-Type: text/plain; charset=utf-8\n\
                 Content-Transfer-Encoding: quoted-printable\n\nThe cr=C3=AApes\n",
            ),
        ] {
            assert_eq!(turned(source).expect(source), wanted, "{source}");
        }
        let unknown = b"Subject: x\r\n\r\nThe cr\xeapes\r\n".to_vec();
        let text = downcode(&unknown).expect("in seven bits").to_vec().expect("in memory");
        assert!(text.windows(12).any(|window| window == b"unknown-8bit") && text.ends_with(b"\r\nThe cr=EApes\r\n"));
    }

    #[test]
    fn what_would_break_is_refused_with_the_reason() {
        const SIGNED: &str = "Content-Type: multipart/signed; boundary=b\n\n--b\n\ncrêpes\n--b\n\nsignature\n--b--\n";
        for (source, why) in [
            ("DKIM-Signature: v=1\n\ncrêpes\n", "DKIM-Signature"),
            ("ARC-Seal: i=1\n\ncrêpes\n", "ARC-Seal"),
            (SIGNED, "multipart/signed"),
            ("Content-Type: application/pkcs7-mime\n\ncrêpes\n", "application/pkcs7-mime"),
            ("Subject: crêpes\n\n", "header section"),
            ("Content-Type: multipart/mixed\n\ncrêpes\n", "structure"),
            ("Content-Transfer-Encoding: x-mine\n\ncrêpes\n", "encoding"),
        ] {
            let error = turned(source).expect_err(source);
            assert!(error.kind() == Kind::Data && error.to_string().contains(why), "{error}");
        }
        // Where nothing is changed nothing breaks.
        for source in ["DKIM-Signature: v=1\n\nplain\n".to_owned(), SIGNED.replace('ê', "e")] {
            assert_eq!(turned(&source).expect("it is in seven bits"), source);
        }
    }

    proptest! {
        #[test]
        fn contents_come_back_as_they_were(
            texts in proptest::collection::vec(("[a-z.=é\r\n ]{0,60}", any::<bool>()), 1..5), end in "(\r\n)?",
        ) {
            let mut source = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=_b\"\r\n\r\n".to_owned();
            let mut wanted = Vec::new();
            for (text, is_text) in texts {
                // Blanks at the end of a line are what quoted-printable keeps and readers of plain text drop.
                let text: String = text.replace('\r', "").split('\n').map(str::trim_end).collect::<Vec<_>>().join("\r\n");
                let kind = if is_text { "text/plain; charset=utf-8" } else { "application/x" };
                source += &format!("--=_b\r\nContent-Type: {kind}\r\n\r\n{text}\r\n");
                wanted.push(text);
            }
            source += "--=_b--";
            source += &end;
            let source = source.into_bytes();
            let turned = downcode(&source).unwrap().to_vec().unwrap();
            prop_assert!(turned.is_ascii());
            let message = Message::parse(&turned);
            for (index, text) in wanted.iter().enumerate() {
                let part = message.part(&(index + 1).to_string()).unwrap();
                prop_assert_eq!(&message.content(part).content[..], text.as_bytes());
            }
        }
    }
}
