//! `mailkit send --mx` as a program, with a name server and an exchanger on loopback that it knows by nothing but DNS.

use super::authority::{Chain, params};
use super::exchangers::Net;
use super::watchdog;
use aws_lc_rs::digest::{SHA256, digest};
use hickory_proto::op::{Message, OpCode};
use hickory_proto::rr::Name;
use hickory_proto::serialize::txt::Parser;
use rcgen::{KeyPair, PublicKeyData};
use serde_json::Value;
use std::net::SocketAddr;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// Each run is over in a second.
const LIMIT: Duration = Duration::from_secs(120);

/// A name server. If it `checks`, it vouches for all that it says.
async fn name_server(zone: String, checks: bool) -> SocketAddr {
    name_server_at("127.0.0.1", zone, checks).await
}

async fn name_server_at(ip: &str, zone: String, checks: bool) -> SocketAddr {
    let socket = tokio::net::UdpSocket::bind((ip, 0)).await.expect("a socket");
    let address = socket.local_addr().expect("its address");
    let (_, sets) = Parser::new(format!("$TTL 60\n{zone}\n"), None, Some(Name::root())).parse().expect("zone text");
    tokio::spawn(async move {
        let mut buffer = [0; 4096];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            let question = Message::from_vec(&buffer[..length]).expect("a question");
            let query = question.queries.first().expect("a query");
            let mut reply = Message::response(question.metadata.id, OpCode::Query);
            reply.metadata.authentic_data = checks && question.metadata.authentic_data;
            reply.add_query(query.clone());
            let records = sets.values().flat_map(|set| set.records_without_rrsigs());
            let wanted = records.filter(|it| it.name == *query.name() && it.record_type() == query.query_type());
            reply.add_answers(wanted.cloned());
            socket.send_to(&reply.to_vec().expect("octets"), from).await.expect("a reply");
        }
    });
    address
}

/// An exchanger; its port.
async fn exchanger(chain: &Chain) -> (Arc<Net>, u16) {
    let net = Arc::new(Net { hosts: vec![("127.0.0.1", Some(chain.clone()))], ..Net::default() });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let there = net.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let net = there.clone();
            tokio::spawn(async move { net.receive("127.0.0.1", Box::new(stream)).await });
        }
    });
    (net, port)
}

async fn send(resolver: SocketAddr, port: u16, level: &str) -> Output {
    let home = tempfile::tempdir().expect("a directory");
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailkit"));
    command.args(["send", "--mx", "--json", "--no-input", "--helo", "crepes.example", "-f", "alice@crepes.example"]);
    command.args(["--resolver", &resolver.to_string(), "--mx-port", &port.to_string(), "--tls", level]);
    command.args(["-m", "hello", "bob@x.test"]).env_clear().env("HOME", home.path()).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output().expect("it runs")).await.expect("it ends");
    drop(home);
    output
}

/// How it ended: the code, who vouched for the exchanger, and what was said about bob.
fn told(output: &Output) -> (i32, String, String) {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let object: Value = serde_json::from_str(&text).unwrap_or_default();
    let verified = object["route"]["ways"][0]["tls"]["verified"].as_str().unwrap_or("-").to_owned();
    let said = object["recipients"][0]["text"].as_str().map(str::to_owned);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().expect("a code"), verified, said.unwrap_or(errors))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_levels_of_tls_hold_what_they_promise() {
    let _watch = watchdog::over("sending directly", LIMIT);
    let chain = Chain::own(&params(&["mx.x.test"]));
    let key = KeyPair::from_pem(&chain.key).expect("a key").subject_public_key_info();
    let key: String = digest(&SHA256, &key).as_ref().iter().map(|octet| format!("{octet:02x}")).collect();
    let (net, port) = exchanger(&chain).await;
    let zone = |tlsa: &str| format!(". NS a.root.\nx.test. MX 10 mx.x.test.\nmx.x.test. A 127.0.0.1\n{tlsa}");
    let right = zone(&format!("_{port}._tcp.mx.x.test. TLSA 3 1 1 {key}"));
    let wrong = zone(&format!("_{port}._tcp.mx.x.test. TLSA 3 1 1 {}", "00".repeat(32)));
    // Docker's, which counts as one that is elsewhere: it says that it checks, and passes no signatures on.
    let elsewhere = name_server_at("127.0.0.11", right.clone(), true).await;
    let (right, wrong, lax, without) = (
        name_server(right.clone(), true).await,
        name_server(wrong, true).await,
        name_server(right, false).await,
        name_server(zone(""), true).await,
    );
    for (case, resolver, level, code, verified, words) in [
        ("right", right, "dane", 0, "dane", "ok"),
        ("right, unasked", right, "opportunistic", 0, "dane", "ok"),
        ("wrong", wrong, "dane", 69, "-", "it is not the one that the domain's TLSA records name"),
        ("wrong, unasked", wrong, "opportunistic", 69, "-", "it is not the one that the domain's TLSA records name"),
        ("wrong, unwanted", wrong, "require", 0, "none", "ok"),
        ("none", without, "dane", 69, "-", "mx.x.test has no TLSA records that DNSSEC vouches for"),
        ("none, unasked", without, "opportunistic", 0, "none", "ok"),
        ("unchecked", lax, "dane", 69, "-", "the name server does not check DNSSEC"),
        ("unchecked, unasked", lax, "opportunistic", 0, "none", "ok"),
        ("far away", elsewhere, "dane", 78, "-", "the name server 127.0.0.11 is not on this machine"),
        ("far away, unasked", elsewhere, "opportunistic", 0, "none", "ok"),
        ("no policy", right, "mta-sts", 69, "-", "x.test has no policy for mail that is sent to it"),
    ] {
        net.letters.lock().expect("whole").clear();
        let output = send(resolver, port, level).await;
        let found = told(&output);
        let letters = net.letters.lock().expect("whole").len();
        assert!((found.0, found.1.as_str()) == (code, verified) && found.2.contains(words), "{case}: {found:?}");
        assert_eq!(letters, usize::from(code == 0), "{case}");
    }
}

#[test]
fn files_that_would_count_for_nothing_are_refused() {
    let _watch = watchdog::over("refusing files", LIMIT);
    for level in ["none", "opportunistic", "require", "dane"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailkit"));
        command.args(["send", "--mx", "--no-input", "--tls", level, "--ca", "/dev/null", "-m", "x", "bob@x.test"]);
        let output = command.env_clear().stdin(Stdio::null()).output().expect("it runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.contains(&format!("do nothing with --tls {level}")), "{level}: {errors}");
        assert_eq!(output.status.code(), Some(64), "{level}");
    }
}
