//! Fields as servers write them, and as the standard's examples have them.

use super::*;
use crate::message::field::fields;
use proptest::prelude::*;

/// `server/version: method/version=result (comment) "reason" kind.name=value; …`
fn shown(statement: &Statement) -> String {
    let mut text = statement.instance.map(|instance| format!("i={instance} ")).unwrap_or_default();
    text += statement.server.as_deref().unwrap_or("-");
    text += &statement.version.as_deref().map(|version| format!("/{version}")).unwrap_or_default();
    for (index, result) in statement.results.iter().enumerate() {
        text += if index == 0 { ": " } else { "; " };
        text += &format!("{}{}", result.method, result.version.as_deref().map(|v| format!("/{v}")).unwrap_or_default());
        text += &format!("={}", result.result);
        result.comments.iter().for_each(|comment| text += &format!(" ({comment})"));
        text += &result.reason.as_ref().map(|reason| format!(" {reason:?}")).unwrap_or_default();
        for Property { kind, name, value } in &result.properties {
            text += &format!(" {kind}.{name}={value}");
        }
    }
    text
}

fn plain(body: &str) -> String {
    shown(&statement(Form::Plain, body.as_bytes()))
}

#[test]
fn results_are_read_as_the_standard_has_them_and_as_they_come() {
    for (body, wanted) in [
        // RFC 8601, Appendix B.
        (" example.org 1; none", "example.org/1"),
        (" example.com;\r\n\t\tspf=pass smtp.mailfrom=example.net", "example.com: spf=pass smtp.mailfrom=example.net"),
        (
            "example.com; auth=pass (cram-md5) smtp.auth=sender@example.net; spf=pass smtp.mailfrom=example.net",
            "example.com: auth=pass (cram-md5) smtp.auth=sender@example.net; spf=pass smtp.mailfrom=example.net",
        ),
        (
            "example.com; dkim=pass (good signature) header.d=mail-router.example.net; \
             dkim=fail (bad signature) header.d=newyork.example.com",
            "example.com: dkim=pass (good signature) header.d=mail-router.example.net; \
             dkim=fail (bad signature) header.d=newyork.example.com",
        ),
        (
            "foo.example.net (foobar) 1 (baz);\r\n dkim (Because I like it) / 1 (One yay) = (wait for it) fail\r\n \
             policy (A dot can go here) . (like that) expired\r\n (this surprised me) = (as I wasn't expecting it) \
             1362471462",
            "foo.example.net/1: dkim/1=fail (Because I like it) (One yay) (wait for it) (A dot can go here) \
             (like that) (this surprised me) (as I wasn't expecting it) policy.expired=1362471462",
        ),
        // As large providers write them.
        (
            "mx.google.com;\r\n       dkim=neutral (body hash did not verify) header.i=@stalw.art header.b=QS+O8z2Y;\r\n\
             \x20      dmarc=fail (p=NONE sp=NONE dis=NONE) header.from=stalw.art",
            "mx.google.com: dkim=neutral (body hash did not verify) header.i=@stalw.art header.b=QS+O8z2Y; \
             dmarc=fail (p=NONE sp=NONE dis=NONE) header.from=stalw.art",
        ),
        (
            "spf=pass (sender IP is 192.0.2.1)\r\n smtp.mailfrom=example.com; dkim=none;dmarc=bestguesspass action=none\r\n \
             header.from=example.com;compauth=pass reason=109",
            "-: spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=example.com; dkim=none; \
             dmarc=bestguesspass .action=none header.from=example.com; compauth=pass \"109\"",
        ),
        // Old, odd and broken ones.
        (
            "mx1.example header.from=a@b; domainkeys=pass; sender-id=softfail",
            "mx1.example: = header.from=a@b; domainkeys=pass; sender-id=softfail",
        ),
        ("\"quoted id\" ; DKIM=PASS reason=\"good; (really)\"", "quoted id: dkim=pass \"good; (really)\""),
        ("x; spf=pass smtp.mailfrom=\"a; b\"@c.example", "x: spf=pass smtp.mailfrom=a; b@c.example"),
        ("x; dkim=pass header.b=ab==", "x: dkim=pass header.b=ab=="),
        ("x; dkim=pass(nested (comment\\) here))header.d=y", "x: dkim=pass (nested (comment) here)) header.d=y"),
        ("x; dkim=", "x: dkim="),
        ("x; =pass; ; dkim", "x"),
        ("x; dkim=pass (never closed", "x: dkim=pass (never closed)"),
        ("x; dkim=pass reason=\"never closed", "x: dkim=pass \"never closed\""),
        ("", "-"),
    ] {
        assert_eq!(plain(body), wanted, "{body}");
    }
}

#[test]
fn results_in_a_set_and_of_spf_have_forms_of_their_own() {
    let arc = statement(Form::Arc, b"i=2; mx.example; dkim=pass; arc=pass (i=1)");
    assert_eq!(shown(&arc), "i=2 mx.example: dkim=pass; arc=pass (i=1)");
    assert_eq!(shown(&statement(Form::Arc, b" i = 99999999999 ; mx.example")), "mx.example");
    let spf = statement(
        Form::Spf,
        b"Pass (mx.example: domain of a@b designates 192.0.2.1) receiver=mx.example;\r\n client-ip=192.0.2.1; \
          envelope-from=\"a b\"@c.example; helo=d.example;",
    );
    assert_eq!(
        shown(&spf),
        "mx.example: spf=pass (mx.example: domain of a@b designates 192.0.2.1) .receiver=mx.example \
         .client-ip=192.0.2.1 .envelope-from=a b@c.example .helo=d.example"
    );
}

#[test]
fn only_what_stands_above_the_topmost_hop_of_ones_own_is_trusted() {
    let section = b"Authentication-Results: mx.own.example; dkim=pass\r\n\
        Received: from mx by store.own.example with LMTP; Thu, 01 Jan 1970 00:00:00 +0000\r\n\
        AUTHENTICATION-RESULTS: MX.own.example.; dkim=pass\r\n\
        ARC-Authentication-Results: i=1; mx.own.example; dkim=pass\r\n\
        Received: from evil (by by.evil.example) BY mx.own.example with SMTP; date by mx.own.example\r\n\
        Authentication-Results: mx.own.example; dkim=pass\r\n\
        Authentication-Results: other.example; dkim=pass\r\n\
        Received: from x by mx.own.example\r\n\
        Authentication-Results: mx.own.example; dkim=pass\r\n\
        Authentication-Results: dkim=pass\r\n";
    let results = Results::of(fields(section));
    let standings = |trusted: &[&str]| {
        let trusted: Vec<String> = trusted.iter().map(|name| (*name).to_owned()).collect();
        let names = results.statements.iter().map(|statement| results.standing(statement, &trusted).name());
        names.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(results.hops[1], Hop { by: Some("mx.own.example".into()), is_local: false });
    let own = ["mx.own.example", "store.own.example"];
    assert_eq!(standings(&own), "own own foreign edge foreign below foreign");
    // A domain is the servers in it.
    assert_eq!(standings(&["own.example"]), standings(&own));
    assert_eq!(standings(&["own.example", "other.example"]), "own own foreign edge edge below foreign");
    assert_eq!(standings(&["example"]), standings(&["own.example", "other.example"]));
    // Where the topmost hop is nobody's we know, the next may be a stranger's invention.
    assert_eq!(standings(&["mx.own.example"]), "unplaced unplaced foreign unplaced foreign unplaced foreign");
    assert_eq!(standings(&["other.example"]), "foreign foreign foreign foreign unplaced foreign foreign");
    assert_eq!(standings(&[]), ["unjudged"; 7].join(" "));
    assert_eq!(standings(&[""]), ["foreign"; 7].join(" "));
}

#[test]
fn a_host_is_in_a_domain_by_whole_labels() {
    for (domain, host, wanted) in [
        ("own.example", "mx.own.example", true),
        ("own.example", "Own.Example.", true),
        ("own.example", "myown.example", false),
        ("own.example", "own.example.evil", false),
        ("", "own.example.", false),
        ("é.example", "x.é.example", true),
    ] {
        assert_eq!(is_within(domain, host), wanted, "{domain} {host}");
    }
}

#[test]
fn no_more_results_are_read_than_anybody_writes() {
    let many = format!("Authentication-Results: x{}\r\n", "; dkim=pass".repeat(5000));
    let results = Results::of(fields(many.repeat(3).as_bytes()));
    assert_eq!((results.statements.len(), results.statements[0].results.len(), results.is_cut), (1, 1000, true));
}

proptest! {
    #[test]
    fn no_field_makes_the_reader_panic(body in "[a-z.;=()\"\\\\/@ é\r\n1]{0,60}") {
        for form in [Form::Plain, Form::Arc, Form::Spf] {
            statement(form, body.as_bytes());
        }
        hop(body.as_bytes());
    }
}
