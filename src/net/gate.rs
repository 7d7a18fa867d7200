//! The gate: how many connections may stand at once, in all and from one place.
//!
//! A place is an IPv4 address or an IPv6 /64, since one household owns that many. Loopback is
//! spared the limit per place: everything local comes from one address. Pure counting.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// Counts connections. Cheap to clone; all clones count together.
#[derive(Debug, Clone)]
pub struct Gate(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    total_max: usize,
    place_max: usize,
    open: Mutex<(usize, HashMap<IpAddr, usize>)>,
}

/// The right to hold one connection; ends when dropped.
#[derive(Debug)]
pub struct Pass {
    gate: Gate,
    place: IpAddr,
}

impl Gate {
    /// With room for `total_max` connections, and for `place_max` from one place.
    pub fn new(total_max: usize, place_max: usize) -> Self {
        Self(Arc::new(Counts { total_max, place_max, open: Mutex::default() }))
    }

    /// Lets a connection in, if there is room.
    pub fn enter(&self, from: IpAddr) -> Option<Pass> {
        let place = place(from);
        let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        let here = open.1.get(&place).copied().unwrap_or(0);
        if open.0 >= self.0.total_max || (here >= self.0.place_max && !place.is_loopback()) {
            return None;
        }
        open.0 += 1;
        open.1.insert(place, here + 1);
        Some(Pass { gate: self.clone(), place })
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut open = self.gate.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.0 -= 1;
        if let Some(here) = open.1.get_mut(&self.place) {
            *here -= 1;
            if *here == 0 {
                open.1.remove(&self.place);
            }
        }
    }
}

/// Where a connection comes from, as far as limits are concerned.
pub fn place(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) if !ip.is_loopback() => Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 64)).into(),
        ip => ip,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_limited_in_all_and_per_place() {
        let gate = Gate::new(5, 2);
        let ip = |text: &str| text.parse::<IpAddr>().expect(text);
        let mut passes = vec![gate.enter(ip("192.0.2.1")), gate.enter(ip("::ffff:192.0.2.1"))];
        assert!(gate.enter(ip("192.0.2.1")).is_none(), "the mapped address is the same place");
        passes.push(gate.enter(ip("2001:db8::1")));
        passes.push(gate.enter(ip("2001:db8::2")));
        assert!(gate.enter(ip("2001:db8::ffff")).is_none(), "a /64 is one place");
        passes.push(gate.enter(ip("127.0.0.1")));
        assert!(passes.iter().all(Option::is_some) && gate.enter(ip("127.0.0.1")).is_none(), "five in all");
        passes.remove(0);
        assert!(gate.enter(ip("192.0.2.1")).is_some(), "who leaves makes room");
    }
}
