//! A name server on loopback that knows the names of one zone text.

use hickory_proto::op::{Message, MessageType, OpCode, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, MX, PTR, SOA, TXT};
use hickory_proto::rr::{Name, RData, Record as Data, RecordType};
use mailkit::net::zone::Zone;
use mailkit::world::{LookupError, Record, RecordKind, Resolve};
use std::net::{SocketAddr, UdpSocket};

/// Starts one; it ends with the program.
pub(crate) fn start(zone: Zone) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let address = socket.local_addr().expect("an address");
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let mut buffer = [0; 1500];
        while let Ok((count, from)) = socket.recv_from(&mut buffer) {
            let asked = Message::from_vec(&buffer[..count]).expect("a question");
            let answer = runtime.block_on(answer(&zone, &asked));
            let _ = socket.send_to(&answer.to_vec().expect("it fits"), from);
        }
    });
    address
}

async fn answer(zone: &Zone, asked: &Message) -> Message {
    let query = asked.queries.first().expect("a question").clone();
    let mut answer = Message::new(asked.metadata.id, MessageType::Response, OpCode::Query);
    answer.metadata.recursion_available = true;
    answer.add_query(query.clone());
    let kind = match query.query_type() {
        RecordType::A => RecordKind::A,
        RecordType::AAAA => RecordKind::Aaaa,
        RecordType::MX => RecordKind::Mx,
        RecordType::TXT => RecordKind::Txt,
        RecordType::PTR => RecordKind::Ptr,
        _ => RecordKind::Srv,
    };
    let name = |text: &str| Name::from_ascii(format!("{text}.")).expect("a name");
    let data = |record: &Record| match record {
        Record::A(ip) => Some(RData::A(A(*ip))),
        Record::Aaaa(ip) => Some(RData::AAAA(AAAA(*ip))),
        Record::Mx { exchange, .. } if exchange == "." => Some(RData::MX(MX::new(0, Name::root()))),
        Record::Mx { preference, exchange } => Some(RData::MX(MX::new(*preference, name(exchange)))),
        Record::Txt(text) => {
            let parts: Vec<&[u8]> = text.chunks(255).collect();
            Some(RData::TXT(TXT::from_bytes(parts)))
        }
        Record::Ptr(target) => Some(RData::PTR(PTR(name(target)))),
        _ => None,
    };
    match zone.lookup(&query.name().to_string(), kind).await {
        Ok(found) => {
            let records = found.records.iter().filter_map(data);
            answer.add_answers(records.map(|data| Data::from_rdata(query.name().clone(), 60, data)));
        }
        Err(why) => {
            answer.metadata.response_code = match why {
                LookupError::NoSuchName => ResponseCode::NXDomain,
                LookupError::NoRecords => ResponseCode::NoError,
                LookupError::Temporary(_) => ResponseCode::ServFail,
            };
            let soa = SOA::new(name("ns.test"), name("host.test"), 1, 60, 60, 60, 60);
            if answer.metadata.response_code != ResponseCode::ServFail {
                answer.authorities.push(Data::from_rdata(name("test"), 60, RData::SOA(soa)));
            }
        }
    }
    answer
}
