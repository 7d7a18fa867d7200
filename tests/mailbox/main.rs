//! Mailboxes: their daily use, a full disk, and what a power cut leaves.

#[cfg(test)]
mod crash;
#[cfg(test)]
mod deliveries;
#[cfg(test)]
mod full;
#[cfg(test)]
mod index;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod names;
#[cfg(test)]
mod sim;
#[cfg(test)]
mod strangers;
#[cfg(test)]
mod world;
