//! A name server on loopback that has texts and nothing else, a thread of the test that asks for it; and messages that
//! `lists.example` signed.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hickory_proto::op::{Message, OpCode, ResponseCode};
use hickory_proto::rr::rdata::TXT;
use hickory_proto::rr::{RData, Record, RecordType};
use std::net::UdpSocket;

/// Its address. Of each name the strings of one text; without any it says that something is wrong with it.
pub(crate) fn server(texts: Vec<(String, Vec<String>)>) -> String {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let address = socket.local_addr().expect("an address").to_string();
    std::thread::spawn(move || {
        let mut buffer = [0; 1500];
        while let Ok((count, from)) = socket.recv_from(&mut buffer) {
            let asked = Message::from_vec(&buffer[..count]).expect("a question");
            let query = asked.queries.first().expect("a question").clone();
            let mut answer = Message::response(asked.metadata.id, OpCode::Query);
            answer.add_query(query.clone());
            let name = query.name().to_string();
            let found = texts.iter().find(|(known, _)| name == format!("{known}."));
            match found.filter(|_| query.query_type() == RecordType::TXT) {
                Some((_, strings)) => {
                    let text = RData::TXT(TXT::new(strings.clone()));
                    answer.add_answer(Record::from_rdata(query.name().clone(), 300, text));
                }
                None if texts.is_empty() => answer.metadata.response_code = ResponseCode::ServFail,
                None => answer.metadata.response_code = ResponseCode::NXDomain,
            }
            socket.send_to(&answer.to_vec().expect("it fits"), from).expect("sent");
        }
    });
    address
}

fn pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[8; 32]).expect("a key")
}

/// The key of `lists.example` and where it is, the same in every run.
pub(crate) fn key() -> Vec<(String, Vec<String>)> {
    let record = format!("k=ed25519; p={}", STANDARD.encode(pair().public_key()));
    vec![("key._domainkey.lists.example".to_owned(), vec![record])]
}

/// A message signed with it: these header fields, each there once and on one line, and this body; lines end with CRLF.
pub(crate) fn signed(fields: &str, body: &str) -> String {
    let names: Vec<&str> = fields.lines().filter_map(|line| line.split(':').next()).collect();
    let hash = STANDARD.encode(digest(&SHA256, body.as_bytes()));
    let tags = format!("v=1; a=ed25519-sha256; d=lists.example; s=key; h={}; bh={hash}; b=", names.join(":"));
    let own = format!("DKIM-Signature: {tags}");
    let data = digest(&SHA256, format!("{fields}{own}").as_bytes());
    let body = if body == "\r\n" { "" } else { body };
    format!("{own}{}\r\n{fields}\r\n{body}", STANDARD.encode(pair().sign(data.as_ref())))
}
