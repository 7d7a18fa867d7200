//! Whose word about DNSSEC counts.
//!
//! The signatures are checked by the name server, which says by one bit (AD) whether they are good. That bit is as safe
//! as the way it comes: it is believed from a server on this machine, or where the administrator says so in
//! `/etc/resolv.conf` (`options trust-ad`), and from nobody else. Checks no signature itself.
//! RFC 4035 §3.2.3, §4.9.3; RFC 6840 §5.7, §5.8; RFC 7671 §6.

use std::net::{IpAddr, Ipv4Addr};

/// Docker's name server. It stands on loopback in every container, and passes on the word of servers elsewhere, with AD.
const DOCKER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 11);

/// Whether a name server is on this machine, and so speaks for itself.
pub(super) fn is_here(server: IpAddr) -> bool {
    let server = server.to_canonical();
    server.is_loopback() && server != DOCKER
}

/// Whether the administrator trusts the way to the name servers, as `resolv.conf` says.
pub(super) fn trusts_ad(configuration: &str) -> bool {
    let is_said = |line: &str| {
        let mut words = line.split_whitespace();
        words.next() == Some("options") && words.any(|word| word == "trust-ad")
    };
    configuration.lines().any(is_said)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Zone, name_server};
    use super::super::*;
    use super::*;
    use crate::world::Record as Known;
    use hickory_proto::op::Message;
    use hickory_proto::rr::{Name, Record};

    const ZONES: Zone = &[
        ("signed.test", "signed.test. MX 10 mx.signed.test."),
        ("plain.test", "plain.test. MX 10 mx.signed.test."),
        ("whole.test", "whole.test. CNAME signed.test.\nsigned.test. MX 10 mx.signed.test."),
        ("half.test", "half.test. CNAME signed.test."),
        ("mixed.test", "mixed.test. CNAME plain.test."),
        ("dangling.test", "dangling.test. CNAME empty.test."),
        ("circle.test", "circle.test. CNAME round.test."),
        ("round.test", "round.test. CNAME circle.test."),
        ("_25._tcp.signed.test", "_25._tcp.signed.test. TLSA 3 1 1 00ff"),
    ];
    const SIGNED: &[&str] = &["signed.test", "whole.test", "half.test", "mixed.test", "_25._tcp.signed.test"];

    #[tokio::test]
    async fn an_answer_is_authentic_if_the_server_says_so_of_all_of_it() {
        let server = name_server(ZONES, SIGNED).await;
        let resolver = SystemResolver::at(server).and_then(SystemResolver::authentic).expect("a resolver");
        for (name, wanted) in [
            ("signed.test", Ok((true, vec![]))),
            ("plain.test", Ok((false, vec![]))),
            ("whole.test", Ok((true, vec!["signed.test".to_owned()]))),
            ("half.test", Ok((true, vec!["signed.test".to_owned()]))),
            ("mixed.test", Ok((false, vec!["plain.test".to_owned()]))),
            ("dangling.test", Err(LookupError::NoRecords)),
            ("nothing.test", Err(LookupError::NoRecords)),
            ("circle.test", Err(too_many_aliases())),
            ("a..b", Err(LookupError::NoSuchName)),
        ] {
            let answer = resolver.lookup(name, RecordKind::Mx).await;
            assert_eq!(answer.map(|answer| (answer.is_authentic, answer.aliases)), wanted, "{name}");
        }
        let tlsa = resolver.lookup("_25._tcp.signed.test", RecordKind::Tlsa).await.expect("records");
        assert_eq!(tlsa.records, [Known::Tlsa { usage: 3, selector: 1, matching: 1, data: vec![0, 255] }]);
        // Who does not ask is not told.
        let usual = SystemResolver::at(server).expect("a resolver").lookup("signed.test", RecordKind::Mx).await;
        assert!(!usual.expect("records").is_authentic);
    }

    #[tokio::test]
    async fn nobody_is_asked_about_names_that_are_nobodys() {
        // It would lead all of them elsewhere.
        let server = old_server(1).await;
        let resolver = SystemResolver::at(server).and_then(SystemResolver::authentic).expect("a resolver");
        for (name, wanted) in [
            ("localhost", Err(LookupError::NoRecords)),
            ("mx.LocalHost", Err(LookupError::NoRecords)),
            ("x.invalid", Err(LookupError::NoSuchName)),
            ("x.onion", Err(LookupError::NoSuchName)),
            ("onion.test", Ok(true)),
        ] {
            let answer = resolver.lookup(name, RecordKind::Mx).await;
            assert_eq!(answer.map(|answer| answer.is_authentic), wanted, "{name}");
        }
        let own = resolver.lookup("localhost", RecordKind::A).await.expect("it has an address");
        assert_eq!((own.records, own.is_authentic), (vec![Known::A([127, 0, 0, 1].into())], false));
    }

    /// A name server that answers with this code whoever asks with the extension, and else with a record.
    async fn old_server(refusal: u8) -> std::net::SocketAddr {
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
        let address = socket.local_addr().expect("its address");
        tokio::spawn(async move {
            let mut buffer = [0; 4096];
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                let question = Message::from_vec(&buffer[..length]).expect("a question");
                let query = question.queries.first().expect("a query").clone();
                let mut reply = Message::response(question.metadata.id, hickory_proto::op::OpCode::Query);
                match question.edns {
                    Some(_) => reply.metadata.response_code = ResponseCode::from(0, refusal),
                    None => {
                        let mx = hickory_proto::rr::rdata::MX::new(10, Name::from_ascii("mx.test.").expect("a name"));
                        let data = hickory_proto::rr::RData::MX(mx);
                        reply.add_answer(Record::from_rdata(query.name().clone(), 60, data));
                        reply.metadata.authentic_data = question.metadata.authentic_data;
                    }
                }
                reply.add_query(query);
                socket.send_to(&reply.to_vec().expect("octets"), from).await.expect("a reply");
            }
        });
        address
    }

    #[tokio::test]
    async fn a_server_without_the_extension_is_asked_without_it() {
        // FORMERR and NOTIMP; what SERVFAIL means is another matter.
        for (refusal, wanted) in [(1, Some(true)), (4, Some(true)), (2, None)] {
            let server = old_server(refusal).await;
            let resolver = SystemResolver::at(server).and_then(SystemResolver::authentic).expect("a resolver");
            let answer = resolver.lookup("x.test", RecordKind::Mx).await;
            assert_eq!(answer.ok().map(|answer| answer.is_authentic), wanted, "{refusal}");
        }
    }

    #[tokio::test]
    async fn a_server_elsewhere_or_one_that_does_not_check_is_named_as_the_obstacle() {
        let checks = name_server(&[("", ". NS a.root.")], &[""]).await;
        let lax = name_server(&[("", ". NS a.root.")], &[]).await;
        for (server, trusts_all, wanted) in [
            (checks, false, None),
            (checks, true, None),
            (lax, false, Some("does not check DNSSEC")),
            (([192, 0, 2, 53], 53).into(), false, Some("192.0.2.53 is not on this machine")),
            (([127, 0, 0, 11], 53).into(), false, Some("127.0.0.11 is not on this machine")),
        ] {
            let servers = vec![Upstream::new(Server::at(server), &Trust::System).expect("a server")];
            let asking = Asking::default();
            let resolver = SystemResolver::build(servers, Patience::default(), asking, Local::none(), trusts_all);
            let obstacle = resolver.authentic().expect("a resolver").unauthentic().await;
            let is_right = match (&obstacle, wanted) {
                (Some(obstacle), Some(wanted)) => obstacle.why.contains(wanted),
                (obstacle, wanted) => obstacle.is_none() && wanted.is_none(),
            };
            assert!(is_right, "{server}: {obstacle:?}");
        }
    }

    #[tokio::test]
    async fn silence_is_no_word_about_dnssec_and_passes() {
        use std::sync::atomic::{AtomicBool, Ordering};
        // What the server says when it is asked about the root, after it was silent.
        for (code, is_authentic, passes) in [
            (ResponseCode::NoError, true, None),
            (ResponseCode::NoError, false, Some(false)),
            (ResponseCode::ServFail, false, Some(true)),
            (ResponseCode::Refused, false, Some(false)),
        ] {
            let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
            let server = socket.local_addr().expect("its address");
            let is_awake = Arc::new(AtomicBool::new(false));
            let awake = is_awake.clone();
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                    let question = Message::from_vec(&buffer[..length]).expect("a question");
                    let mut reply = Message::response(question.metadata.id, hickory_proto::op::OpCode::Query);
                    reply.metadata.response_code = code;
                    reply.metadata.authentic_data = is_authentic;
                    reply.add_query(question.queries[0].clone());
                    if awake.load(Ordering::SeqCst) {
                        socket.send_to(&reply.to_vec().expect("octets"), from).await.expect("a reply");
                    }
                }
            });
            let servers = vec![Upstream::new(Server::at(server), &Trust::System).expect("a server")];
            let patience = Patience { wait: Duration::from_millis(40), rounds: 1, ..Patience::default() };
            let asking = Asking { is_forgetful: true, wait: Some(patience.wait), ..Asking::default() };
            let resolver = SystemResolver::build(servers, patience, asking, Local::none(), false);
            let resolver = resolver.authentic().expect("a resolver");
            let silence = resolver.unauthentic().await.expect("nobody said anything");
            assert!(silence.may_pass && silence.why.contains("does not say whether"), "{silence:?}");
            is_awake.store(true, Ordering::SeqCst);
            // A busy machine may need more than a moment for it.
            let mut said = resolver.unauthentic().await;
            for _ in 0..20 {
                match &said {
                    Some(obstacle) if obstacle.why.contains("does not say whether") => {
                        said = resolver.unauthentic().await
                    }
                    _ => break,
                }
            }
            assert_eq!(said.map(|obstacle| obstacle.may_pass), passes, "{code}");
        }
    }

    #[test]
    fn only_who_speaks_for_itself_is_here() {
        for (ip, wanted) in [
            ("127.0.0.1", true),
            ("127.0.0.53", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("127.0.0.11", false),
            ("::ffff:127.0.0.11", false),
            ("192.0.2.53", false),
        ] {
            assert_eq!(is_here(ip.parse().expect(ip)), wanted, "{ip}");
        }
    }

    #[test]
    fn trust_is_what_the_administrator_wrote_and_no_comment() {
        for (text, wanted) in [
            ("nameserver 192.0.2.1\noptions trust-ad\n", true),
            ("options edns0 trust-ad", true),
            ("options edns0\noptions\ttrust-ad timeout:1", true),
            ("", false),
            ("options edns0", false),
            ("# options trust-ad", false),
            ("search trust-ad", false),
        ] {
            assert_eq!(trusts_ad(text), wanted, "{text}");
        }
    }
}
