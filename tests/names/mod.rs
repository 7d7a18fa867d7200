//! A name server on loopback that has texts and nothing else: a thread of the test that asks for it.

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
