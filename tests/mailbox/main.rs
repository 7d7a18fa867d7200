//! Mailboxes: their daily use, and what a power cut leaves of them.

#[cfg(test)]
mod crash;
#[cfg(test)]
mod daily;
#[cfg(test)]
mod sim;
#[cfg(test)]
mod world;
