//! How many messages are asked for before the first has come.
//!
//! A round trip for each message makes a thousand small ones slow; asking for all at once would fill the line with
//! what nobody wants any more after the first failure. Pure. RFC 2449 §6.6 (PIPELINING).

/// Requests on their way: 3 KiB of commands, which the buffers of any connection hold, so that nobody waits for ever.
const REQUESTS_MAX: usize = 256;
/// Octets on their way, unless one message alone is larger.
const OCTETS_MAX: u64 = 8 * 1024 * 1024;

/// What was asked for and has not come.
#[derive(Debug)]
pub(super) struct Window {
    requests_max: usize,
    requests: usize,
    octets: u64,
}

impl Window {
    /// An empty one; a server that takes no pipelining is asked for one thing at a time.
    pub(super) fn new(is_pipelined: bool) -> Self {
        Self { requests_max: if is_pipelined { REQUESTS_MAX } else { 1 }, requests: 0, octets: 0 }
    }

    /// Whether it is time to ask for more: half of it has come. Asking after each message would send a packet for each.
    pub(super) fn is_due(&self) -> bool {
        self.requests <= self.requests_max / 2 && self.octets <= OCTETS_MAX / 2
    }

    /// Takes one more request in, if it fits; the first always does.
    pub(super) fn admit(&mut self, octets: u64) -> bool {
        let fits = self.requests < self.requests_max && self.octets.saturating_add(octets) <= OCTETS_MAX;
        if !fits && self.requests > 0 {
            return false;
        }
        self.requests += 1;
        self.octets = self.octets.saturating_add(octets);
        true
    }

    /// The answer to a request has come.
    pub(super) fn answered(&mut self, octets: u64) {
        self.requests = self.requests.saturating_sub(1);
        self.octets = self.octets.saturating_sub(octets);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many requests are written at a time until all have been answered.
    fn writes(is_pipelined: bool, sizes: &[u64]) -> Vec<usize> {
        let (mut window, mut writes) = (Window::new(is_pipelined), Vec::new());
        let (mut asked, mut answered) = (0, 0);
        while answered < sizes.len() {
            if window.is_due() || asked == answered {
                let before = asked;
                while sizes.get(asked).is_some_and(|size| window.admit(*size)) {
                    asked += 1;
                }
                writes.extend(Some(asked - before).filter(|count| *count > 0));
            }
            window.answered(sizes[answered]);
            answered += 1;
        }
        writes
    }

    #[test]
    fn the_window_is_bounded_by_count_and_by_octets_and_filled_when_half_of_it_has_come() {
        let mib = 1024 * 1024;
        for (sizes, wanted) in [
            (vec![], vec![]),
            (vec![1; 64], vec![64]),
            (vec![1; 1000], vec![256, 128, 128, 128, 128, 128, 104]),
            (vec![5 * mib, 3 * mib, 1], vec![2, 1]),
            (vec![100 * mib, 1, 1, u64::MAX, 1], vec![1, 2, 1, 1]),
        ] {
            assert_eq!(writes(true, &sizes), wanted);
        }
        assert_eq!(writes(false, &[1; 3]), [1, 1, 1]);
    }
}
