//! A secret goes through every mechanism of every protocol, in every form, cut into packets at every place, and no
//! trace shows it: neither as text nor as JSON, neither whole nor by halves.
//!
//! In memory, over the recorder that all traces go through. What the program itself shows is tested in `secrets.rs`.

// A test may unwrap; clippy knows that only of functions that are marked as tests.
#![allow(clippy::unwrap_used)]

mod canary;

use canary::leak;
use mailkit::net::trace::{Style, Trace};
use mailkit::sasl::base64;
use mailkit::secret::Secret;
use mailkit::wire::event;
use mailkit::wire::record::{Data, Follow, Hidden, Keep, NewFollow, Recorder};
use mailkit::wire::transcript::Side;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Long enough to be looked for by halves.
const SECRET: &str = "canary-Sings/at+dawn~99";

/// What is said, by whom, in one breath.
type Said = Vec<(Side, Vec<u8>)>;

/// Where a trace goes.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn c(text: impl Into<Vec<u8>>) -> (Side, Vec<u8>) {
    (Side::Client, text.into())
}

fn s(text: impl Into<Vec<u8>>) -> (Side, Vec<u8>) {
    (Side::Server, text.into())
}

fn encoded(text: &str) -> String {
    base64::encode(text.as_bytes()).to_string()
}

/// The messages of a mechanism: what the client says first, then challenges and answers by turns. The secret stands in
/// each of them that may hold one.
fn mechanisms() -> Vec<(&'static str, Vec<String>)> {
    let token = format!("n,a=bob,\u{1}auth=Bearer {SECRET}\u{1}\u{1}");
    let bearer = format!("user=bob\u{1}auth=Bearer {SECRET}\u{1}\u{1}");
    let scram = |name| {
        (
            name,
            vec![
                format!("n,,n=bob,r={SECRET}"),
                format!("r={SECRET},s=c2FsdA==,i=4096"),
                format!("c=biws,p={SECRET}"),
                format!("v={SECRET}"),
                String::new(),
            ],
        )
    };
    vec![
        ("PLAIN", vec![format!("\0bob\0{SECRET}")]),
        ("LOGIN", vec![String::new(), "Username:".into(), "bob".into(), "Password:".into(), SECRET.into()]),
        ("CRAM-MD5", vec![String::new(), "<1.2@mx>".into(), format!("bob {SECRET}")]),
        scram("SCRAM-SHA-1"),
        scram("SCRAM-SHA-256"),
        scram("SCRAM-SHA-256-PLUS"),
        scram("scram-sha-512"),
        ("XOAUTH2", vec![bearer, "{\"status\":\"400\"}".into(), String::new()]),
        ("OAUTHBEARER", vec![token, "{\"status\":\"invalid_token\"}".into(), "\u{1}".into()]),
        ("EXTERNAL", vec![SECRET.into()]),
        ("NTLM", vec![SECRET.into(), format!("challenge {SECRET}"), SECRET.into()]),
        ("GSSAPI", vec![SECRET.into(), SECRET.into(), String::new(), SECRET.into(), SECRET.into()]),
        ("DIGEST-MD5", vec![String::new(), "realm=\"x\",nonce=\"y\"".into(), format!("response={SECRET}")]),
        ("X-UNHEARD-OF", vec![SECRET.into(), "more".into(), SECRET.into()]),
    ]
}

/// A login by each mechanism, as these words frame it; with and without an initial response, to its end or given up.
fn logins(
    command: &str,
    asks: &str,
    ends: [&str; 2],
    before: &[(Side, Vec<u8>)],
    after: &[(Side, Vec<u8>)],
) -> Vec<Said> {
    let mut all = Vec::new();
    for (name, steps) in mechanisms() {
        for (initial, end) in [(true, ends[0]), (false, ends[0]), (true, ends[1]), (false, ends[1])] {
            let mut said = before.to_vec();
            let mut steps = steps.iter();
            let first = if initial { steps.next().filter(|step| !step.is_empty()) } else { None };
            match first {
                Some(first) => said.push(c(format!("{command} {name} {}\r\n", encoded(first)))),
                None => {
                    said.extend([c(format!("{command} {name}\r\n")), s(format!("{asks} \r\n"))]);
                    if !initial {
                        let first = steps.next().unwrap();
                        said.push(c(format!("{}\r\n", encoded(first))));
                    }
                }
            }
            while let Some(challenge) = steps.next() {
                said.push(s(format!("{asks} {}\r\n", encoded(challenge))));
                said.push(c(format!("{}\r\n", steps.next().map(|answer| encoded(answer)).unwrap_or_default())));
            }
            if end == ends[1] {
                said.extend([s(format!("{asks} \r\n")), c("*\r\n")]);
            }
            said.push(s(format!("{end}\r\n")));
            said.extend_from_slice(after);
            all.push(said);
        }
    }
    all
}

fn smtp() -> Vec<Said> {
    let before = [s("220 mx\r\n"), c("EHLO x\r\n"), s("250-mx\r\n250 AUTH PLAIN\r\n")];
    let after = [c("MAIL FROM:<a@x>\r\n"), s("250 ok\r\n"), c("QUIT\r\n"), s("221 bye\r\n")];
    let mut all = logins("AUTH", "334", ["235 ok", "535 no"], &before, &after);
    let plain = encoded(&format!("\0bob\0{SECRET}"));
    // Commands in one breath, with replies of all sorts before the one that counts.
    all.push(vec![
        s("220 mx\r\n"),
        c(format!("NOOP\r\nRSET\r\nAUTH LOGIN\r\n{plain}\r\n{plain}\r\n")),
        s("500 no\r\n421-a\r\n421 b\r\n"),
        c(format!("{plain}\r\n")),
        s("334 VXNlcm5hbWU6\r\n"),
        c(format!("{plain}\r\n")),
        s("235 ok\r\n"),
        c("QUIT\r\n"),
    ]);
    all.push(vec![s("220 mx\r\n"), c(format!("aUtH\tpLaIn\t {plain}\r\n")), s("535 no\r\n")]);
    all.push(vec![s("220 mx\r\n"), c(format!("AUTH PLAIN {plain}\n")), s("501 bare LF\r\n")]);
    all.push(vec![s("220 mx\r\n"), c(format!("AUTH PLAIN {plain}"))]);
    all
}

fn pop3() -> Vec<Said> {
    let before = [s("+OK mx\r\n"), c("CAPA\r\n"), s("+OK\r\nUSER\r\n.\r\n")];
    let after = [c("STAT\r\n"), s("+OK 0 0\r\n")];
    let mut all = logins("AUTH", "+", ["+OK in", "-ERR no"], &before, &after);
    let greeting = s("+OK <1.2@mx>\r\n");
    all.push(vec![
        greeting.clone(),
        c(format!("USER bob\r\nPASS {SECRET}\r\nSTAT\r\n")),
        s("+OK\r\n+OK\r\n+OK 0 0\r\n"),
    ]);
    all.push(vec![greeting.clone(), c(format!("pass\t {SECRET} {SECRET}\r\n")), s("-ERR\r\n")]);
    all.push(vec![greeting, c(format!("APOP bob {SECRET}\r\n")), s("+OK\r\n")]);
    all
}

fn imap() -> Vec<Said> {
    let before = [s("* OK mx\r\n"), c("z CAPABILITY\r\n"), s("* CAPABILITY IMAP4rev1\r\nz OK\r\n")];
    let after = [c("b NOOP\r\n"), s("b OK\r\n")];
    let mut all = logins("a AUTHENTICATE", "+", ["a OK in", "a NO no"], &before, &after);
    let len = SECRET.len();
    let login = |words: &str| {
        let words = words.replace("LEN", &len.to_string()).replace("SECRET", SECRET);
        vec![s("* OK mx\r\n"), c(format!("a LOGIN {words}\r\nb NOOP\r\n")), s("a OK\r\nb OK\r\n")]
    };
    all.extend(
        [
            "bob SECRET",
            "\"bob\" \"SECRET\"",
            "\"b\\\"o b\" \"a\\\"SECRET\"",
            "bob {LEN+}\r\nSECRET",
            "bob ~{LEN+}\r\nSECRET",
            "{3+}\r\nbob SECRET",
            "{3+}\r\nbob \"SECRET\"",
            "{3+}\r\nbob {LEN+}\r\nSECRET",
            "~{3+}\r\nbob ~{LEN+}\r\nSECRET",
            "{0+}\r\n {LEN+}\r\nSECRET",
            "{4+}\r\nbob\n SECRET",
        ]
        .map(login),
    );
    // The octets of a password may hold line ends, and what looks like a command.
    let odd = format!("{SECRET}\r\nc LOGIN {SECRET}\r\n{{5}}\r\n");
    all.push(vec![c(format!("a LOGIN bob {{{}+}}\r\n{odd}\r\n", odd.len())), c("b NOOP\r\n")]);
    for refusal in ["a BAD no\r\n", "+ go on\r\n", ""] {
        let password = c(format!("{SECRET}\r\n"));
        all.push(vec![c(format!("a LOGIN {{3+}}\r\nbob {{{len}+}}\r\n")), s(refusal), password]);
    }
    let asked = |literal: &str| vec![c(format!("{literal}\r\n")), s("+ go on\r\n")];
    all.push(
        [asked("a LOGIN {3}"), asked(&format!("bob {{{len}}}")), vec![c(format!("{SECRET}\r\n")), s("a OK\r\n")]]
            .concat(),
    );
    all
}

/// What somebody types who misses the grammar by little, or by a protocol; BASE is PLAIN in base64.
const SLIPS: [&str; 30] = [
    "LOGIN bob SECRET",
    " LOGIN bob SECRET",
    "LOGINbob SECRET",
    "login\tbob\tSECRET",
    "a1 LOGIN bob SECRET",
    "a1  LOGIN bob SECRET",
    "a1 LOGIN SECRET",
    "a1 LOGIN \"bob SECRET",
    "a1 LOGIN bob\"SECRET\"",
    "a1 LOGIN bob {LEN\r\nSECRET",
    "a1 LOGIN bob{LEN+}\r\nSECRET",
    "a1 LOGIN bob\r\nSECRET",
    "a1 LOGIN bob\r\n{LEN+}\r\nSECRET",
    "a1 LOGINbob {LEN+}\r\nSECRET",
    "a1 LOGIN {3+}\r\nbob\"SECRET\"",
    "a1 UID LOGIN bob SECRET",
    "LOGIN bob {LEN+}\r\nSECRET",
    "PASSSECRET",
    "pass SECRET",
    "PASS list SECRET",
    "\tpAsS\tSECRET SECRET",
    "a1 PASS SECRET",
    "AUTH PLAINBASE",
    "AUTHPLAIN BASE",
    "auth=plain BASE",
    "AUTH BASE",
    "AUTHENTICATE PLAIN BASE",
    "AUTHENTICATE\r\nPLAIN BASE",
    "a1 AUTHENTICATE \"PLAIN\"\"BASE\"",
    "apop:SECRET",
];

/// Each of them, answered by somebody who repeats it, as a whole and its last word; then the secret once more, alone, and
/// something that is well known.
fn slips(greeting: &str, refusals: &[&str], known: &str) -> Vec<Said> {
    let base = encoded(&format!("\0bob\0{SECRET}"));
    let mut all = Vec::new();
    for slip in SLIPS {
        let slip = slip.replace("SECRET", SECRET).replace("BASE", &base).replace("LEN", &SECRET.len().to_string());
        let last = slip.split_ascii_whitespace().next_back().unwrap();
        let told = slip.replace("\r\n", " ");
        for refusal in refusals {
            let refusal = |what: &str| s(format!("{refusal} what is {what}?\r\n"));
            all.push(vec![
                s(format!("{greeting}\r\n")),
                c(format!("{slip}\r\n")),
                refusal(&told),
                refusal(last),
                c(format!("{SECRET}\r\n")),
                refusal(SECRET),
                c(format!("{base}\r\n")),
                // Cut off in the middle of it.
                c(format!("{known}\r\n")),
                s(format!("{refusal:?} {}", &SECRET[..9], refusal = "no")),
            ]);
        }
    }
    all
}

/// Strings stand in quotes or are counted, on both sides.
fn sieve() -> Vec<Said> {
    let before = [s("\"SASL\" \"PLAIN\"\r\nOK\r\n"), c("CAPABILITY\r\n"), s("OK\r\n")];
    let string = |text: &str, is_quoted: bool, plus: &str| match is_quoted {
        true => format!("\"{text}\""),
        false => format!("{{{}{plus}}}\r\n{text}", text.len()),
    };
    let mut all = Vec::new();
    for (name, steps) in mechanisms() {
        for (is_quoted, end) in [(true, "OK\r\n"), (false, "NO \"no\"\r\n")] {
            let mut said = before.to_vec();
            let first =
                steps.first().filter(|step| !step.is_empty()).map(|step| string(&encoded(step), is_quoted, "+"));
            said.push(c(format!("AUTHENTICATE \"{name}\" {}\r\n", first.unwrap_or_default())));
            for (at, step) in steps.iter().enumerate().skip(1) {
                let (side, plus) = if at % 2 == 0 { (Side::Client, "+") } else { (Side::Server, "") };
                said.push((side, format!("{}\r\n", string(&encoded(step), is_quoted, plus)).into()));
            }
            said.extend([s(end), c("LISTSCRIPTS\r\n"), s("OK\r\n")]);
            all.push(said);
        }
    }
    all
}

/// One request and its answer: proofs in fields and targets, secrets in forms and JSON, with a length, in chunks, and without.
fn http() -> Vec<Said> {
    let percent: String = url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
    let basic = encoded(&format!("bob:{SECRET}"));
    let form = format!("grant_type=refresh_token&refresh_token={percent}&client_id=x&client_secret={percent}");
    let json = format!("{{\"access_token\": \"{SECRET}\",\n\"expires_in\":1,\"id\":[\"{SECRET}\"], \"n\":null}}\n");
    let post = |media_type: &str, body: &str| {
        let length = body.len();
        c(format!("POST /t HTTP/1.1\r\nContent-Type: {media_type}\r\nContent-Length: {length}\r\n\r\n{body}"))
    };
    let ok = |fields: &str, body: &str| s(format!("HTTP/1.1 200 OK\r\n{fields}\r\n{body}"));
    let counted = |body: &str| format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    let (first, second) = json.split_at(25);
    let chunks = format!("{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n", first.len(), second.len());
    let get = |rest: &str| c(format!("GET /x{rest}\r\n\r\n"));
    let nothing = ok("Content-Length: 0\r\n", "");
    vec![
        vec![post("application/x-www-form-urlencoded", &form), ok(&counted(&json), &json)],
        vec![
            post("application/x-www-form-urlencoded;charset=utf-8", &form),
            ok("Transfer-Encoding: chunked\r\n", &chunks),
        ],
        vec![post("application/json", &json), ok("Content-Type: application/json\r\n", &json)],
        vec![
            post("application/octet-stream", SECRET),
            ok("Content-Length: 23\r\nContent-Type: text/plain\r\n", SECRET),
        ],
        vec![post("application/x-www-form-urlencoded", &percent), ok(&counted(SECRET), SECRET)],
        // A length that is short, or told twice, and a form of several lines.
        vec![
            c(format!(
                "POST /t HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\n{form}"
            )),
            nothing.clone(),
        ],
        vec![c(format!(
            "POST /t HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 9\r\nContent-Length: 99\r\n\r\n{json}"
        ))],
        vec![post("application/x-www-form-urlencoded", &format!("a=b\n{form}")), nothing.clone()],
        vec![get(&format!(" HTTP/1.1\r\nAuthorization: Basic {basic}")), ok(&counted(&json), &json)],
        vec![get(&format!(" HTTP/1.1\r\nAUTHORIZATION:Bearer {SECRET}")), ok("Content-Type: text/plain\r\n", SECRET)],
        vec![get(&format!(" HTTP/1.1\r\nProxy-Authorization: Basic {basic}\r\nCookie: a={SECRET}")), nothing.clone()],
        vec![get(&format!("?code={percent}&state=1 HTTP/1.1")), ok("Content-Type: text/plain\r\n", SECRET)],
        vec![get(&format!("#access_token={percent} HTTP/1.1")), nothing.clone()],
        vec![get(" HTTP/1.1"), ok(&format!("Set-Cookie: {SECRET}\r\nLocation: https://x/?code={percent}\r\n"), "")],
        vec![
            s("HTTP/1.1 100 Continue\r\n\r\n"),
            post("application/x-www-form-urlencoded", &form),
            ok(&counted(&json), &json),
        ],
    ]
}

/// What is seen of a conversation, whatever the packets.
fn seen(follow: NewFollow, said: &Said, cuts: &[usize]) -> Vec<(String, Hidden, u64, &'static str)> {
    let keep = Keep { data: Data::Full, secrets: false };
    let mut recorder = Recorder::new(follow(), keep, Duration::ZERO);
    let mut seen = Vec::new();
    let mut at = 0;
    for (side, octets) in said {
        let mut from = 0;
        for cut in cuts.iter().filter_map(|cut| cut.checked_sub(at)).filter(|cut| (1..octets.len()).contains(cut)) {
            recorder.octets(*side, &octets[from..cut], Duration::ZERO, |spoken| {
                seen.push((spoken.entry(1).to_string(), spoken.hidden, spoken.bytes, spoken.phase));
            });
            from = cut;
        }
        recorder.octets(*side, &octets[from..], Duration::ZERO, |spoken| {
            seen.push((spoken.entry(1).to_string(), spoken.hidden, spoken.bytes, spoken.phase));
        });
        at += octets.len();
    }
    recorder.finish(Duration::ZERO, |spoken| {
        seen.push((spoken.entry(1).to_string(), spoken.hidden, spoken.bytes, spoken.phase))
    });
    seen
}

/// What a trace writes of it, as text and as JSON, of the client and of the server; `knows` says whether the program has
/// told it the secret.
fn traces(follow: NewFollow, said: &Said, knows: bool) -> [String; 4] {
    [(false, Side::Client), (true, Side::Client), (false, Side::Server), (true, Side::Server)].map(|(json, ours)| {
        let page = Page::default();
        let keep = Keep { data: Data::Full, secrets: false };
        let trace = Trace::styled(Box::new(page.clone()), Style { json, keep, hex: !json });
        if knows {
            trace.hide(&Secret::new(SECRET.to_owned()));
        }
        let mut tap = trace.tap(ours, follow());
        for (side, octets) in said {
            if *side == ours { tap.sent(octets) } else { tap.received(octets) }
        }
        drop(tap);
        String::from_utf8(page.0.lock().unwrap().clone()).unwrap()
    })
}

/// Looks for the secret in all forms, and for each half of it that is long enough to help somebody.
fn expect_silence(said: &Said, text: &str) {
    // What JSON has in base64 is looked at as it is, too.
    let octets: Vec<String> = event::parse(text)
        .unwrap()
        .iter()
        .filter_map(|event| base64::decode(event.b64.as_ref()?.as_bytes()).ok())
        .map(|octets| String::from_utf8_lossy(&octets).into_owned())
        .collect();
    for place in octets.iter().map(String::as_str).chain([text]) {
        let found = canary::ALL.into_iter().chain([SECRET]).find_map(|secret| leak(place.as_bytes(), secret));
        assert_eq!(found, None, "of {said:?} this is shown:\n{place}");
        for half in SECRET.as_bytes().windows(8) {
            let half = std::str::from_utf8(half).unwrap();
            assert!(!place.contains(half), "of {said:?} this is shown, with {half}:\n{place}");
            let half = encoded(half);
            assert!(!place.contains(&half[..10]), "of {said:?} this is shown, with {half}:\n{place}");
        }
    }
}

fn is_never_shown(follow: NewFollow, conversations: &[Said]) {
    for said in conversations {
        for knows in [false, true] {
            traces(follow, said, knows).iter().for_each(|text| expect_silence(said, text));
        }
        let whole = seen(follow, said, &[]);
        let size = said.iter().map(|(_, octets)| octets.len()).sum();
        for first in 1..size {
            assert_eq!(seen(follow, said, &[first]), whole, "{said:?} cut at {first}");
        }
        // Two cuts, where that takes no longer than a test may.
        for first in (1..size).filter(|_| size < 180) {
            for second in first + 1..size {
                assert_eq!(seen(follow, said, &[first, second]), whole, "{said:?} cut at {first} and {second}");
            }
        }
        let every: Vec<usize> = (1..size).collect();
        assert_eq!(seen(follow, said, &every), whole, "{said:?} octet by octet");
    }
}

#[test]
fn nobody_reads_it_in_a_trace_of_smtp() {
    is_never_shown(mailkit::smtp::follow::follow, &smtp());
    is_never_shown(mailkit::smtp::follow::follow_lmtp, &smtp());
}

#[test]
fn nobody_reads_it_in_a_trace_of_pop3() {
    is_never_shown(mailkit::pop3::follow::follow, &pop3());
}

#[test]
fn nobody_reads_it_in_a_trace_of_imap() {
    is_never_shown(mailkit::imap::follow::follow, &imap());
}

#[test]
fn nobody_reads_it_in_a_trace_of_managesieve() {
    is_never_shown(mailkit::managesieve::follow::follow, &sieve());
}

#[test]
fn nobody_reads_it_where_the_grammar_is_missed_by_little() {
    is_never_shown(mailkit::smtp::follow::follow, &slips("220 mx", &["500", "535-5.7.8"], "NOOP"));
    is_never_shown(mailkit::pop3::follow::follow, &slips("+OK mx", &["-ERR"], "NOOP"));
    is_never_shown(mailkit::imap::follow::follow, &slips("* OK mx", &["* BAD", "a1 BAD"], "b NOOP"));
    is_never_shown(mailkit::managesieve::follow::follow, &slips("OK", &["NO"], "NOOP"));
}

/// A login that the server ends well before it has been told the secret, which the client says all the same. In each form,
/// whatever the answer looks like.
fn early(greeting: &str, command: &str, asks: &[&str], ends: &str, after: &str) -> Vec<Said> {
    let plain = encoded(&format!("\0bob\0{SECRET}"));
    let mut all = Vec::new();
    for (before, name) in [("", "PLAIN"), ("bob", "LOGIN"), ("", "LOGIN")] {
        for ask in asks {
            for answer in [&plain, &encoded(SECRET), SECRET] {
                let mut said = vec![s(format!("{greeting}\r\n")), c(format!("{command} {name}\r\n"))];
                if !before.is_empty() {
                    said.extend([s(format!("{ask} \r\n")), c(format!("{}\r\n", encoded(before)))]);
                }
                said.push(s(format!("{ask} \r\n{ends}\r\n")));
                said.extend([c(format!("{answer}\r\n")), c(format!("{answer}\r\n"))]);
                said.push(c(format!("{after}\r\n")));
                all.push(said);
            }
        }
    }
    all
}

#[test]
fn nobody_reads_it_where_the_server_ends_a_login_before_it_was_said() {
    is_never_shown(mailkit::smtp::follow::follow, &early("220 mx", "AUTH", &["334"], "235 early", "NOOP"));
    is_never_shown(mailkit::pop3::follow::follow, &early("+OK mx", "AUTH", &["+"], "+OK early", "NOOP"));
    is_never_shown(mailkit::imap::follow::follow, &early("* OK mx", "a AUTHENTICATE", &["+"], "a OK early", "b NOOP"));
    is_never_shown(mailkit::managesieve::follow::follow, &early("OK", "AUTHENTICATE", &["\"\""], "OK", "NOOP"));
    let len = SECRET.len();
    for early in ["+ go\r\na OK early\r\n", "a OK early\r\n", "+ go\r\na NO early\r\n"] {
        let said = [
            vec![s("* OK mx\r\n"), c(format!("a LOGIN bob {{{len}}}\r\n")), s(early), c(format!("{SECRET}\r\n"))],
            vec![s("* OK mx\r\n"), c("a LOGIN {3}\r\n"), s("+ go\r\na OK early\r\n"), c(format!("bob {SECRET}\r\n"))],
        ];
        is_never_shown(mailkit::imap::follow::follow, &said);
    }
}

#[test]
fn what_somebody_said_who_was_refused_first_is_not_repeated() {
    let secret = encoded(SECRET);
    for (follow, said) in [
        (
            mailkit::smtp::follow::follow as NewFollow,
            vec![s("220 mx\r\n"), c("AUTH LOGIN\r\n"), s("504 no\r\n"), c(format!("{secret}\r\n"))],
        ),
        (
            mailkit::imap::follow::follow,
            vec![s("* OK mx\r\n"), c("a AUTHENTICATE LOGIN\r\n"), s("a NO no\r\n"), c(format!("{secret}\r\n"))],
        ),
    ] {
        let repeated = [said, vec![s(format!("500 {SECRET} {secret}\r\n"))]].concat();
        traces(follow, &repeated, false).iter().for_each(|text| expect_silence(&repeated, text));
    }
}

#[test]
fn a_password_of_several_words_and_one_that_is_no_text_are_not_repeated() {
    let imap = |typed: &str, told: &str| {
        vec![s("* OK mx\r\n"), c(format!("a LOGIN bob {typed}\r\n")), s(format!("a NO bob with {told}\r\n"))]
    };
    let base = encoded("horse of staples");
    for (follow, said) in [
        (mailkit::imap::follow::follow as NewFollow, imap("\"horse of staples\"", "horse of staples")),
        (mailkit::imap::follow::follow, imap(r#""horse \"of\" \\staples""#, r#"horse "of" \staples"#)),
        (mailkit::imap::follow::follow, imap(r#""horse \"of\" staples""#, r#"horse \"of\" staples"#)),
        (mailkit::imap::follow::follow, imap("\"horse of staples", "horse of staples")),
        (
            mailkit::smtp::follow::follow,
            vec![
                s("220 mx\r\n"),
                c("AUTH LOGIN\r\n"),
                s("334 VXN\r\n"),
                c("Ym9i\r\n"),
                s("334 UGF\r\n"),
                c(format!("{base}\r\n")),
                s("535 horse of staples\r\n"),
            ],
        ),
        (
            mailkit::pop3::follow::follow,
            vec![
                s("+OK mx\r\n"),
                c(b"PASS horse\xe4of\xe4staples\r\n".to_vec()),
                s(b"-ERR horse\xe4of\xe4staples or horse\xc3\xa4of\xc3\xa4staples\r\n".to_vec()),
            ],
        ),
    ] {
        for text in traces(follow, &said, false) {
            let octets: Vec<String> = event::parse(&text)
                .unwrap()
                .iter()
                .filter_map(|event| base64::decode(event.b64.as_ref()?.as_bytes()).ok())
                .map(|octets| String::from_utf8_lossy(&octets).into_owned())
                .collect();
            for part in ["horse", "staples"] {
                assert!(!text.contains(part) && !octets.concat().contains(part), "{said:?}\n{text}");
            }
        }
    }
}

#[test]
fn many_words_that_are_hidden_do_not_make_a_password_shown() {
    let mut said = vec![s("220 mx\r\n"), c(format!("AUTH PLAIN {}\r\n", encoded(&format!("\0bob\0{SECRET}"))))];
    said.push(s("535 no\r\n"));
    for number in 0..200 {
        said.push(c(format!("junk{number} one{number} two{number}\r\n")));
        said.push(s("500 no\r\n"));
    }
    said.push(s(format!("500 {SECRET}\r\n")));
    traces(mailkit::smtp::follow::follow, &said, false).iter().for_each(|text| expect_silence(&said, text));
}

#[test]
fn a_tag_that_looks_like_a_login_hides_what_was_said_and_is_not_repeated() {
    let follow = mailkit::imap::follow::follow;
    let said = vec![s("* OK mx\r\n"), c(format!("PASS{SECRET} x\r\n")), s(format!("PASS{SECRET} BAD what\r\n"))];
    traces(follow, &said, false).iter().for_each(|text| expect_silence(&said, text));
}

#[test]
fn what_is_no_login_is_shown() {
    for (follow, lines) in [
        (mailkit::smtp::follow::follow as NewFollow, &["MAIL FROM:<auth@x>", "VRFY auth", "NOOP LOGIN"][..]),
        (mailkit::pop3::follow::follow, &["USER pass", "LIST 1", "XTND XLST"]),
        (mailkit::imap::follow::follow, &["login7 NOOP", "a LOGOUT", "a SELECT LOGIN", "a XLIST \"\" *"]),
        (mailkit::managesieve::follow::follow, &["LISTSCRIPTS", "SETACTIVE \"login\"", "X"]),
    ] {
        for line in lines {
            let said = vec![c(format!("{line}\r\n"))];
            assert_eq!(seen(follow, &said, &[])[0].0, format!("C: {line}"));
        }
    }
}

#[test]
fn nobody_reads_it_in_a_trace_of_http() {
    is_never_shown(mailkit::engine::http::follow::follow, &http());
}

#[test]
fn a_server_that_repeats_it_is_not_repeated() {
    let plain = encoded(&format!("\0bob\0{SECRET}"));
    let percent: String = url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
    let hex: String = SECRET.bytes().map(|octet| format!("{octet:02X}")).collect();
    let follows: [NewFollow; 3] =
        [mailkit::smtp::follow::follow, mailkit::pop3::follow::follow, mailkit::imap::follow::follow];
    for follow in follows {
        for form in [SECRET, &plain, &percent, &hex, &percent.to_lowercase()] {
            for line in
                [format!("535 {form} is wrong\r\n"), format!("-ERR \u{1b}{form}\n"), format!("* BYE ä{form}\u{7}")]
            {
                let both = vec![s("220 mx\r\n"), s(line.clone())];
                traces(follow, &both, true).iter().for_each(|text| expect_silence(&both, text));
                for cut in (1..line.len()).filter(|cut| line.is_char_boundary(*cut)) {
                    let (one, other) = line.split_at(cut);
                    let said = vec![s("220 mx\r\n"), s(one), s(other)];
                    traces(follow, &said, true).iter().for_each(|text| expect_silence(&said, text));
                }
            }
        }
    }
}

#[test]
fn what_is_looked_for_would_be_found() {
    /// Shows everything.
    struct Open;
    impl Follow for Open {
        fn protocol(&self) -> &'static str {
            "open"
        }
        fn line(&mut self, _: Side, _: &[u8]) -> mailkit::wire::record::Seen {
            use mailkit::wire::record::{Seen, Show, Turn};
            Seen::new(Show::Whole, Turn::None)
        }
    }
    for said in [smtp(), pop3(), imap(), sieve(), http()].concat() {
        let shown = traces(|| Box::new(Open), &said, false);
        let is_found = |text: &String| std::panic::catch_unwind(|| expect_silence(&said, text)).is_err();
        assert!(shown.iter().all(is_found), "{said:?} holds no secret");
    }
}
