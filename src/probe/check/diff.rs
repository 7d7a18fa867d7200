//! What has changed between two reports on what a domain publishes, in words.
//!
//! As with the reports on where its mail goes: they are compared in their JSON form, since the older one may be an older
//! program's, and what one of the two does not know, or was not asked for, is not compared. Pure.

use crate::probe::diff::{both, come_and_gone, differ, on_sets, reason, texts};
use serde_json::Value;
use std::collections::BTreeSet;

/// A member of a report, and what it is called.
type Part = (&'static str, &'static str);

/// The policies, and what of each is told.
const POLICIES: [(Part, &[Part]); 8] = [
    (("spf", "SPF"), &[("/tree/record", "record"), ("/lookups", "number of look-ups")]),
    (("dkim", "DKIM"), &[]),
    (
        ("dmarc", "DMARC"),
        &[("/record", "record"), ("/domain", "domain that has the record"), ("/policy", "policy that counts")],
    ),
    (("mta_sts", "MTA-STS"), &[("/id", "id"), ("/mode", "mode"), ("/max_age", "age")]),
    (("tls_rpt", "TLS-RPT"), &[]),
    (("bimi", "BIMI"), &[("/location", "picture"), ("/evidence", "evidence")]),
    (("dane", "DANE"), &[]),
    (("ptr", "PTR"), &[]),
];

/// What is different in the newer report, a sentence each.
pub fn changes(old: &Value, new: &Value) -> Vec<String> {
    let mut said = Vec::new();
    if let Some((was, is)) = verdicts(old, new) {
        said.push(format!("the verdict was {was} and is {is}: {}", reason(old, new)));
    }
    let is_there = |report: &Value| report["verdict"] != "no-such-domain";
    // What a name publishes that does not exist is nothing, which its verdict says.
    if !is_there(old) || !is_there(new) {
        return said;
    }
    for ((member, name), parts) in POLICIES {
        let (was, is) = (&old["policies"][member], &new["policies"][member]);
        if knows(was) && knows(is) {
            on_policy(name, parts, (was, is), &mut said);
        }
    }
    let asked = |report: &Value| -> BTreeSet<String> { senders(report).map(|(ip, _)| ip).collect() };
    for (ip, was) in senders(old) {
        if let Some((_, is)) = senders(new).find(|(other, _)| *other == ip)
            && let Some((was, is)) = differ(&was["spf"]["result"], &is["spf"]["result"])
            && ![was.as_str(), is.as_str()].contains(&"temperror")
        {
            said.push(format!("SPF said {was} of the sender {ip} and says {is}"));
        }
    }
    let are_same_senders = asked(old) == asked(new);
    let are_same_keys = selectors_named(old) == selectors_named(new);
    let counts = |id: &str| {
        // That something is not known is what the other report cannot be held against.
        let is_known = |member: &str| knows(&old["policies"][member]) && knows(&new["policies"][member]);
        match id.split('.').next().unwrap_or_default() {
            _ if id.ends_with("unknown") => false,
            "sender" => are_same_senders,
            "dkim" => is_known("dkim") && are_same_keys,
            // Its addresses' names are told by the same word as those of exchangers.
            "ptr" => is_known("ptr") && are_same_senders,
            "sts" => is_known("mta_sts"),
            "tlsrpt" => is_known("tls_rpt"),
            other => is_known(other),
        }
    };
    come_and_gone(old, new, counts, &mut said);
    said
}

/// The verdicts, if both are known and they differ.
pub fn verdicts(old: &Value, new: &Value) -> Option<(String, String)> {
    let is_known = |report: &Value| report["verdict"] != "unknown" && !report["verdict"].is_null();
    differ(&old["verdict"], &new["verdict"]).filter(|_| is_known(old) && is_known(new))
}

/// Whether a report knows how a policy stands.
fn knows(policy: &Value) -> bool {
    policy["standing"].as_str().is_some_and(|standing| standing != "unknown")
}

fn on_policy(name: &str, parts: &[Part], (old, new): (&Value, &Value), said: &mut Vec<String>) {
    if let Some((was, is)) = differ(&old["standing"], &new["standing"]) {
        said.push(format!("{name} was {was} and is {is}"));
    }
    for (path, what) in parts {
        // A member that an older program did not write is not compared.
        let (Some(was), Some(is)) = (old.pointer(path), new.pointer(path)) else { continue };
        if let Some((was, is)) = differ(was, is) {
            said.push(format!("{name}: the {what} was {was} and is {is}"));
        }
    }
    if both(&old["rua"], &new["rua"]) {
        on_sets("place for reports", &words(&old["rua"]), &words(&new["rua"]), name, said);
    }
    if both(&old["keys"], &new["keys"]) {
        on_keys(old, new, said);
    }
}

/// Keys under names that were given are compared where both reports were asked for them; those that were guessed are there.
fn on_keys(old: &Value, new: &Value, said: &mut Vec<String>) {
    let (was, is) = (texts(&old["keys"], "selector"), texts(&new["keys"], "selector"));
    if old["is_guess"] == true && new["is_guess"] == true {
        on_sets("key", &was, &is, "DKIM", said);
    }
    let key = |report: &Value, selector: &str| -> Option<String> {
        let key = report["keys"].as_array()?.iter().find(|key| key["selector"] == selector)?;
        // Whoever is silent has said nothing that could have changed.
        let state = key["state"].as_str().filter(|state| *state != "silent")?;
        let kind = key["kind"].as_str().unwrap_or_default();
        let bits = key["bits"].as_u64().map(|bits| format!(" of {bits} bits")).unwrap_or_default();
        let testing = if key["is_testing"] == true { ", tried out" } else { "" };
        let alias = key["alias"].as_str().map(|alias| format!(", kept by {alias}")).unwrap_or_default();
        Some(format!("{}{bits}{testing}{alias}", if state == "key" { kind } else { state }))
    };
    for selector in was.intersection(&is) {
        if let (Some(was), Some(is)) = (key(old, selector), key(new, selector))
            && was != is
        {
            said.push(format!("DKIM: {selector} was {was} and is {is}"));
        }
    }
}

/// The selectors that were given; none where they were guessed.
fn selectors_named(report: &Value) -> Option<BTreeSet<String>> {
    let dkim = &report["policies"]["dkim"];
    (dkim["is_guess"] == false).then(|| texts(&dkim["keys"], "selector"))
}

fn senders(report: &Value) -> impl Iterator<Item = (String, &Value)> {
    let senders = report["senders"].as_array().into_iter().flatten();
    senders.filter_map(|sender| Some((sender["address"]["ip"].as_str()?.to_owned(), sender)))
}

fn words(list: &Value) -> BTreeSet<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn report() -> Value {
        json!({
            "verdict": "protected", "sentence": "x.test protects its name.",
            "policies": {
                "spf": {"standing": "good", "lookups": 3, "summary": "", "tree": {"record": "v=spf1 -all"}},
                "dkim": {"standing": "good", "is_guess": true, "keys": [
                    {"selector": "s1", "state": "key", "kind": "rsa", "bits": 2048, "is_testing": false, "alias": null},
                ]},
                "dmarc": {"standing": "good", "record": "v=DMARC1; p=reject", "domain": "x.test", "policy": "reject",
                    "rua": ["mailto:a@x.test"]},
                "mta_sts": {"standing": "missing", "id": null, "mode": null, "max_age": null},
                "tls_rpt": {"standing": "good", "rua": ["mailto:a@x.test"]},
                "ptr": {"standing": "good"},
            },
            "senders": [{"address": {"ip": "192.0.2.7"}, "spf": {"result": "pass"}}],
            "findings": [{"id": "sts.none", "host": null, "level": "info"}],
        })
    }

    #[test]
    fn each_change_is_a_sentence() {
        let cases: &[(&str, Value, &[&str])] = &[
            ("/verdict", json!("open"), &["the verdict was protected and is open: x.test protects its name"]),
            ("/verdict", json!("unknown"), &[]),
            (
                "/verdict",
                json!("no-such-domain"),
                &["the verdict was protected and is no-such-domain: x.test protects its name"],
            ),
            ("/policies/spf/standing", json!("broken"), &["SPF was good and is broken"]),
            ("/policies/spf/standing", json!("unknown"), &[]),
            ("/policies/spf/summary", json!("other words"), &[]),
            ("/policies/spf/lookups", json!(9), &["SPF: the number of look-ups was 3 and is 9"]),
            (
                "/policies/spf/tree/record",
                json!("v=spf1 ~all"),
                &["SPF: the record was v=spf1 -all and is v=spf1 ~all"],
            ),
            ("/policies/spf", json!(null), &[]),
            ("/policies/dkim/keys", json!([]), &["DKIM: the key s1 is gone"]),
            ("/policies/dkim/keys/0/bits", json!(1024), &["DKIM: s1 was rsa of 2048 bits and is rsa of 1024 bits"]),
            (
                "/policies/dkim/keys/0/state",
                json!("revoked"),
                &["DKIM: s1 was rsa of 2048 bits and is revoked of 2048 bits"],
            ),
            ("/policies/dkim/keys/0/state", json!("silent"), &[]),
            ("/policies/dkim/is_guess", json!(false), &[]),
            ("/policies/dmarc/policy", json!("none"), &["DMARC: the policy that counts was reject and is none"]),
            (
                "/policies/dmarc/rua/0",
                json!("mailto:b@x.test"),
                &[
                    "DMARC: the place for reports mailto:a@x.test is gone",
                    "DMARC: the place for reports mailto:b@x.test is new",
                ],
            ),
            ("/policies/mta_sts/mode", json!("enforce"), &["MTA-STS: the mode was none and is enforce"]),
            ("/senders/0/spf/result", json!("fail"), &["SPF said pass of the sender 192.0.2.7 and says fail"]),
            ("/senders/0/spf/result", json!("temperror"), &[]),
            ("/senders", json!([]), &[]),
            (
                "/findings",
                json!([{"id": "spf.void", "host": null, "level": "warn"}]),
                &["sts.none is no longer the case", "spf.void is the case now"],
            ),
            ("/findings/0/id", json!("sts.unknown"), &["sts.none is no longer the case"]),
        ];
        for (path, value, wanted) in cases {
            let mut new = report();
            *new.pointer_mut(path).expect("it is there") = value.clone();
            assert_eq!(changes(&report(), &new), *wanted, "{path} {value}");
        }
        assert!(changes(&report(), &report()).is_empty());
    }

    #[test]
    fn what_one_of_the_two_does_not_know_has_not_changed() {
        let mut unknown = report();
        unknown["policies"]["mta_sts"]["standing"] = json!("unknown");
        unknown["findings"] = json!([{"id": "sts.unknown", "host": null}]);
        assert_eq!(changes(&report(), &unknown), <[&str; 0]>::default());
        assert_eq!(changes(&unknown, &report()), <[&str; 0]>::default());
        let mut alone = report();
        (alone["senders"], alone["findings"]) =
            (json!([]), json!([{"id": "sts.none"}, {"id": "sender.helo"}, {"id": "ptr.none"}]));
        assert_eq!(changes(&report(), &alone), <[&str; 0]>::default());
    }

    #[test]
    fn whatever_stands_there_nothing_breaks() {
        for odd in [
            json!(null),
            json!([]),
            json!(7),
            json!({"policies": {"dkim": {"standing": 1, "keys": [1, {"selector": 2}]}}}),
        ] {
            let _ = (changes(&odd, &report()), changes(&report(), &odd), changes(&odd, &odd));
        }
    }
}
