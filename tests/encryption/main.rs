//! Encryption as the clients of all three protocols see it: which certificates are refused, and with what words; and
//! what happens when somebody on the way plays tricks with STARTTLS.
//!
//! Each case is played to SMTP, POP3 and IMAP over pipes in memory. Whatever the case, nothing secret may have been said.
//! What domains publish about their mail exchangers is played with a zone, exchangers and a web server in memory.

mod authority;
mod certificates;
mod clients;
mod dane;
mod exchangers;
mod looks;
mod mta_sts;
mod program;
mod starttls;
#[path = "../watchdog/mod.rs"]
mod watchdog;
