//! The test-suite of openspf.org for RFC 7208: its zones and questions, without its words. The licence stands beside it.
//!
//! The facts of rfc7208-tests.yml (2014.04 with the additions of 2019.08), in JSON. Names answer as the suite's own drivers
//! have it: `TIMEOUT` in the place of a record fails from there on, and a label that is too long makes no name.

use mailkit::policy::spf::{Question, check};
use mailkit::world::{Answer, Later, LookupError, Record, RecordKind, Resolve};
use serde_json::{Map, Value};

/// Aliases that are followed.
const ALIASES_MAX: usize = 8;

/// The names of a scenario.
struct Names<'a>(&'a Map<String, Value>);

impl Names<'_> {
    fn find(&self, name: &str, kind: RecordKind, depth: usize) -> Result<Answer, LookupError> {
        let late = || LookupError::Temporary("the name server did not answer in time".to_owned());
        let name = name.trim_end_matches('.').to_lowercase();
        if name.split('.').any(|label| !(1..=63).contains(&label.len())) {
            return Err(LookupError::NoSuchName);
        }
        let Some(set) = self.0.get(&name).and_then(Value::as_array) else { return Err(LookupError::NoSuchName) };
        let mut records = Vec::new();
        let mut has_answered = false;
        for one in set {
            let Some((kind_here, data)) = one.as_object().and_then(|one| one.iter().next()) else {
                // A word instead of a record.
                if has_answered {
                    break;
                }
                return Err(late());
            };
            if let ("CNAME", true) = (kind_here.as_str(), depth < ALIASES_MAX) {
                return self.find(text(data), kind, depth + 1);
            }
            if kind_here == word(kind) {
                has_answered = true;
                records.push(record(kind, data));
            }
        }
        if records.is_empty() { Err(LookupError::NoRecords) } else { Ok(Answer { records, ..Answer::default() }) }
    }
}

impl Resolve for Names<'_> {
    fn lookup<'a>(&'a self, name: &'a str, kind: RecordKind) -> Later<'a, Result<Answer, LookupError>> {
        Box::pin(std::future::ready(self.find(name, kind, 0)))
    }
}

fn word(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::A => "A",
        RecordKind::Aaaa => "AAAA",
        RecordKind::Mx => "MX",
        RecordKind::Ptr => "PTR",
        _ => "TXT",
    }
}

fn record(kind: RecordKind, data: &Value) -> Record {
    let host = |data: &Value| match text(data).trim_end_matches('.') {
        "" => ".".to_owned(),
        name => name.to_lowercase(),
    };
    match kind {
        RecordKind::A => Record::A(text(data).parse().expect("an address")),
        RecordKind::Aaaa => Record::Aaaa(text(data).parse().expect("an address")),
        RecordKind::Mx => {
            let preference = data[0].as_u64().and_then(|number| u16::try_from(number).ok()).expect("a preference");
            Record::Mx { preference, exchange: host(&data[1]) }
        }
        RecordKind::Ptr => Record::Ptr(host(data)),
        _ => Record::Txt(text(data).as_bytes().to_vec()),
    }
}

fn text(data: &Value) -> &str {
    data.as_str().expect("a text")
}

#[tokio::test]
async fn every_question_of_the_suite_is_answered_as_it_wants() {
    let scenarios: Vec<Value> = serde_json::from_str(include_str!("openspf/rfc7208.json")).expect("JSON");
    let (mut count, mut wrong) = (0, Vec::new());
    for scenario in &scenarios {
        let names = Names(scenario["zone"].as_object().expect("a zone"));
        for asked in scenario["questions"].as_array().expect("questions") {
            let ip = text(&asked["ip"]).parse().expect("an address");
            let now = "2026-03-02T09:00:00Z".parse().expect("a time");
            let question = Question::new(ip, text(&asked["mail_from"]), text(&asked["helo"]), now);
            let checked = check(&names, &question).await;
            let is_result =
                asked["results"].as_array().expect("results").iter().any(|one| one == checked.verdict.name());
            // What the suite calls so is what is said where nobody explains anything.
            let explanation = asked["explanation"].as_str().map(|text| Some(text).filter(|text| *text != "DEFAULT"));
            let is_explained = explanation.is_none_or(|wanted| checked.explanation.as_deref() == wanted);
            count += 1;
            if !is_result || !is_explained {
                wrong.push(format!("{} of {}: {checked:?}", asked["name"], scenario["scenario"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(count, 203);
}
