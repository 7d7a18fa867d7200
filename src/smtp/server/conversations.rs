//! Conversations with a session, sentence by sentence.

use super::stage::{Stage, policy, tls};
use super::{Policy, Refusal, Role};
use crate::sasl::base64;
use crate::wire::session::Farewell;

fn stage() -> Stage {
    Stage::new(policy()).0
}

/// As far as one recipient.
fn with_recipient() -> Stage {
    let mut stage = stage();
    assert_eq!(stage.code("EHLO crepes.fr"), 250);
    assert_eq!(stage.code("MAIL FROM:<alice@crepes.fr>"), 250);
    assert_eq!(stage.code("RCPT TO:<bob@hamburger.edu>"), 250);
    stage
}

fn plain(user: &str, password: &str) -> String {
    format!("AUTH PLAIN {}", base64::encode(format!("\0{user}\0{password}").as_bytes()).as_str())
}

#[test]
fn the_seed_dialogue_works_as_people_write_it() {
    let said = "HELO crepes.fr\r\nMAIL FROM: <alice@crepes.fr>\r\nRCPT TO: <bob@hamburger.edu>\r\nDATA\r\n\
        Do you like ketchup?\r\nHow about pickles?\r\n.\r\nQUIT\r\n";
    for chunk in 1..said.len() {
        let (mut stage, mut heard) = Stage::new(policy());
        for octets in said.as_bytes().chunks(chunk) {
            heard += &stage.say(octets);
        }
        assert_eq!(
            heard,
            "220 mx.hamburger.edu ESMTP ready\r\n250 mx.hamburger.edu\r\n250 2.1.0 Sender ok\r\n\
            250 2.1.5 Recipient ok\r\n354 End the message with a lone dot: <CR><LF>.<CR><LF>\r\n\
            250 2.0.0 Ok: queued as Q1\r\n221 2.0.0 Bye\r\n"
        );
        let (transaction, text) = &stage.kept[0];
        assert_eq!(text, b"Do you like ketchup?\r\nHow about pickles?\r\n");
        assert_eq!(transaction.envelope.recipients.len(), 1);
        assert_eq!((transaction.helo.as_str(), transaction.protocol.to_string().as_str()), ("crepes.fr", "SMTP"));
        assert!(stage.is_closed);
    }
}

#[test]
fn only_what_works_is_offered() {
    let offers = |stage: &mut Stage| stage.say("EHLO crepes.fr\r\n").replace("\r\n", ",");
    let always = "250-mx.hamburger.edu,250-PIPELINING,250-SIZE 100000,250-8BITMIME,250-SMTPUTF8";
    let mut near = stage();
    assert_eq!(offers(&mut near), format!("{always},250-STARTTLS,250-AUTH PLAIN LOGIN,250 ENHANCEDSTATUSCODES,"));
    assert_eq!(near.code(&plain("bob", "secret")), 235);
    assert_eq!(offers(&mut near), format!("{always},250-STARTTLS,250 ENHANCEDSTATUSCODES,"));
    let (mut far, _) = Stage::from("192.0.2.1:49152", policy());
    assert_eq!(offers(&mut far), format!("{always},250-STARTTLS,250 ENHANCEDSTATUSCODES,"));
    assert_eq!(far.code(&plain("bob", "secret")), 538);
    assert_eq!(far.code("STARTTLS"), 220);
    assert_eq!(offers(&mut far), format!("{always},250-AUTH PLAIN LOGIN,250 ENHANCEDSTATUSCODES,"));
    assert_eq!(far.code(&plain("bob", "secret")), 235);
}

#[test]
fn tls_makes_what_was_said_in_clear_forgotten() {
    let mut stage = stage();
    assert_eq!(stage.code("EHLO crepes.fr"), 250);
    assert_eq!(stage.code(&plain("bob", "secret")), 235);
    assert_eq!(stage.code("STARTTLS"), 220);
    assert_eq!(stage.code("MAIL FROM:<alice@crepes.fr>"), 503);
    assert_eq!(stage.code("EHLO crepes.fr"), 250);
    assert_eq!(stage.code(&plain("bob", "secret")), 235);
    assert_eq!(stage.code("STARTTLS"), 503);
    assert_eq!(stage.code("MAIL FROM:<alice@crepes.fr> SMTPUTF8"), 250);
    assert_eq!(stage.code("RCPT TO:<jürgen@hamburger.edu>"), 250);
    assert_eq!(stage.code("DATA"), 354);
    assert_eq!(stage.code("."), 250);
    let transaction = &stage.kept[0].0;
    assert_eq!(transaction.protocol.to_string(), "UTF8SMTPSA");
    assert_eq!((transaction.user.as_deref(), transaction.tls.as_ref()), (Some("bob"), Some(&tls())));
}

#[test]
fn commands_behind_starttls_are_never_looked_at() {
    let mut stage = stage();
    assert_eq!(stage.code("EHLO crepes.fr"), 250);
    assert_eq!(stage.say("STARTTLS\r\nMAIL FROM:<x@y>\r\n"), "220 2.0.0 Ready to start TLS\r\n");
    assert!(stage.is_closed);
}

#[test]
fn logins_are_taken_step_by_step() {
    let mut stage = stage();
    assert_eq!(stage.code("AUTH PLAIN"), 503);
    assert_eq!(stage.code("HELO crepes.fr"), 250);
    assert_eq!(stage.code("AUTH PLAIN"), 503);
    assert_eq!(stage.code("EHLO crepes.fr"), 250);
    assert_eq!(stage.code("AUTH SCRAM-SHA-1"), 504);
    assert_eq!(stage.code("AUTH PLAIN ="), 501);
    assert_eq!(stage.code("AUTH PLAIN ***"), 501);
    assert_eq!(stage.say("AUTH PLAIN\r\n"), "334 \r\n");
    assert_eq!(stage.code("*"), 501);
    assert_eq!(stage.say("AUTH LOGIN\r\n"), "334 VXNlcm5hbWU6\r\n");
    assert_eq!(stage.say("Ym9i\r\n"), "334 UGFzc3dvcmQ6\r\n");
    assert_eq!(stage.say("c2VjcmV0\r\n"), "235 2.7.0 Logged in\r\n");
    assert_eq!(stage.code("AUTH LOGIN"), 503);
}

#[test]
fn a_long_answer_is_taken_and_a_longer_one_is_not() {
    let mut stage = stage();
    assert_eq!(stage.code("EHLO crepes.fr"), 250);
    let password = "x".repeat(8000);
    assert_eq!(stage.code(&plain("bob", &password)), 535);
    assert_eq!(stage.code("AUTH PLAIN"), 334);
    assert_eq!(stage.say(format!("{}\r\n", "A".repeat(13_000))), "500 5.5.6 The line is too long\r\n");
    assert_eq!(stage.code(&format!("NOOP {}", "A".repeat(4091))), 250);
    assert_eq!(stage.code(&format!("NOOP {}", "A".repeat(4092))), 500);
    assert_eq!(stage.code("NOOP"), 250);
}

#[test]
fn the_third_failed_login_ends_the_connection_and_tls_does_not_reset_the_count() {
    let mut stage = stage();
    assert_eq!(stage.code("EHLO crepes.fr"), 250);
    assert_eq!(stage.code(&plain("bob", "wrong")), 535);
    assert_eq!(stage.code(&plain("tired", "secret")), 454);
    assert_eq!(stage.code("STARTTLS"), 220);
    assert_eq!(stage.code("EHLO crepes.fr"), 250);
    assert_eq!(stage.code(&plain("nobody", "secret")), 535);
    assert_eq!(stage.code(&format!("AUTH PLAIN {}", base64::encode(b"alice\0bob\0secret").as_str())), 421);
    assert!(stage.is_closed);
}

#[test]
fn submission_needs_a_login() {
    let (mut stage, _) = Stage::new(Policy { role: Role::Submission, auth_required: true, ..policy() });
    assert_eq!(stage.code("EHLO crepes.fr"), 250);
    assert_eq!(stage.code("MAIL FROM:<bob@hamburger.edu>"), 530);
    assert_eq!(stage.code(&plain("bob", "secret")), 235);
    assert_eq!(stage.code("MAIL FROM:<bob@hamburger.edu>"), 250);
    assert_eq!(stage.code("RCPT TO:<alice@crepes.fr>"), 250);
    let (mut stage, _) = Stage::new(Policy { role: Role::Submission, ..policy() });
    assert_eq!(stage.code("EHLO crepes.fr"), 250);
    assert_eq!(stage.code("MAIL FROM:<bob@hamburger.edu>"), 250);
    assert_eq!(stage.code("RCPT TO:<alice@crepes.fr>"), 530);
}

#[test]
fn recipients_are_asked_for_one_by_one() {
    let mut stage = with_recipient();
    for (path, wanted) in [
        ("<alice@crepes.fr>", "550 5.7.1"),
        ("<nobody@hamburger.edu>", "550 5.1.1"),
        ("<tired@hamburger.edu>", "451 4.3.0"),
        ("<jürgen@hamburger.edu>", "553 5.6.7"),
        ("<Postmaster>", "250 2.1.5"),
        ("<bob@hamburger.edu>", "250 2.1.5"),
    ] {
        assert!(stage.say(format!("RCPT TO:{path}\r\n")).starts_with(wanted), "{path}");
    }
    assert_eq!(stage.code("DATA"), 354);
    assert_eq!(stage.code("."), 250);
    assert_eq!(stage.kept[0].0.envelope.recipients.len(), 2);
}

#[test]
fn there_is_a_limit_to_recipients_and_to_messages() {
    let (mut stage, _) = Stage::new(Policy { recipients_max: 1, messages_max: 1, ..policy() });
    assert_eq!(stage.code("EHLO crepes.fr"), 250);
    assert_eq!(stage.code("MAIL FROM:<>"), 250);
    assert_eq!(stage.code("RCPT TO:<nobody@hamburger.edu>"), 550);
    assert_eq!(stage.code("RCPT TO:<bob@hamburger.edu>"), 250);
    assert_eq!(stage.say("RCPT TO:<alice@hamburger.edu>\r\n"), "452 4.5.3 Too many recipients\r\n");
    assert_eq!(stage.code("DATA"), 354);
    assert_eq!(stage.code("."), 250);
    assert_eq!(stage.code("MAIL FROM:<>"), 421);
    assert!(stage.is_closed);
}

#[test]
fn a_pipelined_group_is_answered_command_by_command() {
    let mut stage = stage();
    let said = stage.say(
        "EHLO crepes.fr\r\nMAIL FROM:<a@b>\r\nRCPT TO:<nobody@hamburger.edu>\r\nRCPT TO:<x@hamburger.edu>\r\nDATA\r\n",
    );
    let codes: Vec<&str> = said.lines().filter(|line| !line.starts_with("250-")).map(|line| &line[..3]).collect();
    assert_eq!(codes, ["250", "250", "550", "550", "554"]);
}

#[test]
fn what_was_pipelined_behind_a_refused_mail_is_no_mistake() {
    let mut stage = stage();
    assert_eq!(stage.code("EHLO crepes.fr"), 250);
    assert_eq!(stage.code("MAIL FROM:<a@b> SIZE=100001"), 552);
    for _ in 0..20 {
        assert_eq!(stage.code("RCPT TO:<bob@hamburger.edu>"), 503);
    }
    assert_eq!(stage.code("DATA"), 503);
    assert_eq!(stage.code("RSET"), 250);
    for _ in 0..9 {
        assert_eq!(stage.code("DATA"), 503);
    }
    assert_eq!(stage.say("DATA\r\nQUIT\r\n"), "421 4.7.0 mx.hamburger.edu Too many bad commands\r\n");
    assert!(stage.is_closed);
}

#[test]
fn browsers_are_sent_away_at_once() {
    for line in ["GET / HTTP/1.1", "POST / HTTP/1.1", "connect mx:25 HTTP/1.1"] {
        let mut stage = stage();
        assert_eq!(stage.say(format!("{line}\r\nNOOP\r\n")), "421 4.7.0 mx.hamburger.edu This is no web server\r\n");
        assert!(stage.is_closed);
    }
}

#[test]
fn bad_octets_in_a_message_never_hide_a_second_one() {
    let hidden = "MAIL FROM:<evil@x>\r\nRCPT TO:<bob@hamburger.edu>\r\nDATA\r\nsmuggled\r\n.\r\n";
    let ends = ["\n.\n", "\n.\r\n", "\r.\r", "\r\n.\n", "\r\n.\r", "\r.\r\n", "\n.\r", "\r\n\0.\r\n", "\r\n.\0\r\n"];
    for end in ends {
        let mut stage = with_recipient();
        assert_eq!(stage.code("DATA"), 354);
        let said = stage.say(format!("text{end}{hidden}"));
        let is_nul = end.contains('\0');
        let wanted = if is_nul { "550 5.6.0 " } else { "550 5.6.11 " };
        assert!(said.starts_with(wanted) && said.lines().count() == 1, "{end:?}: {said}");
        assert_eq!((stage.is_closed, stage.kept.len()), (!is_nul, 0), "{end:?}");
    }
}

#[test]
fn a_message_that_is_too_large_is_read_to_its_end_and_refused() {
    let mut stage = with_recipient();
    assert_eq!(stage.code("DATA"), 354);
    let line = "x".repeat(998) + "\r\n";
    assert_eq!(stage.say(line.repeat(101)), "");
    assert!(stage.say(".\r\n").starts_with("552 5.3.4 "));
    assert_eq!(stage.code("RCPT TO:<bob@hamburger.edu>"), 503);
    assert_eq!(stage.code("MAIL FROM:<a@b>"), 250);
    assert_eq!(stage.code("RCPT TO:<bob@hamburger.edu>"), 250);
    assert_eq!(stage.code("DATA"), 354);
    assert_eq!(stage.say(line.repeat(100)), "");
    assert_eq!(stage.code("."), 250);
    assert_eq!(stage.kept[0].1.len(), 100_000);
}

#[test]
fn the_world_may_refuse_at_each_step() {
    let line = "x".repeat(998) + "\r\n";
    for (refusal, wanted) in [
        (Refusal::DiskFull, "452 4.3.1 "),
        (Refusal::Temporary, "451 4.3.0 "),
        (Refusal::Loop, "554 5.4.6 "),
        (Refusal::TooLarge, "552 5.3.4 "),
        (Refusal::Content("No viruses, please".into()), "550 5.6.0 No viruses"),
    ] {
        let mut stage = with_recipient();
        stage.at_begin = Some(refusal.clone());
        assert!(stage.say("DATA\r\n").starts_with(wanted));
        for is_at_write in [true, false] {
            assert_eq!(stage.code("MAIL FROM:<a@b>"), 250);
            assert_eq!(stage.code("RCPT TO:<bob@hamburger.edu>"), 250);
            assert_eq!(stage.code("DATA"), 354);
            *(if is_at_write { &mut stage.at_write } else { &mut stage.at_commit }) = Some(refusal.clone());
            assert_eq!(stage.say(line.repeat(60)), "");
            assert!(stage.say("\r\n.\r\n").starts_with(wanted));
        }
        assert!(stage.kept.is_empty() && !stage.is_closed);
    }
}

#[test]
fn who_names_a_hundred_unknown_recipients_is_sent_away_unless_logged_in() {
    let mut stage = with_recipient();
    for guess in 0..99 {
        assert_eq!(stage.code(&format!("RCPT TO:<guess{guess}@hamburger.edu>")), 550);
    }
    assert_eq!(
        stage.say("RCPT TO:<eve@hamburger.edu>\r\n"),
        "421 4.7.0 mx.hamburger.edu Too many unknown recipients\r\n"
    );
    assert!(stage.is_closed);
    let (mut stage, _) = Stage::new(policy());
    for line in ["EHLO crepes.fr", "AUTH PLAIN AGJvYgBzZWNyZXQ=", "MAIL FROM:<bob@hamburger.edu>"] {
        assert!(stage.code(line) < 300);
    }
    for guess in 0..200 {
        assert_eq!(stage.code(&format!("RCPT TO:<guess{guess}@hamburger.edu>")), 550);
    }
}

#[test]
fn each_farewell_has_its_words() {
    for (why, wanted) in [
        (Farewell::Shutdown, "421 4.3.2 mx.hamburger.edu The server is shutting down, try again later\r\n"),
        (Farewell::TooSlow, "421 4.4.2 mx.hamburger.edu Nothing came for too long, good bye\r\n"),
        (Farewell::TooMany, "421 4.3.2 mx.hamburger.edu Too many connections, try again later\r\n"),
    ] {
        let mut stage = with_recipient();
        assert_eq!(stage.code("DATA"), 354);
        assert_eq!(stage.farewell(why), wanted);
        assert!(stage.is_closed);
    }
}
