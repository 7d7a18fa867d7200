//! Domains with one fault each, and what is found.

use super::*;
use crate::net::zone::Zone;
use std::collections::BTreeSet;

const ZONE: &str = r#"
$ORIGIN good.test.
@           MX 10 mx
@           TXT "v=spf1 mx -all"
mx          A 198.51.100.1
_dmarc      TXT "v=DMARC1; p=reject; rua=mailto:r@good.test"
_mta-sts    TXT "v=STSv1; id=1;"
_smtp._tls  TXT "v=TLSRPTv1; rua=https://good.test/r"
default._bimi TXT "v=BIMI1; l=https://good.test/l.svg; a=https://good.test/e.pem"
_25._tcp.mx TLSA 3 1 1 0000000000000000000000000000000000000000000000000000000000000000
s1._domainkey TXT "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
1.100.51.198.in-addr.arpa. PTR mx.good.test.
$ORIGIN spf.test.
ok          A 192.0.2.1
none        A 192.0.2.1
two         TXT "v=spf1 -all"
two         TXT "v=spf1 ~all"
syntax      TXT "v=spf1 foo -all"
odd         TXT "v=spf1 \195\164 -all"
open        TXT "v=spf1 +all"
neutral     TXT "v=spf1 ip4:192.0.2.1 ?all"
endless     TXT "v=spf1 ip4:192.0.2.1"
ptr         TXT "v=spf1 ptr -all"
after       TXT "v=spf1 -all ip4:192.0.2.1"
both        TXT "v=spf1 -all redirect=ok.spf.test"
modifier    TXT "v=spf1 foo=bar -all"
mapped      TXT "v=spf1 ip6:::ffff:192.0.2.1 -all"
wide        TXT "v=spf1 ip4:10.0.0.0/8 -all"
wide6       TXT "v=spf1 ip6:2001::/16 -all"
all4        TXT "v=spf1 ip4:0.0.0.0/0 -all"
all6        TXT "v=spf1 ip6:::/0 -all"
alla        TXT "v=spf1 a/0 -all"
void        TXT "v=spf1 a:x1.spf.test -all"
voids       TXT "v=spf1 a:x1.spf.test a:x2.spf.test a:x3.spf.test -all"
inone       TXT "v=spf1 include:none.spf.test -all"
isyntax     TXT "v=spf1 include:syntax.spf.test -all"
itwo        TXT "v=spf1 include:two.spf.test -all"
iopen       TXT "v=spf1 include:open.spf.test -all"
loop        TXT "v=spf1 include:loop.spf.test -all"
nine        TXT "v=spf1 a:ok.spf.test a:ok.spf.test a:ok.spf.test a:ok.spf.test a:ok.spf.test a:ok.spf.test a:ok.spf.test a:ok.spf.test a:ok.spf.test -all"
many        TXT "v=spf1 a:ok.spf.test a:ok.spf.test a:ok.spf.test a:ok.spf.test a:ok.spf.test a:ok.spf.test a:ok.spf.test a:ok.spf.test a:ok.spf.test a:ok.spf.test a:ok.spf.test -all"
hosts       TXT "v=spf1 mx -all"
hosts       MX 0 mx0.hosts.spf.test.
hosts       MX 1 mx1.hosts.spf.test.
hosts       MX 2 mx2.hosts.spf.test.
hosts       MX 3 mx3.hosts.spf.test.
hosts       MX 4 mx4.hosts.spf.test.
hosts       MX 5 mx5.hosts.spf.test.
hosts       MX 6 mx6.hosts.spf.test.
hosts       MX 7 mx7.hosts.spf.test.
hosts       MX 8 mx8.hosts.spf.test.
hosts       MX 9 mx9.hosts.spf.test.
hosts       MX 10 mx10.hosts.spf.test.
iunknown    TXT "v=spf1 include:down.test -all"
$ORIGIN dmarc.test.
_dmarc.two  TXT "v=DMARC1; p=none"
_dmarc.two  TXT "v=DMARC1; p=reject"
_dmarc.order TXT "p=none; v=DMARC1"
_dmarc.none TXT "v=DMARC1; p=none; rua=mailto:r@none.dmarc.test"
_dmarc.bad  TXT "v=DMARC1; p=block"
_dmarc.try  TXT "v=DMARC1; p=reject; t=y; rua=mailto:r@try.dmarc.test"
_dmarc.sub  TXT "v=DMARC1; p=reject; sp=none; rua=mailto:r@sub.dmarc.test"
_dmarc.old  TXT "v=DMARC1; p=reject; pct=20; rf=afrf; rua=mailto:r@old.dmarc.test"
_dmarc.tag  TXT "v=DMARC1; p=reject; foo=bar; rua=mailto:r@tag.dmarc.test"
_dmarc.silent TXT "v=DMARC1; p=reject"
_dmarc.far  TXT "v=DMARC1; p=reject; rua=mailto:r@other.test,mailto:r@yes.test"
far.dmarc.test._report._dmarc.yes.test. TXT "v=DMARC1"
_dmarc.size TXT "v=DMARC1; p=reject; rua=mailto:r@size.dmarc.test!10m"
_dmarc.uri  TXT "v=DMARC1; p=reject; rua=r@uri.dmarc.test"
_dmarc.web  TXT "v=DMARC1; p=reject; rua=https://x.test/"
$ORIGIN sts.test.
noid        MX 10 mx.good.test.
_mta-sts.noid TXT "v=STSv1;"
two         MX 10 mx.good.test.
_mta-sts.two TXT "v=STSv1; id=1;"
_mta-sts.two TXT "v=STSv1; id=2;"
silent      MX 10 mx.good.test.
_mta-sts.silent TXT "v=STSv1; id=1;"
bad         MX 10 mx.good.test.
_mta-sts.bad TXT "v=STSv1; id=1;"
other       MX 10 mx.good.test.
_mta-sts.other TXT "v=STSv1; id=1;"
try         MX 10 mx.good.test.
_mta-sts.try TXT "v=STSv1; id=1;"
short       MX 10 mx.good.test.
_mta-sts.short TXT "v=STSv1; id=1;"
over        MX 10 mx.good.test.
_mta-sts.over TXT "v=STSv1; id=1;"
_smtp._tls.over TXT "v=TLSRPTv1; rua=ftp://x.test"
_smtp._tls.try TXT "v=TLSRPTv1;"
default._bimi.over TXT "v=BIMI1; l=https://x.test/l.svg"
default._bimi.try TXT "v=BIMI1; l=http://x.test/l.svg"
$ORIGIN dane.test.
@           MX 10 mx1
@           MX 20 mx2
mx1         A 198.51.100.11
mx2         A 198.51.100.12
_25._tcp.mx1 TLSA 3 1 1 0000000000000000000000000000000000000000000000000000000000000000
un          MX 10 mx3
mx3         A 198.51.100.13
_25._tcp.mx3 TLSA 1 1 1 0000000000000000000000000000000000000000000000000000000000000000
11.100.51.198.in-addr.arpa. PTR 198-51-100-11.isp.test.
198-51-100-11.isp.test. A 198.51.100.11
12.100.51.198.in-addr.arpa. PTR far.test.
$ORIGIN who.test.
open        TXT "v=spf1 +all"
_dmarc.open TXT "v=DMARC1; p=reject; rua=mailto:r@open.who.test"
wide        TXT "v=spf1 ip4:0.0.0.0/0 -all"
_dmarc.wide TXT "v=DMARC1; p=reject; rua=mailto:r@wide.who.test"
below       TXT "v=spf1 include:open.who.test -all"
_dmarc.below TXT "v=DMARC1; p=reject; rua=mailto:r@below.who.test"
many        TXT "v=spf1 a:ok.spf.test a:ok.spf.test a:ok.spf.test a:ok.spf.test a:ok.spf.test a:ok.spf.test a:ok.spf.test a:ok.spf.test a:ok.spf.test a:ok.spf.test a:ok.spf.test -all"
_dmarc.many TXT "v=DMARC1; p=none; rua=mailto:r@many.who.test"
none        TXT "other"
_dmarc.none TXT "v=DMARC1; p=none; rua=mailto:r@none.who.test"
hm          TXT "v=spf1 ip4:192.0.2.1 ?all"
_dmarc.hm   TXT "v=DMARC1; p=none; rua=mailto:r@hm.who.test"
end         TXT "v=spf1 ip4:192.0.2.1"
_dmarc.end  TXT "v=DMARC1; p=reject; rua=mailto:r@end.who.test"
soft        TXT "v=spf1 ip4:192.0.2.1 ~all"
_dmarc.soft TXT "v=DMARC1; p=none; rua=mailto:r@soft.who.test"
foo         TXT "v=spf1 foo -all"
foo         MX 10 mx1.dane.test.
_dmarc.foo  TXT "v=DMARC1; p=reject; rua=mailto:r@foo.who.test"
far         TXT "v=spf1 ip4:192.0.2.1 -all"
far         MX 10 mx1.dane.test.
_dmarc.far  TXT "v=DMARC1; p=reject; rua=mailto:r@other.test"
s1._domainkey.far TXT "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
ptr         TXT "v=spf1 ip4:192.0.2.1 -all"
ptr         MX 10 mx1.dane.test.
_dmarc.ptr  TXT "v=DMARC1; p=none; rua=mailto:r@ptr.who.test"
s1._domainkey.ptr TXT "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
null        MX 0 .
null        TXT "v=spf1 -all"
null2       MX 0 .
null2       TXT "v=spf1 -all"
_dmarc.null2 TXT "v=DMARC1; p=none; rua=mailto:r@null2.who.test"
null3       MX 0 .
null3       TXT "v=spf1 ip4:192.0.2.1 -all"
half        MX 10 mx.down.test.
half        TXT "v=spf1 -all"
circle      CNAME round
round       CNAME circle
$ORIGIN unsigned.test.
@           MX 10 mx
mx          A 198.51.100.1
_25._tcp.mx TLSA 3 1 1 0000000000000000000000000000000000000000000000000000000000000000
"#;

/// Web servers: a domain's mode, age and exchanger, or nothing.
struct Web;

impl Fetch for Web {
    fn policy<'a>(&'a self, domain: &'a str) -> Later<'a, Result<Vec<u8>, String>> {
        let text = |mode: &str, age: u32, mx: &str| format!("version: STSv1\nmode: {mode}\nmax_age: {age}\n{mx}\n");
        let weeks = 2_419_200;
        let said = match domain {
            "good.test" => Ok(text("enforce", weeks, "mx: mx.good.test")),
            "bad.sts.test" => Ok("hello".into()),
            "other.sts.test" => Ok(text("enforce", weeks, "mx: mx.other.test")),
            "try.sts.test" => Ok(text("testing", weeks, "mx: *.good.test\nfoo: bar")),
            "short.sts.test" => Ok(text("enforce", 3600, "mx: *.good.test")),
            "over.sts.test" => Ok(text("none", 3600, "")),
            _ => Err("the web server says 404".to_owned()),
        };
        Box::pin(std::future::ready(said.map(String::into_bytes)))
    }
}

async fn checkup(domain: &str, selectors: &[&str]) -> Checkup {
    let zone = Zone::parse(ZONE).expect("a zone").signed("good.test").signed("dane.test");
    zone.fail("down.test");
    let asked = Asked {
        domain: Domain::parse(domain).expect(domain),
        local_part: None,
        selectors: selectors.iter().map(|selector| (*selector).to_owned()).collect(),
        senders: Vec::new(),
        helo: "h.test".into(),
        blocklists: Vec::new(),
        now: Timestamp::UNIX_EPOCH,
    };
    check(&zone, &Web, &asked).await
}

/// The findings of one policy.
async fn ids(domain: &str, policy: &str) -> BTreeSet<&'static str> {
    let checkup = checkup(domain, &[]).await;
    let ids = checkup.findings.iter().map(|finding| finding.id);
    ids.filter_map(|id| id.strip_prefix(policy)?.strip_prefix('.')).collect()
}

#[tokio::test]
async fn a_domain_that_does_everything_has_nothing_to_mend() {
    let checkup = checkup("good.test", &["s1"]).await;
    assert_eq!(checkup.findings, []);
    for (name, standing, summary) in table(&checkup.policies) {
        // Nobody has connected, so nobody knows whether the records fit the certificate.
        let wanted = if name == "DANE" { Standing::Present } else { Standing::Good };
        assert_eq!(standing, wanted, "{name}: {summary}");
    }
    let dane = &checkup.policies.dane.summary;
    assert_eq!(dane, "1 of 1 exchangers: records signed, not compared (mx lookup --probe --dane compares)");
    assert_eq!(checkup.sentence, "good.test protects its name: SPF refuses others (-all), DMARC reject.");
    assert_eq!((checkup.verdict, checkup.is_unsure()), (Verdict::Protected, false));
}

#[tokio::test]
async fn what_is_wrong_with_spf_is_found() {
    for (name, wanted) in [
        ("none", &["none"][..]),
        ("two", &["several"]),
        ("syntax", &["syntax"]),
        ("odd", &["syntax"]),
        ("open", &["open"]),
        ("neutral", &["unclosed"]),
        ("endless", &["unclosed"]),
        ("ptr", &["ptr"]),
        ("after", &["after-all"]),
        ("both", &["redirect-and-all"]),
        ("modifier", &["unknown-modifier"]),
        ("mapped", &["mapped"]),
        ("wide", &["wide"]),
        ("wide6", &["wide"]),
        ("all4", &["open"]),
        ("all6", &["open"]),
        ("alla", &["open", "void"]),
        ("void", &["void"]),
        ("voids", &["void", "too-many-voids"]),
        ("inone", &["include-none"]),
        ("isyntax", &["include-syntax"]),
        ("itwo", &["include-several"]),
        ("iopen", &["open"]),
        ("loop", &["loop"]),
        ("nine", &["few-lookups-left"]),
        ("many", &["too-many-lookups"]),
        ("hosts", &["too-many-exchangers"]),
        ("iunknown", &["unknown-term"]),
    ] {
        let found = ids(&format!("{name}.spf.test"), "spf").await;
        assert_eq!(found, wanted.iter().copied().collect(), "{name}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_dmarc_is_found() {
    for (name, wanted) in [
        ("two", &["several", "none"][..]),
        ("order", &["version", "none"]),
        ("gone", &[]),
        ("none", &["none-asked"]),
        ("bad", &["ignored", "value", "no-reports"]),
        ("try", &["testing"]),
        ("sub", &["weaker-below"]),
        ("old", &["old-tag"]),
        ("tag", &["unknown-tag"]),
        ("silent", &["no-reports"]),
        ("far", &["not-accepted"]),
        ("size", &["size"]),
        ("uri", &["destination", "no-reports"]),
        ("web", &["scheme"]),
    ] {
        let found = ids(&format!("{name}.dmarc.test"), "dmarc").await;
        assert_eq!(found, wanted.iter().copied().collect(), "{name}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_the_way_in_is_found() {
    for (name, policy, wanted) in [
        ("noid.sts", "sts", &["record"][..]),
        ("two.sts", "sts", &["record"]),
        ("silent.sts", "sts", &["unreachable"]),
        ("bad.sts", "sts", &["policy"]),
        ("other.sts", "sts", &["uncovered"]),
        ("try.sts", "sts", &["testing", "unknown-field"]),
        ("short.sts", "sts", &["short"]),
        ("over.sts", "sts", &["taken-back"]),
        ("dane", "sts", &["none"]),
        ("over.sts", "tlsrpt", &["place"]),
        ("try.sts", "tlsrpt", &["syntax"]),
        ("dane", "tlsrpt", &["none"]),
        ("over.sts", "bimi", &["dmarc", "no-evidence"]),
        ("try.sts", "bimi", &["syntax"]),
        ("dane", "dane", &["in-part"]),
        ("un.dane", "dane", &["unusable"]),
        ("unsigned", "dane", &["unsigned"]),
        ("dane", "ptr", &["generic", "unconfirmed"]),
        ("un.dane", "ptr", &["none"]),
    ] {
        let found = ids(&format!("{name}.test"), policy).await;
        assert_eq!(found, wanted.iter().copied().collect(), "{name} {policy}");
    }
}

#[tokio::test]
async fn what_dns_does_not_say_is_no_verdict() {
    let unknown = checkup("down.test", &[]).await;
    assert_eq!((unknown.verdict, unknown.is_unsure()), (Verdict::Unknown, true));
    assert!(unknown.sentence.contains("cannot be said now: SPF unknown, DMARC unknown"), "{}", unknown.sentence);
    let gone = checkup("gone.test", &[]).await;
    assert_eq!((gone.verdict, gone.sentence.as_str()), (Verdict::NoSuchDomain, "gone.test does not exist."));
    assert_eq!(gone.findings, []);
}

#[tokio::test]
async fn a_circle_is_an_error_and_nothing_to_wait_for() {
    let circle = checkup("circle.who.test", &[]).await;
    let wanted = "How well circle.who.test protects its name cannot be said: its aliases do not end: round.who.test is an \
                  alias of circle.who.test.";
    assert_eq!((circle.verdict, circle.sentence.as_str()), (Verdict::Unknown, wanted));
    let first = circle.findings.first().map(|one| (one.id, one.level));
    assert_eq!((first, circle.worst()), (Some(("mx.alias-loop", Level::Error)), Some(Level::Error)));
}

#[test]
fn who_does_not_resolve_for_us_is_not_waited_for() {
    let mut notes = Notes::default();
    let text = format!("whether there is an SPF record is not known: {}", LookupError::REFERRAL);
    notes.note("spf.unknown", Level::Warn, text, "RFC 7208 §4.4", "ask again later");
    assert_eq!(notes.0[0].fix, Some("ask a name server that resolves: @RESOLVER names one"));
}

/// The first line about a domain.
async fn sentence_of(domain: &str) -> String {
    checkup(&format!("{domain}.who.test"), &["s1"]).await.sentence
}

#[tokio::test]
async fn whom_everybody_may_write_as_is_not_protected() {
    for (name, wanted, spf) in [
        ("open", Verdict::Open, "SPF lets everybody pass (+all)"),
        ("wide", Verdict::Open, "SPF lets everybody pass"),
        ("below", Verdict::Open, "SPF lets everybody pass"),
        ("many", Verdict::Open, "SPF broken"),
        ("none", Verdict::Open, "no SPF"),
        ("hm", Verdict::Open, "SPF says nothing of others (?all)"),
        ("end", Verdict::InPart, "SPF says nothing of others (no all)"),
        ("soft", Verdict::InPart, "SPF doubts others (~all)"),
    ] {
        let checkup = checkup(&format!("{name}.who.test"), &[]).await;
        assert_eq!(checkup.verdict, wanted, "{}", checkup.sentence);
        assert!(checkup.sentence.contains(&format!(": {spf}, DMARC ")), "{}", checkup.sentence);
    }
}

#[tokio::test]
async fn the_weakest_is_what_the_name_needs_most() {
    for (name, wanted) in [
        ("foo", "; weakest is SPF: there is no such mechanism (at character 8)."),
        ("far", "; weakest is DMARC: other.test does not say that it takes reports about others, so it gets none."),
        ("ptr", "; weakest is DMARC: none."),
    ] {
        let sentence = sentence_of(name).await;
        assert!(sentence.ends_with(wanted), "{sentence}");
    }
}

#[tokio::test]
async fn who_sends_no_mail_is_told_to_refuse_all() {
    let of = |name: &str| format!("{name}.who.test");
    let fix = |checkup: &Checkup, id: &str| checkup.findings.iter().find(|one| one.id == id).and_then(|one| one.fix);
    let null = checkup(&of("null"), &[]).await;
    assert_eq!(null.policies.dkim.standing, Standing::Unneeded);
    assert!(null.sentence.ends_with("; weakest is DMARC: no record."), "{}", null.sentence);
    assert_eq!(fix(&null, "dmarc.none"), Some("a domain that sends no mail says v=DMARC1; p=reject"));
    assert_eq!(fix(&null, "dkim.not-guessed"), None);
    let asks = checkup(&of("null2"), &[]).await;
    assert!(fix(&asks, "dmarc.none-asked").is_some_and(|fix| fix.starts_with("ask for reject")));
    // It takes no mail, and names those who send it.
    let sends = checkup(&of("null3"), &[]).await;
    assert_eq!(sends.policies.dkim.standing, Standing::Missing);
    assert!(fix(&sends, "dmarc.none").is_some_and(|fix| fix.contains("p=none")));
}

#[tokio::test]
async fn what_is_not_known_is_no_absence() {
    let down = checkup("down.test", &[]).await;
    for (name, standing, summary) in table(&down.policies) {
        assert_eq!(standing, Standing::Unknown, "{name}: {summary}");
    }
    let mut advised = down.clone();
    advised.remedy("SERVFAIL of another name", "sign the zone anew");
    assert_eq!(advised, down);
    let reason = down.policies.dmarc.summary.clone();
    advised.remedy(&reason, "sign the zone anew");
    let fix = advised.findings.iter().find(|one| one.id == "dmarc.unknown").and_then(|one| one.fix);
    assert_eq!(fix, Some("sign the zone anew"));
    let half = checkup("half.who.test", &[]).await;
    assert_eq!(
        (half.policies.ptr.standing, half.policies.ptr.summary.as_str()),
        (Standing::Unknown, "addresses not known now")
    );
    assert_eq!(half.policies.dane.standing, Standing::Unknown);
    let null = checkup("null.who.test", &[]).await;
    assert_eq!((null.policies.dane.standing, null.policies.ptr.standing), (Standing::Unneeded, Standing::Unneeded));
}
