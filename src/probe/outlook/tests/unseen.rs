//! Servers that were to be visited, and could not be looked at from here.

use super::super::super::report::Sought;
use super::*;

#[tokio::test]
async fn where_nobody_could_be_looked_at_from_here_nothing_is_known() {
    let no_route = || Does::Fails(io::ErrorKind::NetworkUnreachable);
    let sought = |sought: Sought| move |report: &mut Report| report.sought = Some(sought);
    let goal =
        "Mail to two.cases.test should go to a.cases.test, then b.cases.test, which could not be looked at from here";
    let unseen = report(&[no_route(), no_route()], sought(Sought::Both)).await;
    assert_eq!(unseen.sentence, format!("{goal}: this machine has no way to 192.0.2.1."));
    assert_eq!((unseen.verdict, told(&unseen)), (Verdict::Unknown, vec![("net.no-route", Level::Info); 2]));
    let excluded = report(&[], sought(Sought::V6)).await;
    let wanted = ": -6 leaves out all addresses but those of IPv6, and there is none of these.";
    assert_eq!(excluded.sentence, format!("{goal}{wanted}"));
    assert_eq!((excluded.verdict, told(&excluded)), (Verdict::Unknown, vec![("visit.family", Level::Info); 2]));
    let wanted = "it has IPv4 addresses only, and was not visited, since -6 leaves them out";
    assert_eq!(excluded.findings[0].text, wanted);
    // One that was seen is enough, and who asked for no visit is told what DNS says.
    let seen = report(&[GOOD, no_route()], sought(Sought::V4)).await;
    assert_eq!((seen.verdict, told(&seen)), (Verdict::Deliverable, vec![("net.no-route", Level::Info)]));
    let unasked = report(&[], |_| {}).await;
    assert_eq!((unasked.verdict, told(&unasked)), (Verdict::Deliverable, vec![]));
}
