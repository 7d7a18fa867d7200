//! Servers that know cookies, that forget them, that insist on them, and that choke on them.

use super::*;
use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption};

/// The cookie that a query carries.
fn cookie(asked: &Asked) -> Option<Vec<u8>> {
    let edns = asked.message.edns.as_ref()?;
    let option = edns.options().as_ref().iter().find(|(code, _)| *code == EdnsCode::Cookie)?;
    match &option.1 {
        EdnsOption::Unknown(_, data) => Some(data.clone()),
        other => panic!("a cookie is none: {other:?}"),
    }
}

/// A reply with this code that sends the cookie back, with the server's half behind it.
fn echo(asked: &Asked, code: ResponseCode, count: u8) -> Act {
    let cookie = cookie(asked).expect("a cookie");
    assert_eq!(cookie.len(), 8);
    say(&asked.reply(code, |reply| {
        reply.answers.extend((0..count).map(|last| asked.record(60, last)));
        let edns = reply.edns.as_mut().expect("the extension");
        edns.options_mut().insert(EdnsOption::Unknown(10, [&cookie[..], b"theirown"].concat()));
    }))
}

#[tokio::test]
async fn who_guesses_ids_and_knows_no_cookie_is_not_believed() {
    // From the second question on somebody else is faster, with all right but the cookie.
    let stage = Stage::new(|asked| match (asked.is_stream, asked.before) {
        (true, _) => vec![say(&asked.address())],
        (false, 0) => vec![echo(asked, ResponseCode::NoError, 1)],
        (false, 1) => vec![say(&asked.reply(ResponseCode::NXDomain, |_| {})), echo(asked, ResponseCode::NoError, 1)],
        (false, _) => {
            let forged = asked.reply(ResponseCode::NXDomain, |reply| {
                let edns = reply.edns.as_mut().expect("the extension");
                edns.options_mut().insert(EdnsOption::Unknown(10, b"guessed.theirown".to_vec()));
            });
            vec![say(&forged), echo(asked, ResponseCode::NoError, 1)]
        }
    });
    let stage = stage.await;
    let client = client(&[&stage], LONG);
    assert_eq!(ask(&client, "a.test.").await, GOOD);
    // Without a cookie: it is asked again where nobody can guess.
    assert_eq!(ask(&client, "b.test.").await, BY_TCP);
    // With another one: it is passed over.
    assert_eq!(ask(&client, "c.test.").await, GOOD);
    assert_eq!(stage.counts(), (3, 1));
}

#[tokio::test]
async fn a_server_that_wants_its_own_half_is_asked_over_a_connection() {
    let stage = Stage::new(|asked| match asked.is_stream {
        true => {
            assert_eq!(cookie(asked), None, "nobody guesses there");
            vec![say(&asked.address())]
        }
        false => vec![echo(asked, ResponseCode::BADCOOKIE, 0)],
    });
    let stage = stage.await;
    assert_eq!(ask(&client(&[&stage], LONG), "a.test.").await, BY_TCP);
    assert_eq!(stage.counts(), (1, 1));
}

#[tokio::test]
async fn a_server_that_chokes_on_cookies_keeps_the_extension() {
    // Takes them for broken queries, or says nothing at all, as what stands on the way to it may do.
    for is_silent in [false, true] {
        let stage = Stage::new(move |asked| match (cookie(asked), is_silent, asked.is_stream) {
            (None, _, false) if asked.message.edns.is_some() => vec![say(&asked.address())],
            (Some(_), false, _) => vec![say(&asked.reply(ResponseCode::FormErr, |reply| reply.edns = None))],
            _ => vec![],
        });
        let stage = stage.await;
        let client = client(&[&stage], if is_silent { SHORT } else { LONG });
        assert_eq!(ask(&client, "a.test.").await, GOOD, "{is_silent}");
        let (before, streams) = stage.counts();
        assert_eq!(ask(&client, "b.test.").await, GOOD);
        assert_eq!(stage.counts(), (before + 1, streams), "it is remembered");
    }
}
