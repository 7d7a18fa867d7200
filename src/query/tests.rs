//! Filters as they are typed: how they are read, printed, refused, and which messages they mean.

use super::*;
use crate::message::view::Message;
use jiff::tz::TimeZone;
use proptest::prelude::*;

fn moment() -> Moment {
    Moment { now: "2026-11-21T12:00:00Z".parse().expect("a time"), zone: TimeZone::UTC }
}

#[test]
fn filters_are_read_and_printed_in_one_form() {
    for (text, printed) in [
        ("", ""),
        ("  ", ""),
        ("invoice", "invoice"),
        ("invoice 2026", "invoice and 2026"),
        ("a AND b", "a and b"),
        ("a b or c d", "a and b or c and d"),
        ("a (b or c)", "a and (b or c)"),
        ("((a) (b c))", "a and b and c"),
        ("a or (b or c)", "a or b or c"),
        ("not a b", "not a and b"),
        ("-a -b", "not a and not b"),
        ("not (a b)", "not (a and b)"),
        ("not not a", "a"),
        ("NOT(a)OR(b)", "not a or b"),
        ("--from:x", "from~x"),
        ("android e-mail notes", "android and e-mail and notes"),
        ("\"and\"", "\"and\""),
        ("\"two words\"", "\"two words\""),
        (r#""say \"hi\" \\ \n""#, r#""say \"hi\" \\ \\n""#),
        ("inv*", "inv*"),
        ("\"inv*\"", "\"inv*\""),
        ("text:from:x*", "text:from:x*"),
        ("alice@crepes.example", "alice@crepes.example"),
        ("from~\"@x\" and size>1M and has:attachment", "from~@x and size>1M and has:attachment"),
        ("From:alice@x to=b@y Cc:bob", "from:alice@x and to=b@y and cc~bob"),
        ("from:*@*.example bcc:@x.example", "from~*@*.example and bcc:@x.example"),
        ("subject:invoice", "subject:invoice"),
        ("subject: invoice", "subject:invoice"),
        ("subject = \"a b\"", "subject=\"a b\""),
        ("subject!=x body!~y", "not subject=x and not body:y"),
        ("subject~/^re: \\/ \\d+ (a|b) \"/", "subject~/^re: \\/ \\d+ (a|b) \"/"),
        ("subject:and", "subject:and"),
        ("name~*.pdf filename:*.doc?", "name:*.pdf and name:*.doc?"),
        ("type:application/pdf type:image/* type~zip", "type:application/pdf and type~image/* and type~zip"),
        ("id:<a@b> id=<a@b>", "id:a@b and id:a@b"),
        ("references:a@b message-id~b", "reference:a@b and id~b"),
        ("header:X-Foo", "header:X-Foo"),
        ("header:X-Foo~bar", "header:X-Foo:bar"),
        ("header:X-Foo: bar header:X-Bar != \"\"", "header:X-Foo:bar and not header:X-Bar=\"\""),
        ("not header:List-ID and a", "not header:List-ID and a"),
        ("size>1m size<=10KB size=0", "size>1M and size<=10K and size=0"),
        ("size > 1M", "size>1M"),
        ("size:1K..2M", "size>=1K and size<=2M"),
        ("not size:..2M", "not size<=2M"),
        ("not size:1..2", "not (size>=1 and size<=2)"),
        ("date>=2026-01-01", "date>=2026-01-01"),
        ("date:2026-01", "date=2026-01"),
        ("date:7d..", "date>=7d"),
        ("date:2025..today", "date>=2025 and date<=today"),
        ("received<2026-01-01T12:30+02:00", "received<2026-01-01T10:30:00Z"),
        ("age<2w", "age<14d"),
        ("is:unread is:Starred", "not is:read and is:flagged"),
        ("is!=unread", "is:read"),
        ("flag:\\Seen tag:work -tag:\"to do\"", "flag:\\Seen and tag:work and not tag:\"to do\""),
        ("list:rust is:list has:HTML", "list:rust and is:list and has:html"),
        ("with:alice recipient:bob reply-to:c sender:d", "with~alice and recipient~bob and reply-to~c and sender~d"),
    ] {
        let query = Query::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(query.to_string(), printed, "{text}");
        assert_eq!(Query::parse(printed), Ok(query), "{printed}");
    }
}

#[test]
fn what_is_wrong_is_said_with_its_column() {
    for (text, wanted) in [
        ("a or", "column 5: expected a word, a field like from:, or a parenthesis, found the end"),
        ("a and or b", "column 7: expected a word"),
        ("and", "column 1: expected a word"),
        ("not", "column 4: expected a word"),
        ("()", "column 2: expected a word"),
        ("(a", "column 3: expected a closing parenthesis, found the end"),
        ("a)", "column 2: expected the end, or a parenthesis that opens before, found )"),
        ("grün (b", "column 8: expected a closing parenthesis"),
        ("form:x", "column 1: expected one of the fields from, to, "),
        ("http://x", "column 1: expected one of the fields"),
        ("from:", "column 6: expected a text, found the end"),
        ("from==x", "column 6: expected a text, found =x"),
        ("from>x", "column 5: expected one of : = != ~ !~, found >"),
        ("size~1", "column 5: expected one of : = != < <= > >=, found ~"),
        ("size !~ 1", "column 6: expected one of : = != < <= > >=, found !~"),
        ("size>big", "column 6: expected a size like 10K or 1M, found \"big\""),
        ("size:..", "column 6: expected a size"),
        ("size>\"\"", "column 6: expected a size"),
        ("size>1..2", "column 6: expected a size"),
        ("date>2026-13", "column 6: expected a date like 2026-01-31"),
        ("date:7d", "column 6: expected a day, a month or a year; the time since then is 7d.., before then ..7d"),
        ("age:2w", "column 4: expected one of < <= > >=, found :"),
        ("age<2", "column 5: expected a length of time like 12h or 2w"),
        ("is:odd", "column 4: expected one of read, unread, "),
        ("has:html5", "column 5: expected one of attachment, html, text, calendar, found \"html5\""),
        ("flag:\"\"", "column 6: expected a flag like \\Seen"),
        ("header:", "column 8: expected the name of a header field"),
        ("header=x", "column 7: expected :, found ="),
        ("header:X>1", "column 9: expected one of : = != ~ !~, found >1"),
        ("header:X\"y\"", "column 9: expected a blank"),
        ("\"a", "column 3: expected the quote that ends the text, found the end"),
        ("\"a\"b", "column 4: expected a blank; or write the whole value in quotes, found b"),
        ("a(b)", "column 2: expected a blank"),
        ("subject~/a", "column 11: expected the slash that ends"),
        ("subject~/(/", "column 9: expected a regular expression ("),
        (":x", "column 1: expected a word"),
        ("from:\u{1b}[31m>\"", "column 12: expected a blank"),
        ("is:\u{1b}x", "column 4: expected one of"),
    ] {
        let error = Query::parse(text).expect_err(text).to_string();
        assert!(error.starts_with(wanted), "{text}: {error}");
        assert!(!error.contains('\u{1b}'), "{error}");
    }
}

#[test]
fn what_is_too_much_is_refused() {
    for text in [
        "(".repeat(8000),
        format!("{}a{}", "(".repeat(60), ")".repeat(60)),
        "a ".repeat(600),
        "a".repeat(9000),
        format!("a{}", " or a".repeat(600)),
    ] {
        assert!(Query::parse(&text).is_err());
    }
    for text in ["not ".repeat(2000) + "a", "-".repeat(8000) + "a", format!("{}a{}", "(".repeat(50), ")".repeat(50))] {
        assert_eq!(Query::parse(&text).map(|query| query.to_string()), Ok("a".to_owned()));
    }
}

const MESSAGE: &[u8] = b"Received: by mx; 21 Nov 2026 04:31:00 +0000\r\nFrom: =?utf-8?q?J=C3=BCrgen?= <Juergen@xn--bcher-kva.example>\r\n\
    To: bob@hamburger.example, friends: carol@x.example;\r\nCc: list@lists.example\r\n\
    Date: Fri, 20 Nov 2026 23:30:00 -0500\r\nSubject: Re: [rust]\r\n =?utf-8?q?Rechnung_f=C3=BCr_M=C3=A4rz?=\r\n\
    Message-ID: <1.A@x.example>\r\nIn-Reply-To: <0@x.example>\r\nList-ID: Rust users <rust.lists.example>\r\n\
    X-Empty:\r\nX-Score: high (9)\r\nAuto-Submitted: no\r\n\
    Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n\
    <p>The <b>quick</b> brown fox</p>\r\n<p>jumps</p>\r\n--b\r\n\
    Content-Type: application/pdf\r\nContent-Disposition: attachment; filename*=utf-8''M%C3%A4rz.PDF\r\n\r\nx\r\n--b--\r\n";

#[test]
fn a_filter_means_the_messages_that_people_mean() {
    let message = Message::parse(MESSAGE);
    let letter = Letter::new(&message).with_flags(["\\Flagged", "work"]);
    for (text, wanted) in [
        ("", true),
        ("RECHNUNG", true),
        ("mustard", false),
        ("jürgen", true),
        ("bücher.example", true),
        ("\"quick brown\"", true),
        ("qui*fox", true),
        ("fox*jumps", false),
        ("from:juergen@BÜCHER.example", true),
        ("from:@bücher.example", true),
        ("from:@example", false),
        ("from~@example", false),
        ("from~.example", true),
        ("to:carol", true),
        ("to=bob@hamburger.example", true),
        ("to!=bob@hamburger.example", false),
        ("recipient:@lists.example", true),
        ("to:@lists.example", false),
        ("with:juergen", true),
        ("bcc:bob", false),
        ("subject:märz", true),
        ("subject=märz", false),
        ("subject~/^re: .*märz$/", true),
        ("subject~/RECHNUNG/", true),
        ("subject:rech*märz", true),
        ("body:jumps", true),
        ("body:<b>", false),
        ("list:rust.lists.example", true),
        ("list=rust.lists.example", true),
        ("list=rust", false),
        ("name:*.pdf", true),
        ("name:märz", true),
        ("name:*.doc", false),
        ("type:application/pdf type:pdf type:application", true),
        ("type:application/*", true),
        ("type:app", false),
        ("type~app", true),
        ("id:1.A@x.example", true),
        ("id:1.a@x.example", false),
        ("id~1.a", true),
        ("reference:<0@x.example>", true),
        ("header:X-Empty", true),
        ("header:X-None", false),
        ("header:x-empty=\"\"", true),
        ("header:X-Score:high", true),
        ("header:X-Score=high", false),
        ("header:X-Score=\"high (9)\"", true),
        ("header:X-Score~/\\(\\d\\)/", true),
        ("not header:X-Score:low", true),
        ("size>100 size<1K", true),
        ("size:1K..", false),
        ("date:2026-11-21", true),
        ("date:2026-11-20", false),
        ("date:yesterday", false),
        ("date:today", true),
        ("date:1d..", true),
        ("date:..1d", false),
        ("date>2026-11 or date<2026-11", false),
        ("received:2026-11-21T04:31", true),
        ("age<8h age>7h", true),
        ("age>8h", false),
        ("is:unread", true),
        ("is:flagged -is:answered", true),
        ("is:reply is:list", true),
        ("is:automatic", false),
        ("is:signed or is:encrypted", false),
        ("has:attachment has:html", true),
        ("has:text or has:calendar", false),
        ("flag:\\flagged tag:Work", true),
        ("tag:home", false),
        ("mustard or (rechnung and not is:read)", true),
    ] {
        let query = Query::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(query.judge(&letter, &moment()), Some(wanted), "{text}");
    }
}

#[test]
fn what_is_signed_encrypted_or_automatic_is_known_by_its_fields() {
    for (fields, text) in [
        ("Content-Type: multipart/signed; boundary=b\n", "is:signed"),
        ("Content-Type: application/pkcs7-mime; smime-type=signed-data\n", "is:signed -is:encrypted"),
        ("Content-Type: application/x-pkcs7-mime\n", "is:encrypted -is:signed"),
        ("Content-Type: application/pkcs7-mime; smime-type=authEnveloped-data\n", "is:encrypted"),
        ("Content-Type: multipart/encrypted; boundary=b\n", "is:encrypted"),
        ("Auto-Submitted: auto-replied; x=y\n", "is:automatic"),
        ("List-Post: NO\n", "is:list -is:reply"),
        ("Content-Type: text/calendar\n", "has:calendar"),
    ] {
        let octets = format!("{fields}\nx\n");
        let message = Message::parse(octets.as_bytes());
        assert!(Query::parse(text).expect(text).means(&Letter::new(&message), &moment()), "{fields} {text}");
    }
}

#[test]
fn a_message_without_a_date_has_that_of_its_arrival_or_none() {
    let message = Message::parse(b"Received: by x; 20 Nov 2026 12:00:00 +0000\r\nDate: tomorrow, or so\r\n\r\n");
    let arrived = Letter::new(&message);
    let message = Message::parse(b"Date: tomorrow, or so\r\n\r\n");
    let never = Letter::new(&message);
    for (text, of_arrived, of_never) in [
        ("date:yesterday", true, false),
        ("age<2d", true, false),
        ("age>2d", false, false),
        ("not age<2d", false, true),
    ] {
        let query = Query::parse(text).expect(text);
        assert_eq!(query.judge(&arrived, &moment()), Some(of_arrived), "{text}");
        assert_eq!(query.judge(&never, &moment()), Some(of_never), "{text}");
    }
}

/// Knows what a mailbox's index knows.
struct Row {
    size: u64,
    fields: Option<Vec<u8>>,
}

impl Facts for Row {
    fn size(&self) -> Known<u64> {
        Some(self.size)
    }

    fn fields(&self, name: &str) -> Known<Vec<std::borrow::Cow<'_, [u8]>>> {
        let fields = crate::message::field::fields(self.fields.as_ref()?).filter(|field| field.is(name));
        Some(fields.map(|field| field.body.into()).collect())
    }
}

#[test]
fn a_message_is_judged_as_soon_as_enough_is_known() {
    let row = Row { size: 10, fields: None };
    let opened = Row { size: 10, fields: Some(b"Subject: invoice\r\n".to_vec()) };
    for (text, by_row, by_header) in [
        ("size<1K", Some(true), Some(true)),
        ("subject:invoice", None, Some(true)),
        ("subject:invoice size>1K", Some(false), Some(false)),
        ("size<1K or body:x", Some(true), Some(true)),
        ("body:x and subject:other", None, Some(false)),
        ("invoice", None, Some(true)),
        ("mustard", None, None),
        ("not mustard", None, None),
        ("has:attachment", None, None),
        ("is:read", None, None),
        ("date>2026", None, None),
    ] {
        let query = Query::parse(text).expect(text);
        assert_eq!(query.judge(&row, &moment()), by_row, "{text}");
        assert_eq!(query.judge(&opened, &moment()), by_header, "{text}");
    }
    assert!(!Query::parse("not mustard").expect("a filter").means(&opened, &moment()));
}

#[test]
fn a_filter_tells_beforehand_whether_it_reads_bodies() {
    for (text, wanted) in [
        ("", false),
        ("size>1M is:unread tag:x flag:\\Seen received<7d age<2w", false),
        ("from:x subject:y header:Z list:a id:b is:reply reference:c", false),
        ("has:attachment", true),
        ("size>1 or not name:*.pdf", true),
        ("type:x", true),
        ("is:signed", true),
        ("body:x", true),
        ("word", true),
    ] {
        assert_eq!(Query::parse(text).expect(text).reads_body(), wanted, "{text}");
    }
}

/// The page for users shows filters; each can be read.
#[test]
fn the_examples_of_the_page_can_be_read() {
    let page = include_str!("../../docs/filter.md");
    let examples = page.split("```\n").nth(1).expect("a block").lines();
    let filters: Vec<&str> = examples.map(|line| line.split("   ").next().unwrap_or(line)).collect();
    assert!(filters.len() >= 8, "{filters:?}");
    for filter in filters {
        assert!(Query::parse(filter).is_ok(), "{filter}");
    }
    let error = Query::parse("size>big").expect_err("no size").to_string();
    assert!(page.contains(&error), "{error}");
}

proptest! {
    #[test]
    fn what_is_read_is_printed_so_that_it_is_read_the_same(
        text in r#"((not |-|\()?(from|subject|name|type|id|text|header:X|size|date|age|is|has|flag|tag)?(:|=|!=|~|!~|<|>=)?("[a\\"* ]{0,4}"|/[a\\/.]{0,3}/|[a-c@.*?\\<-]{1,5}|1M|2026-01|7d|7d\.\.|read|html)\)?( or | and | )){1,6}"#,
    ) {
        if let Ok(query) = Query::parse(&text) {
            let printed = query.to_string();
            let again = Query::parse(&printed);
            prop_assert_eq!(again.as_ref(), Ok(&query), "{}", &printed);
            prop_assert_eq!(again.map(|query| query.to_string()), Ok(printed));
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in ".{0,60}|[a-z:=~<>!()\"/\\\\ *?.-]{0,60}") {
        if let Ok(query) = Query::parse(&text) {
            let again = Query::parse(&query.to_string());
            prop_assert_eq!(again.as_ref(), Ok(&query));
            query.means(&Letter::new(&Message::parse(MESSAGE)), &moment());
        }
    }

    /// Knowing more never overturns what was decided with less.
    #[test]
    fn a_verdict_stands_when_more_is_known(text in "((-)?(size>1K|size<1K|subject:re|invoice|body:x|from:a|has:html)( or | )){1,5}size>1") {
        let query = Query::parse(&text).expect("well formed");
        let message = Message::parse(MESSAGE);
        let header = message.slice(&message.root().header).to_vec();
        let size = MESSAGE.len() as u64;
        let whole = query.judge(&Letter::new(&message), &moment());
        for fields in [None, Some(header)] {
            if let Some(verdict) = query.judge(&Row { size, fields }, &moment()) {
                prop_assert_eq!(Some(verdict), whole, "{}", &text);
            }
        }
    }
}
