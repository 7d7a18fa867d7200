//! The rules of the standards, each with cases: in a table a line `= ID §SECTION: sentence` begins a rule, and the questions
//! below it are its cases. At least two have different answers, so that a rule that nobody looks at is seen.
//!
//! `? tree DOMAIN`, `? key SELECTOR DOMAIN`, `? dmarc DOMAIN`, `? sts DOMAIN`, `? tlsrpt DOMAIN` ask what `mailkit mx check`
//! finds: how it stands, what it says, and the ids of findings. `? spf …` asks as in the tables of SPF, `? policy`, `? mail`
//! and `? report` as in those of DMARC, `? sign …` as `signed` says. A line `> DOMAIN TEXT` is what a web server gives.

use super::{Table, dmarc, signed, spf, tables};
use mailkit::address::Domain;
use mailkit::probe::check::{Asked, Checkup, Fetch, Key, Standing, check};
use mailkit::world::{Later, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Web servers that give these texts, and no others.
struct Texts<'a>(&'a BTreeMap<String, String>);

impl Fetch for Texts<'_> {
    fn policy<'a>(&'a self, domain: &'a str) -> Later<'a, Result<Vec<u8>, String>> {
        let text = self.0.get(domain).map(|text| text.clone().into_bytes());
        Box::pin(std::future::ready(text.ok_or_else(|| "the web server says 404".to_owned())))
    }
}

#[tokio::test]
async fn every_rule_holds_in_each_of_its_cases() {
    let mut wrong = Vec::new();
    for table in tables("rules") {
        for (line, text) in &table.questions {
            let (asked, wanted) = text.rsplit_once(" = ").unwrap_or_else(|| panic!("{}: {text}", table.place(*line)));
            let said = answer(&table, asked).await;
            if !wanted.split('/').any(|one| one == said) && wanted != said {
                wrong.push(format!("{}: ? {text}\n  {said}", table.place(*line)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn answer(table: &Table, asked: &str) -> String {
    let words: Vec<&str> = asked.split(' ').collect();
    match words.as_slice() {
        ["spf", ip, sender, helo] => {
            let checked = spf::ask(&table.zone, ip, sender, helo).await;
            let explanation = checked.explanation.map(|text| format!(" {text}")).unwrap_or_default();
            format!("{}{explanation}", checked.verdict.name())
        }
        ["policy" | "mail" | "report", ..] => dmarc::said(table, &words).await,
        ["sign", ..] => signed::judged(&table.zone, asked.strip_prefix("sign ").unwrap_or_default()).await,
        [what, selector, domain] => found(table, what, Some(selector), domain).await,
        [what, domain] => found(table, what, None, domain).await,
        _ => panic!("{}: what is {asked}?", table.path.display()),
    }
}

async fn found(table: &Table, what: &str, selector: Option<&str>, domain: &str) -> String {
    let asked = Asked {
        domain: Domain::parse(domain).expect(domain),
        local_part: None,
        selectors: selector.into_iter().map(str::to_owned).collect(),
        senders: Vec::new(),
        helo: "h.test".to_owned(),
        blocklists: Vec::new(),
        now: Timestamp::UNIX_EPOCH,
    };
    let checkup = check(&table.zone, &Texts(&table.texts), &asked).await;
    let prefix = match what {
        "tree" => "spf.",
        "key" => "dkim.",
        "dmarc" => "dmarc.",
        "sts" => "sts.",
        "tlsrpt" => "tlsrpt.",
        _ => panic!("{}: what is {what}?", table.path.display()),
    };
    let ids = checkup.findings.iter().map(|finding| finding.id).filter(|id| id.starts_with(prefix));
    let ids: BTreeSet<&str> = ids.map(|id| &id[prefix.len()..]).collect();
    let ids =
        if ids.is_empty() { String::new() } else { format!(" ({})", ids.into_iter().collect::<Vec<_>>().join(" ")) };
    format!("{}{ids}", state(&checkup, what))
}

fn state(checkup: &Checkup, what: &str) -> String {
    let policies = &checkup.policies;
    let some = |word: Option<&str>| word.unwrap_or("-").to_owned();
    match what {
        "tree" => {
            let spf = &policies.spf;
            format!("{} {} {}+{}", word(spf.standing), some(spf.others), spf.lookups, spf.voids)
        }
        "key" => {
            let key = policies.dkim.keys.first();
            let bits = key.and_then(|key| key.bits).map(|bits| format!(" {bits}")).unwrap_or_default();
            let kind = |key: &Key| key.kind.unwrap_or(key.state);
            format!("{} {}{bits}", word(policies.dkim.standing), key.map_or("-", kind))
        }
        "dmarc" => {
            let dmarc = &policies.dmarc;
            let (own, below, np) = (some(dmarc.policy), some(dmarc.subdomains), some(dmarc.nonexistent));
            let (rua, ruf) = (dmarc.rua.len(), dmarc.ruf.len());
            format!("{} {own},{below},{np} {rua}+{ruf}", word(dmarc.standing))
        }
        "sts" => {
            let sts = &policies.mta_sts;
            let age = sts.max_age.map_or_else(|| "-".to_owned(), |age| age.to_string());
            format!("{} {} {} {age}", word(sts.standing), some(sts.id.as_deref()), some(sts.mode))
        }
        _ => {
            let places = &policies.tls_rpt.rua;
            let places = if places.is_empty() { "-".to_owned() } else { places.join(",") };
            format!("{} {places}", word(policies.tls_rpt.standing))
        }
    }
}

fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Good => "good",
        Standing::Present => "present",
        Standing::Weak => "weak",
        Standing::Missing => "missing",
        Standing::Broken => "broken",
        Standing::Unknown => "unknown",
        Standing::Unneeded => "unneeded",
    }
}

/// The rules of all tables, with how many cases each has; rewritten by `BLESS=1`.
#[test]
fn every_rule_has_a_case_where_it_holds_and_one_where_it_is_broken() {
    let mut list =
        String::from("# Rules and the number of their cases; BLESS=1 cargo test --test policies writes this.\n");
    let mut seen = BTreeSet::new();
    for table in tables("rules") {
        let name = table.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let standard = name.split('-').next().unwrap_or_default();
        let is_first = |(index, rule): (usize, &(usize, String))| {
            let end = table.rules.get(index + 1).map_or(usize::MAX, |(line, _)| *line);
            let cases: Vec<&str> = table
                .questions
                .iter()
                .filter(|(line, _)| (rule.0..end).contains(line))
                .map(|(_, text)| text.as_str())
                .collect();
            let answers: BTreeSet<&str> = cases.iter().filter_map(|case| Some(case.rsplit_once(" = ")?.1)).collect();
            (rule.1.clone(), cases.len(), answers.len())
        };
        assert!(!table.rules.is_empty(), "{} has rules", table.path.display());
        for (rule, cases, answers) in table.rules.iter().enumerate().map(is_first) {
            let (id, sentence) = rule.split_once(' ').expect("a rule has a name and a sentence");
            assert!(sentence.starts_with('§') || sentence.starts_with("RFC "), "{standard} {id} names its section");
            assert!(cases >= 2 && answers >= 2, "{standard} {id}: {cases} cases, {answers} answers");
            assert!(seen.insert(format!("{standard} {id}")), "{standard} {id} stands there twice");
            list.push_str(&format!("{standard} {id} {cases}\n"));
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policies/rules.list");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &list).expect("the list of rules");
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(known, list, "BLESS=1 writes the list anew, and the difference is to be looked at");
}
