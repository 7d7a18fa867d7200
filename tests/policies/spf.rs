//! `? IP SENDER HELO = RESULT [EXPLANATION]`: SENDER is `<>` for the null reverse-path; a result may be one of several,
//! as `neutral/permerror`, where the standard leaves it open. An explanation that is not given must not be there.

use super::tables;
use mailkit::net::zone::Zone;
use mailkit::policy::spf::{Checked, Question, check};

#[tokio::test]
async fn check_host_says_what_the_standard_says() {
    let mut wrong = Vec::new();
    for table in tables("spf") {
        for (line, text) in &table.questions {
            let (asked, wanted) = text.split_once(" = ").expect("a result");
            let words: Vec<&str> = asked.split(' ').collect();
            let [ip, sender, helo] = words.as_slice() else { panic!("{}: {asked}", table.place(*line)) };
            let checked = ask(&table.zone, ip, sender, helo).await;
            let (result, explanation) = wanted.split_once(' ').map_or((wanted, None), |(one, two)| (one, Some(two)));
            let is_right = result.split('/').any(|one| one == checked.verdict.name())
                && checked.explanation.as_deref() == explanation;
            if !is_right {
                wrong.push(format!("{}: {text}\n  {checked:?}", table.place(*line)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

pub(super) async fn ask(zone: &Zone, ip: &str, sender: &str, helo: &str) -> Checked {
    let sender = if sender == "<>" { "" } else { sender };
    let now = "2026-03-02T09:00:00Z".parse().expect("a time");
    let question = Question::new(ip.parse().expect("an address"), sender, helo, now).receiver("us.test");
    check(zone, &question).await
}
