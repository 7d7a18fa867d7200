//! Randomness: the operating system's, and a reproducible one for tests.
//!
//! Ids, boundaries and jitter come from here, so that a test that fails with a seed fails again
//! with it. Knows nothing of what the octets are for.

use crate::world::Entropy;
use std::sync::Mutex;

/// The kernel's generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    /// Waits, once after boot, until the kernel has gathered enough. Panics where the kernel has no such call,
    /// because guessable message ids and boundaries are worse than no program.
    fn fill(&self, mut buffer: &mut [u8]) {
        use rustix::rand::{GetRandomFlags, getrandom};
        while !buffer.is_empty() {
            match getrandom(&mut *buffer, GetRandomFlags::empty()) {
                Ok(filled) => buffer = buffer.get_mut(filled..).unwrap_or_default(),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => panic!("the kernel gives no random octets: {error}"),
            }
        }
    }
}

/// The same octets for the same seed: never for ids that strangers could guess.
#[derive(Debug)]
pub struct SeededEntropy {
    state: Mutex<u64>,
}

impl SeededEntropy {
    /// Any seed will do, zero too.
    pub fn new(seed: u64) -> Self {
        Self { state: Mutex::new(seed) }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        let mut state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        for chunk in buffer.chunks_mut(8) {
            chunk.copy_from_slice(&split_mix(&mut state).to_le_bytes()[..chunk.len()]);
        }
    }
}

/// Vigna's SplitMix64: one state word, every output once in a period of 2^64.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(entropy: &dyn Entropy, len: usize) -> Vec<u8> {
        let mut buffer = vec![0; len];
        entropy.fill(&mut buffer);
        buffer
    }

    #[test]
    fn a_seed_gives_the_same_octets_again_and_no_others_do() {
        let (one, same, other) = (SeededEntropy::new(7), SeededEntropy::new(7), SeededEntropy::new(8));
        let octets = draw(&one, 13);
        assert_eq!(octets, draw(&same, 13));
        assert_ne!(octets, draw(&other, 13));
        assert_ne!(octets, draw(&one, 13), "a generator does not repeat itself");
    }

    #[test]
    fn the_kernel_fills_every_length() {
        for len in [0, 1, 16, 300] {
            assert_eq!(draw(&SystemEntropy, len).len(), len);
        }
        assert_ne!(draw(&SystemEntropy, 32), draw(&SystemEntropy, 32));
    }
}
