//! `mailkit account discover`, `add`, `check` and `trust` as programs: without a terminal, and in a dialogue on one.
//!
//! The servers are ours, on loopback; the name server is a few lines of DNS.

mod canary;
mod printed;
mod served;
mod watchdog;

use canary::PASSWORD;
use hickory_proto::op::{Message, MessageType, OpCode};
use hickory_proto::rr::rdata::{A, SRV};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};
use serde_json::Value;
use served::Served;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

const BY_HAND: &str = "# Mine.\n[accounts.old]  # since 2019\nemail = 'al@old.example'\n";

/// A home with a configuration, and a server.
struct Stage {
    home: tempfile::TempDir,
    server: Served,
}

impl Stage {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("a directory");
        std::fs::write(home.path().join("config.toml"), BY_HAND).expect("written");
        let mut serve = Command::new(env!("CARGO_BIN_EXE_mailkit"));
        serve.args(["serve", "--json", "--domain", "x.test"]);
        serve.arg("--user").arg(format!("alice:{PASSWORD}")).arg("--data");
        serve.arg(home.path().join("data")).env("MAILKIT_CONFIG", "/dev/null").stdin(Stdio::null());
        for port in ["submission", "submissions", "pop3", "imap", "imaps"] {
            serve.args([&format!("--{port}"), "127.0.0.1:0"]);
        }
        Self { server: Served::start(&mut serve), home }
    }

    fn url(&self, service: &str, scheme: &str) -> String {
        format!("{scheme}://localhost:{}", self.server.port(service))
    }

    /// Arguments for an account with the plain ports of the server.
    fn plain(&self) -> [String; 6] {
        let (imap, smtp) = (self.url("imap", "imap"), self.url("submission", "smtp"));
        ["--imap-url".into(), imap, "--smtp-url".into(), smtp, "--user".into(), "alice".into()]
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn config(&self) -> String {
        std::fs::read_to_string(self.path("config.toml")).expect("a file")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailkit"));
        command.arg("account").args(arguments).env_clear().env("HOME", self.home.path());
        command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
        command.env("MAILKIT_CONFIG", self.path("config.toml")).env("PASSWORD", PASSWORD).env("WRONG", canary::TOKEN);
        command.stdin(Stdio::null());
        command
    }

    /// Runs to the end: the code, what was printed, what was said.
    fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let _watch = watchdog::over(arguments.join(" "), Duration::from_secs(60));
        let Output { status, stdout, stderr } = self.command(arguments).output().expect("it runs");
        printed::show(&stdout, &stderr);
        for secret in canary::ALL {
            assert_eq!(canary::leak(&[stdout.as_slice(), &stderr].concat(), secret), None, "{arguments:?}");
        }
        let text = |octets| String::from_utf8(octets).expect("text");
        (status.code(), text(stdout), text(stderr))
    }
}

#[test]
fn options_alone_make_an_account_and_nothing_else_changes() {
    let stage = Stage::new();
    let plain = stage.plain();
    let plain: Vec<&str> = plain.iter().map(String::as_str).collect();
    let add = |more: &[&str]| stage.run(&[&["add", "alice@x.test"], plain.as_slice(), more].concat());

    let (code, printed, _) = add(&["--secret-env", "PASSWORD", "--print"]);
    assert_eq!((code, stage.config().as_str()), (Some(0), BY_HAND));
    assert!(printed.starts_with("[accounts.x]\nemail = \"alice@x.test\"\nuser = \"alice\"\n"), "{printed}");

    let (code, _, said) = add(&["--secret-env", "PASSWORD"]);
    assert_eq!((code, said.as_str()), (Some(0), ""));
    assert_eq!(stage.config(), format!("{BY_HAND}\n{printed}"));
    assert_eq!(std::fs::read_to_string(stage.path("config.toml.bak")).expect("kept"), BY_HAND);

    for (more, wanted, hint) in [
        (&["--secret-env", "PASSWORD"][..], 64, "--name"),
        (&["--name", "y"], 64, "--secret-cmd"),
        (&["--name", "y", "--secret-env", "WRONG"], 77, "--no-test"),
        (&["--name", "y", "--secret-env", "UNSET"], 78, "--no-test"),
        (&["--name", "a.b", "--secret-env", "PASSWORD"], 64, "letters"),
        (&["--name", "y", "--auth", "magic", "--secret-env", "PASSWORD"], 78, "known are"),
        (&["--name", "y", "--imap-url", "smtp://localhost", "--secret-env", "PASSWORD"], 64, ""),
    ] {
        let before = stage.config();
        let (code, _, said) = add(more);
        assert_eq!((code, stage.config()), (Some(wanted), before), "{more:?}: {said}");
        assert!(said.contains(hint) && !said.contains(canary::TOKEN), "{more:?}: {said}");
    }
    let (code, _, said) = stage.run(&["add"]);
    assert!(code == Some(64) && said.contains("--email"), "{said}");
}

#[test]
fn providers_are_known_by_name_and_by_address() {
    let stage = Stage::new();
    let add = |more: &[&str]| stage.run(&[&["add", "--print", "--no-test"], more].concat());
    let (code, printed, _) = add(&["me@gmail.com", "--secret-cmd", "pass gmail"]);
    assert_eq!(code, Some(0));
    for line in ["imap = \"imaps://imap.gmail.com:993\"", "secret = { cmd = [\"pass\", \"gmail\"] }"] {
        assert!(printed.contains(line), "{printed}");
    }
    let (code, printed, _) =
        add(&["me@crepes.example", "--provider", "fastmail", "--auth", "oauth", "--client-id", "i"]);
    assert_eq!(code, Some(0));
    assert!(printed.contains("oauth = { provider = \"fastmail\", client-id = \"i\" }") && !printed.contains("secret"));
    let (code, _, said) = add(&["me@outlook.com"]);
    assert!(code == Some(64) && said.contains("--client-id"), "{said}");
    let (code, _, said) = add(&["me@crepes.example", "--provider", "nobody"]);
    assert!(code == Some(64) && said.contains("posteo"), "{said}");
    // Written, it says what is next.
    let (code, _, said) = stage.run(&["add", "me@outlook.com", "--client-id", "i"]);
    assert!(code == Some(0) && said.contains("mailkit auth login outlook"), "{said}");
}

#[test]
fn a_check_says_what_works_and_ends_as_the_first_failure_does() {
    let stage = Stage::new();
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let (imap, smtp, pop) = (stage.url("imap", "imap"), stage.url("submission", "smtp"), stage.url("pop3", "pop3"));
    let servers = format!("email = 'alice@x.test'\nuser = 'alice'\nsmtp = '{smtp}'\nimap = '{imap}'\npop = '{pop}'\n");
    let accounts = format!(
        "[accounts.good]\n{servers}secret = {{env = 'PASSWORD'}}\n[accounts.wrong]\n{servers}secret = {{env = 'WRONG'}}\n\
         [accounts.unset]\n{servers}secret = {{env = 'UNSET'}}\n\
         [accounts.away]\nemail = 'alice@x.test'\nsmtp = 'smtp://{closed}'\nsecret = {{env = 'PASSWORD'}}\n\
         [accounts.behind]\nemail = 'alice@x.test'\nsmtp = '{smtp}'\nproxy = 'socks5://{closed}'\nsecret = {{env = 'PASSWORD'}}\n\
         [accounts.bound]\nemail = 'alice@x.test'\nsmtp = '{smtp}'\nsource = '::1'\nsecret = {{env = 'PASSWORD'}}\n\
         [accounts.empty]\nemail = 'alice@x.test'\nauth = 'none'\n"
    )
    .replace("smtp://localhost", "smtp://127.0.0.1");
    std::fs::write(stage.path("config.toml"), accounts).expect("written");
    for (name, wanted, failed) in [
        ("good", 0, ""),
        ("wrong", 77, "smtp auth, imap auth, pop auth"),
        ("unset", 78, "account secret"),
        ("away", 75, "smtp tcp"),
        // What the account says of its way holds here too.
        ("behind", 75, "smtp tcp"),
        ("bound", 68, "smtp dns"),
        ("empty", 78, "account config"),
    ] {
        let (code, printed, _) = stage.run(&["check", name, "--json"]);
        let object: Value = serde_json::from_str(&printed).expect("JSON");
        assert_eq!(
            (code, &object["exit"], &object["account"]),
            (Some(wanted), &wanted.into(), &name.into()),
            "{printed}"
        );
        let steps = object["steps"].as_array().expect("steps");
        let all: Vec<String> = steps
            .iter()
            .filter(|step| step["level"] == "fail")
            .map(|step| {
                format!("{} {}", step["service"].as_str().unwrap_or("account"), step["step"].as_str().expect("a name"))
            })
            .collect();
        assert_eq!(all.join(", "), failed, "{printed}");
        assert!(!printed.contains(canary::TOKEN));
    }
    let (code, printed, _) = stage.run(&["check", "good"]);
    for line in ["smtp  size", "imap  mailboxes", "pop   capabilities", "smtp  auth          alice may log in"] {
        assert!(printed.contains(line), "{code:?} {printed}");
    }
    let (code, printed, _) = stage.run(&["check", "--all", "--json"]);
    // By name, so the first to fail is the one that is away.
    assert_eq!((code, printed.lines().count()), (Some(75), 7));
}

#[test]
fn a_check_sends_a_message_to_oneself_if_it_is_told_to() {
    let stage = Stage::new();
    let smtp = stage.url("submission", "smtp");
    let servers = format!("email = 'alice@x.test'\nuser = 'alice'\nsmtp = '{smtp}'\n");
    let accounts = format!(
        "[accounts.good]\n{servers}secret = {{env = 'PASSWORD'}}\nconfirm = 'always'\n\
         [accounts.guarded]\n{servers}secret = {{env = 'PASSWORD'}}\nallow-recipients = ['*@y.test']\n\
         [accounts.wrong]\n{servers}secret = {{env = 'WRONG'}}\n[accounts.silent]\n{servers}secret = {{env = 'PASSWORD'}}\n\
         [accounts.hyphen]\nemail = '-alice@x.test'\nuser = 'alice'\nsmtp = '{smtp}'\nsecret = {{env = 'PASSWORD'}}\n"
    );
    let accounts = accounts.replacen("[accounts.silent]\nemail = 'alice@x.test'\n", "[accounts.silent]\n", 1);
    std::fs::write(stage.path("config.toml"), accounts).expect("written");
    for (name, wanted, last) in [
        ("good", 0, "send ok a message to alice@x.test was accepted"),
        ("guarded", 77, "send fail the account may not write to alice@x.test"),
        ("hyphen", 67, "send fail a message to -alice@x.test was not accepted"),
        ("wrong", 77, "auth fail"),
        ("silent", 78, "send fail the account has no address to write to"),
    ] {
        let (code, printed, _) = stage.run(&["check", name, "--send", "--json"]);
        let object: Value = serde_json::from_str(&printed).expect("JSON");
        let step = object["steps"].as_array().and_then(|steps| steps.last()).expect("a step");
        let said = ["step", "level", "message"].map(|key| step[key].as_str().expect("a text")).join(" ");
        assert!(code == Some(wanted) && said.starts_with(last), "{printed}");
        if name == "good" {
            assert!(step["said"].as_str().is_some_and(|said| said.starts_with("250 ")), "{printed}");
        }
    }
}

#[test]
fn a_check_goes_the_way_that_the_account_goes() {
    let stage = Stage::new();
    let (proxy, server) = (TcpListener::bind("127.0.0.1:0").expect("a port"), TcpListener::bind("127.0.0.1:0"));
    let server = server.expect("a port");
    server.set_nonblocking(true).expect("it can be");
    let at = |listener: &TcpListener| listener.local_addr().expect("an address");
    let visits = at(&proxy);
    std::thread::spawn(move || proxy.incoming().flatten().for_each(drop));
    let imap = stage.url("imap", "imap");
    let accounts = format!(
        "[accounts.hidden]\nemail = 'alice@x.test'\nsmtp = 'smtp://{}'\nproxy = 'socks5h://{visits}'\nauth = 'none'\n\
         [accounts.wrong]\nemail = 'alice@x.test'\nsmtp = 'smtp://{}'\nproxy = 'socks5h://a:{PASSWORD}@{visits}'\nauth = 'none'\n\
         [accounts.bearer]\nemail = 'alice@x.test'\nuser = 'alice'\nimap = '{imap}'\nauth = ['XOAUTH2']\nsecret = {{env = 'PASSWORD'}}\n\
         [accounts.elsewhere]\nemail = 'alice@x.test'\nimap = {{cmd = ['echo', '{imap}']}}\nauth = 'none'\n",
        at(&server),
        at(&server),
    );
    std::fs::write(stage.path("config.toml"), accounts).expect("written");
    let (code, printed, _) = stage.run(&["check", "hidden"]);
    assert!(printed.contains("the proxy, at 127.0.0.1") && printed.contains("the proxy did not connect"), "{printed}");
    assert_eq!(code, Some(75), "{printed}");
    let (code, printed, _) = stage.run(&["check", "wrong"]);
    assert!(
        code == Some(78) && printed.contains("no place for a password") && !printed.contains(PASSWORD),
        "{printed}"
    );
    assert!(server.accept().is_err(), "the server was reached without the proxy");
    // What is held is taken for what the mechanism takes.
    let (code, printed, _) = stage.run(&["check", "bearer"]);
    assert!(code == Some(69) && printed.contains("takes an access token"), "{code:?} {printed}");
    let (_, printed, _) = stage.run(&["check", "--all"]);
    assert!(printed.contains("elsewhere: it works"), "{printed}");
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_trusted_only_after_it_was_shown() {
    let stage = Stage::new();
    let (imap, smtp) = (stage.url("imaps", "imaps"), stage.url("submissions", "smtps"));
    let all = [
        "add",
        "alice@x.test",
        "--imap-url",
        &imap,
        "--smtp-url",
        &smtp,
        "--user",
        "alice",
        "--secret-env",
        "PASSWORD",
    ];
    let (code, _, said) = stage.run(&all);
    assert!(code == Some(69) && said.contains(&format!("mailkit account trust {smtp}")), "{said}");
    let (code, printed, said) = stage.run(&["trust", &imap]);
    assert!(code == Some(0) && printed.starts_with("tls = { pin = [\"sha256:"), "{printed}");
    assert!(said.contains("names        127.0.0.1 ::1 localhost"), "{said}");
    let (_, object, _) = stage.run(&["trust", &imap, "--json"]);
    let object: Value = serde_json::from_str(&object).expect("JSON");
    assert!(
        printed.contains(object["pin"].as_str().expect("a pin")) && object["pin"] == object["chain"][0]["spki_sha256"]
    );

    assert_eq!(stage.run(&[all.as_slice(), &["--no-test"]].concat()).0, Some(0));
    assert_eq!(stage.run(&["check", "x"]).0, Some(69));
    let (code, _, said) = stage.run(&["trust", "-A", "x", &imap]);
    assert!(code == Some(64) && said.contains("--yes"), "{said}");
    assert_eq!(stage.run(&["trust", "-A", "x", "--yes", &imap]).0, Some(0));
    assert!(
        stage.config().starts_with(BY_HAND) && stage.config().contains(printed.trim().trim_start_matches("tls = "))
    );
    let (code, printed, _) = stage.run(&["check", "x"]);
    assert!(code == Some(0) && printed.contains("certificate pinned"), "{printed}");

    let pin = object["pin"].as_str().expect("a pin");
    assert_eq!(stage.run(&[all.as_slice(), &["--name", "y", "--pin", pin]].concat()).0, Some(0));
    let (code, ..) = stage.run(&["trust", &stage.url("submission", "smtp"), "--yes"]);
    assert_eq!(code, Some(69), "a server without TLS shows none");
}

/// A name server that knows services below the domains of tests; every other name is at 127.0.0.1.
fn name_server(port: u16) -> String {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let address = socket.local_addr().expect("an address").to_string();
    std::thread::spawn(move || {
        let mut buffer = [0; 1500];
        while let Ok((count, from)) = socket.recv_from(&mut buffer) {
            let asked = Message::from_vec(&buffer[..count]).expect("a question");
            let query = asked.queries.first().expect("a question").clone();
            let mut answer = Message::new(asked.metadata.id, MessageType::Response, OpCode::Query);
            answer.add_query(query.clone());
            let target = |name: &str| RData::SRV(SRV::new(0, 0, port, Name::from_ascii(name).expect("a name")));
            let data = match (query.query_type(), query.name().to_string().as_str()) {
                (RecordType::SRV, "_submission._tcp.own.test.") => Some(target("smtp.own.test.")),
                (RecordType::SRV, "_imap._tcp.own.test.") => Some(target("imap.own.test.")),
                (RecordType::SRV, "_submission._tcp.foreign.test.") => Some(target("smtp.own.test.")),
                (RecordType::A, _) => Some(RData::A(A::new(127, 0, 0, 1))),
                _ => None,
            };
            answer.add_answers(data.map(|data| Record::from_rdata(query.name().clone(), 300, data)));
            socket.send_to(&answer.to_vec().expect("it fits"), from).expect("sent");
        }
    });
    address
}

#[test]
fn discovery_shows_what_it_found_and_confirmation_is_needed_for_hosts_of_others() {
    let stage = Stage::new();
    let resolver = name_server(stage.server.port("submission").parse().expect("a port"));
    let discover = |email: &str| {
        let (code, printed, _) = stage.run(&["discover", email, "--json", "--resolver", &resolver]);
        (code, serde_json::from_str::<Value>(&printed).expect("JSON"))
    };
    let (code, found) = discover("me@own.test");
    assert_eq!(
        (code, &found["schema"], &found["chosen"]["source"]),
        (Some(0), &"mailkit.discover/1".into(), &"srv".into())
    );
    let smtp = &found["chosen"]["smtp"];
    let url = format!("smtp://smtp.own.test:{}", stage.server.port("submission"));
    assert_eq!((&smtp["url"], &smtp["reachable"], &smtp["trust"]), (&url.as_str().into(), &true.into(), &"dns".into()));
    assert_eq!(found["chosen"]["confirm"], serde_json::json!([]));
    assert!(found["errors"].as_array().is_some_and(|errors| errors.len() > 5));
    let (code, found) = discover("me@nobody.test");
    assert_eq!((code, &found["chosen"]), (Some(1), &Value::Null));
    let (code, found) = discover("me@gmail.com");
    assert_eq!((code, &found["chosen"]["source"]), (Some(0), &"preset".into()));

    let (_, page, _) = stage.run(&["discover", "me@own.test", "--resolver", &resolver]);
    assert!(page.contains(&format!("*  smtp     {url}")) && page.contains("DNS (SRV records)"), "{page}");
    let add = ["add", "--no-test", "--print", "--secret-env", "PASSWORD", "--resolver", &resolver];
    let (code, _, said) = stage.run(&[&add[..], &["me@foreign.test"]].concat());
    assert!(code == Some(64) && said.contains("--yes") && said.contains("smtp.own.test"), "{said}");
    assert_eq!(stage.run(&[&add[..], &["me@foreign.test", "--yes"]].concat()).0, Some(0));
    assert_eq!(stage.run(&[&add[..], &["me@own.test"]].concat()).0, Some(0));
    assert_eq!(stage.run(&[&add[..], &["me@nobody.test"]].concat()).0, Some(78));
}

/// A program at a terminal of its own.
struct Dialogue {
    child: Child,
    terminal: File,
    seen: String,
}

impl Dialogue {
    fn start(mut command: Command) -> Self {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&terminal).expect("granted");
        unlockpt(&terminal).expect("unlocked");
        let name = ptsname(&terminal, Vec::new()).expect("it has a name").into_string().expect("text");
        let side = || File::options().read(true).write(true).open(&name).expect("its other side");
        command.env("TERM", "xterm").stdin(side()).stdout(side()).stderr(side());
        let child = command.spawn().expect("it runs");
        Self { child, terminal: File::from(terminal), seen: String::new() }
    }

    /// Waits for words, and answers.
    fn answer(&mut self, words: &str, keys: &str) {
        let mut buffer = [0; 4096];
        while !self.seen.contains(words) {
            let count = self.terminal.read(&mut buffer).unwrap_or(0);
            assert!(count > 0, "{words:?} did not come: {}", self.seen);
            self.seen.push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
        let end = self.seen.find(words).expect("it is there") + words.len();
        self.seen.drain(..end);
        // What is typed before the terminal is made ready for it is thrown away, as it should be: it was not an answer.
        while tcgetattr(&self.terminal).expect("a terminal").local_modes.contains(LocalModes::ECHO) {
            std::thread::sleep(Duration::from_millis(5));
        }
        self.terminal.write_all(keys.as_bytes()).expect("typed");
    }
}

#[test]
fn a_dialogue_leads_to_an_account() {
    let stage = Stage::new();
    let _watch = watchdog::over("a dialogue", Duration::from_secs(60));
    let plain = stage.plain();
    let arguments: Vec<&str> = ["add", "alice@x.test"].into_iter().chain(plain.iter().map(String::as_str)).collect();
    let mut dialogue = Dialogue::start(stage.command(&arguments));
    dialogue.answer("These servers", "\r");
    dialogue.answer("Login name", "\r");
    dialogue.answer("Your name", "Alice\r");
    dialogue.answer("What the account is called here", "\r");
    // Without a keyring the third place of four is proposed: a file.
    dialogue.answer("Where is the password kept?", "\r");
    dialogue.answer("Password of alice@x.test", "wrong\r");
    dialogue.answer("It does not work", "\r");
    dialogue.answer("These servers", "\r");
    dialogue.answer("Login name", "\r");
    dialogue.answer("Your name", "\r");
    dialogue.answer("What the account is called here", "\r");
    dialogue.answer("Where is the password kept?", "\r");
    dialogue.answer("Type the password again?", "y");
    dialogue.answer("Password of alice@x.test", &format!("{PASSWORD}\r"));
    dialogue.answer("Add this to", "y");
    assert!(dialogue.child.wait().expect("it ends").success());
    let secret = stage.path(".local/state/mailkit/secrets/x");
    assert_eq!(std::fs::read_to_string(&secret).expect("kept"), format!("{PASSWORD}\n"));
    assert_eq!(std::fs::metadata(&secret).expect("kept").permissions().mode() & 0o777, 0o600);
    let config = stage.config();
    assert!(config.starts_with(BY_HAND) && config.contains("name = \"Alice\""), "{config}");
    assert_eq!(stage.run(&["check", "x"]).0, Some(0));
}

#[test]
fn whoever_leaves_the_dialogue_leaves_nothing_behind() {
    let stage = Stage::new();
    let _watch = watchdog::over("a dialogue", Duration::from_secs(60));
    let plain = stage.plain();
    let arguments: Vec<&str> = ["add", "alice@x.test"].into_iter().chain(plain.iter().map(String::as_str)).collect();
    let mut dialogue = Dialogue::start(stage.command(&arguments));
    dialogue.answer("These servers", "\r");
    dialogue.answer("Login name", "\x03");
    // A key that comes between two questions is nobody's.
    let status = loop {
        match dialogue.child.try_wait().expect("it is ours") {
            Some(status) => break status,
            None => dialogue.terminal.write_all(b"\x03").expect("typed"),
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(status.signal() == Some(2) || status.code() == Some(130), "{status:?}");
    assert_eq!(stage.config(), BY_HAND);
    let left: Vec<_> =
        std::fs::read_dir(stage.home.path()).expect("a directory").flatten().map(|e| e.file_name()).collect();
    assert!(!left.iter().any(|name| name == "config.toml.bak" || name == ".local"), "{left:?}");
}
