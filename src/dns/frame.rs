//! Messages on a connection: two octets say how long each is.
//!
//! A message is handed out when all of it is here. None is longer than 65,535 octets, so that is all that is ever held
//! besides what was read at once.
//! RFC 1035 §4.2.2; RFC 7766 §8.

/// Octets that came, parted into messages.
#[derive(Debug, Default)]
pub struct Frames {
    held: Vec<u8>,
    /// What lies before was handed out.
    from: usize,
}

impl Frames {
    /// Takes what was read.
    pub fn push(&mut self, octets: &[u8]) {
        self.held.drain(..self.from);
        self.from = 0;
        self.held.extend_from_slice(octets);
    }

    /// The next whole message.
    pub fn pull(&mut self) -> Option<&[u8]> {
        let rest = &self.held[self.from..];
        let (length, rest) = rest.split_first_chunk()?;
        let message = rest.get(..usize::from(u16::from_be_bytes(*length)))?;
        self.from += 2 + message.len();
        Some(message)
    }
}

/// A message with its length in front.
pub fn framed(message: &[u8]) -> Vec<u8> {
    // A query has 282 octets at most; nothing else is framed.
    let length = u16::try_from(message.len()).unwrap_or(u16::MAX);
    let mut octets = Vec::with_capacity(2 + message.len());
    octets.extend(length.to_be_bytes());
    octets.extend_from_slice(&message[..usize::from(length)]);
    octets
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn messages_come_out_as_they_went_in_however_they_are_cut(
            messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..6),
            piece in 1usize..400,
        ) {
            let octets: Vec<u8> = messages.iter().flat_map(|message| framed(message)).collect();
            let mut frames = Frames::default();
            let mut out = Vec::new();
            for piece in octets.chunks(piece) {
                frames.push(piece);
                while let Some(message) = frames.pull() {
                    out.push(message.to_vec());
                }
            }
            prop_assert_eq!(out, messages);
            prop_assert!(frames.pull().is_none());
        }
    }

    #[test]
    fn a_length_that_promises_more_waits_for_it() {
        let mut frames = Frames::default();
        frames.push(&[0xff, 0xff, 1, 2, 3]);
        assert_eq!(frames.pull(), None);
        frames.push(&vec![0; 65_532]);
        assert_eq!(frames.pull().map(<[u8]>::len), Some(65_535));
        assert_eq!(frames.pull(), None);
    }
}
