//! `? policy DOMAIN = ORGANIZATION RECORD-OF SCOPE POLICY`: whose a domain is and what counts for it, or `ORGANIZATION -`.
//! `? mail AUTHOR SPF DKIM,DKIM = OUTCOME DISPOSITION`: `-` for whom nobody passed,
//! `?DOMAIN` where that is not known now. `? report DOMAIN HOST = yes`.

use super::{Table, tables};
use mailkit::policy::dmarc::{Passed, Policy, Scope, accepts, applied, evaluate, walk};

#[tokio::test]
async fn records_are_found_and_mean_what_the_standard_says() {
    let mut wrong = Vec::new();
    for table in tables("dmarc") {
        for (line, text) in &table.questions {
            let (asked, wanted) = text.split_once(" = ").expect("a result");
            let words: Vec<&str> = asked.split(' ').collect();
            let said = said(&table, &words).await;
            if said != wanted {
                wrong.push(format!("{}: {text}\n  {said}", table.place(*line)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

pub(super) async fn said(table: &Table, words: &[&str]) -> String {
    match words {
        ["policy", domain] => policy(table, domain).await,
        ["mail", author, spf, dkim] => mail(table, author, spf, dkim).await,
        ["report", domain, host] => report(table, domain, host).await,
        _ => panic!("{}: {words:?}", table.path.display()),
    }
}

async fn policy(table: &Table, domain: &str) -> String {
    let Ok(walk) = walk(&table.zone, domain).await else { return "later".into() };
    let Ok(applied) = applied(&table.zone, &walk).await else { return "later".into() };
    let organization = walk.organizational();
    let Some(applied) = applied else { return format!("{organization} -") };
    let scope = match applied.scope {
        Scope::Own => "p",
        Scope::Subdomain => "sp",
        Scope::Nonexistent => "np",
    };
    let testing = if applied.is_testing { " testing" } else { "" };
    let policy = applied.policy.map_or("ignored", Policy::name);
    format!("{organization} {} {scope} {policy}{testing}", applied.domain)
}

async fn mail(table: &Table, author: &str, spf: &str, dkim: &str) -> String {
    // `?x.test` could not be decided now, `?` alone neither, for the author's own domain.
    let unsure = |word: &'_ str| {
        word.strip_prefix('?').map(|rest| if rest.is_empty() { author.to_owned() } else { rest.to_owned() })
    };
    let unsure_spf = unsure(spf);
    let unsure_dkim: Vec<String> = dkim.split(',').filter_map(unsure).collect();
    let unsure_dkim: Vec<&str> = unsure_dkim.iter().map(String::as_str).collect();
    let is_passed = |word: &&str| *word != "-" && !word.starts_with('?');
    let signers: Vec<&str> = dkim.split(',').filter(is_passed).collect();
    let spf = Some(spf).filter(is_passed);
    let passed = Passed { spf, dkim: &signers, unsure_spf: unsure_spf.as_deref(), unsure_dkim: &unsure_dkim };
    let evaluated = evaluate(&table.zone, author, passed).await;
    format!("{} {}", evaluated.outcome.name(), evaluated.disposition.name())
}

async fn report(table: &Table, domain: &str, host: &str) -> String {
    let walk = walk(&table.zone, domain).await.expect("a walk");
    match accepts(&table.zone, &walk, domain, host).await {
        Ok(true) => "yes".into(),
        Ok(false) => "no".into(),
        Err(_) => "later".into(),
    }
}

#[tokio::test]
async fn the_own_record_counts_though_nobody_above_answers() {
    let text = "_dmarc.a.test TXT \"v=DMARC1; p=reject\"\na.test A 192.0.2.1\nb.a.test A 192.0.2.1\n";
    let zone = mailkit::net::zone::Zone::parse(text).expect("a zone");
    zone.fail("_dmarc.test");
    let walked = walk(&zone, "a.test").await.expect("a walk");
    assert_eq!(walked.policy().map(|(domain, ..)| domain), Some("a.test"));
    assert!(walked.whose().is_err_and(|why| why.starts_with("_dmarc.test: ")));
    assert!(walk(&zone, "c.test").await.is_err(), "who has no record may have one above");
}
