//! Where a domain wants to hear of trouble with TLS on the way to it.
//!
//! RFC 8460 §3.

use super::dmarc::Destination;

/// What a domain publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Published {
    /// These places, of which none may be usable.
    Record {
        /// As it is written.
        text: String,
        /// `mailto:` and `https:`.
        places: Vec<Destination>,
        /// What is neither.
        others: Vec<String>,
    },
    /// A text that begins like a record and is none, with the reason.
    Broken(String, &'static str),
    /// Several, of which none counts.
    Several(usize),
    /// None.
    Nothing,
}

/// What texts amount to.
pub fn published(texts: &[Vec<u8>]) -> Published {
    // RFC 8460 §3: texts that do not begin so are about something else; of two that do, none counts.
    let records: Vec<String> = texts
        .iter()
        .map(|text| String::from_utf8_lossy(text).into_owned())
        .filter(|text| text.split(';').next().is_some_and(|version| version.trim_end() == "v=TLSRPTv1"))
        .collect();
    match records.as_slice() {
        [] => Published::Nothing,
        [one] => record(one),
        several => Published::Several(several.len()),
    }
}

fn record(text: &str) -> Published {
    let broken = |why| Published::Broken(text.to_owned(), why);
    let fields = text.split(';').skip(1).map(str::trim).filter(|field| !field.is_empty());
    let mut uris = Vec::new();
    for field in fields {
        let Some((name, value)) = field.split_once('=') else { return broken("a field has no value") };
        // RFC 8460 §3: the grammar has room for several.
        if name.trim_end() == "rua" {
            uris.extend(value.split(','));
        }
    }
    if uris.is_empty() {
        return broken("it says nowhere to report to: rua is missing");
    }
    let (mut places, mut others) = (Vec::new(), Vec::new());
    for uri in uris.into_iter().map(str::trim).take(100) {
        match Destination::read(uri) {
            Some(place @ Destination::Mail(_)) => places.push(place),
            Some(place) if uri.to_ascii_lowercase().starts_with("https://") => places.push(place),
            _ => others.push(uri.to_owned()),
        }
    }
    Published::Record { text: text.to_owned(), places, others }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(texts: &[&str]) -> String {
        let texts: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
        match published(&texts) {
            Published::Record { places, others, .. } => {
                let places: Vec<String> = places.iter().map(ToString::to_string).collect();
                format!("{} | {}", places.join(" "), others.join(" "))
            }
            Published::Broken(_, why) => why.to_owned(),
            Published::Several(count) => count.to_string(),
            Published::Nothing => "nothing".into(),
        }
    }

    #[test]
    fn one_record_says_where_reports_go() {
        for (texts, wanted) in [
            (&["v=TLSRPTv1;rua=mailto:r@x.test"][..], "mailto:r@x.test | "),
            (&["v=TLSRPTv1; rua=https://x.test/r , mailto:r@x.test; new=1;"], "https://x.test/r mailto:r@x.test | "),
            (&["v=TLSRPTv1; rua=http://x.test/r,r@x.test"], " | http://x.test/r r@x.test"),
            (&["v=spf1 -all", "v=TLSRPTv1; rua=mailto:r@x.test"], "mailto:r@x.test | "),
            (&["v=TLSRPTv1; rua=mailto:a@x.test", "v=TLSRPTv1; rua=mailto:b@x.test"], "2"),
            (&["v=TLSRPTv1"], "it says nowhere to report to: rua is missing"),
            (&["v=TLSRPTv1; rua"], "a field has no value"),
            (&["v=TLSRPTv2; rua=mailto:r@x.test"], "nothing"),
            (&["v=tlsrptv1; rua=mailto:r@x.test"], "nothing"),
            (&["rua=mailto:r@x.test; v=TLSRPTv1"], "nothing"),
            (&[], "nothing"),
        ] {
            assert_eq!(said(texts), wanted, "{texts:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(octets in any::<Vec<u8>>(), rest in "[ -~]{0,40}") {
            published(&[octets, format!("v=TLSRPTv1;{rest}").into_bytes()]);
        }
    }
}
