//! What has changed between two reports on a domain, in words.
//!
//! Reports are compared in their JSON form, since the older one may be an older program's: what one of the two does not
//! know is not compared. Times, and what follows from them alone, do not count. Pure.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What is different in the newer report, a sentence each.
pub fn changes(old: &Value, new: &Value) -> Vec<String> {
    let mut said = Vec::new();
    if let Some((was, is)) = verdicts(old, new) {
        said.push(format!("the verdict was {was} and is {is}: {}", reason(old, new)));
    }
    if let Some((was, is)) = differ(&old["dns"]["dnssec"], &new["dns"]["dnssec"])
        && ![was.as_str(), is.as_str()].iter().any(|word| ["unchecked", "none"].contains(word))
    {
        said.push(format!("DNSSEC was {was} and is {is}"));
    }
    let knows = |report: &Value| report["verdict"] != "unknown" || !is_empty(&report["mx"]);
    if !knows(old) || !knows(new) {
        return said;
    }
    on_hosts(&by(&old["mx"], host_key), &by(&new["mx"], host_key), &mut said);
    on_policy(&old["policies"]["mta_sts"], &new["policies"]["mta_sts"], &mut said);
    if both(&old["services"], &new["services"]) {
        on_sets("server for users", &texts(&old["services"], "url"), &texts(&new["services"], "url"), "", &mut said);
    }
    on_findings(old, new, &mut said);
    said
}

/// The verdicts, if they differ.
pub fn verdicts(old: &Value, new: &Value) -> Option<(String, String)> {
    differ(&old["verdict"], &new["verdict"])
}

/// Why the verdict is another: the worst findings that came, or went; where there are none, the verdict's own words.
pub(super) fn reason(old: &Value, new: &Value) -> String {
    let (was, is) = (worst(old), worst(new));
    let list = |keys: Vec<&Key>| {
        let names = keys.iter().take(REASONS_MAX).map(|(_, host, id)| match host.as_str() {
            "" => id.clone(),
            host => format!("{id} of {host}"),
        });
        names.collect::<Vec<_>>().join(", ")
    };
    let (gone, come) = (list(was.difference(&is).collect()), list(is.difference(&was).collect()));
    match (gone.as_str(), come.as_str()) {
        ("", "") => new["sentence"].as_str().unwrap_or("nobody says why").trim_end_matches('.').to_owned(),
        ("", come) => format!("{come} came"),
        (gone, "") => format!("{gone} went"),
        (gone, come) => format!("{come} came, {gone} went"),
    }
}

/// Findings that are told as reasons.
const REASONS_MAX: usize = 3;

/// Whether it is a mere warning, of which host, and its name: the worst come first.
type Key = (bool, String, String);

/// The errors and warnings of a report.
fn worst(report: &Value) -> BTreeSet<Key> {
    let key = |finding: &Value| {
        let text = |member: &str| finding[member].as_str().unwrap_or_default().to_owned();
        match finding["level"].as_str()? {
            "info" => None,
            level => Some((level != "error", text("host"), text("id"))),
        }
    };
    report["findings"].as_array().into_iter().flatten().filter_map(key).collect()
}

fn is_empty(list: &Value) -> bool {
    list.as_array().is_none_or(Vec::is_empty)
}

type Keyed<'a> = BTreeMap<String, &'a Value>;

fn host_key(host: &Value) -> Option<String> {
    Some(host["host"].as_str()?.to_owned())
}

fn probe_key(probe: &Value) -> Option<String> {
    Some(format!("{} port {}", probe["ip"].as_str()?, probe["port"]))
}

/// The first of each key.
fn by(list: &Value, key: impl Fn(&Value) -> Option<String>) -> Keyed<'_> {
    let mut keyed = Keyed::new();
    for item in list.as_array().into_iter().flatten() {
        if let Some(key) = key(item) {
            keyed.entry(key).or_insert(item);
        }
    }
    keyed
}

fn on_hosts(old: &Keyed<'_>, new: &Keyed<'_>, said: &mut Vec<String>) {
    said.extend(
        old.keys().filter(|host| !new.contains_key(*host)).map(|host| format!("{host} is no exchanger any more")),
    );
    for (host, now) in new {
        let Some(before) = old.get(host) else {
            said.push(format!("{host} is a new exchanger, with preference {}", now["preference"]));
            continue;
        };
        if let Some((was, is)) = differ(&before["preference"], &now["preference"]) {
            said.push(format!("{host}: its preference was {was} and is {is}"));
        }
        let ips = |host: &Value| texts(&host["addresses"], "ip");
        on_sets("address", &ips(before), &ips(now), host, said);
        if both(&before["tlsa"], &now["tlsa"]) {
            on_sets("TLSA record", &records(before), &records(now), host, said);
            if let Some((was, is)) = differ(&before["tlsa"]["state"], &now["tlsa"]["state"]) {
                said.push(format!("{host}: its TLSA records were {was} and are {is}"));
            }
        }
        if let (Some(was), Some(is)) = (before["sts_match"].as_bool(), now["sts_match"].as_bool())
            && was != is
        {
            let now = if is { "is named" } else { "is not named any more" };
            said.push(format!("{host}: {now} by the policy (MTA-STS)"));
        }
        let (was, is) = (by(&before["probes"], probe_key), by(&now["probes"], probe_key));
        for (place, now) in &is {
            if let Some(before) = was.get(place) {
                on_visit(&format!("{host} at {place}"), before, now, said);
            }
        }
    }
}

fn on_visit(place: &str, before: &Value, now: &Value, said: &mut Vec<String>) {
    if let Some((was, is)) = differ(&before["state"], &now["state"]) {
        said.push(format!("{place}: was {was} and is {is}"));
        return;
    }
    let (was, is) = (&before["tls"], &now["tls"]);
    match (was.is_object(), is.is_object()) {
        (true, false) => said.push(format!("{place}: offers no encryption any more")),
        (false, true) => said.push(format!("{place}: offers encryption now")),
        (false, false) => {}
        (true, true) => {
            if let Some((was, is)) = differ(&was["version"], &is["version"]) {
                said.push(format!("{place}: spoke {was} and speaks {is}"));
            }
            if differ(&was["sha256"], &is["sha256"]).is_some() {
                let until = is["not_after"].as_str().unwrap_or("nobody knows when");
                said.push(format!("{place}: has another certificate, good until {until}"));
            }
            if let Some((was, is)) = differ(&before["pkix"], &now["pkix"]) {
                said.push(format!("{place}: authorities said of its certificate: {was}; now: {is}"));
            }
            if let Some((was, is)) = differ(&before["dane"], &now["dane"]) {
                said.push(format!("{place}: TLSA records said of its certificate: {was}; now: {is}"));
            }
        }
    }
    let offers = |visit: &Value| -> BTreeSet<String> {
        let lines = visit["ehlo"].as_array().into_iter().flatten().filter_map(Value::as_str);
        lines.map(|line| line.split([' ', '=']).next().unwrap_or_default().to_ascii_uppercase()).collect()
    };
    on_sets("offer", &offers(before), &offers(now), place, said);
    let answers = |visit: &Value| -> BTreeMap<String, String> {
        let asked = visit["rcpt"].as_array().into_iter().flatten();
        asked.filter_map(|one| Some((one["address"].as_str()?.to_owned(), one["class"].as_str()?.to_owned()))).collect()
    };
    let was = answers(before);
    for (address, is) in answers(now) {
        if let Some(was) = was.get(&address).filter(|was| **was != is) {
            said.push(format!("{place}: the answer about {address} was {was} and is {is}"));
        }
    }
}

fn on_policy(old: &Value, new: &Value, said: &mut Vec<String>) {
    if !both(old, new) {
        return;
    }
    for (member, what) in [("state", "state"), ("id", "id"), ("mode", "mode"), ("max_age", "age")] {
        if let Some((was, is)) = differ(&old[member], &new[member]) {
            said.push(format!("the {what} of its policy (MTA-STS) was {was} and is {is}"));
        }
    }
    let named = |policy: &Value| -> BTreeSet<String> {
        policy["mx"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    on_sets("exchanger named by the policy (MTA-STS)", &named(old), &named(new), "", said);
}

fn on_findings(old: &Value, new: &Value, said: &mut Vec<String>) {
    let any = |report: &Value, test: &dyn Fn(&Value) -> bool| report["mx"].as_array().into_iter().flatten().any(test);
    let in_both = |test: &dyn Fn(&Value) -> bool| any(old, test) && any(new, test);
    let were_visited = in_both(&|host| !is_empty(&host["probes"]));
    let were_named = in_both(&|host| !host["tlsa"].is_null());
    let were_asked = both(&old["policies"]["mta_sts"], &new["policies"]["mta_sts"]);
    // What only one of the two has looked for has not changed.
    let counts = |id: &str| match id.split('.').next().unwrap_or_default() {
        "dane" => were_named,
        "sts" => were_asked,
        "mail" | "net" | "rcpt" | "smtp" | "tls" | "visit" => were_visited,
        _ => true,
    };
    come_and_gone(old, new, counts, said);
}

/// Findings that one of the two reports has, of those whose name counts.
pub(super) fn come_and_gone(old: &Value, new: &Value, counts: impl Fn(&str) -> bool, said: &mut Vec<String>) {
    let keys = |report: &Value| -> BTreeSet<(String, String)> {
        let text = |finding: &Value, member: &str| finding[member].as_str().unwrap_or_default().to_owned();
        let all = report["findings"].as_array().into_iter().flatten();
        all.map(|finding| (text(finding, "host"), text(finding, "id"))).filter(|(_, id)| counts(id)).collect()
    };
    let (was, is) = (keys(old), keys(new));
    let place = |host: &str| if host.is_empty() { String::new() } else { format!("{host}: ") };
    said.extend(was.difference(&is).map(|(host, id)| format!("{}{id} is no longer the case", place(host))));
    said.extend(is.difference(&was).map(|(host, id)| format!("{}{id} is the case now", place(host))));
}

pub(super) fn on_sets(what: &str, old: &BTreeSet<String>, new: &BTreeSet<String>, whose: &str, said: &mut Vec<String>) {
    let lead = if whose.is_empty() { String::new() } else { format!("{whose}: ") };
    said.extend(old.difference(new).map(|gone| format!("{lead}the {what} {gone} is gone")));
    said.extend(new.difference(old).map(|come| format!("{lead}the {what} {come} is new")));
}

pub(super) fn texts(list: &Value, member: &str) -> BTreeSet<String> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(|item| item[member].as_str()).map(str::to_owned).collect()
}

fn records(host: &Value) -> BTreeSet<String> {
    let records = host["tlsa"]["records"].as_array().into_iter().flatten();
    let print = |one: &Value| {
        format!("{} {} {} {}", one["usage"], one["selector"], one["mtype"], one["data"].as_str().unwrap_or_default())
    };
    records.map(print).collect()
}

/// Whether both reports know of it.
pub(super) fn both(old: &Value, new: &Value) -> bool {
    !old.is_null() && !new.is_null()
}

/// What two values are, in words, if they are not the same.
pub(super) fn differ(old: &Value, new: &Value) -> Option<(String, String)> {
    let word = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => "none".to_owned(),
        other => other.to_string(),
    };
    (old != new).then(|| (word(old), word(new)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn report() -> Value {
        json!({
            "verdict": "deliverable", "sentence": "Mail to x.test goes to a.test.", "dns": {"dnssec": "secure", "ttl": 300},
            "mx": [{
                "preference": 10, "host": "a.test", "addresses": [{"ip": "192.0.2.1"}], "sts_match": true,
                "tlsa": {"state": "usable", "records": [{"usage": 3, "selector": 1, "mtype": 1, "data": "00"}]},
                "probes": [{
                    "ip": "192.0.2.1", "port": 25, "state": "ok", "banner": "220 a", "ehlo": ["SIZE 10", "DSN"],
                    "tls": {"version": "TLSv1.3", "sha256": "x", "days_left": 9, "not_after": "2027-01-01T00:00:00Z"},
                    "pkix": "ok", "dane": "match", "rcpt": [{"address": "b@x.test", "class": "ok"}],
                    "ms": {"connect": 1.0},
                }],
            }],
            "policies": {"mta_sts": {"state": "policy", "id": "1", "mode": "testing", "max_age": 9, "mx": ["a.test"]}},
            "services": [{"url": "imaps://a.test"}],
            "findings": [{"id": "sts.testing", "host": null}],
        })
    }

    #[test]
    fn each_change_is_a_sentence_and_times_are_none() {
        let cases: &[(&str, Value, &[&str])] = &[
            (
                "/verdict",
                json!("unknown"),
                &["the verdict was deliverable and is unknown: Mail to x.test goes to a.test"],
            ),
            ("/dns/dnssec", json!("insecure"), &["DNSSEC was secure and is insecure"]),
            ("/dns/dnssec", json!("unchecked"), &[]),
            ("/dns/ttl", json!(1), &[]),
            ("/mx/0/preference", json!(20), &["a.test: its preference was 10 and is 20"]),
            (
                "/mx/0/host",
                json!("b.test"),
                &["a.test is no exchanger any more", "b.test is a new exchanger, with preference 10"],
            ),
            (
                "/mx/0/addresses/0/ip",
                json!("192.0.2.2"),
                &["a.test: the address 192.0.2.1 is gone", "a.test: the address 192.0.2.2 is new"],
            ),
            ("/mx/0/sts_match", json!(false), &["a.test: is not named any more by the policy (MTA-STS)"]),
            ("/mx/0/sts_match", json!(null), &[]),
            ("/mx/0/tlsa", json!(null), &[]),
            (
                "/mx/0/tlsa/records/0/data",
                json!("11"),
                &["a.test: the TLSA record 3 1 1 00 is gone", "a.test: the TLSA record 3 1 1 11 is new"],
            ),
            ("/mx/0/tlsa/state", json!("insecure"), &["a.test: its TLSA records were usable and are insecure"]),
            ("/mx/0/probes", json!([]), &[]),
            ("/mx/0/probes/0/state", json!("refused"), &["a.test at 192.0.2.1 port 25: was ok and is refused"]),
            ("/mx/0/probes/0/banner", json!("220 now"), &[]),
            ("/mx/0/probes/0/ms/connect", json!(9.5), &[]),
            (
                "/mx/0/probes/0/ehlo/1",
                json!("CHUNKING"),
                &[
                    "a.test at 192.0.2.1 port 25: the offer DSN is gone",
                    "a.test at 192.0.2.1 port 25: the offer CHUNKING is new",
                ],
            ),
            ("/mx/0/probes/0/ehlo/0", json!("SIZE 20"), &[]),
            ("/mx/0/probes/0/tls", json!(null), &["a.test at 192.0.2.1 port 25: offers no encryption any more"]),
            (
                "/mx/0/probes/0/tls/version",
                json!("TLSv1.2"),
                &["a.test at 192.0.2.1 port 25: spoke TLSv1.3 and speaks TLSv1.2"],
            ),
            ("/mx/0/probes/0/tls/days_left", json!(8), &[]),
            (
                "/mx/0/probes/0/tls/sha256",
                json!("y"),
                &["a.test at 192.0.2.1 port 25: has another certificate, good until 2027-01-01T00:00:00Z"],
            ),
            (
                "/mx/0/probes/0/pkix",
                json!("it is old"),
                &["a.test at 192.0.2.1 port 25: authorities said of its certificate: ok; now: it is old"],
            ),
            (
                "/mx/0/probes/0/dane",
                json!("nomatch"),
                &["a.test at 192.0.2.1 port 25: TLSA records said of its certificate: match; now: nomatch"],
            ),
            (
                "/mx/0/probes/0/rcpt/0/class",
                json!("perm"),
                &["a.test at 192.0.2.1 port 25: the answer about b@x.test was ok and is perm"],
            ),
            (
                "/policies/mta_sts/mode",
                json!("enforce"),
                &["the mode of its policy (MTA-STS) was testing and is enforce"],
            ),
            (
                "/policies/mta_sts/mx/0",
                json!("*.test"),
                &[
                    "the exchanger named by the policy (MTA-STS) a.test is gone",
                    "the exchanger named by the policy (MTA-STS) *.test is new",
                ],
            ),
            ("/policies/mta_sts", json!(null), &[]),
            ("/mx", json!([]), &["a.test is no exchanger any more"]),
            (
                "/services/0/url",
                json!("imaps://b.test"),
                &["the server for users imaps://a.test is gone", "the server for users imaps://b.test is new"],
            ),
            ("/services", json!(null), &[]),
            (
                "/findings/0/host",
                json!("a.test"),
                &["sts.testing is no longer the case", "a.test: sts.testing is the case now"],
            ),
        ];
        for (path, value, wanted) in cases {
            let mut new = report();
            *new.pointer_mut(path).expect("it is there") = value.clone();
            assert_eq!(changes(&report(), &new), *wanted, "{path}");
        }
        assert!(changes(&report(), &report()).is_empty());
    }

    #[test]
    fn a_new_verdict_is_told_with_its_reason() {
        let finding = |id: &str, level: &str| json!({"id": id, "host": "a.test", "level": level});
        for (before, after, wanted) in [
            (vec![], vec![finding("net.refused", "error")], "net.refused of a.test came"),
            (vec![finding("net.refused", "error")], vec![], "net.refused of a.test went"),
            (
                vec![finding("net.refused", "error")],
                vec![finding("net.timeout", "error"), finding("sts.short", "warn")],
                "net.timeout of a.test, sts.short of a.test came, net.refused of a.test went",
            ),
            (vec![], vec![finding("smtp.busy", "warn")], "smtp.busy of a.test came"),
            (vec![], vec![finding("mx.null", "info")], "Mail to x.test goes to a.test"),
        ] {
            let (mut old, mut new) = (report(), report());
            old["findings"] = json!(before);
            (new["findings"], new["verdict"]) = (json!(after), json!("unknown"));
            let wanted = format!("the verdict was deliverable and is unknown: {wanted}");
            assert!(changes(&old, &new).contains(&wanted), "{:?}", changes(&old, &new));
        }
    }

    #[test]
    fn whatever_stands_there_nothing_breaks() {
        for odd in [json!(null), json!([]), json!(7), json!({"mx": [1, {"host": 2}, {"host": "a", "probes": {}}]})] {
            let _ = (changes(&odd, &report()), changes(&report(), &odd), changes(&odd, &odd));
        }
    }
}
