//! Each decoder alone: transfer encodings, encoded words, parameters, dates, addresses, ids, charsets.
//!
//! The first octet chooses a charset, the rest is what is decoded.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mailkit::message::address_list::{self, NameAddr};
use mailkit::message::media::{Disposition, MediaType};
use mailkit::message::transfer::{self, Encoding};
use mailkit::message::{date, id, uuencode, words};

const CHARSETS: [&str; 14] = [
    "utf-8",
    "us-ascii",
    "iso-8859-1",
    "utf-7",
    "utf-16",
    "utf-32",
    "hz-gb-2312",
    "iso-2022-kr",
    "iso-2022-jp",
    "cp437",
    "gb18030",
    "big5",
    "shift_jis",
    "koi8-r",
];

fuzz_target!(|octets: &[u8]| {
    let Some((first, octets)) = octets.split_first() else { return };
    words::decode_charset(CHARSETS[usize::from(*first) % CHARSETS.len()], octets);
    let decoded = transfer::decode_base64(octets).content;
    assert!(decoded.len() <= octets.len() / 4 * 3 + 3);
    assert!(transfer::decode_quoted_printable(octets).content.len() <= octets.len() + 2);
    let mut encoded = Vec::new();
    transfer::encode_quoted_printable(octets, &mut encoded);
    assert!(transfer::decode_quoted_printable(&encoded).clean);
    Encoding::parse(octets).decode(octets);
    uuencode::find(octets).iter().for_each(|file| drop(file.decode(octets)));
    words::decode(octets);
    date::parse(octets);
    date::day(octets);
    id::parse_list(octets);
    let entries = address_list::parse(octets);
    for mailbox in address_list::mailboxes(&entries) {
        NameAddr::person(mailbox);
        if let Ok(address) = mailbox.address() {
            let printed = address.to_string();
            let again = address_list::parse(printed.as_bytes());
            let again = address_list::mailboxes(&again).next().and_then(|mailbox| mailbox.address().ok());
            assert_eq!(again.map(|address| address.to_string()).as_deref(), Some(printed.as_str()));
        }
    }
    for parameters in MediaType::parse(octets)
        .map(|media| media.parameters)
        .into_iter()
        .chain(Disposition::parse(octets).map(|d| d.parameters))
    {
        parameters.0.iter().for_each(|(name, _)| drop(parameters.get(name)));
    }
});
