//! The program as a user meets it: exit codes, and what stands on which output.

mod printed;
mod served;
mod watchdog;

use std::io::Read;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// The program, deaf to whatever the surroundings of the test say.
fn mailkit(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailkit"));
    let home = env!("CARGO_TARGET_TMPDIR");
    command.args(arguments).env_clear().env("HOME", home).env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let _watch = watchdog::over(arguments.join(" "), Duration::from_secs(120));
    let Output { status, stdout, stderr } = mailkit(arguments).output().expect("it runs");
    printed::show(&stdout, &stderr);
    let text = |octets| String::from_utf8(octets).expect("output is text");
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn wrong_arguments_end_with_64_and_say_so_on_the_error_channel() {
    for (arguments, wanted) in [
        (&[][..], "Usage: mailkit"),
        (&["frobnicate"], "unrecognized subcommand 'frobnicate'"),
        (&["mx", "lookup"], "required arguments were not provided"),
        (&["mx", "lookup", "--color", "sometimes", "x"], "invalid value 'sometimes'"),
        (&["mx", "lookup", "-q", "-v", "x"], "cannot be used with"),
        (&["mx", "lookup", "a b"], "mailkit mx: a b is neither a domain nor an address"),
    ] {
        let (code, stdout, stderr) = run(arguments);
        assert_eq!((code, stdout.as_str()), (Some(64), ""), "{arguments:?}");
        assert!(stderr.contains(wanted), "{arguments:?}: {stderr}");
    }
}

#[test]
fn help_and_version_are_data_and_no_error() {
    for (arguments, wanted) in [
        (&["--help"][..], "Exit codes of all commands:"),
        (&["-h"], "Usage: mailkit"),
        (&["--version"], concat!("mailkit ", env!("CARGO_PKG_VERSION"), "\n")),
        (&["mx", "lookup", "--help"], "Examples:"),
    ] {
        let (code, stdout, stderr) = run(arguments);
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{arguments:?}");
        assert!(stdout.contains(wanted), "{arguments:?}: {stdout}");
    }
}

#[test]
fn with_json_an_error_is_an_object_on_the_error_channel() {
    for (arguments, exit, code, message) in [
        (&["--json", "frobnicate"][..], 64, "usage", "unrecognized subcommand 'frobnicate'"),
        (&["generate", "--json", "/dev/null/x"], 66, "noinput", "cannot create /dev/null/x/man"),
        (&["mx", "lookup", "--json", "\u{202e}"], 64, "usage", "\u{202e} is neither a domain"),
    ] {
        let (status, stdout, stderr) = run(arguments);
        assert_eq!((status, stdout.as_str()), (Some(exit), ""), "{arguments:?}");
        assert!(!stderr.contains('\u{202e}'), "what turns text around is escaped: {stderr}");
        let object: serde_json::Value = serde_json::from_str(&stderr).expect("one object and nothing else");
        let error = &object["error"];
        assert_eq!((error["exit"].as_i64(), error["code"].as_str()), (Some(exit.into()), Some(code)));
        assert!(error["message"].as_str().is_some_and(|text| text.contains(message)), "{error}");
    }
}

#[test]
fn a_reader_who_goes_away_is_no_error_worth_a_word() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut command = mailkit(&["generate", dir.path().to_str().expect("a path")]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut said).expect("read");
    assert_eq!((child.wait().expect("it ends").code(), said.as_str()), (Some(141), ""));
}

#[test]
fn control_characters_from_elsewhere_do_not_reach_the_terminal() {
    let (code, _, stderr) = run(&["mx", "lookup", "\u{1b}[2J"]);
    assert_eq!(code, Some(64));
    assert!(stderr.contains(r"\x1b[2J") && !stderr.contains('\u{1b}'), "{stderr:?}");
}

/// A port on loopback where nobody listens.
fn closed_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

#[test]
fn bad_input_ends_with_its_code_and_a_sentence_that_says_what_to_do() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.to_string_lossy().into_owned()
    };
    let good = file("good.toml", "[accounts.work]\nemail = 'alice@crepes.example'\n[accounts.home]\n");
    let typo = file("typo.toml", "[accounts.work]\n\nsmpt = 'smtps://smtp.crepes.example'\n");
    let relay = file("relay.toml", "[relay]\nretry = 'soon'\n");
    let message = file("message.eml", "Subject: x\r\n\r\nx\r\n");
    let data = dir.path().join("data").to_string_lossy().into_owned();
    let maildir = format!("maildir:{}/Mail", dir.path().display());
    let elsewhere = format!("maildir:{}", dir.path().display());
    let closed = closed_port();
    let (pop, smtp) = (format!("pop3://bob@127.0.0.1:{closed}"), format!("smtp://127.0.0.1:{closed}"));
    let imap = format!("imap://bob@127.0.0.1:{closed}");
    let (mailboxes, other) = (format!("{}/Mailboxes", dir.path().display()), dir.path().display().to_string());
    let missing = dir.path().join("missing").to_string_lossy().into_owned();
    let password = ["--password-cmd", "echo hunter2"];
    let with_password =
        |arguments: &[&str]| [arguments, &password[..]].concat().iter().map(|a| (*a).to_owned()).collect();
    let alone = |arguments: &[&str]| arguments.iter().map(|argument| (*argument).to_owned()).collect::<Vec<_>>();
    let table: Vec<(Vec<String>, i32, &str, &str)> = vec![
        (alone(&["pop"]), 78, "no account is configured", "name the server by URL"),
        (alone(&["pop", "wrok", "--config", &good]), 78, "there is no account \"wrok\"", "did you mean work?"),
        (alone(&["pop", "--config", &good]), 78, "no account is the default", "choose one with -A: home, work"),
        (alone(&["pop", "work", "--config", &good]), 78, "account work has no pop server", "add pop = \"URL\""),
        (alone(&["pop", "work", "--config", &typo]), 78, "typo.toml:3: unknown key \"smpt\"", "did you mean smtp?"),
        (alone(&["relay", "run", "--config", &relay, "--data", &data]), 78, "retry in [relay]", ""),
        (alone(&["relay", "queue", "--data", &missing]), 66, "there is no queue in", "--data"),
        (alone(&["pop", "--config", &missing]), 78, "cannot read the configuration", ""),
        (alone(&["pop", "imap://bob@127.0.0.1", "--to", "-"]), 64, "is a server of another kind", ""),
        (alone(&["pop", "pop3://bob:hunter2@127.0.0.1", "--to", "-"]), 64, "a URL is no place for a password", ""),
        (alone(&["pop", &pop]), 64, "nowhere to put the messages", "--to maildir:PATH"),
        (
            alone(&["pop", &pop, "--to", "-", "--keep", "none"]),
            64,
            "--keep none needs a Maildir",
            "stays on the server",
        ),
        (alone(&["pop", "pop3://127.0.0.1", "--to", "-"]), 64, "nobody to log in as", "--user"),
        (alone(&["pop", &pop, "--to", "-"]), 78, "no password: there is no terminal", "--password-cmd"),
        (
            alone(&["pop", &pop, "--to", "-", "--no-input"]),
            78,
            "no password: it may not be asked for",
            "--password-cmd",
        ),
        (alone(&["pop", &pop, "--to", "-", "--password-env", "UNSET"]), 78, "the variable UNSET is not set", ""),
        (alone(&["pop", &pop, "--to", "-", "--password-cmd", "echo why >&2; false"]), 78, "failed", "it said: why"),
        (with_password(&["pop", &pop, "--to", &elsewhere]), 73, "is no Maildir", "name a Maildir"),
        (with_password(&["pop", &pop, "--to", &maildir, "--ca", &missing]), 66, "cannot read", ""),
        (with_password(&["pop", &pop, "--to", &maildir]), 75, "cannot connect", ""),
        (alone(&["imap", "sync", &imap]), 64, "nowhere to put the messages", "--maildir DIR"),
        (alone(&["imap", "sync", &pop, "--maildir", &mailboxes]), 64, "is a server of another kind", ""),
        (alone(&["imap", "sync", "work", "--config", &good]), 78, "account work has no imap server", "add imap = "),
        (alone(&["imap", "sync", "imap://127.0.0.1", "--maildir", &mailboxes]), 64, "nobody to log in as", "imap://"),
        (with_password(&["imap", "sync", &imap, "--maildir", &other]), 73, "is no Maildir", "name a Maildir"),
        (with_password(&["imap", "sync", &imap, "--maildir", &mailboxes]), 75, "cannot connect", ""),
        (alone(&["send", "--server", &smtp, "--message", &missing, "bob@x.example"]), 66, "cannot read", ""),
        (alone(&["send", "--server", &smtp, "--message", &message]), 64, "nobody to send to", "-t"),
        (
            alone(&["send", "--server", &smtp, "--message", &message, "-f", "a@b.example", "bob@x.example"]),
            75,
            "cannot connect",
            "",
        ),
    ];
    for (arguments, code, wanted, more) in table {
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let (found, stdout, stderr) = run(&words);
        assert_eq!((found, stdout.as_str()), (Some(code), ""), "{words:?}: {stderr}");
        assert!(stderr.starts_with(&format!("mailkit {}: ", words[0])), "{stderr}");
        assert!(stderr.contains(wanted) && stderr.contains(more), "{words:?}: {stderr}");
        assert!(!stderr.contains("hunter2"), "{stderr}");
    }
}

#[test]
fn a_value_that_is_refused_is_repeated_without_the_password_in_it() {
    for arguments in [
        &["relay", "run", "--resolver", "https://u:hunter2@/"][..],
        &["send", "--mx", "--resolver", "tls://u:hunter2@[::1", "x@y.example"],
        &["mx", "lookup", "@https://u:hunter2@/", "y.example"],
        &["serve", "--json", "--resolver", "https://u:hunter2@/"],
    ] {
        let (code, stdout, stderr) = run(arguments);
        assert_eq!((code, stdout.as_str()), (Some(64), ""), "{arguments:?}: {stderr}");
        assert!(stderr.contains("u:{secret}@") && !stderr.contains("hunter2"), "{arguments:?}: {stderr}");
    }
}

/// Options of a server that takes what port it gets.
fn serve(data: &std::path::Path) -> Vec<String> {
    let data = data.to_string_lossy();
    let words = ["serve", "--data", &data, "--domain", "hamburger.example", "--user", "bob:secret"];
    let listeners =
        ["--smtp", "127.0.0.1:0", "--submission", "127.0.0.1:0", "--pop3", "127.0.0.1:0", "--pop3s", "127.0.0.1:0"];
    words.iter().chain(&listeners).map(|word| (*word).to_owned()).collect()
}

#[test]
fn what_a_server_refuses_ends_with_its_code_and_the_servers_words() {
    let dir = tempfile::tempdir().expect("a directory");
    let options = serve(&dir.path().join("data"));
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let server = served::Served::start(&mut mailkit(&options));
    let file = |name: &str, text: &str| {
        std::fs::write(dir.path().join(name), text).expect("written");
        dir.path().join(name).to_string_lossy().into_owned()
    };
    let good = file("good.eml", "From: a@x.example\r\nSubject: x\r\n\r\nx\r\n");
    let bare = file("bare.eml", "From: a@x.example\r\nSubject: x\r\n\r\nx\ry\r\n");
    let smtp = format!("smtp://{}", server.address("smtp"));
    let submission = format!("smtp://bob@{}", server.address("submission"));
    let (pop3, pop3s) =
        (format!("pop3://bob@{}", server.address("pop3")), format!("pop3s://bob@localhost:{}", server.port("pop3s")));
    let (wrong, right) = (["--password-cmd", "echo hunter2"], ["--password-cmd", "echo secret"]);
    let send = |server: &str, message: &str, recipient: &str, more: &[&str]| {
        let words = ["send", "--server", server, "--message", message, "-r", "a@x.example", recipient];
        words.iter().chain(more).map(|word| (*word).to_owned()).collect::<Vec<_>>()
    };
    let pop = |server: &str, password: &[&str]| {
        let words = ["pop", server, "--to", "-"];
        words.iter().chain(password).map(|word| (*word).to_owned()).collect::<Vec<_>>()
    };
    for (arguments, code, wanted, said) in [
        (pop(&pop3, &wrong), 77, "login refused", "User name or password is wrong"),
        (pop(&pop3s, &right), 69, "certificate was refused", ""),
        (send(&submission, &good, "eve@elsewhere.example", &wrong), 77, "", "535 5.7.8"),
        (send(&smtp, &good, "nobody@hamburger.example", &[]), 67, "", "550 5.1.1"),
        (send(&smtp, &good, "eve@elsewhere.example", &[]), 77, "", "5.7.1"),
        (send(&smtp, &bare, "bob@hamburger.example", &[]), 65, "CR", ""),
        (
            options.iter().map(|word| (*word).to_owned()).collect(),
            75,
            "in use by another mailkit process",
            "stop that process first",
        ),
    ] {
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let (found, stdout, stderr) = run(&words);
        assert_eq!((found, stdout.as_str()), (Some(code), ""), "{words:?}: {stderr}");
        assert!(stderr.starts_with(&format!("mailkit {}: ", words[0])), "{stderr}");
        assert!(stderr.contains(wanted) && stderr.contains(said), "{words:?}: {stderr}");
    }
}

#[test]
fn an_output_that_is_full_is_an_error() {
    let dir = tempfile::tempdir().expect("a directory");
    let message = dir.path().join("message.eml");
    std::fs::write(&message, "Subject: x\r\n\r\nx").expect("written");
    let message = message.to_str().expect("a path");
    // A text without a line end waits in a buffer until the program ends.
    for (arguments, code) in [
        (&["parse", message][..], 74),
        (&["parse", "-O", "1", message], 74),
        (&["parse", "-O", "1", message, "missing"], 66),
        (&["parse", "--to", "eml", "--strip", "attachments", message], 74),
        (&["parse", "--help"], 74),
        (&["--version"], 74),
        (&["mx", "lookup", "[192.0.2.1]"], 74),
        (&["mx", "lookup", "--json", "[192.0.2.1]", "[192.0.2.2]"], 74),
        (&["mx", "check", "@127.0.0.1:1", "--resolver-timeout", "10ms", "x.example"], 74),
        (&["mx", "probe", "smtp://127.0.0.1:1"], 74),
    ] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has a full device");
        let output = mailkit(arguments).stdout(full).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains("cannot write to standard output: No space left on device"), "{said}");
    }
}

#[test]
fn serve_refuses_what_cannot_be_meant_before_it_touches_the_directory() {
    let home = tempfile::tempdir().expect("a directory");
    let path = |name: &str| home.path().join(name).to_str().expect("a path").to_owned();
    let (file, users) = (path("file"), path("users"));
    std::fs::write(&file, "x").expect("written");
    std::fs::write(&users, "bob:{PLAIN}a\n").expect("written");
    let data = path("data");
    let serve = |more: &[&str]| run(&[&["serve", "--smtp", "127.0.0.1:0"][..], more].concat());
    for (arguments, exit, wanted) in [
        (&["--data", &file][..], 73, "file is no directory"),
        (&["--data", &data, "--user", "bob:"], 64, "--user: the password of bob is empty"),
        (&["--data", &data, "--user", "BOB:x", "--users", &users], 78, "the user BOB is named twice"),
        (&["--data", &data, "--users", "/dev/zero"], 74, "cannot read /dev/zero: file too large"),
        (&["--data", &data, "--tls-cert", "/dev/zero", "--tls-key", "/dev/zero"], 74, "cannot read /dev/zero"),
        (&["--data", &data, "--config", "/dev/zero"], 78, "cannot read the configuration /dev/zero"),
    ] {
        let (code, stdout, stderr) = serve(arguments);
        assert!(!home.path().join("data").exists(), "{arguments:?}");
        assert_eq!((code, stdout.as_str()), (Some(exit), ""), "{arguments:?}: {stderr}");
        assert!(stderr.contains(wanted), "{arguments:?}: {stderr}");
    }
}

/// A home of its own with a configuration, and the program in it.
struct Home(tempfile::TempDir);

impl Home {
    fn new(config: &str) -> Self {
        let home = Self(tempfile::tempdir().expect("a directory"));
        std::fs::create_dir_all(home.path(".config/mailkit/conf.d")).expect("made");
        std::fs::write(home.path(".config/mailkit/config.toml"), config).expect("written");
        home
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.path(".config/mailkit/config.toml")).expect("a file")
    }

    /// Exit code, output and complaints, with the home's name taken out.
    fn run(&self, arguments: &[&str], input: &str, variables: &[(&str, &str)]) -> (Option<i32>, String, String) {
        let _watch = watchdog::over(arguments.join(" "), Duration::from_secs(60));
        let mut command = mailkit(arguments);
        command.env("HOME", self.0.path()).envs(variables.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        // Those that read nothing may be gone already.
        let _ = std::io::Write::write_all(&mut child.stdin.take().expect("piped"), input.as_bytes());
        let Output { status, stdout, stderr } = child.wait_with_output().expect("it ends");
        printed::show(&stdout, &stderr);
        let home = self.0.path().display().to_string();
        let text = |octets| String::from_utf8(octets).expect("text").replace(&home, "~");
        (status.code(), text(stdout), text(stderr))
    }
}

const TWO_ACCOUNTS: &str = "\
# mine
[defaults]
name = 'Alice'
[accounts.home]   # at home
default = true
email = 'al@home.example'
smtp = 'smtp://127.0.0.1:1'
secret = { env = 'CANARY' }
[accounts.work]
inherit = 'home'
email = 'alice@crepes.example'
secret = { plain = 'hunter2' }
";

#[test]
fn the_configuration_is_shown_and_checked_with_files_and_lines() {
    let home = Home::new(TWO_ACCOUNTS);
    std::fs::write(home.path(".config/mailkit/conf.d/9.toml"), "[accounts.work]\nmax-recipients = 2\n")
        .expect("written");
    let (code, said, _) = home.run(&["config", "path"], "", &[]);
    assert_eq!((code, said.as_str()), (Some(0), "~/.config/mailkit/config.toml\n~/.config/mailkit/conf.d/9.toml\n"));
    let (code, said, _) = home.run(&["config", "show", "--origin", "accounts.work"], "", &[]);
    let file = "~/.config/mailkit/config.toml";
    let wanted = format!(
        "[accounts.work]\nemail = \"alice@crepes.example\"  # {file}:11\ninherit = \"home\"  # {file}:10\n\
         max-recipients = 2  # ~/.config/mailkit/conf.d/9.toml:2\nname = \"Alice\"  # {file}:3\n\
         secret = {{ plain = \"{{secret}}\" }}  # {file}:12\nsmtp = \"smtp://127.0.0.1:1\"  # {file}:7\n"
    );
    assert_eq!((code, said), (Some(0), wanted));
    let (code, said, _) = home.run(&["config", "check"], "", &[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.starts_with(&format!("{file}:12: unwise: the password of work stands here in plain text")), "{said}");
    assert!(!said.contains("hunter2"));
    std::fs::write(home.path(".config/mailkit/conf.d/9.toml"), "[accounts.work]\nsmpt = 2\nemail = 'x'\n")
        .expect("written");
    let (code, said, _) = home.run(&["config", "check", "--json"], "", &[]);
    let object: serde_json::Value = serde_json::from_str(&said).expect("one object");
    assert_eq!((code, object["problems"].as_array().map(Vec::len)), (Some(78), Some(3)), "{said}");
    assert_eq!(
        object["problems"][0]["line"].as_i64().zip(object["problems"][1]["line"].as_i64()),
        Some((3, 2)),
        "{said}"
    );
    let (code, said, _) = home.run(&["config", "schema"], "", &[]);
    assert!(code == Some(0) && said.contains("\"allow-recipients\""));
    let other = home.path("other.toml");
    std::fs::write(&other, "[accounts.x]\nuser = 'x'\n").expect("written");
    let other = other.to_str().expect("a path");
    let (_, said, _) = home.run(&["config", "show"], "", &[("MAILKIT_CONFIG", other)]);
    assert_eq!(said, "[accounts.x]\nuser = \"x\"\n");
}

#[test]
fn accounts_are_changed_in_place_and_the_rest_of_the_file_stays() {
    let home = Home::new(TWO_ACCOUNTS);
    let done = |arguments: &[&str]| {
        let (code, said, complaint) = home.run(arguments, "", &[]);
        assert_eq!((code, complaint.as_str()), (Some(0), ""), "{arguments:?}");
        said
    };
    let listed = done(&["account", "list"]);
    assert_eq!(
        listed,
        "* home  al@home.example       smtp://127.0.0.1:1\n  work  alice@crepes.example  smtp://127.0.0.1:1\n"
    );
    done(&["account", "edit", "work", "--set", "smtp=smtps://smtp.crepes.example", "--set", "tls.name=x.example"]);
    done(&["account", "default", "work"]);
    let wanted = TWO_ACCOUNTS.replace("default = true\n", "").replace(
        "'hunter2' }\n",
        "'hunter2' }\nsmtp = \"smtps://smtp.crepes.example\"\ntls = { name = \"x.example\" }\ndefault = true\n",
    );
    assert_eq!(home.text(), wanted);
    let (code, _, said) = home.run(&["account", "remove", "--yes", "home"], "", &[]);
    assert!(code == Some(78) && said.contains("home is still needed by work"), "{said}");
    done(&["account", "edit", "work", "--unset", "inherit"]);
    let (code, _, said) = home.run(&["account", "remove", "home"], "", &[]);
    assert!(code == Some(64) && said.contains("--yes says yes"), "{said}");
    done(&["account", "remove", "--yes", "home"]);
    assert!(!home.text().contains("home.example") && home.text().contains("# mine"));
    let (code, _, said) = home.run(&["account", "edit", "work", "--set", "smtp=imap://x"], "", &[]);
    assert!(code == Some(78) && said.contains("is a server of another kind"), "{said}");
    let editor = [("EDITOR", "sed -i s/crepes/waffles/")];
    assert_eq!(home.run(&["config", "edit"], "", &editor).0, Some(0));
    assert!(home.text().contains("waffles"));
    let (code, said, _) = home.run(&["account", "edit", "work"], "", &[("VISUAL", "sed -i s/email/emial/")]);
    assert!(code == Some(78) && said.contains("unknown key \"emial\" (did you mean email?)"), "{said}");
}

#[test]
fn a_password_is_kept_in_a_file_where_no_keyring_is() {
    let home = Home::new(TWO_ACCOUNTS);
    let absent = [("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent"), ("CANARY", "canary")];
    let (code, _, said) = home.run(&["auth", "set", "work", "--stdin"], "canary\n", &absent);
    assert!(code == Some(78) && said.contains("there is no keyring here") && said.contains("--file"), "{said}");
    let (code, _, said) = home.run(&["auth", "set", "home", "--stdin"], "canary\n", &absent);
    assert!(code == Some(78) && said.contains("is kept by somebody else: environment"), "{said}");
    let (code, out, said) = home.run(&["auth", "set", "work", "--stdin", "--file"], "canary\nnote\n", &absent);
    assert_eq!((code, out.as_str()), (Some(0), ""), "{said}");
    assert!(said.contains("the password still stands in"), "{said}");
    let file = home.path(".local/state/mailkit/secrets/work");
    assert_eq!(std::fs::read_to_string(&file).expect("kept"), "canary\n");
    assert!(home.text().contains(&format!("secret = {{ file = \"{}\" }}", file.display())), "{}", home.text());
    assert_eq!(home.run(&["auth", "forget", "work"], "", &absent).0, Some(0));
    assert_eq!(home.run(&["auth", "forget", "work"], "", &absent).0, Some(1));
    let (code, _, said) = home.run(&["auth", "set", "work", "--stdin"], "\n", &absent);
    assert!(code == Some(66) && said.contains("no password in its first line"), "{said}");
}

#[test]
fn a_message_goes_from_the_account_of_its_sender() {
    let home = Home::new(
        &TWO_ACCOUNTS.replace("'alice@crepes.example'", "'alice@crepes.example'\nsmtp = 'smtp://127.0.0.2:1'"),
    );
    for (arguments, wanted) in [
        (&[][..], "127.0.0.1:1"),
        (&["-f", "alice+lists@crepes.example"], "127.0.0.2:1"),
        (&["-r", "alice@crepes.example"], "127.0.0.2:1"),
        (&["-A", "home", "-f", "alice@crepes.example"], "127.0.0.1:1"),
        (&["--server", "work"], "127.0.0.2:1"),
    ] {
        let arguments = [&["send", "--dry-run", "-s", "x", "bob@hamburger.example"], arguments].concat();
        let (code, _, said) = home.run(&arguments, "text\n", &[]);
        assert!(code == Some(0) && said.contains(&format!("would go to   {wanted}")), "{arguments:?}: {said}");
    }
}

#[test]
fn accounts_of_other_programs_are_taken_over_without_their_passwords() {
    let home = Home::new("# mine\n");
    std::fs::write(home.path("rc"), "account a\nhost mail.example\ntls on\nuser bob\npassword hunter2\n")
        .expect("written");
    let rc = home.path("rc");
    let rc = rc.to_str().expect("a path");
    let (code, out, said) = home.run(&["account", "import", "msmtprc", rc, "--print"], "", &[]);
    assert_eq!((code, home.text().as_str()), (Some(1), "# mine\n"));
    assert!(
        out.contains("[accounts.a]") && said.contains("~/rc:5: a password in plain text is not copied"),
        "{out}{said}"
    );
    let (code, _, _) = home.run(&["account", "import", "msmtprc", rc, "--name", "b"], "", &[]);
    assert_eq!(code, Some(1));
    let wanted = "# mine\n\n[accounts.b]\nsmtp = \"submission://mail.example:25\"\nuser = \"bob\"\n";
    assert_eq!(home.text(), wanted);
    assert!(!home.text().contains("hunter2"));
    let (code, out, _) = home.run(&["account", "export", "msmtprc", "b"], "", &[]);
    assert!(code == Some(0) && out.starts_with("account b\nhost mail.example\nport 25\ntls on\n"), "{out}");
    let (code, _, said) = home.run(&["account", "import", "msmtprc", rc, "--name", "b"], "", &[]);
    assert!(code == Some(64) && said.contains("there is an account b already"), "{said}");
}

#[test]
fn an_account_says_how_its_servers_are_reached_and_arguments_go_before_it() {
    let closed = closed_port();
    let home = Home::new(&format!(
        "[accounts.ca]\nsmtp = 'smtp://127.0.0.1:{closed}'\ntls = {{ ca = '/nonexistent/ca' }}\n\
         [accounts.proxy]\nsmtp = 'smtp://mail.example'\nproxy = 'socks5h://127.0.0.1:{closed}'\n\
         [accounts.source]\nsmtp = 'smtp://127.0.0.1:{closed}'\nsource = '::1'\n"
    ));
    for (account, more, code, wanted) in [
        ("ca", &[][..], 66, "cannot read /nonexistent/ca"),
        ("ca", &["--ca", "/nonexistent/other"], 66, "cannot read /nonexistent/other"),
        ("proxy", &[], 75, "cannot connect"),
        ("source", &[], 68, "no IPv6 address"),
        ("source", &["--source", "127.0.0.1"], 75, "cannot connect"),
    ] {
        let words = ["send", "-A", account, "-f", "a@x.example", "-s", "x", "bob@x.example"];
        let (found, _, said) = home.run(&[&words[..], more].concat(), "x\n", &[]);
        assert!(found == Some(code) && said.contains(wanted), "{account} {more:?}: {found:?} {said}");
    }
}
