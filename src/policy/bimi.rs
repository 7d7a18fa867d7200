//! Where a domain's picture is, which some readers show beside mail that DMARC vouches for.
//!
//! The record only: nobody fetches the picture or its evidence here. draft-brand-indicators-for-message-identification §4.2.

/// What a domain publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Published {
    /// A picture, and perhaps who vouches for it.
    Picture {
        /// Where it is.
        location: String,
        /// Where its evidence is.
        evidence: Option<String>,
    },
    /// The domain wants none to be shown.
    Declined,
    /// A text that begins like a record and is none, with the reason.
    Broken(String, &'static str),
    /// Several, of which none counts.
    Several(usize),
    /// None.
    Nothing,
}

/// What texts amount to.
pub fn published(texts: &[Vec<u8>]) -> Published {
    let begins = |text: &String| {
        let version: String = text.split(';').next().unwrap_or_default().split_whitespace().collect();
        version.eq_ignore_ascii_case("v=BIMI1")
    };
    let all = texts.iter().map(|text| String::from_utf8_lossy(text).into_owned());
    let records: Vec<String> = all.filter(begins).collect();
    match records.as_slice() {
        [] => Published::Nothing,
        [one] => record(one),
        several => Published::Several(several.len()),
    }
}

fn record(text: &str) -> Published {
    let broken = |why| Published::Broken(text.to_owned(), why);
    let (mut location, mut evidence) = (None, None);
    for field in text.split(';').skip(1).map(str::trim).filter(|field| !field.is_empty()) {
        let Some((name, value)) = field.split_once('=') else { return broken("a tag has no value") };
        match name.trim_end() {
            "l" if location.is_none() => location = Some(value.trim()),
            "a" if evidence.is_none() => evidence = Some(value.trim()),
            _ => {}
        }
    }
    let is_https = |url: &str| {
        url.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("https://")) && url.len() > 8 && !url.contains(' ')
    };
    let evidence = evidence.filter(|url| !url.is_empty());
    match (location, evidence) {
        (None, _) => broken("it names no picture: l is missing"),
        (Some(""), None) => Published::Declined,
        (_, Some(url)) if !is_https(url) => broken("the evidence is not at an https address"),
        (Some(""), Some(_)) => broken("it names evidence without a picture"),
        (Some(url), _) if !is_https(url) => broken("the picture is not at an https address"),
        (Some(url), evidence) => Published::Picture { location: url.to_owned(), evidence: evidence.map(str::to_owned) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_record_says_where_the_picture_is() {
        let picture = |evidence: Option<&str>| Published::Picture {
            location: "https://x.test/l.svg".into(),
            evidence: evidence.map(str::to_owned),
        };
        for (text, wanted) in [
            ("v=BIMI1; l=https://x.test/l.svg", picture(None)),
            ("v=BIMI1;l=https://x.test/l.svg;a=;", picture(None)),
            (
                "v=BIMI1; l=https://x.test/l.svg; a=https://x.test/e.pem; avp=brand",
                picture(Some("https://x.test/e.pem")),
            ),
            ("v=BIMI1; l=; a=;", Published::Declined),
            ("v=BIMI1; l=", Published::Declined),
            ("v=BIMI2; l=", Published::Nothing),
            ("l=https://x.test/l.svg; v=BIMI1", Published::Nothing),
        ] {
            assert_eq!(published(&[text.as_bytes().to_vec()]), wanted, "{text}");
        }
        for text in ["v=BIMI1", "v=BIMI1; l=http://x.test/l.svg", "v=BIMI1; l=https://x.test/l.svg; a=x", "v=BIMI1; x"]
        {
            assert!(matches!(published(&[text.as_bytes().to_vec()]), Published::Broken(..)), "{text}");
        }
        let two = vec![b"v=BIMI1; l=".to_vec(), b"v=BIMI1; l=;".to_vec()];
        assert_eq!(published(&two), Published::Several(2));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(octets in any::<Vec<u8>>(), rest in "\\PC{0,40}") {
            published(&[octets, format!("v=BIMI1;{rest}").into_bytes()]);
        }
    }
}
