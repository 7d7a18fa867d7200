//! What other programs do to a Maildir, and what others of our kind left in it.

use super::world::{Home, delivery, flags, one, uid, whole};
use mailkit::imap::flag::SystemFlag;
use mailkit::imap::mailbox::FlagChange;
use mailkit::store::mailbox_error::MailboxError;

#[tokio::test]
async fn what_other_programs_do_is_noticed() {
    let home = Home::real();
    let account = home.account("bob").await;
    account.deliver("INBOX", vec![delivery("a", "1\r\n"), delivery("b", "2\r\n")]).await.unwrap();
    let before = account.snapshot("INBOX").await.unwrap().status.highest_modseq;
    let maildir = home.root().join("bob/Maildir");
    // As mutt does: mail is moved from new to cur, flagged, removed, and added.
    std::fs::rename(maildir.join("new/a,S=2,W=3"), maildir.join("cur/a,S=2,W=3:2,RS")).unwrap();
    std::fs::remove_file(maildir.join("new/b,S=2,W=3")).unwrap();
    std::fs::write(maildir.join("new/1700000000.M1.host"), "3\n\n3\n").unwrap();
    std::fs::create_dir(maildir.join("new/dir")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", maildir.join("new/link")).unwrap();
    home.turn(3);
    let changes = account.changes("INBOX", before).await.unwrap();
    assert_eq!(changes.vanished, [uid(2)]);
    assert_eq!(changes.rows.iter().map(|row| (row.uid, row.size)).collect::<Vec<_>>(), [(uid(1), 3), (uid(3), 8)]);
    assert_eq!(changes.rows[0].flags, flags(&[SystemFlag::Answered, SystemFlag::Seen], &[]));
    assert_eq!(whole(&account, "INBOX", uid(3)).await, b"3\r\n\r\n3\r\n");
    // A file that is renamed under our feet is found again.
    std::fs::rename(maildir.join("cur/a,S=2,W=3:2,RS"), maildir.join("cur/a,S=2,W=3:2,S")).unwrap();
    assert_eq!(whole(&account, "INBOX", uid(1)).await, b"1\r\n");
    // A copy of a mailbox and a foreign one are mailboxes; what is no mailbox's name is left alone.
    for dir in [".Sent/cur", ".Sent/new", ".a&AC4-b.c/cur", ".INBOX/cur", "cur/x"] {
        std::fs::create_dir_all(maildir.join(dir)).unwrap();
    }
    let names: Vec<_> =
        account.mailboxes().await.unwrap().into_iter().map(|info| (info.name, info.selectable)).collect();
    let wanted = [("INBOX", true), ("Sent", true), ("a.b", false), ("a.b/c", true)];
    assert_eq!(names, wanted.map(|(name, selectable)| (name.to_owned(), selectable)));
    assert_eq!(account.status("a.b/c").await.unwrap().messages, 0);
    std::fs::remove_dir_all(maildir.join(".Sent")).unwrap();
    assert!(matches!(account.status("Sent").await, Err(MailboxError::NoSuchMailbox)));
}

#[tokio::test]
async fn what_others_did_while_we_were_away_is_not_taken_back() {
    let home = Home::real();
    let account = home.account("bob").await;
    account.deliver("INBOX", vec![delivery("a", "1\r\n"), delivery("b", "2\r\n")]).await.unwrap();
    let seen = FlagChange::Add(flags(&[SystemFlag::Seen], &["kept"]));
    account.store_flags("INBOX", &[uid(1), uid(2)], seen).await.unwrap();
    account.expunge("INBOX", &[uid(2)]).await.unwrap();
    account.status("INBOX").await.unwrap();
    // Not a clean end: the account is still open when the next one begins.
    let maildir = home.root().join("bob/Maildir/cur");
    std::fs::rename(maildir.join("a,S=2,W=3:2,S"), maildir.join("a,S=2,W=3:2,F")).unwrap();
    let again = home.restarted().account("bob").await;
    let row = one(again.snapshot("INBOX").await.unwrap().rows);
    assert_eq!(row.flags, flags(&[SystemFlag::Flagged], &["kept"]));
    assert_eq!(home.names("bob/Maildir/cur"), ["a,S=2,W=3:2,F"]);
}

#[tokio::test]
async fn what_nobody_finished_is_tidied_up() {
    let home = Home::real();
    home.account("bob").await.status("INBOX").await.unwrap();
    let maildir = home.root().join("bob/Maildir");
    std::fs::create_dir_all(maildir.join("mailkit-trash-1/cur")).unwrap();
    std::fs::write(maildir.join("mailkit-trash-1/cur/m"), "x").unwrap();
    std::fs::write(maildir.join("tmp/young"), "x").unwrap();
    let account = home.restarted().account("bob").await;
    account.status("INBOX").await.unwrap();
    assert_eq!(home.names("bob/Maildir/tmp"), ["young"]);
    home.turn(37 * 3600);
    home.restarted().account("bob").await.status("INBOX").await.unwrap();
    assert!(home.names("bob/Maildir/tmp").is_empty());
    assert_eq!(home.names("bob/Maildir"), ["cur", "mailkit-uids", "new", "tmp"]);
}
