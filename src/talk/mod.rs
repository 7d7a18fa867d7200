//! A conversation by hand with any mail server: what is typed is said, what is heard is shown, whatever it is.
//!
//! `act` reads what is typed, `turn` knows whose turn it is, each protocol in its own way; `session` has the connection;
//! `opening` says by itself what everybody says first; `login` proves who we are. Nothing here keeps rules: whoever
//! looks for a server's mistakes has to make some.

mod act;
mod bodies;
mod file;
mod imap;
mod login;
mod opening;
mod party;
mod pop3;
mod session;
mod sieve;
mod smtp;
mod turn;

pub use act::{Act, NotAnAct, check, parse};
pub use opening::{Phase, Wish};
pub use party::{Ended, Lines, News, Open, Party, Patience};
pub use session::Talk;
pub use turn::{Answer, Grade};
