//! Encryption as the clients of all three protocols see it: which certificates are refused, and with what words; and
//! what happens when somebody on the way plays tricks with STARTTLS.
//!
//! Each case is played to SMTP, POP3 and IMAP over pipes in memory. Whatever the case, nothing secret may have been said.

mod authority;
mod certificates;
mod clients;
mod looks;
mod starttls;
