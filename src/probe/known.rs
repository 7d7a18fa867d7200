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
    MX_NO_DOMAIN "mx.no-domain" Error "the domain does not exist" "RFC 5321 §5.1, RFC 2308 §2.1"
        Some("see whether the name is written right, and registered and delegated");
    MX_NOTHING "mx.nothing" Error "the domain has neither MX nor address records" "RFC 5321 §5.1"
        Some("publish an MX record, or a null MX if no mail is wanted");
    MX_UNKNOWN "mx.unknown" Error "DNS does not say now where the domain's mail goes" "RFC 5321 §5.1"
        Some("see whether the name servers of the domain, and ours, answer");
    MX_ALIAS_TO_NOTHING "mx.alias-to-nothing" Error "an alias leads to a name that does not exist"
        "RFC 5321 §5.1, RFC 1912 §2.4" Some("let the alias lead to a host that is there, or remove it");
    MX_ALIAS_LOOP "mx.alias-loop" Error "aliases lead in a circle" "RFC 1034 §3.6.2"
        Some("let the alias lead to the name of the host itself");
    MX_ALIAS_CHAIN "mx.alias-chain" Error "there are more aliases in a row than anybody follows" "RFC 1034 §3.6.2"
        Some("let the alias lead to the name of the host itself");
    MX_NULL "mx.null" Info "the domain declares that it takes no mail" "RFC 7505" None;
    MX_IMPLICIT "mx.implicit" Info "no MX record: the domain's own addresses take its mail" "RFC 5321 §5.1"
        Some("publish an MX record, or a null MX if no mail is wanted");
    MX_ALIAS "mx.alias" Info "the domain is an alias" "RFC 5321 §5.1" None;
    MX_NULL_MIXED "mx.null-mixed" Warn "a null MX stands beside others" "RFC 7505 §3"
        Some("remove the null MX, or all others");
    MX_TOO_MANY "mx.too-many" Warn "there are more exchangers, or more addresses of one, than are looked at" "RFC 5321 §5.1"
        Some("list a handful");
    MX_DUPLICATE "mx.duplicate" Info "an exchanger is listed twice" "RFC 5321 §5.1" Some("remove one entry");
    MX_ADDRESS_AS_NAME "mx.address-as-name" Error "an MX record names an address, not a host" "RFC 1035 §3.3.9"
        Some("give the host a name with an address record");
    MX_BAD_NAME "mx.bad-name" Error "an MX record names what no host can be called" "RFC 5321 §2.3.5, RFC 1123 §2.1"
        Some("name a host of letters, digits and hyphens");
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
    VISIT_PRIVATE "visit.private" Warn "an address was not visited, since it is none of the internet" "RFC 6890"
        Some("--private visits it: do that where the network is yours");
    VISIT_TOO_MANY "visit.too-many" Info "there are more addresses than are visited" "RFC 5321 §5.1" None;
    VISIT_FAMILY "visit.family" Info "an exchanger was not visited, since only addresses of the other family were asked for"
        "RFC 8305" Some("look without -4 and -6");
    NET_REFUSED "net.refused" Error "an address refuses connections" "RFC 5321 §5.1"
        Some("let the server listen there, and the firewall let senders through");
    NET_TIMEOUT "net.timeout" Error "nobody answers at an address" "RFC 5321 §5.1"
        Some("let the server listen there, and the firewall let senders through");
    NET_UNREACHABLE "net.unreachable" Error "an address is not reached" "RFC 5321 §5.1"
        Some("see whether the address is right, and a route leads there");
    NET_NO_ROUTE "net.no-route" Info "this machine has no way to an address" "RFC 8305"
        Some("look from a machine that has one");
    SMTP_BUSY "smtp.busy" Warn "a server greets with 421: busy, or stopping" "RFC 5321 §3.8"
        Some("let it take more connections at once, if this happens often");
    SMTP_GREETS_4XX "smtp.greets-4xx" Warn "a server refuses us for now" "RFC 5321 §4.2.1"
        Some("its owner can tell why from its log");
    SMTP_REFUSES "smtp.refuses" Error "a server refuses to talk to us" "RFC 5321 §3.1, RFC 7504"
        Some("its owner can tell why from its log; a host that takes no mail should not be an exchanger");
    SMTP_SILENT "smtp.silent" Error "a server is connected to and says nothing" "RFC 5321 §3.1"
        Some("see what it waits for: DNS, a list of bad hosts, a PROXY header, or TLS from the first octet");
    SMTP_HANGS_UP "smtp.hangs-up" Error "a server hangs up without a word" "RFC 5321 §3.8"
        Some("let it say 421 or 554, and why");
    SMTP_BROKEN "smtp.broken" Error "what a server says is not SMTP" "RFC 5321 §4.2"
        Some("see what listens there");
    SMTP_SLOW "smtp.slow" Warn "a server takes its time for an answer (a tarpit, or one that waits for others)"
        "RFC 5321 §4.5.3.2" Some("some senders give up before: see what it waits for");
    TLS_DECLINED "tls.declined" Error "a server offers STARTTLS and then refuses it" "RFC 3207 §4"
        Some("see whether its certificate and key can be read");
    TLS_OLD "tls.old" Error "a server knows no version of TLS that is still safe" "RFC 8996"
        Some("let it speak TLS 1.2 and 1.3");
    TLS_FAILED "tls.failed" Error "TLS cannot be begun with a server that offers it" "RFC 3207 §4.1"
        Some("see whether its certificate, key and ciphers are of our time");
    TLS_EXPIRED "tls.expired" Warn "a certificate has expired" "RFC 5280 §4.1.2.5"
        Some("renew it, and let a machine do so next time");
    TLS_NOT_YET_VALID "tls.not-yet-valid" Warn "a certificate is not valid yet" "RFC 5280 §4.1.2.5"
        Some("see whether clocks are right, at the server and here");
    TLS_OTHER_NAME "tls.other-name" Warn "a certificate is for another name" "RFC 9525"
        Some("install one for the name that the server is called by");
    TLS_UNTRUSTED "tls.untrusted" Warn "no authority vouches for a certificate" "RFC 5280 §6"
        Some("have an authority sign it, and install its chain too; or publish TLSA records");
    DANE_MISMATCH "dane.mismatch" Error "no TLSA record fits the certificate that a server shows" "RFC 7672 §3"
        Some("publish the new certificate's record before it is installed: senders who check send nothing");
    DANE_NO_TLS "dane.no-tls" Error "TLSA records promise TLS, and a server has none" "RFC 7672 §2.2"
        Some("let it offer STARTTLS, or remove the records: senders who check send nothing");
    DANE_UNSIGNED "dane.unsigned" Warn "there are TLSA records, and DNSSEC does not vouch for them" "RFC 7672 §2.1"
        Some("sign the zones of the domain and of the exchanger: unsigned records count for nothing");
    DANE_UNUSABLE "dane.unusable" Error "none of the TLSA records can be used for mail" "RFC 7672 §3.1"
        Some("publish records with usage 3 or 2, as in 3 1 1");
    DANE_UNKNOWN "dane.unknown" Warn "DNS does not say now whether there are TLSA records" "RFC 7672 §2.1.2"
        Some("mend the name servers: senders who check wait until they answer");
    DANE_UNCHECKED "dane.unchecked" Warn "nobody here checks DNSSEC, so TLSA records cannot be judged" "RFC 4035 §4.9.3"
        Some("ask a name server on this machine that checks DNSSEC");
    DANE_IN_PART "dane.in-part" Warn "some exchangers have TLSA records, and others none" "RFC 7672 §2.2.1"
        Some("give all of them records: who keeps senders from the good ones makes them use the others");
    DANE_ROLLOVER "dane.rollover" Info "some TLSA records fit the certificate, and others do not" "RFC 7671 §8.1" None;
    STS_UNKNOWN "sts.unknown" Warn "DNS does not say now whether there is a policy" "RFC 8461 §3.1"
        Some("ask again later");
    STS_UNREACHABLE "sts.unreachable" Error "the domain announces a policy that cannot be fetched" "RFC 8461 §3.3"
        Some("let the web server give it, as text/plain, with a good certificate and without redirection");
    STS_POLICY "sts.policy" Error "what is published as the domain's policy is none" "RFC 8461 §3.2"
        Some("mend it, and change the id of its record");
    STS_RECORD "sts.record" Error "the record that announces a policy is broken, or one of several" "RFC 8461 §3.1"
        Some("leave one record: v=STSv1; id= and up to 32 letters and digits");
    STS_UNCOVERED "sts.uncovered" Error "the domain's policy does not name an exchanger" "RFC 8461 §4.1"
        Some("name it in the policy, and change the id of its record");
    STS_NO_TLS "sts.no-tls" Error "the domain's policy wants TLS, and a server has none" "RFC 8461 §4.2"
        Some("let it offer STARTTLS: senders who keep to the policy send nothing");
    STS_CERTIFICATE "sts.certificate" Error "the domain's policy wants a certificate that this one is not" "RFC 8461 §4.2"
        Some("install one for the server's name: senders who keep to the policy send nothing");
    STS_TESTING "sts.testing" Warn "the domain's policy is only being tried out" "RFC 8461 §5"
        Some("set mode: enforce when the reports are good");
    STS_SHORT "sts.short" Warn "the domain's policy is good for less than a day" "RFC 8461 §3.2"
        Some("set max_age to weeks: a policy that ends at once protects nobody");
    MAIL_REFUSED "mail.refused" Error "a server takes no mail from the sender" "RFC 5321 §3.3"
        Some("ask with another --from; its owner can tell why from its log");
    MAIL_LATER "mail.later" Warn "a server takes no mail from the sender now" "RFC 5321 §4.2.1"
        Some("ask again later");
    RCPT_REFUSED "rcpt.refused" Error "a server takes no mail for an address" "RFC 5321 §3.3" None;
    RCPT_LATER "rcpt.later" Warn "a server takes no mail for an address now" "RFC 5321 §4.2.1" None;
    RCPT_GREYLISTED "rcpt.greylisted" Info "a server defers first contact (greylisting): mail arrives after a retry"
        "RFC 6647" None;
    RCPT_CATCH_ALL "rcpt.catch-all" Info "a server takes mail for any name at the domain" "RFC 5321 §3.3" None;
}
