//! A line to one server: many messages over one connection, and over a new one when the server has had enough.
//!
//! A server may end a conversation after as many messages as it likes (RFC 5321 §4.1.1.10: with 421). Nothing of the
//! next message has been said then, so it goes over a new connection; what may have arrived is never sent again.

use super::{Ready, Submission, Submitted, Timing, facts, for_all, reach};
use crate::engine::smtp::{Cargo, Client};
use crate::error::Result;
use crate::sasl::Mechanism;
use crate::smtp::outcome::{Ending, Outcome, Phase};
use crate::status::Fate;
use crate::world::Connect;
use std::net::IpAddr;
use tokio::time::Instant;

/// A line to one server.
pub struct Line<'a> {
    connect: &'a dyn Connect,
    open: Option<Open>,
}

/// A conversation that goes on.
struct Open {
    client: Client,
    ip: Option<IpAddr>,
    login: Option<Mechanism>,
    /// How long it took to get there; what each message took is added.
    timing: Timing,
    /// Whether it has carried a message before.
    is_used: bool,
}

impl<'a> Line<'a> {
    /// A line on which nothing was said yet.
    pub fn new(connect: &'a dyn Connect) -> Self {
        Self { connect, open: None }
    }

    /// Submits the next message. All that go over one line name the same server and the same user.
    pub async fn send(&mut self, submission: &Submission<'_>, mut progress: impl FnMut(u64)) -> Result<Submitted> {
        loop {
            let mut open = match self.open.take() {
                Some(open) => open,
                None => match reach(self.connect, submission).await? {
                    Ok(Ready { client, ip, login, timing }) => Open { client, ip, login, timing, is_used: false },
                    Err(submitted) => return Ok(submitted),
                },
            };
            open.client.stop_with(submission.stop.clone());
            let (tls, extensions) = (open.client.tls().cloned(), Some(open.client.extensions().clone()));
            let facts = facts(submission);
            let Submission { envelope, content, manner, .. } = *submission;
            let begun = Instant::now();
            let outcomes = open.client.transact(&Cargo { envelope, content, facts, manner }, &mut progress).await;
            if open.is_used && !submission.stop.is_cancelled() && outcomes.iter().all(has_had_enough) {
                continue;
            }
            if outcomes.is_empty() {
                return Ok(for_all(
                    envelope,
                    &Outcome::lost(Phase::Connect, "nobody to send to"),
                    open.ip,
                    tls,
                    open.timing,
                ));
            }
            let (ip, login) = (open.ip, open.login);
            // The way was gone once: a message that finds the line open took none.
            let way = std::mem::take(&mut open.timing);
            let timing = Timing { data: Some(begun.elapsed()), ..way };
            // A conversation that broke is found out with the next message, before anything of it is said.
            self.open = Some(Open { is_used: true, ..open });
            let recipients = envelope.recipients.iter().cloned().zip(outcomes).collect();
            return Ok(Submitted { recipients, ip, tls, login, extensions, timing });
        }
    }

    /// Says goodbye.
    pub async fn close(self) {
        if let Some(open) = self.open {
            open.client.quit().await;
        }
    }
}

/// Whether the server ended the conversation before it heard of a recipient. What we would not even offer to it, it
/// would not take over a new connection either.
fn has_had_enough(outcome: &Outcome) -> bool {
    let is_over = outcome.code.is_none_or(|code| code.get() == 421);
    outcome.phase == Phase::Mail && is_over && outcome.ending == Ending::Failed(Fate::Transient)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Domain;
    use crate::endpoint::Endpoint;
    use crate::engine::dial::Way;
    use crate::engine::smtp::Manner;
    use crate::envelope::{Envelope, ForwardPath, ReversePath};
    use crate::net::tls::Trust;
    use crate::smtp::reply::Reply;
    use crate::status::{EnhancedStatus, ReplyCode};
    use crate::world::{Later, Stream};
    use std::io;
    use std::net::SocketAddr;
    use std::sync::Mutex;
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex};
    use tokio_util::sync::CancellationToken;

    /// A server that takes two messages on a connection; it answers a third with its last words, or none.
    struct Limited {
        last_words: &'static str,
        heard: std::sync::Arc<Mutex<Vec<String>>>,
    }

    impl Connect for Limited {
        fn connect(&self, _: SocketAddr) -> Later<'_, io::Result<Box<dyn Stream>>> {
            let (near, far) = duplex(64 * 1024);
            self.heard.lock().unwrap().push("connect".into());
            tokio::spawn(serve(far, self.last_words, self.heard.clone()));
            Box::pin(async { Ok(Box::new(near) as Box<dyn Stream>) })
        }
    }

    async fn serve(far: DuplexStream, last_words: &str, heard: std::sync::Arc<Mutex<Vec<String>>>) {
        let mut far = BufReader::new(far);
        let mut messages = 0;
        far.write_all(b"220 mx\r\n").await.unwrap();
        loop {
            let mut line = String::new();
            if far.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            let reply = match line.trim_end() {
                line if line.starts_with("MAIL") && messages == 2 => {
                    let _ = far.write_all(last_words.as_bytes()).await;
                    return;
                }
                "RCPT TO:<nobody@hamburger.example>" => "550 5.1.1 no",
                "DATA" => "354 go",
                "." => {
                    messages += 1;
                    "250 ok"
                }
                _ if line.starts_with("Subject") || line.trim_end().is_empty() => continue,
                _ => "250 ok",
            };
            heard.lock().unwrap().push(line.split([' ', '\r']).next().unwrap_or_default().to_owned());
            far.write_all(format!("{reply}\r\n").as_bytes()).await.unwrap();
        }
    }

    #[test]
    fn only_a_server_that_ends_the_conversation_is_called_again() {
        let reply = |code| Reply { code: ReplyCode::new(code).unwrap(), enhanced: None, lines: vec!["x".into()] };
        for (outcome, wanted) in [
            (Outcome::of(Phase::Mail, &reply(421)), true),
            (Outcome::lost(Phase::Mail, "gone"), true),
            (Outcome::of(Phase::Mail, &reply(451)), false),
            (Outcome::of(Phase::Mail, &reply(250)), false),
            (Outcome::lost(Phase::Rcpt, "gone"), false),
            // Too large, or in need of what is not offered.
            (Outcome::refused_here(Phase::Mail, EnhancedStatus::new(5, 3, 4), "too large"), false),
        ] {
            assert_eq!(has_had_enough(&outcome), wanted, "{outcome:?}");
        }
    }

    #[tokio::test]
    async fn messages_share_a_connection_until_the_server_has_had_enough() {
        for last_words in ["421 4.7.0 enough\r\n", ""] {
            let server = Limited { last_words, heard: std::sync::Arc::default() };
            let mut line = Line::new(&server);
            for recipient in ["bob", "nobody", "bob", "bob"] {
                let path = ForwardPath::parse(&format!("<{recipient}@hamburger.example>")).unwrap();
                let submission = Submission {
                    endpoint: &Endpoint::parse("smtp://127.0.0.1").unwrap(),
                    way: Way::to(vec!["127.0.0.1:25".parse().unwrap()], Trust::Anyone),
                    credentials: None,
                    helo: Domain::parse("crepes.example").unwrap(),
                    envelope: &Envelope::new(ReversePath::Null, vec![path]),
                    content: &b"Subject: x\r\n\r\n".to_vec(),
                    needs_utf8: false,
                    manner: Manner::default(),
                    required: &[],
                    trace: None,
                    stop: CancellationToken::new(),
                };
                let submitted = line.send(&submission, |_| {}).await.unwrap();
                assert_eq!(submitted.recipients[0].1.is_accepted(), recipient == "bob", "{submitted:?}");
            }
            line.close().await;
            let heard = server.heard.lock().unwrap().join(" ");
            assert_eq!(
                heard,
                "connect EHLO MAIL RCPT DATA . MAIL RCPT RSET MAIL RCPT DATA . connect EHLO MAIL RCPT DATA . QUIT"
            );
        }
    }
}
