//! Whom to ask next, how, and how long to wait: the course of one question, decided without asking anybody.
//!
//! Each server is asked in turn, in rounds. Silence sends the question to the next server, and to the same one again in
//! the next round; a failure that was said aloud ends with that server. What does not fit a datagram, or is being tampered
//! with, is asked over a connection; a server that does not know the extension is asked without it, once. So the number
//! of queries has a bound, whatever servers do: see [`Plan::queries_max`].
//! RFC 1035 §7.2; RFC 6891 §7; RFC 7766 §5; RFC 9520 §3.1.

use std::time::Duration;

/// The default of `resolv.conf`: five seconds, twice.
const WAIT: Duration = Duration::from_secs(5);
const ROUNDS: u32 = 2;
/// Rounds are bounded, whatever a configuration says.
const ROUNDS_MAX: u32 = 5;

/// How patient, and over what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How long a server has in each round.
    pub wait: Duration,
    /// How often each server is asked.
    pub rounds: u32,
    /// No datagrams.
    pub is_stream_only: bool,
}

impl Default for Patience {
    fn default() -> Self {
        Self { wait: WAIT, rounds: ROUNDS, is_stream_only: false }
    }
}

/// What a query goes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// UDP.
    Datagram,
    /// A connection.
    Stream,
}

/// One query to one server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// Which server, by its place in the list.
    pub server: usize,
    /// Over what.
    pub way: Way,
    /// With the extension.
    pub is_extended: bool,
    /// How long to wait for the reply.
    pub wait: Duration,
}

/// Why an attempt brought no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing came.
    Silent,
    /// Nobody is there.
    Unreachable,
    /// There is more to say than fits a datagram.
    Truncated,
    /// Datagrams came that look like an attempt to answer in the server's place.
    Suspicious,
    /// The reply cannot be read.
    Garbled,
    /// The server does not understand the query: FORMERR, NOTIMP.
    NotUnderstood,
    /// The server says that it cannot answer: SERVFAIL, REFUSED and the like.
    Failed,
}

/// The course of one question.
#[derive(Debug, Clone)]
pub struct Plan {
    servers: Vec<State>,
    first: usize,
    patience: Patience,
    /// Rounds that are over, and the place in this one.
    round: u32,
    turn: usize,
}

#[derive(Debug, Clone, Copy)]
struct State {
    way: Way,
    is_extended: bool,
    is_done: bool,
}

impl Plan {
    /// Begins with the server `first` of so many.
    pub fn new(servers: usize, first: usize, patience: Patience) -> Self {
        let way = if patience.is_stream_only { Way::Stream } else { Way::Datagram };
        let state = State { way, is_extended: true, is_done: false };
        Self { servers: vec![state; servers], first, patience, round: 0, turn: 0 }
    }

    /// More queries than these are never sent for one question.
    pub fn queries_max(servers: usize, patience: Patience) -> usize {
        // In each round one, and one more in the first; then without the extension, and both over a connection.
        servers * (patience.rounds.clamp(1, ROUNDS_MAX) as usize + 4)
    }

    /// The next attempt, after what became of the last one; none if it is time to give up.
    pub fn next(&mut self, last: Option<Outcome>) -> Option<Attempt> {
        if let Some(outcome) = last
            && self.judge(outcome)
        {
            return Some(self.attempt());
        }
        if last.is_some() {
            self.turn += 1;
        }
        while self.round < self.rounds() {
            while self.turn < self.servers.len() {
                if !self.servers[self.at()].is_done {
                    return Some(self.attempt());
                }
                self.turn += 1;
            }
            self.round += 1;
            self.turn = 0;
        }
        None
    }

    /// Whether the same server is to be asked at once, in another way.
    fn judge(&mut self, outcome: Outcome) -> bool {
        let at = self.at();
        let Some(state) = self.servers.get_mut(at) else { return false };
        match (outcome, state.way) {
            (Outcome::Truncated | Outcome::Suspicious | Outcome::Garbled, Way::Datagram) => {
                state.way = Way::Stream;
                return true;
            }
            (Outcome::NotUnderstood, _) if state.is_extended => {
                state.is_extended = false;
                return true;
            }
            // A datagram may be lost on either way; a connection that says nothing has had its time.
            (Outcome::Silent, Way::Datagram) => {}
            _ => state.is_done = true,
        }
        false
    }

    fn attempt(&self) -> Attempt {
        let at = self.at();
        let State { way, is_extended, .. } = self.servers[at];
        let wait = match way {
            Way::Datagram => self.wait(),
            Way::Stream => self.patience.wait,
        };
        Attempt { server: at, way, is_extended, wait }
    }

    fn at(&self) -> usize {
        (self.first + self.turn) % self.servers.len().max(1)
    }

    /// The first round is parted in two: a datagram that was lost is missed after two seconds and not after five.
    fn rounds(&self) -> u32 {
        let rounds = self.patience.rounds.clamp(1, ROUNDS_MAX);
        if rounds > 1 { rounds + 1 } else { 1 }
    }

    fn wait(&self) -> Duration {
        match self.round {
            _ if self.rounds() == 1 => self.patience.wait,
            0 => self.patience.wait * 2 / 5,
            1 => self.patience.wait * 3 / 5,
            _ => self.patience.wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The course as text: server, u or t, + with the extension, seconds.
    fn course(servers: usize, first: usize, patience: Patience, outcomes: &[Outcome]) -> String {
        let mut plan = Plan::new(servers, first, patience);
        let mut said = Vec::new();
        let mut last = None;
        let mut outcomes = outcomes.iter();
        while let Some(attempt) = plan.next(last) {
            let way = if attempt.way == Way::Datagram { "u" } else { "t" };
            let extended = if attempt.is_extended { "+" } else { "" };
            said.push(format!("{}{way}{extended}{}", attempt.server, attempt.wait.as_secs()));
            last = Some(match outcomes.next() {
                Some(outcome) => *outcome,
                None => break,
            });
        }
        said.join(" ")
    }

    #[test]
    fn what_comes_next_follows_from_what_came() {
        use Outcome::*;
        let usual = Patience::default();
        let once = Patience { rounds: 1, ..usual };
        let streams = Patience { is_stream_only: true, ..usual };
        for (servers, first, patience, outcomes, wanted) in [
            (0, 0, usual, &[][..], ""),
            (1, 0, usual, &[], "0u+2"),
            (1, 0, usual, &[Silent; 9], "0u+2 0u+3 0u+5"),
            (1, 0, once, &[Silent; 9], "0u+5"),
            (2, 0, usual, &[Silent; 9], "0u+2 1u+2 0u+3 1u+3 0u+5 1u+5"),
            (3, 2, once, &[Silent; 9], "2u+5 0u+5 1u+5"),
            (2, 0, usual, &[Failed, Failed], "0u+2 1u+2"),
            (2, 0, usual, &[Failed, Silent, Silent, Silent], "0u+2 1u+2 1u+3 1u+5"),
            (2, 0, usual, &[Unreachable, Unreachable], "0u+2 1u+2"),
            (1, 0, usual, &[Truncated, Silent], "0u+2 0t+5"),
            (1, 0, usual, &[Truncated, Garbled], "0u+2 0t+5"),
            (1, 0, usual, &[Suspicious, Unreachable], "0u+2 0t+5"),
            (2, 1, usual, &[Garbled, Failed, Failed], "1u+2 1t+5 0u+2"),
            (1, 0, usual, &[NotUnderstood, NotUnderstood], "0u+2 0u2"),
            (1, 0, usual, &[NotUnderstood, Silent, Silent, Silent], "0u+2 0u2 0u3 0u5"),
            (1, 0, usual, &[NotUnderstood, Truncated, Failed], "0u+2 0u2 0t5"),
            (1, 0, usual, &[Truncated, NotUnderstood, Failed], "0u+2 0t+5 0t5"),
            (2, 0, streams, &[Silent; 9], "0t+5 1t+5"),
            (1, 0, streams, &[Truncated], "0t+5"),
        ] {
            assert_eq!(course(servers, first, patience, outcomes), wanted, "{servers} {first} {outcomes:?}");
        }
    }

    fn outcome() -> impl Strategy<Value = Outcome> {
        use Outcome::*;
        prop::sample::select(vec![Silent, Unreachable, Truncated, Suspicious, Garbled, NotUnderstood, Failed])
    }

    proptest! {
        #[test]
        fn it_ends_after_a_bounded_number_whatever_comes(
            servers in 0usize..4,
            first in 0usize..4,
            rounds in 0u32..20,
            is_stream_only: bool,
            outcomes in prop::collection::vec(outcome(), 64),
        ) {
            let patience = Patience { rounds, is_stream_only, ..Patience::default() };
            let mut plan = Plan::new(servers, first, patience);
            let mut last = None;
            let mut sent = 0;
            let mut outcomes = outcomes.iter().cycle();
            while let Some(attempt) = plan.next(last) {
                prop_assert!(attempt.server < servers);
                prop_assert!(!is_stream_only || attempt.way == Way::Stream);
                sent += 1;
                prop_assert!(sent <= Plan::queries_max(servers, patience));
                last = outcomes.next().copied();
            }
            prop_assert!(sent >= servers);
        }
    }
}
