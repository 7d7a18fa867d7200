//! The mail that is measured: ten thousand messages as people send them, and a mailbox of a gibibyte.
//!
//! Made from numbers that only look like chance, so that each run reads the same octets. Nearly a third are plain
//! texts, a quarter has alternatives, most others attachments; a few carry a message, and a few are cut off.

use base64::Engine;
use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;

/// A row of numbers (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> usize {
        (self.next() % end) as usize
    }

    fn one_of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.below(texts.len() as u64)]
    }
}

const WORDS: [&str; 16] = [
    "crepes",
    "ketchup",
    "hamburger",
    "the",
    "of",
    "and",
    "Rechnung",
    "for",
    "meeting",
    "tomorrow",
    "please",
    "Grüße",
    "about",
    "report",
    "attached",
    "with",
];
const NAMES: [&str; 6] =
    ["Alice", "\"Doe, Jane\"", "=?utf-8?q?J=C3=B8rn?=", "Bob B.", "=?iso-8859-1?b?TfxsbGVy?=", "carol"];

/// The message of a number.
pub(crate) fn message(number: u64) -> Vec<u8> {
    let mut numbers = Numbers(number);
    let mut text = header(&mut numbers, number);
    match numbers.below(20) {
        0..6 => {
            text += "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n";
            text += &prose(&mut numbers, 20, 120);
        }
        6..11 => {
            text += &format!("Content-Type: multipart/alternative; boundary=\"alt-{number}\"\n\n");
            alternatives(&mut numbers, &format!("alt-{number}"), &mut text);
        }
        kind @ 11..18 => {
            text += &format!("Content-Type: multipart/mixed; boundary=\"mix-{number}\"\n\nThis is MIME.\n");
            text += &format!("--mix-{number}\nContent-Type: multipart/alternative; boundary=\"alt-{number}\"\n\n");
            alternatives(&mut numbers, &format!("alt-{number}"), &mut text);
            for _ in 0..=kind % 3 {
                attachment(&mut numbers, &format!("mix-{number}"), &mut text);
            }
            text += &format!("--mix-{number}--\n");
        }
        18 => {
            text += &format!("Content-Type: multipart/mixed; boundary=\"fwd-{number}\"\n\n--fwd-{number}\n\n");
            text += &prose(&mut numbers, 2, 5);
            text += &format!("--fwd-{number}\nContent-Type: message/rfc822\n\n");
            text += &header(&mut numbers, number + 1_000_000);
            text += "\n";
            text += &prose(&mut numbers, 20, 100);
            text += &format!("--fwd-{number}--\n");
        }
        _ => {
            text += &format!("Content-Type: multipart/mixed; boundary=\"cut-{number}\"\n\n--cut-{number}\n\n");
            text += &prose(&mut numbers, 5, 50);
            attachment(&mut numbers, &format!("cut-{number}"), &mut text);
        }
    }
    text.into_bytes()
}

fn header(numbers: &mut Numbers, number: u64) -> String {
    let mut text = String::new();
    for hop in 0..2 + numbers.below(5) {
        text += &format!(
            "Received: from mx{hop}.hamburger.example (mx{hop}.hamburger.example [192.0.2.{hop}])\n\tby \
             in.crepes.example with ESMTPS id {:016x}\n\tfor <bob@hamburger.example>; Fri, 20 Nov 2026 12:00:{hop:02} +0000\n",
            numbers.next()
        );
    }
    let subject = (0..2 + numbers.below(6)).map(|_| numbers.one_of(&WORDS)).collect::<Vec<_>>().join(" ");
    text += &format!("DKIM-Signature: v=1; a=rsa-sha256; d=crepes.example; s=one;\n\tb={:0344x}\n", numbers.next());
    text += &format!("From: {} <sender{}@crepes.example>\n", numbers.one_of(&NAMES), numbers.below(500));
    text += &format!("To: {} <bob@hamburger.example>, carol@hamburger.example\n", numbers.one_of(&NAMES));
    text += &format!("Subject: {subject}\nMessage-ID: <{number}.{:x}@crepes.example>\n", numbers.next());
    let (day, hour) = (1 + numbers.below(28), numbers.below(24));
    text += &format!("Date: {day} Nov 2026 {hour:02}:15:00 +0100\nMIME-Version: 1.0\n");
    text
}

fn prose(numbers: &mut Numbers, least: u64, most: u64) -> String {
    let mut text = String::new();
    for _ in 0..least as usize + numbers.below(most) {
        let line: Vec<&str> = (0..6 + numbers.below(6)).map(|_| numbers.one_of(&WORDS)).collect();
        text += &line.join(" ");
        text.push('\n');
    }
    text
}

fn alternatives(numbers: &mut Numbers, boundary: &str, text: &mut String) {
    let plain = prose(numbers, 10, 60);
    let quoted = |text: &str| text.replace('=', "=3D").replace('ü', "=C3=BC").replace('ß', "=C3=9F");
    *text += &format!(
        "--{boundary}\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
    );
    *text += &quoted(&plain);
    *text += &format!(
        "--{boundary}\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
    );
    let html: String = plain.lines().map(|line| format!("<p class=\"x\">{line}</p>\n")).collect();
    *text += &quoted(&html);
    *text += &format!("--{boundary}--\n");
}

fn attachment(numbers: &mut Numbers, boundary: &str, text: &mut String) {
    let octets: Vec<u8> = (0..(1_000 + numbers.below(12_000))).flat_map(|_| numbers.next().to_le_bytes()).collect();
    let encoded = base64::engine::general_purpose::STANDARD.encode(octets);
    let name = numbers.one_of(&["report.pdf", "photo.jpg", "=?utf-8?q?=C3=9Cbersicht.xlsx?=", "notes.txt"]);
    *text += &format!(
        "--{boundary}\nContent-Type: application/octet-stream; name=\"{name}\"\nContent-Transfer-Encoding: base64\n\
         Content-Disposition: attachment; filename=\"{name}\"\n\n"
    );
    for line in encoded.as_bytes().chunks(76) {
        *text += std::str::from_utf8(line).expect("base64 is ASCII");
        text.push('\n');
    }
}

/// A Maildir with so many messages; gives their octets.
pub(crate) fn maildir(root: &Path, count: u64) -> u64 {
    for part in ["cur", "new", "tmp"] {
        fs::create_dir_all(root.join(part)).expect("a directory");
    }
    (0..count)
        .map(|number| {
            let message = message(number);
            fs::write(root.join(format!("cur/{number:06}.bench:2,S")), &message).expect("a message");
            message.len() as u64
        })
        .sum()
}

/// An mbox of at least so many octets; gives how many messages it has.
pub(crate) fn mbox(path: &Path, size: u64) -> u64 {
    let mut file = BufWriter::with_capacity(1 << 20, fs::File::create(path).expect("a file"));
    let (mut written, mut count) = (0, 0);
    while written < size {
        let message = message(count % 20_000);
        file.write_all(b"From sender@crepes.example Fri Nov 20 12:00:00 2026\n").expect("written");
        file.write_all(&message).expect("written");
        file.write_all(b"\n").expect("written");
        written += message.len() as u64 + 53;
        count += 1;
    }
    file.flush().expect("written");
    count
}
