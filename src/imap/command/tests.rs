//! Tables of commands, good and bad.

use super::*;

fn read(text: &str) -> Result<Command, Refusal> {
    let mut lexer = Lexer::new(text.as_bytes());
    let verb = verb(&mut lexer).ok_or(Syntax("Unknown command"))?;
    arguments(verb, &mut lexer)
}

fn set(text: &str) -> SequenceSet {
    SequenceSet::parse(text.as_bytes()).expect(text)
}

fn flags(system: &[SystemFlag], keywords: &[&str]) -> Flags {
    let bits = system.iter().fold(0, |bits, flag| bits | *flag as u8);
    Flags::from_parts(bits, keywords.iter().map(|word| (*word).to_owned()))
}

#[test]
fn commands_are_read() {
    use Command as C;
    let listing = |subscribed, special_use, pattern: Option<&str>| {
        C::List(Listing { subscribed, special_use, pattern: pattern.map(str::to_owned) })
    };
    let store = |text: &str, change, silent| C::Store { set: set(text), change, silent };
    let seen = || flags(&[SystemFlag::Seen], &[]);
    for (text, wanted) in [
        ("noop", C::Plain(Verb::Noop)),
        ("IDLE", C::Plain(Verb::Idle)),
        ("ID NIL", C::Plain(Verb::Id)),
        ("ID (\"name\" \"x\" \"version\" NIL)", C::Plain(Verb::Id)),
        ("ID ()", C::Plain(Verb::Id)),
        ("AUTHENTICATE plain", C::Authenticate("plain".into(), None)),
        ("AUTHENTICATE PLAIN =", C::Authenticate("PLAIN".into(), Some(b"=".to_vec()))),
        ("LOGIN bob secret", C::Login(Credentials::new("bob", Secret::new("secret".into())))),
        ("LOGIN {3}\r\nbob \"se cret\"", C::Login(Credentials::new("bob", Secret::new("se cret".into())))),
        ("SELECT inbox", C::Select { name: "INBOX".into(), read_only: false }),
        ("EXAMINE \"Sent Mail\"", C::Select { name: "Sent Mail".into(), read_only: true }),
        ("CREATE a/b/", C::Mailbox(Verb::Create, "a/b".into())),
        ("DELETE Entw&APw-rfe", C::Mailbox(Verb::Delete, "Entwürfe".into())),
        ("SUBSCRIBE {1+}\r\na", C::Mailbox(Verb::Subscribe, "a".into())),
        ("RENAME a b", C::Rename("a".into(), "b".into())),
        ("LIST \"\" *", listing(false, false, Some("*"))),
        ("LIST \"\" \"\"", listing(false, false, None)),
        ("LIST a/ %", listing(false, false, Some("a/%"))),
        ("LIST \"\" inbox", listing(false, false, Some("INBOX"))),
        ("LIST (SPECIAL-USE) \"\" \"*\"", listing(false, true, Some("*"))),
        ("LIST () \"\" * RETURN (special-use CHILDREN)", listing(false, false, Some("*"))),
        ("LSUB \"\" %", listing(true, false, Some("%"))),
        (
            "STATUS inbox (MESSAGES UIDNEXT messages)",
            C::Status("INBOX".into(), vec![StatusItem::Messages, StatusItem::UidNext]),
        ),
        ("FETCH 1:* FLAGS", C::Fetch(set("1:*"), vec![Item::Flags])),
        ("UID FETCH 7 (UID)", C::Fetch(set("7"), vec![Item::Uid])),
        ("STORE 1 FLAGS (\\Seen)", store("1", FlagChange::Replace(seen()), false)),
        ("STORE 1 +flags.silent \\seen", store("1", FlagChange::Add(seen()), true)),
        ("UID STORE 1 -FLAGS ()", store("1", FlagChange::Remove(Flags::new()), false)),
        (
            "STORE 1 FLAGS \\Seen \\Recent Work",
            store("1", FlagChange::Replace(flags(&[SystemFlag::Seen], &["Work"])), false),
        ),
        ("COPY 1,2 Sent", C::Transfer(set("1,2"), "Sent".into())),
        ("UID MOVE 1 Sent", C::Transfer(set("1"), "Sent".into())),
        ("SEARCH SEEN", C::Search(Key::Flag(SystemFlag::Seen))),
        ("UID EXPUNGE 1:3", C::UidExpunge(set("1:3"))),
    ] {
        assert_eq!(read(text), Ok(wanted), "{text}");
    }
}

#[test]
fn what_is_no_command_is_refused() {
    for text in [
        "",
        "XYZZY",
        "UID",
        "UID NOOP",
        "NOOP x",
        "NOOP ",
        "LOGIN",
        "LOGIN bob",
        "LOGIN  bob secret",
        "LOGIN bob secret x",
        "LOGIN bob \"secret",
        "LOGIN bob {5}\r\nab",
        "LOGIN bob {3}\r\na\u{0}b",
        "AUTHENTICATE",
        "AUTHENTICATE PLAIN a b",
        "SELECT",
        "SELECT a b",
        "SELECT (",
        "RENAME a",
        "LIST \"\"",
        "LIST (FOO) \"\" *",
        "LIST \"\" * RETURN",
        "LSUB (SPECIAL-USE) \"\" *",
        "STATUS INBOX",
        "STATUS INBOX ()",
        "STATUS INBOX MESSAGES",
        "STATUS INBOX (FOO)",
        "FETCH 1",
        "FETCH x FLAGS",
        "STORE 1 FLAGS",
        "STORE 1 FLAGS (\\Seen",
        "STORE 1 FLAGS \\Foo",
        "STORE 1 ++FLAGS \\Seen",
        "STORE 1 FLAGS.LOUD \\Seen",
        "STORE 1 FLAGS (a{b)",
        "COPY 1",
        "SEARCH",
        "UID EXPUNGE",
        "ID",
        "ID x",
        "ID (x)",
        "APPEND INBOX",
    ] {
        assert!(matches!(read(text), Err(Refusal::Syntax(_))), "{text}");
    }
    assert_eq!(read("SELECT ../x"), Err(Refusal::Name(NameError::Forbidden)));
    assert_eq!(read("CREATE a&b"), Err(Refusal::Name(NameError::NotUtf7)));
    assert_eq!(read("SEARCH CHARSET X ALL"), Err(Refusal::Charset));
    assert!(read(&format!("STORE 1 FLAGS ({}x)", "x ".repeat(1000))).is_err());
    assert!(read(&format!("ID ({})", "\"a\" ".repeat(1000))).is_err());
}

#[test]
fn the_head_of_append_ends_at_its_message() {
    let head = |mailbox: &str, flags, arrived: Option<&str>, len, waits| {
        let arrived = arrived.map(|when| when.parse().expect("a time"));
        Some(Ok(AppendHead { mailbox: mailbox.into(), flags, arrived, message: Announced { len, waits } }))
    };
    let bad = |why| Some(Err(Refusal::Syntax(Syntax(why))));
    for (text, wanted) in [
        (" INBOX {300}\r\n", head("INBOX", Flags::new(), None, 300, true)),
        (" inbox {300+}\r\n", head("INBOX", Flags::new(), None, 300, false)),
        (" {5}\r\nINBOX {300}\r\n", head("INBOX", Flags::new(), None, 300, true)),
        (
            " \"Sent\" (\\Seen Work) \"17-Jul-1996 02:44:25 -0700\" {0}\r\n",
            head("Sent", flags(&[SystemFlag::Seen], &["Work"]), Some("1996-07-17T09:44:25Z"), 0, true),
        ),
        (" INBOX () {1}\r\n", head("INBOX", Flags::new(), None, 1, true)),
        (" {5}\r\n", None),
        (" {5+}\r\n", None),
        ("", None),
        (" INBOX{5}\r\n", bad("Missing argument")),
        (" INBOX ~{5}\r\n", bad("Missing message literal")),
        (" INBOX x {5}\r\n", bad("Missing message literal")),
        (" INBOX (\\Foo) {5}\r\n", bad("Unknown system flag")),
        (" INBOX \"yesterday\" {5}\r\n", bad("Malformed date-time")),
        (" INBOX {-1}\r\n", bad("Missing message literal")),
        (" INBOX {99999999999999999999}\r\n", bad("Missing message literal")),
        (" .. {5}\r\n", Some(Err(Refusal::Name(NameError::Forbidden)))),
    ] {
        assert_eq!(append_head(&mut Lexer::new(text.as_bytes())), wanted, "{text}");
    }
}
