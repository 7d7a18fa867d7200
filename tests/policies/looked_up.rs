//! What follows from names that are looked up: keys under selectors, names of addresses, lists of addresses, and all that
//! an SPF record leads to.

use mailkit::net::zone::Zone;
use mailkit::policy::blocklist::ask;
use mailkit::policy::dkim::published::published;
use mailkit::policy::reverse::{NAMES_MAX, names};
use mailkit::policy::spf::{Qualifier, Question, State, Trouble, Verdict, check, survey};
use mailkit::world::{Answer, Later, LookupError, Record, RecordKind, Resolve, Timestamp};

const ED25519: &str = "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

fn question(ip: &str, mail_from: &str, helo: &str) -> Question {
    Question::new(ip.parse().expect("an address"), mail_from, helo, Timestamp::UNIX_EPOCH)
}

#[tokio::test]
async fn only_a_list_that_passes_its_own_test_is_believed() {
    let zone = Zone::parse(
        "
$ORIGIN good.test.
2.0.0.127 A 127.0.0.2
9.2.0.192 A 127.0.0.4
9.2.0.192 TXT \"open relay\"
2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0 A 127.0.0.2
$ORIGIN all.test.
* A 127.0.0.2
$ORIGIN web.test.
* A 192.0.2.80
$ORIGIN closed.test.
* A 127.255.255.254
",
    )
    .expect("a zone");
    zone.fail("down.test");
    for (list, ip, wanted) in [
        ("good.test", "192.0.2.9", "Listed(\"127.0.0.4: open relay\")"),
        ("good.test.", "192.0.2.8", "NotListed"),
        ("good.test", "2001:db8::1", "NotListed"),
        ("all.test", "192.0.2.9", "Useless(\"it lists everybody\")"),
        ("gone.test", "192.0.2.9", "Useless(\"its test entry"),
        ("web.test", "192.0.2.9", "Useless(\"it answers 192.0.2.80"),
        ("closed.test", "192.0.2.9", "Useless(\"it refuses to answer"),
        ("down.test", "192.0.2.9", "Useless(\"the name server"),
    ] {
        let said = format!("{:?}", ask(&zone, list, ip.parse().expect("an address")).await);
        assert!(said.starts_with(wanted), "{list} {ip}: {said}");
    }
}

#[tokio::test]
async fn what_stands_under_a_selector_is_told() {
    let zone = format!(
        "$ORIGIN _domainkey.x.test.\none TXT \"v=DKIM1; k=ed25519; {ED25519}\"\ntwo TXT \"p=\"\ntwo TXT \"p=;\"\n\
         far CNAME one\ndown TXT \"p=\"\n"
    );
    let zone = Zone::parse(&zone).expect("a zone");
    zone.fail("down._domainkey.x.test");
    for (selector, wanted, aliases) in [
        ("one", "Key(", 0),
        ("far", "Key(", 1),
        ("two", "Several(2)", 0),
        ("gone", "Nothing", 0),
        ("down", "Silent(", 0),
    ] {
        let found = published(&zone, selector, "x.test").await;
        assert!(format!("{:?}", found.state).starts_with(wanted), "{found:?}");
        assert_eq!(found.aliases.len(), aliases, "{selector}");
    }
}

const REVERSE: &str = "
1.2.0.192.in-addr.arpa. PTR mx.a.test.
1.2.0.192.in-addr.arpa. PTR other.a.test.
1.2.0.192.in-addr.arpa. PTR gone.a.test.
1.2.0.192.in-addr.arpa. PTR mx.down.test.
1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. PTR six.a.test.
mx.a.test. A 192.0.2.1
other.a.test. A 192.0.2.9
six.a.test. AAAA 2001:db8::1
mx.down.test. A 192.0.2.1
";

#[tokio::test]
async fn a_name_counts_if_it_leads_back() {
    let zone = Zone::parse(REVERSE).expect("a zone");
    zone.fail("down.test");
    let found = names(&zone, [192, 0, 2, 1].into()).await.expect("names");
    let is = |name: &str| found.all.iter().find(|named| named.name == name).expect(name).clone();
    assert!(is("mx.a.test").is_confirmed && !is("other.a.test").is_confirmed);
    assert_eq!(is("gone.a.test").leads, Ok(vec![]));
    assert!(is("mx.down.test").leads.is_err());
    assert_eq!(found.confirmed().collect::<Vec<_>>(), ["mx.a.test"]);
    let six = names(&zone, "2001:db8::1".parse().expect("an address")).await.expect("names");
    assert_eq!(six.confirmed().collect::<Vec<_>>(), ["six.a.test"]);
    assert_eq!(names(&zone, [192, 0, 2, 7].into()).await, Err(LookupError::NoSuchName));
}

#[tokio::test]
async fn of_many_names_ten_are_looked_at() {
    let zone: String = (0..30).map(|n| format!("1.2.0.192.in-addr.arpa. PTR n{n}.a.test.\n")).collect();
    let found = names(&Zone::parse(&zone).expect("a zone"), [192, 0, 2, 1].into()).await.expect("names");
    assert_eq!((found.all.len(), found.left_out), (NAMES_MAX, 20));
}

#[tokio::test]
async fn what_decided_is_told() {
    let zone = "
a.test. TXT \"v=spf1 mx include:b.test redirect=c.test\"
b.test. TXT \"v=spf1 ip4:192.0.2.0/24 -all\"
c.test. TXT \"v=spf1 ip6:2001:db8::/32 ?a -all\"
";
    let zone = Zone::parse(zone).expect("a zone");
    for (ip, verdict, wanted, counts) in [
        ("192.0.2.1", Verdict::Pass, vec!["include:b.test", "ip4:192.0.2.0/24"], (2, 1)),
        ("::ffff:192.0.2.1", Verdict::Pass, vec!["include:b.test", "ip4:192.0.2.0/24"], (2, 1)),
        ("2001:db8::1", Verdict::Pass, vec!["redirect=c.test", "ip6:2001:db8::/32"], (3, 1)),
        ("10.0.0.1", Verdict::Fail, vec!["redirect=c.test", "-all"], (4, 2)),
    ] {
        let checked = check(&zone, &question(ip, "alice@a.test", "x.test")).await;
        let path: Vec<_> = checked.path.iter().map(|step| step.term.as_str()).collect();
        assert_eq!((checked.verdict, path, (checked.lookups, checked.voids)), (verdict, wanted, counts), "{ip}");
    }
}

const RECORDS: &str = r#"
a.test. TXT "v=spf1 mx a:mail.a.test include:b.test include:none.test exists:%{i}.a.test ptr ip4:192.0.2.0/24 ?all redirect=c.test"
a.test. MX 10 mx.a.test.
mail.a.test. A 192.0.2.1
mail.a.test. AAAA 2001:db8::1
b.test. TXT "v=spf1 a a:gone.test redirect=c.test"
c.test. TXT "v=spf1 include:a.test ~all"
two.test. TXT "v=spf1 -all"
two.test. TXT "v=spf1 +all"
bad.test. TXT "v=spf1 ipv4:192.0.2.1"
wide.test. TXT "v=spf1 a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a"
"#;

#[tokio::test]
async fn every_term_is_shown_with_what_it_costs() {
    let zone = Zone::parse(RECORDS).expect("a zone");
    let tree = survey(&zone, "a.test").await;
    let leaf = |text: &str| tree.leaves.iter().find(|leaf| leaf.term.text == text).expect(text);
    assert_eq!(leaf("mx").found, ["mx.a.test"]);
    assert_eq!(leaf("a:mail.a.test").found, ["192.0.2.1", "2001:db8::1"]);
    assert!(leaf("exists:%{i}.a.test").is_open && leaf("ptr").is_open);
    assert!(!leaf("redirect=c.test").is_counted, "all makes it mean nothing");
    let below = leaf("include:b.test").branch.as_ref().expect("a record");
    assert_eq!((below.lookups(), below.voids(), below.closing()), (4, 2, Some(Qualifier::Softfail)));
    let states: Vec<&State> = tree.all().iter().map(|branch| &branch.state).collect();
    assert!(states.contains(&&State::Nothing) && states.contains(&&State::Unfollowed("it leads back to itself")));
    assert_eq!((tree.lookups(), tree.voids(), tree.closing()), (10, 2, Some(Qualifier::Neutral)));
    assert!(matches!(survey(&zone, "two.test").await.state, State::Several(all) if all.len() == 2));
    assert!(matches!(survey(&zone, "bad.test").await.state, State::Broken(_, error) if error.at == 7));
    assert_eq!(survey(&zone, "none.test").await.state, State::Nothing);
    let wide = survey(&zone, "wide.test").await;
    assert_eq!(wide.lookups(), 49);
    assert_eq!(wide.leaves.iter().filter(|leaf| leaf.trouble.is_some()).count(), 9);
    let huge =
        format!("h.test. TXT {}\n", "\"v=spf1 \" ".to_owned() + &"\"a a a a a a a a a a a a a a a a \" ".repeat(130));
    let huge = survey(&Zone::parse(&huge).expect("a zone"), "h.test").await;
    assert!(matches!(huge.state, State::Unfollowed(_)) && huge.leaves.is_empty());
    zone.fail("b.test");
    assert!(survey(&zone, "a.test").await.is_uncertain());
}

#[tokio::test]
async fn who_lets_strangers_pass_is_known() {
    let counted = "a:o.test ".repeat(11);
    let zone = format!(
        "o.test. A 192.0.2.1\nopen.test. TXT \"v=spf1 +all\"\nshut.test. TXT \"v=spf1 -all\"\n\
         six.test. TXT \"v=spf1 ip6:::/0 -all\"\nlate.test. TXT \"v=spf1 -all ip4:0.0.0.0/0\"\n\
         in.test. TXT \"v=spf1 include:open.test -all\"\nnot.test. TXT \"v=spf1 -include:open.test +all\"\n\
         soft.test. TXT \"v=spf1 ~ip4:0.0.0.0/0 -all\"\nto.test. TXT \"v=spf1 redirect=open.test\"\n\
         both.test. TXT \"v=spf1 redirect=open.test -all\"\nerror.test. TXT \"v=spf1 include:none.test +all\"\n\
         before.test. TXT \"v=spf1 +all include:none.test\"\nmany.test. TXT \"v=spf1 {counted} +all\"\n\
         a.test. TXT \"v=spf1 a:o.test/0 -all\"\nvoid.test. TXT \"v=spf1 a:none.test/0 -all\"\n\
         exp.test. TXT \"v=spf1 exp=o.test -all\"\n"
    );
    let zone = Zone::parse(&zone).expect("a zone");
    for (name, lets_all, refuses_all) in [
        ("open", true, false),
        ("shut", false, true),
        ("six", true, false),
        ("late", false, true),
        ("in", true, false),
        ("not", false, false),
        ("soft", false, false),
        ("to", true, false),
        ("both", false, true),
        ("error", false, false),
        ("before", true, false),
        ("many", false, false),
        ("a", true, false),
        ("void", false, false),
        ("exp", false, true),
        ("none", false, false),
    ] {
        let tree = survey(&zone, &format!("{name}.test")).await;
        assert_eq!((tree.lets_everybody_pass(), tree.refuses_everybody()), (lets_all, refuses_all), "{name}");
    }
}

/// Has one record, and for exchangers what is given.
struct Exchangers(Result<Vec<Record>, LookupError>);

impl Resolve for Exchangers {
    fn lookup<'a>(&'a self, _: &'a str, kind: RecordKind) -> Later<'a, Result<Answer, LookupError>> {
        let records = match kind {
            RecordKind::Mx => self.0.clone(),
            _ => Ok(vec![Record::Txt(b"v=spf1 mx -all".to_vec())]),
        };
        Box::pin(std::future::ready(records.map(|records| Answer { records, ..Answer::default() })))
    }
}

#[tokio::test]
async fn exchangers_are_too_many_by_their_number_and_not_by_what_a_server_says() {
    let hosts =
        |count: u16| (0..count).map(|n| Record::Mx { preference: n, exchange: format!("mx{n}.a.test") }).collect();
    let words = "the name server answered: Server Failure (more than ten exchangers)";
    for (found, wanted) in [
        (Ok(hosts(10)), None),
        (Ok(hosts(11)), Some(Trouble::TooManyExchangers { name: "a.test".into(), count: 11 })),
        (
            Err(LookupError::Temporary(words.into())),
            Some(Trouble::Unanswered { name: "a.test".into(), why: words.into() }),
        ),
    ] {
        let tree = survey(&Exchangers(found), "a.test").await;
        assert_eq!(tree.leaves[0].trouble, wanted);
    }
}
