//! RFC 5322 and MIME: everything that knows header fields and body parts.
//!
//! Reading: [`guard`] finds fields and parts under limits, before anything else looks at foreign
//! octets; [`view`] gives them meaning. Writing: [`build`], [`prepare`], [`downcode`], [`received`], [`dsn`]; what
//! may be large is a [`rope`].
//! [`safe`] stands between foreign text and terminals or file names.
//! mail-parser and mail-builder are used here and nowhere else. Knows no protocol and no disk.

pub mod address_list;
pub mod armour;
pub mod attachment;
mod blind;
pub mod build;
mod charset;
pub mod date;
pub mod defect;
pub mod defect_code;
pub mod downcode;
pub mod dsn;
pub mod enclosed;
pub mod field;
pub mod fingerprint;
mod flow;
pub mod fold;
mod from_line;
pub mod guard;
pub mod guess;
pub mod header;
pub mod html;
pub mod html_text;
pub mod id;
mod line_ends;
pub mod long_text;
pub mod mbox;
pub mod media;
pub mod overview;
pub mod prepare;
mod qualify;
pub mod received;
pub mod roles;
pub mod rope;
pub mod safe;
pub mod text;
pub mod transfer;
pub mod uuencode;
pub mod view;
mod walk;
pub mod wildcard;
pub mod words;
