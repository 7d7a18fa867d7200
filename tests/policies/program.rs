//! The program itself, with a name server of ours: what it prints, and what it ends with.

use super::{name_server, schema};
use mailkit::net::zone::Zone;
use std::io::Write;
use std::process::{Command, Stdio};

const ZONE: &str = r#"
$ORIGIN good.test.
@                   MX 10 mx
@                   TXT "v=spf1 mx include:more.good.test -all"
more                TXT "v=spf1 ip4:198.51.100.0/24 a:gone.good.test ?all"
mx                  A 198.51.100.1
_dmarc              TXT "v=DMARC1; p=reject; rua=mailto:r@good.test"
_smtp._tls          TXT "v=TLSRPTv1; rua=mailto:r@good.test"
s1._domainkey       TXT "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
default._bimi       TXT "v=BIMI1; l=; a=;"
1.100.51.198.in-addr.arpa. PTR mx.good.test.
2.100.51.198.in-addr.arpa. PTR mx.good.test.
2.100.51.198.list.test. TXT "\027[2Jred"
2.100.51.198.list.test. A 127.0.0.2
2.0.0.127.list.test. A 127.0.0.2
odd                 TXT "v=spf1 exists:%{l}.any.good.test -all"
odd                 A 198.51.100.1
*.any               A 127.0.0.2
$ORIGIN bad.test.
@                   MX 10 mx
@                   TXT "v=spf1 ipv4:198.51.100.1 -all"
mx                  A 198.51.100.9
_dmarc              TXT "v=DMARC1; p=none; rua=mailto:r@elsewhere.test"
wide                A 198.51.100.9
wide                TXT "v=spf1 include:a-very-long-name.of-a-provider.whose-names.have-no-end.and-no-record.example.test a:\195\164 -all"
_dmarc.wide         TXT "v=DMARC1; p=reject; rua=mailto:somebody-with-a-name-without-any-end-that-does-not-fit-into-a-line@nobody-there.example.test"
$ORIGIN plain.test.
@                   A 198.51.100.7
$ORIGIN down.test.
@                   A 198.51.100.7
"#;

struct Ran {
    code: i32,
    stdout: String,
    stderr: String,
}

fn run(arguments: &[&str], input: &str) -> Ran {
    let zone = Zone::parse(ZONE).expect("a zone");
    zone.fail("down.test");
    zone.fail("4.100.51.198.in-addr.arpa");
    let server = format!("@{}", name_server::start(zone));
    let mut child = Command::new(env!("CARGO_BIN_EXE_mailkit"))
        .args(["mx", "check", &server])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("it ends");
    let text = |octets: Vec<u8>| String::from_utf8(octets).expect("text");
    Ran { code: output.status.code().expect("a code"), stdout: text(output.stdout), stderr: text(output.stderr) }
}

#[test]
fn the_answer_to_an_ordinary_domain_fits_on_a_screen() {
    let ran = run(&["--selector", "s1", "good.test"], "");
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let wanted = "\
good.test protects its name: SPF refuses others (-all), DMARC reject; weakest is MTA-STS: no record.

  SPF      good     refuses others (-all); 3 of 10 look-ups, 1 void
  DKIM     good     s1 ed25519
  DMARC    good     reject
  MTA-STS  missing  no record
  TLS-RPT  good     mailto:r@good.test
  BIMI     good     wants no picture shown
  DANE     missing  no records
  PTR      good     1 of 1 addresses confirmed

warning: more.good.test: a:gone.good.test finds nothing [spf.void; RFC 7208
         §4.6.4]
  remove the term, or mend the name

1 note (-v shows it)
";
    assert_eq!(ran.stdout, wanted);
    // The answer itself is one line, which a terminal breaks.
    assert!(ran.stdout.lines().count() <= 24 && ran.stdout.lines().skip(1).all(|line| line.chars().count() <= 80));
}

#[test]
fn the_terms_of_spf_are_shown_with_their_costs() {
    let ran = run(&["-v", "good.test"], "");
    let lines: Vec<&str> = ran.stdout.lines().skip_while(|line| !line.contains("SPF of")).take(8).collect();
    let words: Vec<Vec<&str>> = lines.iter().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(words[0], ["SPF", "of", "good.test", "look-ups"]);
    assert_eq!(words[1], ["mx", "1", "mx.good.test"]);
    assert_eq!(words[2], ["include:more.good.test", "2"]);
    assert_eq!(words[3], ["ip4:198.51.100.0/24"]);
    assert_eq!(words[4], ["a:gone.good.test", "1", "nothing"]);
    assert_eq!(words[7], ["sum", "3"], "{}", ran.stdout);
}

#[test]
fn each_end_has_its_code() {
    for (arguments, code, said) in [
        (&["good.test"][..], 0, "protects its name:"),
        (&["--fail-on", "warn", "good.test"], 1, "spf.void"),
        (&["--selector", "gone", "good.test"], 1, "dkim.missing"),
        (&["bad.test"], 1, "spf.syntax"),
        (&["bad.test"], 1, "dmarc.not-accepted"),
        (&["plain.test"], 0, "plain.test does not protect its name: no SPF, no DMARC"),
        (&["--fail-on", "warn", "plain.test"], 1, "dmarc.none"),
        (&["gone.test"], 68, "gone.test does not exist."),
        (&["gone.good.test"], 68, "gone.good.test does not exist."),
        (&["down.test"], 75, "cannot be said now"),
        (&["good.test", "gone.test"], 68, "good.test protects"),
        // What lasts goes before what another time may say.
        (&["good.test", "down.test"], 75, "good.test protects"),
        (&["down.test", "bad.test"], 1, "spf.syntax"),
        (&["bad.test", "down.test"], 1, "spf.syntax"),
        (&["down.test", "bad.test", "gone.test"], 68, "spf.syntax"),
        (&["alice@good.test"], 0, "good.test protects"),
    ] {
        let ran = run(arguments, "");
        assert_eq!(ran.code, code, "{arguments:?}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stdout.contains(said), "{arguments:?}: {}", ran.stdout);
    }
    for arguments in
        [&[][..], &["[192.0.2.1]"], &["--helo", "x.test", "good.test"], &["--selector", "a b", "good.test"]]
    {
        assert_eq!(run(arguments, "").code, 64, "{arguments:?}");
    }
}

#[test]
fn what_has_changed_since_an_earlier_report_is_told_with_its_sum() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("earlier.json");
    let path = file.to_str().expect("a path");
    let list = "good.test\nbad.test\nplain.test\ndown.test\n";
    let earlier = run(&["--json", "-"], list);
    assert_eq!(earlier.code, 1);
    std::fs::write(&file, &earlier.stdout).expect("written");
    let same = run(&["--diff", path, "good.test"], "");
    assert_eq!((same.code, same.stdout.as_str()), (0, "good.test: nothing has changed\n"));
    let unknown = run(&["--diff", path, "down.test"], "");
    assert_eq!(unknown.code, 75, "{}", unknown.stdout);
    assert_eq!(unknown.stdout, "down.test: it is not known now whether anything has changed\n");
    // The same names, others, and one that was good and is bad.
    let text = earlier.stdout.replace("~", "").replacen("-all\"", "?all\"", 1);
    std::fs::write(&file, text).expect("written");
    let some = run(&["--diff", path, "good.test", "bad.test"], "");
    let wanted = "good.test: SPF: the record was v=spf1 mx include:more.good.test ?all and is v=spf1 mx \
                  include:more.good.test -all\n2 domains: 1 changed (1 thing), 1 as before; 2 more in ";
    assert!(some.code == 1 && some.stdout.starts_with(wanted), "{}", some.stdout);
    let lists = "good.test\nplain.test\ndown.test\ngone.test\n";
    let all = run(&["--diff", path, "-"], lists);
    let lines: Vec<&str> = all.stdout.lines().skip(1).collect();
    let wanted = [
        "down.test: it is not known now whether anything has changed",
        "gone.test: there is no earlier report on it",
        "bad.test: it is not on the list any more",
        "4 domains: 1 changed (1 thing), 1 as before, 1 new, 1 gone, 1 not known now",
    ];
    assert_eq!((all.code, lines), (1, wanted.to_vec()), "{}", all.stderr);
    let all = run(&["--jsonl", "--diff", path, "-"], lists);
    schema::check(&all.stdout, "").expect("as its schema says");
    let sum: serde_json::Value = serde_json::from_str(all.stdout.lines().last().expect("a sum")).expect("JSON");
    assert_eq!((&sum["schema"], &sum["exit"], &sum["new"]), (&"mailkit.mx-diff/1".into(), &1.into(), &1.into()));
    assert_eq!(sum["gone"], serde_json::json!(["bad.test"]));
    assert_eq!(run(&["--diff", path, "--fail-on", "warn", "good.test"], "").code, 64);
}

#[test]
fn a_line_is_told_of_each_question_and_all_of_it_to_who_wants_more() {
    let count = |options: &[&str]| {
        let ran = run(&[options, &["--selector", "s1", "good.test"]].concat(), "");
        assert_eq!(ran.code, 0);
        ran.stderr
    };
    assert_eq!(count(&[]), "");
    let told = count(&["-v"]);
    assert!(told.lines().all(|line| line.starts_with(";; ") && line.contains(" over ")), "{told}");
    let whole = count(&["-vv"]);
    assert!(whole.contains("\ngood.test. ") && whole.lines().count() > 2 * told.lines().count(), "{whole}");
}

#[test]
fn a_mistake_is_shown_with_its_place() {
    let ran = run(&["bad.test"], "");
    assert!(
        ran.stdout.contains("v=spf1 ipv4:198.51.100.1 -all\n         ^ there is no such mechanism at character 8\n")
    );
}

#[test]
fn a_sender_sees_itself_as_others_do() {
    let ran = run(&["--ip", "198.51.100.1", "--helo", "mx.good.test", "good.test"], "");
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    for line in [
        "  sender 198.51.100.1\n",
        "    name            mx.good.test (leads back)\n",
        "    EHLO            mx.good.test (leads here)\n",
        "    SPF             pass for postmaster@good.test by good.test: mx\n",
        "    DMARC           passes by SPF\n",
    ] {
        assert!(ran.stdout.contains(line), "{line}: {}", ran.stdout);
    }
    assert!(ran.stdout.contains("DMARC reject, the sender passes SPF; weakest"), "{}", ran.stdout);
    let ran = run(&["--ip", "198.51.100.3", "--helo", "mx.good.test", "good.test"], "");
    let said = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(ran.code, 1);
    assert!(
        said.contains("the sender passes SPF but has no name (PTR); weakest is"),
        "what ends with 1 is in the first line: {said}"
    );
    let ran = run(&["--ip", "198.51.100.2", "--helo", "mx.good.test", "--dnsbl", "list.test", "good.test"], "");
    assert_eq!(ran.code, 1);
    for id in ["ptr.unconfirmed", "sender.helo", "sender.listed"] {
        assert!(ran.stdout.contains(id), "{id}: {}", ran.stdout);
    }
    assert!(!ran.stdout.contains('\u{1b}'), "what a list says does not drive the terminal");
    let json = run(&["--json", "--ip", "198.51.100.2", "--dnsbl", "list.test", "--selector", "s1", "good.test"], "");
    schema::check(&json.stdout, "").expect("as its schema says");
    let object: serde_json::Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!(object["senders"][0]["spf"]["result"], "pass");
    assert_eq!(object["senders"][0]["blocklists"][0]["state"], "listed");
}

#[test]
fn bad_lines_are_told_and_hide_nothing() {
    let ran = run(&["-"], "good.test\nx y\n[192.0.2.1]\n");
    assert_eq!(ran.code, 65, "{}", ran.stderr);
    assert!(ran.stderr.contains("line 2: x y is neither a domain nor an address"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("line 3: [192.0.2.1] is an address of a host, and publishes nothing"),
        "{}",
        ran.stderr
    );
    assert!(ran.stdout.starts_with("good.test protects"));
    let long = format!("{}\nplain.test\n", "a".repeat(100_000));
    let ran = run(&["--jsonl", "--jobs", "3", "good.test", "-", "bad.test"], &long);
    // What was found counts for more than a mistake of the list.
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let names: Vec<String> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"))
        .map(|object| object["ascii"].as_str().or(object["error"].as_str()).expect("a name").to_owned())
        .collect();
    assert_eq!(names, ["good.test", "bad.test", "the line is too long", "plain.test"]);
    assert_eq!(run(&["-", "-"], "").code, 64);
}

#[test]
fn every_line_fits_a_screen_and_the_worst_stands_first() {
    for arguments in [
        &["-v", "bad.test", "good.test", "plain.test"][..],
        &["--fail-on", "info", "--selector", "a-selector-with-a-long-name", "--selector", "another-one", "bad.test"],
        &["--ip", "198.51.100.2", "--helo", "a.name.that.is.rather.long.and.leads.nowhere.example.test", "bad.test"],
        &["-v", "wide.bad.test"],
    ] {
        let ran = run(arguments, "");
        let is_answer = |line: &str| line.contains(" protect its name") || line.contains(" protects its name");
        let lines = ran.stdout.lines().filter(|line| !is_answer(line));
        let long: Vec<&str> = lines.filter(|line| line.chars().count() > 80).collect();
        assert!(long.is_empty(), "{arguments:?}: {long:#?}");
        let rank = |line: &str| ["error:", "warning:", "note:"].iter().position(|level| line.starts_with(level));
        for page in ran.stdout.split("protect").skip(1) {
            let ranks: Vec<usize> = page.lines().filter_map(rank).collect();
            assert!(ranks.is_sorted(), "{arguments:?}: {page}");
        }
    }
}

#[test]
fn names_of_odd_octets_are_asked_for() {
    let ran = run(&["--ip", "198.51.100.1", "a+b=c/d@odd.good.test"], "");
    let said = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("pass for a+b=c/d@odd.good.test by odd.good.test: exists:"), "{}", ran.stdout);
}

#[test]
fn many_domains_give_a_line_of_json_each() {
    let ran = run(&["--json", "-"], "good.test\n\n# a remark\nbad.test\r\na b\ngone.test\n");
    assert_eq!(ran.code, 68, "{}", ran.stderr);
    assert_eq!(ran.stderr, "", "a bad line is an object among the others");
    schema::check(&ran.stdout, "").expect("as its schema says");
    let objects: Vec<serde_json::Value> =
        ran.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let ends: Vec<_> = objects.iter().map(|object| (object["ascii"].as_str(), object["exit"].as_u64())).collect();
    let wanted =
        [(Some("good.test"), Some(0)), (Some("bad.test"), Some(1)), (None, Some(65)), (Some("gone.test"), Some(68))];
    assert_eq!(ends, wanted);
    let bad = &objects[2];
    assert_eq!((&bad["schema"], &bad["line"], &bad["input"]), (&"mailkit.mx-line/1".into(), &5.into(), &"a b".into()));
    let good = &objects[0];
    assert_eq!((&good["schema"], &good["verdict"]), (&"mailkit.check/1".into(), &"protected".into()));
    for (policy, standing) in [("spf", "good"), ("dmarc", "good"), ("mta_sts", "missing"), ("ptr", "good")] {
        assert_eq!(good["policies"][policy]["standing"], standing, "{policy}");
    }
    assert_eq!(good["policies"]["spf"]["tree"]["terms"][1]["record"]["domain"], "more.good.test");
}

#[test]
fn where_answers_are_not_believed_the_advice_mends_that() {
    let directory = tempfile::tempdir().expect("a directory");
    let anchors = directory.path().join("anchors.txt");
    std::fs::write(&anchors, format!(". IN DS 12345 13 2 {}\n", "0".repeat(64))).expect("written");
    // The server signs nothing, and the anchor promises that it would.
    let ran = run(&["--trust-anchor", anchors.to_str().expect("a path"), "--selector", "s1", "good.test"], "");
    assert_eq!(ran.code, 75, "{}{}", ran.stdout, ran.stderr);
    let said = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("ask a name server that passes signatures on"), "{}", ran.stdout);
    assert!(!said.contains("ask again later"), "{}", ran.stdout);
}

#[test]
fn what_is_down_is_unknown_and_not_absent() {
    let ran = run(&["down.test"], "");
    for name in ["SPF", "DMARC", "MTA-STS", "TLS-RPT", "DANE", "PTR"] {
        let line = ran.stdout.lines().find(|line| line.trim_start().starts_with(&format!("{name} "))).expect(name);
        assert_eq!(line.split_whitespace().nth(1), Some("unknown"), "{line}");
    }
}

#[test]
fn what_a_sender_is_called_is_a_warning_where_dns_does_not_say() {
    let ran = run(&["--ip", "198.51.100.4", "--helo", "mx.good.test", "--selector", "s1", "good.test"], "");
    assert_eq!(ran.code, 75, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("warning: the name of 198.51.100.4 is not known"), "{}", ran.stdout);
}
