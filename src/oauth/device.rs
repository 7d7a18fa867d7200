//! Consent on another device: what the user is told, and how often the provider may be asked meanwhile.
//!
//! RFC 8628 §3.2, §3.5.

use super::grant::{self, Number, Refusal};
use crate::engine::http::Response;
use crate::error::{Error, Kind, Result};
use crate::secret::Secret;
use serde::Deserialize;
use std::time::Duration;

/// RFC 8628 §3.2: five seconds where the provider does not say.
const INTERVAL_UNSAID: u64 = 5;
/// Nobody waits longer between two questions, whatever a provider says.
const INTERVAL_MAX: u64 = 120;
/// Nor longer for the user.
const LIFETIME_MAX: u64 = 30 * 60;
/// RFC 8628 §3.5: what `slow_down` adds.
const SLOWER: Duration = Duration::from_secs(5);
/// A code that a person types.
const CODE_MAX: usize = 100;

/// What the user is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// The address to open, on any device.
    pub address: String,
    /// What to type there.
    pub code: String,
    /// An address that holds the code already.
    pub complete: Option<String>,
}

/// A consent that is waited for.
pub(super) struct Pending {
    pub(super) prompt: Prompt,
    pub(super) code: Secret,
    pub(super) schedule: Schedule,
}

/// When to ask again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Schedule {
    interval: Duration,
    rest: Duration,
}

#[derive(Deserialize)]
struct Answer {
    device_code: String,
    user_code: String,
    // Google's name for it is older than the standard.
    #[serde(alias = "verification_url")]
    verification_uri: String,
    verification_uri_complete: Option<String>,
    expires_in: Number,
    interval: Option<Number>,
}

impl Schedule {
    fn new(interval: Option<u64>, lifetime: u64) -> Self {
        let interval = interval.unwrap_or(INTERVAL_UNSAID).clamp(1, INTERVAL_MAX);
        Self { interval: Duration::from_secs(interval), rest: Duration::from_secs(lifetime.min(LIFETIME_MAX)) }
    }

    /// How long to wait before the next question; `None` when the code has ended by then.
    pub(super) fn next(&mut self) -> Option<Duration> {
        self.rest = self.rest.checked_sub(self.interval)?;
        Some(self.interval)
    }

    /// The provider was asked too often.
    pub(super) fn slow_down(&mut self) {
        self.interval += SLOWER;
    }

    /// The provider did not answer: RFC 8628 §3.5 asks for twice the wait.
    pub(super) fn back_off(&mut self) {
        self.interval = (self.interval * 2).min(Duration::from_secs(INTERVAL_MAX));
    }
}

/// Reads the answer of the device endpoint.
pub(super) fn read(response: &Response) -> Result<Result<Pending, Refusal>> {
    if !response.is_ok() {
        return grant::refusal(response).map(Err);
    }
    let peer = response.url.host_str().unwrap_or_default();
    let wrong = |what: &str| Error::new(Kind::Protocol, what).with_peer(peer);
    let answer: Answer = serde_json::from_slice(&response.body)
        .map_err(|_| wrong("the provider's answer is not the JSON that was expected"))?;
    let is_address = |text: &String| text.starts_with("https://") && text.len() < 1000;
    if !is_address(&answer.verification_uri) || answer.user_code.len() > CODE_MAX {
        return Err(wrong("the provider names no address where the user could consent"));
    }
    let lifetime = answer.expires_in.value().unwrap_or(LIFETIME_MAX);
    let schedule = Schedule::new(answer.interval.and_then(|number| number.value()), lifetime);
    let complete = answer.verification_uri_complete.filter(is_address);
    let prompt = Prompt { address: answer.verification_uri, code: answer.user_code, complete };
    Ok(Ok(Pending { prompt, code: Secret::new(answer.device_code), schedule }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(mut schedule: Schedule) -> Vec<u64> {
        std::iter::from_fn(|| schedule.next()).map(|wait| wait.as_secs()).collect()
    }

    #[test]
    fn questions_keep_their_distance_and_end_with_the_code() {
        assert_eq!(waits(Schedule::new(None, 17)), [5, 5, 5]);
        assert_eq!(waits(Schedule::new(Some(0), 3)), [1, 1, 1]);
        assert_eq!(waits(Schedule::new(Some(1 << 60), 1 << 60)).len(), 15);
        let mut schedule = Schedule::new(Some(2), 30);
        assert_eq!(schedule.next().map(|wait| wait.as_secs()), Some(2));
        schedule.slow_down();
        assert_eq!(schedule.next().map(|wait| wait.as_secs()), Some(7));
        schedule.back_off();
        assert_eq!(waits(schedule), [14]);
    }

    #[test]
    fn an_answer_tells_the_user_where_to_go() {
        let read = |status, body: &str| match read(&Response::for_test(status, body)) {
            Ok(Ok(pending)) => format!("{:?} {:?}", pending.prompt, pending.schedule),
            Ok(Err(refusal)) => refusal.code,
            Err(error) => error.to_string(),
        };
        let good = r#"{"device_code":"canary","user_code":"AB-CD","verification_uri":"https://a.example/d","expires_in":900,"interval":"1"}"#;
        assert_eq!(
            read(200, good),
            "Prompt { address: \"https://a.example/d\", code: \"AB-CD\", complete: None } Schedule { interval: 1s, rest: 900s }"
        );
        for (status, body, wanted) in [
            (200, good.replace("https://a", "file://a"), "names no address"),
            (200, good.replace("verification_uri", "verification_url"), "Prompt { address"),
            (200, "{}".into(), "not the JSON"),
            (400, r#"{"error":"unauthorized_client"}"#.into(), "unauthorized_client"),
            (404, String::new(), "answers with status 404"),
        ] {
            let found = read(status, &body);
            assert!(found.contains(wanted) && !found.contains("canary"), "{body}: {found}");
        }
    }
}
