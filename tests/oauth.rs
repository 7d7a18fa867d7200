//! Logins with tokens, by the program itself, at a provider of the test-suite.

mod printed;
mod provider;
mod served;
mod watchdog;

use base64::Engine;
use mailkit::engine::http::{Http, Request, SystemNames};
use mailkit::net::tcp::Tcp;
use mailkit::net::tls::Trust;
use provider::{CLIENT_SECRET, Provider};
use served::Served;
use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use url::Url;

/// A home with a configuration, and a provider.
struct House {
    home: tempfile::TempDir,
    provider: Provider,
}

/// What a command ended with and said.
#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

impl House {
    /// `more` are keys of the account's `oauth` table, beside the client and the authority.
    fn new(more: &str) -> Self {
        let house = Self { home: tempfile::tempdir().expect("a directory"), provider: Provider::start() };
        fs::write(house.at("ca.pem"), &house.provider.authority).expect("written");
        fs::write(house.at("client-secret"), CLIENT_SECRET).expect("written");
        fs::set_permissions(house.at("client-secret"), fs::Permissions::from_mode(0o600)).expect("closed");
        for (name, script) in [
            (
                "browser",
                "#!/bin/sh\nprintf '%s\\n' \"$*\" > \"$HOME/opened.new\" && mv \"$HOME/opened.new\" \"$HOME/opened\"\n",
            ),
            ("notify", "#!/bin/sh\necho \"$MAILKIT_ACCOUNT $*\" >> \"$HOME/notified\"\nenv >> \"$HOME/environment\"\n"),
        ] {
            fs::write(house.at(name), script).expect("written");
            fs::set_permissions(house.at(name), fs::Permissions::from_mode(0o700)).expect("made executable");
        }
        house.configure(more);
        house
    }

    fn configure(&self, more: &str) {
        let issuer = self.provider.issuer();
        let text = format!(
            "[accounts.work]\nemail = \"bob@hamburger.example\"\nauth = \"oauth\"\n\
             [accounts.work.oauth]\nclient-id = \"me\"\nca = \"{}\"\nnotify-cmd = [\"{}\", \"again\"]\n{}\n",
            self.at("ca.pem").display(),
            self.at("notify").display(),
            more.replace("ISSUER", &issuer).replace("HOME", &self.home.path().display().to_string()),
        );
        fs::write(self.at("config.toml"), text).expect("written");
    }

    fn at(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Where the tokens are.
    fn kept(&self) -> PathBuf {
        self.at(".local/state/mailkit/tokens/work.json")
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailkit"));
        command.args(words).arg("--trace").env_clear();
        command.env("HOME", self.home.path()).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("MAILKIT_CONFIG", self.at("config.toml")).env("BROWSER", self.at("browser"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end. With `--trace`, so what is checked for secrets is all that can be seen.
    fn run(&self, words: &[&str]) -> Ended {
        let _watch = watchdog::over(words.join(" "), Duration::from_secs(120));
        ended(self.command(words).output().expect("it runs"))
    }

    /// Begins a login in a browser; gives the address that was to be opened.
    fn begin(&self, words: &[&str]) -> (Child, BufReader<std::process::ChildStderr>, Url) {
        let mut child = self.command(words).stdin(Stdio::piped()).spawn().expect("it starts");
        let mut err = BufReader::new(child.stderr.take().expect("piped"));
        let address = loop {
            let mut line = String::new();
            assert!(err.read_line(&mut line).expect("read") > 0, "an address is said");
            if let Some(address) = line.strip_prefix("  https://") {
                break Url::parse(&format!("https://{}", address.trim())).expect("a URL");
            }
        };
        (child, err, address)
    }

    /// What the provider sends the user's browser back to.
    fn consent(&self, address: &Url) -> Url {
        let back = self.browse(address).1.expect("it leads on");
        Url::parse(&back).expect("a URL")
    }

    /// What a browser sees at an address: the status, where it leads, the page.
    fn browse(&self, address: &Url) -> (u16, Option<String>, String) {
        let trust = Trust::Authorities(self.provider.authority.clone().into_bytes());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let asked = runtime.block_on(Http::new(&Tcp, &SystemNames, &trust, None).ask(Request::get(address.clone())));
        let answer = asked.expect("an answer");
        let location = answer.field("location").map(str::to_owned);
        (answer.status, location, String::from_utf8(answer.body).expect("text"))
    }

    /// Logs in, in a browser.
    fn log_in(&self) {
        let _watch = watchdog::over("a login", Duration::from_secs(120));
        let (child, err, address) = self.begin(&["auth", "login", "work", "--browser"]);
        let back = self.consent(&address);
        assert_eq!(self.browse(&back).0, 200);
        let ended = finish(child, err);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended.is_silent_about_secrets();
    }

    /// Makes the kept token one that has ended.
    fn age(&self) {
        let text = fs::read_to_string(self.kept()).expect("kept");
        let mut kept: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        kept["expires"] = 1000.into();
        fs::write(self.kept(), kept.to_string()).expect("written");
    }
}

impl Ended {
    fn is_silent_about_secrets(&self) {
        assert!(!self.err.contains("canary") && !self.out.contains("canary"), "{self:?}");
    }
}

fn ended(output: Output) -> Ended {
    // A token is printed where it was asked for: only on standard output, which each test looks at.
    printed::show(&[], &output.stderr);
    let text = |octets| String::from_utf8(octets).expect("text");
    Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn finish(child: Child, mut err: BufReader<std::process::ChildStderr>) -> Ended {
    let mut rest = String::new();
    err.read_to_string(&mut rest).expect("read");
    let mut ended = ended(child.wait_with_output().expect("it ends"));
    ended.err = rest;
    ended
}

const ENDPOINTS: &str = "auth-url = \"ISSUER/authorize\"\ntoken-url = \"ISSUER/token\"";

#[test]
fn a_consent_in_a_browser_gives_tokens_for_this_user_alone() {
    let house = House::new(ENDPOINTS);
    let before = house.run(&["auth", "status", "work"]);
    assert_eq!((before.code, before.out.as_str()), (Some(1), "work  needs-login  -  -\n"), "{before:?}");
    let before = house.run(&["auth", "token", "work"]);
    assert_eq!(before.code, Some(78), "{before:?}");
    assert!(before.err.contains("account work needs login") && before.err.contains("run mailkit auth login work"));

    house.log_in();
    let opened = fs::read_to_string(house.at("opened")).expect("the browser was opened");
    assert!(opened.starts_with("https://localhost") && !opened.contains("canary"), "{opened}");
    let form = house.provider.state().asked[0].clone();
    assert_eq!(form.get("client_secret"), None, "a public client has none");
    assert!(!opened.contains(&form["code_verifier"]));
    assert_eq!(fs::metadata(house.kept()).expect("kept").mode() & 0o777, 0o600);
    let dir = house.kept().parent().expect("a directory").to_owned();
    assert_eq!(fs::metadata(dir).expect("a directory").mode() & 0o777, 0o700);

    let status = house.run(&["auth", "status", "--json"]);
    status.is_silent_about_secrets();
    let object: serde_json::Value = serde_json::from_str(&status.out).expect("JSON");
    assert_eq!((object["state"].as_str(), object["scopes"][0].as_str()), (Some("valid"), Some("mail")), "{object}");
    assert_eq!(object["stored"].as_str().map(PathBuf::from), Some(house.kept()));

    let token = house.run(&["auth", "token", "work"]);
    assert_eq!((token.code, token.out.as_str()), (Some(0), "canary-access-2\n"), "{token:?}");
    assert!(!token.err.contains("canary"), "{token:?}");
    for (format, wanted) in [
        ("sasl-xoauth2", "dXNlcj1ib2JAaGFtYnVyZ2VyLmV4YW1wbGUBYXV0aD1CZWFyZXIgY2FuYXJ5LWFjY2Vzcy0yAQE=\n"),
        ("oauthbearer", "bixhPWJvYkBoYW1idXJnZXIuZXhhbXBsZSwBYXV0aD1CZWFyZXIgY2FuYXJ5LWFjY2Vzcy0yAQE=\n"),
    ] {
        assert_eq!(house.run(&["auth", "token", "work", "--format", format]).out, wanted);
    }
    assert_eq!(house.provider.asked("refresh_token"), 0, "a good token is not renewed");
    let long = house.run(&["auth", "token", "work", "--min-valid", "2h"]);
    assert_eq!(long.code, Some(69), "{long:?}");
    assert!(long.err.contains("last no longer than 3"), "{long:?}");
    let refreshed = house.run(&["auth", "refresh", "work"]);
    assert_eq!(refreshed.code, Some(0), "{refreshed:?}");
    refreshed.is_silent_about_secrets();
    assert_eq!(house.provider.asked("refresh_token"), 2);
}

#[test]
fn only_the_answer_to_the_question_ends_a_login() {
    let house = House::new(ENDPOINTS);
    let _watch = watchdog::over("wrong answers", Duration::from_secs(120));
    let (child, err, address) = house.begin(&["auth", "login", "work", "--browser"]);
    let back = house.consent(&address);
    let other = |query: &str| {
        let mut other = back.clone();
        other.set_query(Some(query));
        house.browse(&other)
    };
    let (status, _, page) = other("code=mine&state=guessed");
    assert!(status == 400 && page.contains("another question"), "{page}");
    assert_eq!(other("error=access_denied").0, 400);
    assert_eq!(house.browse(&back.join("/favicon.ico").expect("a URL")).0, 404);
    let port = back.port().expect("a port");
    let mut knocker = std::net::TcpStream::connect(("127.0.0.1", port)).expect("connected");
    knocker.write_all(b"EHLO me\r\n\r\n").expect("written");
    let mut page = String::new();
    knocker.read_to_string(&mut page).expect("read");
    assert!(page.starts_with("HTTP/1.1 400 "), "{page}");
    let idle = std::net::TcpStream::connect(("127.0.0.1", port)).expect("connected");
    let (status, _, page) = house.browse(&back);
    assert!(status == 200 && page.contains("You may close this page."), "{page}");
    let login = finish(child, err);
    drop(idle);
    assert_eq!(login.code, Some(0), "{login:?}");
    login.is_silent_about_secrets();

    house.provider.state().refuses = true;
    let (child, err, address) = house.begin(&["auth", "login", "work", "--browser"]);
    let (status, _, page) = house.browse(&house.consent(&address));
    assert!(status == 400 && page.contains("access_denied: not today"), "{page}");
    let login = finish(child, err);
    assert_eq!(login.code, Some(77), "{login:?}");
    assert!(login.err.contains("the provider gave no consent"), "{login:?}");
    assert_eq!(house.run(&["auth", "status"]).code, Some(0), "the tokens of the last login are still there");
}

#[test]
fn without_a_screen_the_address_is_pasted_and_the_provider_says_where_it_is() {
    let house = House::new("issuer = \"ISSUER\"\ngrant = \"code\"\nclient-secret = {file = \"HOME/client-secret\"}");
    let _watch = watchdog::over("a paste", Duration::from_secs(120));
    for (typed, wanted) in [(None, 0), (Some("no address"), 64), (Some("http://127.0.0.1:1/?code=x&state=y"), 77)] {
        let (mut child, err, address) = house.begin(&["auth", "login", "work"]);
        let back = house.consent(&address).to_string();
        let mut input = child.stdin.take().expect("piped");
        writeln!(input, "{}", typed.unwrap_or(&back)).expect("written");
        let login = finish(child, err);
        assert_eq!(login.code, Some(wanted), "{login:?}");
        login.is_silent_about_secrets();
    }
    assert_eq!(house.provider.state().asked[0].get("client_secret").map(String::as_str), Some(CLIENT_SECRET));
    let asked = house.run(&["auth", "login", "work", "--no-input"]);
    assert_eq!(asked.code, Some(64), "{asked:?}");
}

#[test]
fn on_another_device_the_user_types_a_code() {
    let house = House::new("provider = \"house\"\n[oauth.house]\nissuer = \"ISSUER\"");
    house.provider.state().pending = ["authorization_pending", "slow_down"].into();
    let login = house.run(&["auth", "login", "work"]);
    assert_eq!(login.code, Some(0), "{login:?}");
    login.is_silent_about_secrets();
    assert!(login.err.contains("C: POST /token HTTP/1.1\n"), "the trace shows the conversation: {login:?}");
    assert!(login.err.contains("/here on any device and type there:\n  WDJB-MJHT\n"), "{login:?}");
    assert_eq!(house.provider.asked("urn:ietf:params:oauth:grant-type:device_code"), 3);
    assert_eq!(house.run(&["auth", "token", "work"]).out, "canary-access-2\n");
    for (error, said) in
        [("expired_token", "nobody consented before the code ended"), ("access_denied", "access_denied")]
    {
        house.provider.state().pending = [error].into();
        let login = house.run(&["auth", "login", "work", "--device"]);
        assert_eq!(login.code, Some(77), "{login:?}");
        assert!(login.err.contains(said), "{login:?}");
    }
}

#[test]
fn a_client_that_is_its_own_user_needs_no_consent() {
    let secret = "client-secret = {file = \"HOME/client-secret\"}";
    let house = House::new(&format!("{ENDPOINTS}\ngrant = \"client-credentials\"\n{secret}"));
    assert_eq!(house.run(&["auth", "token", "work"]).out, "canary-access-1\n");
    assert_eq!(house.run(&["auth", "login", "work"]).code, Some(0));
    assert_eq!(house.run(&["auth", "token", "work"]).out, "canary-access-2\n");
    house.age();
    assert_eq!(house.run(&["auth", "token", "work"]).out, "canary-access-3\n");
    house.configure(&format!("{ENDPOINTS}\ngrant = \"client-credentials\""));
    let refused = house.run(&["auth", "refresh", "work"]);
    assert_eq!(refused.code, Some(78), "{refused:?}");
    assert!(refused.err.contains("invalid_client: it is so") && refused.err.contains("check client-id"));
}

#[test]
fn of_eight_processes_one_renews_and_all_get_what_it_got() {
    let house = House::new(ENDPOINTS);
    house.log_in();
    house.age();
    house.provider.state().holds = Duration::from_millis(300);
    let _watch = watchdog::over("a race", Duration::from_secs(120));
    let racers: Vec<Child> =
        (0..8).map(|_| house.command(&["auth", "token", "work"]).spawn().expect("it starts")).collect();
    for racer in racers {
        let token = ended(racer.wait_with_output().expect("it ends"));
        assert_eq!((token.code, token.out.as_str()), (Some(0), "canary-access-4\n"), "{token:?}");
        assert!(!token.err.contains("canary"), "{token:?}");
    }
    assert_eq!(house.provider.asked("refresh_token"), 1);
}

#[test]
fn a_crash_between_answer_and_disk_costs_a_login_at_worst() {
    let house = House::new(ENDPOINTS);
    house.log_in();
    house.age();
    let kept = fs::read(house.kept()).expect("kept");
    house.provider.state().holds = Duration::from_secs(60);
    let mut victim = house.command(&["auth", "token", "work"]).spawn().expect("it starts");
    let _watch = watchdog::over("a crash", Duration::from_secs(120));
    while house.provider.asked("refresh_token") == 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    victim.kill().expect("killed");
    victim.wait().expect("it is gone");
    assert_eq!(fs::read(house.kept()).expect("kept"), kept, "the old tokens are whole");

    house.provider.state().holds = Duration::ZERO;
    for time in 0..2 {
        let token = house.run(&["auth", "token", "work"]);
        assert_eq!(token.code, Some(78), "{token:?}");
        token.is_silent_about_secrets();
        assert!(token.err.contains("account work needs login: the consent has ended or was withdrawn"), "{token:?}");
        assert!(token.err.contains("run mailkit auth login work"), "{token:?}");
        let notified = fs::read_to_string(house.at("notified")).expect("the user was told");
        assert_eq!(notified, "work again\n", "once only, at time {time}");
    }
    assert!(!fs::read_to_string(house.at("environment")).expect("written").contains("canary"));
    let status = house.run(&["auth", "status", "work"]);
    assert!(status.code == Some(1) && status.out.starts_with("work  needs-login"), "{status:?}");
    house.log_in();
    assert_eq!(house.run(&["auth", "token", "work"]).code, Some(0));

    // A provider that does not mind the old refresh token loses nothing at all.
    house.provider.state().rotates = false;
    house.age();
    let token = house.run(&["auth", "token", "work"]);
    assert_eq!(token.code, Some(0), "{token:?}");
}

#[test]
fn a_provider_in_trouble_is_named_and_never_trusted() {
    let house = House::new(ENDPOINTS);
    house.log_in();
    house.age();
    let answer =
        |status: &str, body: &str| -> VecDeque<(String, String)> { [(status.to_owned(), body.to_owned())].into() };
    let huge = format!("{{\"access_token\":\"canary{}\"}}", "x".repeat(300_000));
    for (status, body, code, wanted) in [
        ("200 OK", "canary", 76, "not the JSON that was expected"),
        ("200 OK", "{\"access_token\":\"canary\\r\\nQUIT\"}", 76, "none that could be sent"),
        ("200 OK", "{\"access_token\":\"canary\",\"token_type\":\"mac\"}", 76, "no bearer token"),
        ("200 OK", huge.as_str(), 76, "longer than 262144 octets"),
        ("503 Busy", "<p>canary", 75, "answers with status 503"),
        ("302 Found\r\nLocation: http://localhost/?canary", "", 78, "answers with status 302"),
        ("400 Bad", "{\"error\":\"invalid_scope\"}", 78, "check scopes"),
        ("400 Bad", "{\"error\":\"temporarily_unavailable\"}", 75, "temporarily_unavailable"),
    ] {
        house.provider.state().instead = answer(status, body);
        let token = house.run(&["auth", "token", "work"]);
        assert_eq!(token.code, Some(code), "{status}: {token:?}");
        assert!(token.err.contains(wanted), "{status}: {token:?}");
        token.is_silent_about_secrets();
    }
    // One that repeats what it was shown, wherever it can.
    let kept: serde_json::Value = serde_json::from_slice(&fs::read(house.kept()).expect("kept")).expect("JSON");
    let refresh = kept["refresh"].as_str().expect("a token").to_owned();
    let status = format!("400 {refresh}\r\nServer: {refresh}\r\nLocation: /?{refresh}");
    let body = format!("{{\"error\":\"server_error\",\"error_description\":\"what is {refresh}?\"}}");
    house.provider.state().instead = answer(&status, &body);
    let token = house.run(&["auth", "token", "work"]);
    assert!(token.code == Some(75) && token.err.contains("what is {secret}?"), "{token:?}");
    token.is_silent_about_secrets();

    let plain = ENDPOINTS.replace("ISSUER/token", "http://localhost/token");
    let stranger = ENDPOINTS.replace("ISSUER/token", &format!("https://127.0.0.1:{}/token", house.provider.port));
    for (keys, code, wanted) in [
        (plain, 78, "by https only"),
        (stranger, 69, "it is for another name"),
        ("provider = \"gogle\"".to_owned(), 78, "gogle is no provider that is known"),
        ("scopes = []".to_owned(), 78, "nobody says where tokens are given out"),
    ] {
        house.configure(&keys);
        let token = house.run(&["auth", "token", "work"]);
        assert_eq!(token.code, Some(code), "{keys}: {token:?}");
        assert!(token.err.contains(wanted), "{keys}: {token:?}");
        token.is_silent_about_secrets();
    }

    // A token that lasts for what is to be done is used while the provider cannot renew it.
    house.configure(ENDPOINTS);
    house.provider.state().lifetime = 200;
    let short = house.run(&["auth", "token", "work"]);
    assert_eq!(short.out, "canary-access-4\n", "{short:?}");
    house.provider.state().instead = answer("503 Busy", "");
    assert_eq!(house.run(&["auth", "token", "work"]).out, "canary-access-4\n");
}

/// A mail server for one connection that takes this mechanism and any token; it tells what came with AUTH.
fn mail_server(mechanism: &'static str) -> (u16, std::thread::JoinHandle<String>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let talk = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut lines = BufReader::new(stream.try_clone().expect("a second handle")).lines();
        let mut said = String::new();
        let mut say = |text: &str| stream.write_all(text.as_bytes()).expect("written");
        say("220 mail.example ESMTP\r\n");
        while let Some(Ok(line)) = lines.next() {
            match line.split(' ').next().unwrap_or_default() {
                "EHLO" => say(&format!("250-mail.example\r\n250 AUTH {mechanism}\r\n")),
                "AUTH" => {
                    said = line;
                    say("235 2.7.0 ok\r\n");
                }
                "DATA" => {
                    say("354 go\r\n");
                    lines.by_ref().map_while(Result::ok).find(|line| line == ".");
                    say("250 2.0.0 kept\r\n");
                }
                "QUIT" => {
                    say("221 2.0.0 bye\r\n");
                    break;
                }
                _ => say("250 2.0.0 ok\r\n"),
            }
        }
        said
    });
    (port, talk)
}

#[test]
fn a_message_goes_out_with_the_token_of_the_moment() {
    let house = House::new(ENDPOINTS);
    house.log_in();
    house.age();
    for (mechanism, wanted) in [
        ("XOAUTH2", "user=bob@hamburger.example\u{1}auth=Bearer canary-access-4\u{1}\u{1}"),
        ("OAUTHBEARER", "auth=Bearer canary-access-4\u{1}"),
    ] {
        let (port, talk) = mail_server(mechanism);
        let keys = fs::read_to_string(house.at("config.toml")).expect("written").replace("smtp =", "#");
        let keys =
            keys.replace("auth = \"oauth\"\n", &format!("auth = \"oauth\"\nsmtp = \"smtp://127.0.0.1:{port}\"\n"));
        fs::write(house.at("config.toml"), keys).expect("written");
        let _watch = watchdog::over(mechanism, Duration::from_secs(120));
        let words = ["send", "--server", "work", "-s", "Crepes", "alice@crepes.example"];
        let mut child = house.command(&words).stdin(Stdio::piped()).spawn().expect("it starts");
        child.stdin.take().expect("piped").write_all(b"The oven is free.\n").expect("written");
        let sent = ended(child.wait_with_output().expect("it ends"));
        assert_eq!(sent.code, Some(0), "{sent:?}");
        sent.is_silent_about_secrets();
        let said = talk.join().expect("a conversation");
        let answer = said.strip_prefix(&format!("AUTH {mechanism} ")).expect("an answer at once");
        let answer = base64::engine::general_purpose::STANDARD.decode(answer).expect("base64");
        assert!(String::from_utf8(answer).expect("text").contains(wanted), "{said}");
    }
    assert_eq!(house.provider.asked("refresh_token"), 1);
}

#[test]
fn a_relay_logs_in_at_its_smarthost_with_the_token_of_the_moment() {
    let house = House::new(ENDPOINTS);
    house.log_in();
    house.age();
    let (port, talk) = mail_server("XOAUTH2");
    let keys = fs::read_to_string(house.at("config.toml")).expect("written");
    let keys = keys.replace("auth = \"oauth\"\n", &format!("auth = \"oauth\"\nsmtp = \"smtp://127.0.0.1:{port}\"\n"));
    fs::write(house.at("config.toml"), format!("{keys}\n[relay]\naccount = \"work\"\n")).expect("written");
    let _watch = watchdog::over("a relay", Duration::from_secs(120));
    let data = house.at("data");
    let words = ["serve", "--data", data.to_str().expect("a path"), "--domain", "hamburger.example"];
    let more = ["--user", "alice:secret", "--submission", "127.0.0.1:0"];
    let server = Served::start(&mut house.command(&[&words[..], &more].concat()));
    let submission = format!("smtp://alice@127.0.0.1:{}", server.port("submission"));
    let words = ["send", "--server", &submission, "--password-cmd", "echo secret", "-r", "alice@hamburger.example"];
    let mut child = house.command(&[&words[..], &["eve@elsewhere.example"]].concat());
    let mut child = child.stdin(Stdio::piped()).spawn().expect("it starts");
    child.stdin.take().expect("piped").write_all(b"The oven is free.\n").expect("written");
    let sent = ended(child.wait_with_output().expect("it ends"));
    assert_eq!(sent.code, Some(0), "{sent:?}");
    let said = talk.join().expect("a conversation");
    assert!(said.starts_with("AUTH XOAUTH2 "), "{said}");
    assert_eq!(house.provider.asked("refresh_token"), 1);
}
