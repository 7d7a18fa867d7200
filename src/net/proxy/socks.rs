//! SOCKS 5: a greeting, perhaps a login, a request. RFC 1928 §3 to §6; RFC 1929 §2.

use super::{Refusal, Target};
use crate::error::Kind;
use crate::secret::Secret;
use crate::world::Stream;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use zeroize::Zeroizing;

const VERSION: u8 = 5;
/// No login, and name and password (RFC 1928 §3).
const NOBODY: u8 = 0;
const PASSWORD: u8 = 2;
const NONE_ACCEPTABLE: u8 = 0xff;

/// Asks for a server.
pub(super) async fn ask(
    stream: &mut dyn Stream,
    target: &Target,
    login: Option<(&str, &Secret)>,
) -> Result<(), Refusal> {
    let methods: &[u8] = if login.is_some() { &[VERSION, 2, NOBODY, PASSWORD] } else { &[VERSION, 1, NOBODY] };
    stream.write_all(methods).await?;
    let mut chosen = [0; 2];
    stream.read_exact(&mut chosen).await?;
    match (chosen, login) {
        ([VERSION, NOBODY], _) => {}
        ([VERSION, PASSWORD], Some((user, password))) => log_in(stream, user, password).await?,
        ([VERSION, NONE_ACCEPTABLE | PASSWORD], _) => {
            let why = if login.is_some() { "it takes no login by name and password" } else { "it wants a login" };
            return Err(Refusal::Said(Kind::NoPermission, why.to_owned()));
        }
        _ => return Err(no_socks()),
    }
    stream.write_all(&request(target)?).await?;
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).await?;
    let [VERSION, code, _, kind] = answer else { return Err(no_socks()) };
    // The address it is bound to, and the port: read, so that the server's words come next, and not looked at.
    let rest = match kind {
        1 => 4 + 2,
        4 => 16 + 2,
        3 => usize::from(stream.read_u8().await?) + 2,
        _ if code != 0 => 0,
        _ => return Err(no_socks()),
    };
    if let Some((kind, why)) = refusal(code) {
        return Err(Refusal::Said(kind, why.to_owned()));
    }
    stream.read_exact(&mut vec![0; rest]).await?;
    Ok(())
}

/// RFC 1929 §2.
async fn log_in(stream: &mut dyn Stream, user: &str, password: &Secret) -> Result<(), Refusal> {
    let mut octets = Zeroizing::new(vec![1]);
    for part in [user, password.expose()] {
        let length = u8::try_from(part.len()).ok().filter(|length| *length > 0);
        let length = length.ok_or_else(|| {
            Refusal::Said(Kind::Config, "its login has room for 1 to 255 octets of name and of password".to_owned())
        })?;
        octets.push(length);
        octets.extend_from_slice(part.as_bytes());
    }
    stream.write_all(&octets).await?;
    let mut answer = [0; 2];
    stream.read_exact(&mut answer).await?;
    match answer[1] {
        0 => Ok(()),
        _ => Err(Refusal::Said(Kind::NoPermission, "it refused our login".to_owned())),
    }
}

/// CONNECT (RFC 1928 §4).
fn request(target: &Target) -> Result<Vec<u8>, Refusal> {
    let mut octets = vec![VERSION, 1, 0];
    let port = match target {
        Target::Address(SocketAddr::V4(address)) => {
            octets.push(1);
            octets.extend(address.ip().octets());
            address.port()
        }
        Target::Address(SocketAddr::V6(address)) => {
            octets.push(4);
            octets.extend(address.ip().octets());
            address.port()
        }
        Target::Name(name, port) => {
            let too_long = |_| Refusal::Said(Kind::Usage, "the name is too long for it".to_owned());
            octets.extend([3, u8::try_from(name.len()).map_err(too_long)?]);
            octets.extend(name.as_bytes());
            *port
        }
    };
    octets.extend(port.to_be_bytes());
    Ok(octets)
}

/// RFC 1928 §6.
fn refusal(code: u8) -> Option<(Kind, &'static str)> {
    Some(match code {
        0 => return None,
        2 => (Kind::NoPermission, "its rules do not allow it"),
        3 => (Kind::Temporary, "the network cannot be reached from there"),
        4 => (Kind::Temporary, "the host cannot be reached from there"),
        5 => (Kind::Temporary, "the server refused the connection"),
        6 => (Kind::Temporary, "the way is too long"),
        7 => (Kind::Unavailable, "it does not know how to connect"),
        8 => (Kind::Unavailable, "it does not know addresses of this kind"),
        _ => (Kind::Temporary, "it failed"),
    })
}

fn no_socks() -> Refusal {
    Refusal::Said(Kind::Unavailable, "what it says is not SOCKS 5".to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::tests::play;
    use super::*;

    const GREET: (&[u8], &[u8]) = (b"\x05\x01\x00", b"\x05\x00");
    const BY_NAME: &[u8] = b"\x05\x01\x00\x03\x0cmail.example\x00\x19";

    #[tokio::test]
    async fn the_servers_first_words_come_right_behind_the_proxys_answer() {
        let name = Target::Name("mail.example".into(), 25);
        let said =
            play("socks5h://p", &name, &[GREET, (BY_NAME, b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00220 mx\r\n")]);
        assert_eq!(said.await.expect("through"), "220 mx\r\n");
        let said = play("socks5h://p", &name, &[GREET, (BY_NAME, b"\x05\x00\x00\x03\x02ab\x00\x00220 mx\r\n")]);
        assert_eq!(said.await.expect("through"), "220 mx\r\n");
        let v4 = Target::Address(([192, 0, 2, 1], 587).into());
        let said = play(
            "socks5://p",
            &v4,
            &[GREET, (b"\x05\x01\x00\x01\xc0\x00\x02\x01\x02\x4b", b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")],
        );
        assert_eq!(said.await.expect("through"), "");
        let login: &[(&[u8], &[u8])] = &[
            (b"\x05\x02\x00\x02", b"\x05\x02"),
            (b"\x01\x05alice\x07hunter2", b"\x01\x00"),
            (BY_NAME, b"\x05\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00220"),
        ];
        assert_eq!(play("socks5h://alice@p", &name, login).await.expect("through"), "220");
    }

    #[tokio::test]
    async fn each_refusal_has_its_sentence() {
        let name = Target::Name("mail.example".into(), 25);
        for (url, script, kind, wanted) in [
            ("socks5h://p", vec![(GREET.0, b"\x05\xff".as_slice())], Kind::NoPermission, "it wants a login"),
            ("socks5h://p", vec![(GREET.0, b"HTTP")], Kind::Unavailable, "not SOCKS 5"),
            ("socks5h://p", vec![(GREET.0, b"\x05")], Kind::Temporary, "it closed the connection"),
            ("socks5h://a@p", vec![(b"\x05\x02\x00\x02", b"\x05\xff")], Kind::NoPermission, "takes no login"),
            (
                "socks5h://a@p",
                vec![(b"\x05\x02\x00\x02", b"\x05\x02"), (b"\x01\x01a\x07hunter2", b"\x01\x01")],
                Kind::NoPermission,
                "refused our login",
            ),
            (
                "socks5h://p",
                vec![GREET, (BY_NAME, b"\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00")],
                Kind::NoPermission,
                "rules",
            ),
            ("socks5h://p", vec![GREET, (BY_NAME, b"\x05\x04\x00\x01")], Kind::Temporary, "host cannot be reached"),
            ("socks5h://p", vec![GREET, (BY_NAME, b"\x05\x05\x00\x01")], Kind::Temporary, "refused the connection"),
            ("socks5h://p", vec![GREET, (BY_NAME, b"\x05\x00\x00\x09")], Kind::Unavailable, "not SOCKS 5"),
        ] {
            let error = play(url, &name, &script).await.expect_err(wanted);
            let text = error.to_string();
            assert!(error.kind() == kind && text.contains(wanted), "{text}");
            assert!(text.starts_with("the proxy did not connect us to mail.example:25 ("), "{text}");
        }
    }
}
