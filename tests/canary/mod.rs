//! Secrets that exist to be looked for: whoever prints one, in whatever form, is found out.
//!
//! A password does not only leak as it is. In SASL it is base64 together with a name, in HTTP it is
//! percent-encoded, in a dump it is hexadecimal. All these are looked for, in all letters' cases where
//! the form allows both.

use mailkit::sasl::base64;

/// A password that tests use wherever one is needed.
pub(crate) const PASSWORD: &str = "hunter2";
/// An access token, with the signs that tokens have.
pub(crate) const TOKEN: &str = "ya29.canary-Token_value~sings/when+leaked==";
/// Each of them.
pub(crate) const ALL: [&str; 2] = [PASSWORD, TOKEN];

/// The form in which a secret stands in these octets; `None` if it does not.
pub(crate) fn leak(octets: &[u8], secret: &str) -> Option<String> {
    let lower = octets.to_ascii_lowercase();
    let as_written = |needle: &str| find(octets, needle.as_bytes());
    let in_any_case = |needle: &str| find(&lower, needle.to_ascii_lowercase().as_bytes());
    let hex: String = secret.bytes().map(|octet| format!("{octet:02x}")).collect();
    let percent: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    if as_written(secret) {
        Some("as it is".to_owned())
    } else if in_any_case(&hex) {
        Some("in hexadecimal".to_owned())
    } else if in_any_case(&percent) {
        Some("percent-encoded".to_owned())
    } else {
        in_base64(secret).into_iter().find(|needle| as_written(needle)).map(|needle| format!("in base64: {needle}"))
    }
}

/// The letters that a secret becomes in base64 wherever it stands in what is encoded: they depend on its place
/// modulo three, and those at its ends on its neighbours too, so these are left out.
fn in_base64(secret: &str) -> Vec<String> {
    let shifted = (0..3).map(|before| {
        let encoded = base64::encode(&[&vec![0; before], secret.as_bytes()].concat());
        let from = [0, 2, 3][before];
        let to = (before + secret.len()) * 8 / 6;
        encoded[from..to].to_owned()
    });
    // URL-safe base64 has other letters for two of them.
    shifted.flat_map(|needle| [needle.replace('+', "-").replace('/', "_"), needle]).collect()
}

fn find(octets: &[u8], needle: &[u8]) -> bool {
    !needle.is_empty() && octets.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn a_secret_is_found_in_every_form() {
    let plain = format!("\0alice\0{PASSWORD}");
    let bearer = format!("n,a=bob,\u{1}auth=Bearer {TOKEN}\u{1}\u{1}");
    for (octets, secret, wanted) in [
        (PASSWORD.to_owned(), PASSWORD, true),
        (base64::encode(plain.as_bytes()).to_string(), PASSWORD, true),
        (base64::encode(format!("\0bob\0{PASSWORD}").as_bytes()).to_string(), PASSWORD, true),
        (base64::encode(format!("\0carol\0{PASSWORD}!").as_bytes()).to_string(), PASSWORD, true),
        (base64::encode(bearer.as_bytes()).to_string(), TOKEN, true),
        ("68756E74657232".to_owned(), PASSWORD, true),
        ("token=ya29.canary-Token_value%7Esings%2fwhen%2Bleaked%3D%3D&x".to_owned(), TOKEN, true),
        ("hunter and AHVudGVyMQ==".to_owned(), PASSWORD, false),
        (String::new(), TOKEN, false),
    ] {
        assert_eq!(leak(octets.as_bytes(), secret).is_some(), wanted, "{octets}");
    }
}
