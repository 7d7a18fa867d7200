//! The picture of an answer in docs/mx.svg, made by the program from a domain that is there in memory only.
//!
//! DNS, two exchangers and the web server of the policy answer as real ones do, at a time that stands still; the keys and
//! certificates are files, since each new one would change the picture. `BLESS=1 cargo test --bin mailkit picture` draws it anew.

use super::columns::Width;
use super::page::page;
use mailkit::address::Domain;
use mailkit::engine::http::Find;
use mailkit::engine::sts::{Policies, Silent};
use mailkit::envelope::ReversePath;
use mailkit::error::Result;
use mailkit::net::clock::SystemClock;
use mailkit::net::connection::Connection;
use mailkit::net::tls::{Identity, Judge, ServerTls, Trust};
use mailkit::net::zone::Zone;
use mailkit::probe::{Level, Manners, Report, Survey, Visiting};
use mailkit::world::{Connect, Later, Stream, Timestamp};
use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, duplex};

const COMMAND: &str = "mailkit mx lookup --probe --dane --mta-sts example.org";
const WIDTH: usize = 80;
const HEIGHT: usize = 24;

const ZONE: &str = "
$ORIGIN example.org.
@ MX 10 mx1
@ MX 20 mx2
mx1 A 192.0.2.1
mx2 A 192.0.2.2
mta-sts A 192.0.2.80
_mta-sts TXT \"v=STSv1; id=20261122\"
_25._tcp.mx1 TLSA 3 1 1 78d139f0dc95b1570b6ec61fd53d12e5cff6bed46826d15afd20dd191232bb20
_25._tcp.mx2 TLSA 3 1 1 c22b7923afdb05534d398bc1b1ac5d93a5f67fa545699f3b1a6d3c7de2e6e079
";
const POLICY: &str =
    "version: STSv1\r\nmode: enforce\r\nmx: mx1.example.org\r\nmx: mx2.example.org\r\nmax_age: 604800\r\n";
const PATIENCE: Duration = Duration::from_secs(10);

/// The servers of the domain.
struct Servers;

impl Connect for Servers {
    fn connect(&self, to: SocketAddr) -> Later<'_, io::Result<Box<dyn Stream>>> {
        let (near, far) = duplex(64 * 1024);
        let name = match to.to_string().as_str() {
            "192.0.2.1:25" => "mx1",
            "192.0.2.2:25" => "mx2",
            _ => "mta-sts",
        };
        let far = Connection::new(Box::new(far), to, None);
        tokio::spawn(async move {
            // Who hangs up is not answered.
            let _ = if name == "mta-sts" { web(far).await } else { exchanger(far, name).await };
        });
        Box::pin(async { Ok(Box::new(near) as Box<dyn Stream>) })
    }
}

fn pem(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/picture").join(format!("{name}.pem"));
    std::fs::read_to_string(path).expect("a file")
}

fn identity(name: &str) -> ServerTls {
    let (certificates, key) = (pem(name), pem(name));
    ServerTls::new(&Identity { certificates, key }).expect("they go together")
}

async fn exchanger(mut far: Connection, name: &str) -> io::Result<()> {
    far.write_all(format!("220 {name}.example.org ESMTP\r\n").as_bytes()).await?;
    let mut far = BufReader::new(far);
    loop {
        let mut line = String::new();
        if far.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let is_secure = far.get_ref().tls().is_some();
        let reply = match line.split_whitespace().next().unwrap_or_default() {
            "EHLO" if is_secure => format!("250-{name}.example.org\r\n250 SIZE 52428800\r\n"),
            "EHLO" => format!("250-{name}.example.org\r\n250 STARTTLS\r\n"),
            "STARTTLS" => "220 2.0.0 Go on\r\n".to_owned(),
            _ => "221 2.0.0 Bye\r\n".to_owned(),
        };
        far.write_all(reply.as_bytes()).await?;
        far.flush().await?;
        if line.starts_with("STARTTLS") {
            far = BufReader::new(far.into_inner().accept_tls(&identity(name), PATIENCE).await?);
        }
    }
}

async fn web(far: Connection) -> io::Result<()> {
    let mut far = BufReader::new(far.accept_tls(&identity("mta-sts"), PATIENCE).await?);
    let mut line = String::new();
    while far.read_line(&mut line).await? > 2 {
        line.clear();
    }
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n", POLICY.len());
    far.write_all(format!("{head}{POLICY}").as_bytes()).await?;
    far.flush().await?;
    far.get_mut().close().await;
    Ok(())
}

/// Everything is in one place.
struct Web;

impl Find for Web {
    fn find<'a>(&'a self, _: &'a str, port: u16) -> Later<'a, Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(vec![SocketAddr::from(([192, 0, 2, 80], port))]) })
    }
}

async fn survey() -> Report {
    let zone = Arc::new(Zone::parse(ZONE).expect("a zone").signed("example.org"));
    let at: Timestamp = "2026-11-23T09:00:00Z".parse().expect("a time");
    let policies = Policies {
        dns: zone.clone(),
        connect: Arc::new(Servers),
        find: Arc::new(Web),
        // The certificate of the policy's server is not what the picture is of, and its days will be over.
        trust: Trust::Anyone,
        trace: None,
        clock: Arc::new(SystemClock),
        store: None,
        silent: Silent::default(),
    };
    let judge = Judge::new(&Trust::Authorities(pem("ca").into_bytes())).expect("an authority");
    let (manners, helo) = (Manners::new(None, 4), Domain::parse("mail.crepes.example").expect("a name"));
    let visiting = Visiting {
        connect: &Servers,
        manners: &manners,
        judge: &judge,
        helo: &helo,
        ports: &[25],
        is_v6: None,
        connect_wait: PATIENCE,
        each_wait: PATIENCE,
        recipients: &[],
        from: &ReversePath::Null,
        chance: None,
        is_private: false,
        own: &[],
        trace: None,
        at,
    };
    let survey = Survey {
        dns: &*zone,
        resolver: "system",
        dane: Some("our own check of the signatures"),
        reasons: None,
        policies: Some(&policies),
        port: 25,
        visiting: Some(visiting),
        is_private: false,
        days_min: 14,
        is_vouched: AtomicBool::new(false),
    };
    survey.of(&Domain::parse("example.org").expect("a name")).await.expect("it is found out")
}

/// The lines of a terminal as a drawing.
fn drawn(lines: &[String]) -> String {
    // The width and height of a character.
    let (across, down) = (8.4, 18);
    let place = |count: usize| f64::from(u32::try_from(count).expect("a few")) * across;
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let (wide, high) = (place(WIDTH) + 24.0, HEIGHT * down + 24);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{wide}\" height=\"{high}\" viewBox=\"0 0 {wide} {high}\" \
         role=\"img\" aria-label=\"{COMMAND}\">\n<rect width=\"{wide}\" height=\"{high}\" rx=\"8\" fill=\"#16181d\"/>\n\
         <g font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, monospace\" font-size=\"14\" fill=\"#d7dae0\" \
         xml:space=\"preserve\">\n"
    );
    for (index, line) in lines.iter().enumerate().filter(|(_, line)| !line.is_empty()) {
        let (y, length) = (8 + down * (index + 1), place(line.chars().count()));
        let fill = if index == 0 { " fill=\"#8ab4f8\"" } else { "" };
        let _ = writeln!(svg, "<text x=\"12\" y=\"{y}\" textLength=\"{length:.1}\"{fill}>{}</text>", escaped(line));
    }
    svg.push_str("</g></svg>\n");
    svg
}

#[tokio::test]
async fn an_ordinary_domain_fits_a_screen_and_the_picture_shows_it() {
    let report = survey().await;
    let page = page(&report, None, Width::of(Some(WIDTH)));
    assert!(report.findings.iter().all(|finding| finding.level < Level::Error), "{page}");
    let command = format!("$ {COMMAND}");
    let lines: Vec<String> = std::iter::once(command.as_str()).chain(page.lines()).map(str::to_owned).collect();
    // One line is left for the next prompt.
    assert!(lines.len() < HEIGHT && lines.iter().all(|line| line.chars().count() <= WIDTH), "{page}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/mx.svg");
    if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
        std::fs::write(&path, drawn(&lines)).expect("it can be written");
    }
    let there = std::fs::read_to_string(&path).expect("the picture is there");
    assert_eq!(there, drawn(&lines), "BLESS=1 cargo test --bin mailkit picture draws it anew");
}
