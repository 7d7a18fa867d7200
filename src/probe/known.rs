//! All findings there are: the stable name of each, how bad it is, what it means, and what to do about it.
//!
//! One list for reports, scripts and docs/mx.md, which a test holds against it. What is the case with a certain host,
//! whoever finds it says; judges nothing.

use super::report::Level;

/// A finding that may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Its stable name.
    pub id: &'static str,
    /// How bad it is, where nothing makes it better or worse.
    pub level: Level,
    /// What it means, for the list of them.
    pub means: &'static str,
    /// The standard that has a word on it.
    pub why: &'static str,
    /// What the owner can do.
    pub fix: Option<&'static str>,
}

macro_rules! known {
    ($($name:ident $id:literal $level:ident $means:literal $why:literal $fix:expr;)*) => {
        $(pub(super) const $name: Known =
            Known { id: $id, level: Level::$level, means: $means, why: $why, fix: $fix };)*
        /// The list.
        pub const ALL: &[Known] = &[$($name),*];
    };
}

known! {
    MX_NULL "mx.null" Info "the domain declares that it takes no mail" "RFC 7505" None;
    MX_IMPLICIT "mx.implicit" Info "no MX record: the domain's own addresses take its mail" "RFC 5321 §5.1"
        Some("publish an MX record, or a null MX if no mail is wanted");
    MX_ALIAS "mx.alias" Info "the domain is an alias" "RFC 5321 §5.1" None;
    MX_NULL_MIXED "mx.null-mixed" Warn "a null MX stands beside others" "RFC 7505 §3"
        Some("remove the null MX, or all others");
    MX_TOO_MANY "mx.too-many" Warn "more exchangers are listed than are looked at" "RFC 5321 §5.1"
        Some("list a handful");
    MX_DUPLICATE "mx.duplicate" Info "an exchanger is listed twice" "RFC 5321 §5.1" Some("remove one entry");
    MX_ADDRESS_AS_NAME "mx.address-as-name" Error "an MX record names an address, not a host" "RFC 1035 §3.3.9"
        Some("give the host a name with an address record");
    MX_CNAME_TARGET "mx.cname-target" Warn "an MX record names an alias" "RFC 5321 §5.1, RFC 2181 §10.3"
        Some("name the host itself in the MX record");
    MX_NO_HOST "mx.no-host" Error "an exchanger does not exist" "RFC 5321 §5.1"
        Some("give it an address record, or remove the MX record");
    MX_NO_ADDRESS "mx.no-address" Error "an exchanger has no address" "RFC 5321 §5.1"
        Some("give it an address record, or remove the MX record");
    MX_ADDRESS_UNKNOWN "mx.address-unknown" Warn "DNS does not say an exchanger's address now" "RFC 5321 §5.1" None;
    MX_LOCALHOST "mx.localhost" Error "an exchanger is named localhost" "RFC 6761 §6.3"
        Some("name the host as the internet knows it, or publish a null MX");
    MX_PRIVATE_ADDRESS "mx.private-address" Warn "an exchanger's address is one of a private network"
        "RFC 1918, RFC 6890" Some("publish a public address");
    MX_LOOPBACK_ADDRESS "mx.loopback-address" Error "an exchanger's address is the sender's own machine" "RFC 6890"
        Some("publish a public address");
    MX_IMPOSSIBLE_ADDRESS "mx.impossible-address" Error "an exchanger's address is no host's" "RFC 6890"
        Some("publish a public address");
    SMTP_NO_EHLO "smtp.no-ehlo" Warn "a server does not know EHLO" "RFC 5321 §2.2.1"
        Some("let it know EHLO: without it there is no encryption");
    TLS_NONE "tls.none" Warn "a server offers no encryption" "RFC 3207, RFC 8314 §4"
        Some("give the server a certificate, and let it offer STARTTLS, in POP3 STLS");
    TLS_CERTIFICATE "tls.certificate" Warn "a certificate is not accepted, for a reason that has no name here"
        "RFC 5280 §6, RFC 9525" Some("install one for the server's name, and with it those that vouch for it");
    TLS_ENDS_SOON "tls.ends-soon" Warn "a certificate ends within a few days" "RFC 5280 §4.1.2.5"
        Some("renew it, and let a machine do so next time");
}
