//! Mailboxes and users: what they are called, and where their names lead.

use super::world::{Home, delivery, flags, uid, uids};
use mailkit::imap::mailbox::{FlagChange, SpecialUse};
use mailkit::store::mailbox_error::MailboxError;

#[tokio::test]
async fn mailboxes_are_made_listed_renamed_and_deleted() {
    for home in [Home::memory(), Home::real()] {
        let account = home.account("bob").await;
        for name in ["Sent", "a/b", "a/b/c", "Entwürfe"] {
            account.create(name).await.unwrap();
        }
        assert!(matches!(account.create("a/b").await, Err(MailboxError::AlreadyExists)));
        assert!(matches!(account.create("iNBox").await, Err(MailboxError::AlreadyExists)));
        assert!(matches!(account.create("../x").await, Err(MailboxError::Cannot(_))));
        assert!(matches!(account.deliver("a", vec![delivery("k", "")]).await, Err(MailboxError::NoSuchMailbox)));
        account.subscribe("Sent", true).await.unwrap();
        account.subscribe("Gone", true).await.unwrap();
        let sent = account.mailboxes().await.unwrap().into_iter().find(|info| info.name == "Sent").unwrap();
        assert!(sent.subscribed && sent.special_use == Some(SpecialUse::Sent) && sent.selectable && sent.exists);
        let listed = |infos: Vec<mailkit::imap::mailbox::MailboxInfo>| {
            infos.into_iter().map(|info| (info.name, info.selectable, info.exists)).collect::<Vec<_>>()
        };
        let row = |name: &str, selectable, exists| (name.to_owned(), selectable, exists);
        assert_eq!(
            listed(account.mailboxes().await.unwrap()),
            [
                row("Entwürfe", true, true),
                row("Gone", false, false),
                row("INBOX", true, true),
                row("Sent", true, true),
                row("a", false, true),
                row("a/b", true, true),
                row("a/b/c", true, true),
            ]
        );
        // A mailbox takes its messages, its numbers and those below it along.
        account.deliver("a/b/c", vec![delivery("k", "text\r\n")]).await.unwrap();
        let keyword = FlagChange::Add(flags(&[], &["kept"]));
        account.store_flags("a/b/c", &[uid(1)], keyword).await.unwrap();
        let before = account.snapshot("a/b/c").await.unwrap();
        assert!(matches!(account.rename("a", "a/x").await, Err(MailboxError::Cannot(_))));
        assert!(matches!(account.rename("a", "Sent").await, Err(MailboxError::AlreadyExists)));
        assert!(matches!(account.rename("nothing", "x").await, Err(MailboxError::NoSuchMailbox)));
        account.rename("a", "z").await.unwrap();
        assert_eq!(account.snapshot("z/b/c").await.unwrap(), before);
        assert!(matches!(account.snapshot("a/b/c").await, Err(MailboxError::NoSuchMailbox)));
        assert!(matches!(account.delete("z").await, Err(MailboxError::HasChildren)));
        account.delete("z/b").await.unwrap();
        account.delete("z/b/c").await.unwrap();
        assert!(matches!(account.delete("z").await, Err(MailboxError::NoSuchMailbox)));
        assert!(matches!(account.delete("INBOX").await, Err(MailboxError::Cannot(_))));
        // The same name again is another mailbox.
        account.create("z/b/c").await.unwrap();
        let after = account.snapshot("z/b/c").await.unwrap();
        assert!(after.rows.is_empty() && after.status.uid_validity != before.status.uid_validity);
        // INBOX stays and gives its messages away.
        account.deliver("INBOX", vec![delivery("i", "1\r\n"), delivery("j", "2\r\n")]).await.unwrap();
        account.rename("INBOX", "old/mail").await.unwrap();
        assert_eq!(uids(&account, "INBOX").await, [0; 0]);
        assert_eq!(uids(&account, "old/mail").await, [1, 2]);
        assert!(!account.deliver("INBOX", vec![delivery("i", "1\r\n")]).await.unwrap()[0].fresh);
    }
}

#[tokio::test]
async fn users_have_mailboxes_of_their_own_and_share_them_with_themselves() {
    let home = Home::memory();
    let store = home.store();
    let (bob, also_bob, eve) =
        (store.account("bob").await.unwrap(), store.account("bob").await.unwrap(), store.account("eve").await.unwrap());
    bob.deliver("INBOX", vec![delivery("a", "x")]).await.unwrap();
    assert_eq!((uids(&also_bob, "INBOX").await.len(), uids(&eve, "INBOX").await.len()), (1, 0));
    for bad in ["", "..", "../bob", "a/b", ".x", "a\0"] {
        assert!(store.account(bad).await.is_err(), "{bad:?}");
    }
    for number in 0..200 {
        store.account(&format!("user{number}")).await.unwrap();
    }
    assert_eq!(uids(&store.account("bob").await.unwrap(), "INBOX").await.len(), 1);
}

#[tokio::test]
async fn links_lead_nowhere() {
    let home = Home::real();
    let (bob, eve) = (home.account("bob").await, home.account("eve").await);
    bob.create("private").await.unwrap();
    let (own, other) = (home.root().join("eve/Maildir"), home.root().join("bob/Maildir/.private"));
    std::os::unix::fs::symlink(&other, own.join(".linked")).unwrap();
    assert!(matches!(eve.status("linked").await, Err(MailboxError::NoSuchMailbox)));
    for dir in ["new", "tmp"] {
        eve.create(dir.trim_end_matches('x').to_uppercase().as_str()).await.unwrap();
        let place = own.join(format!(".{}", dir.to_uppercase())).join(dir);
        std::fs::remove_dir(&place).unwrap();
        std::os::unix::fs::symlink(other.join(dir), place).unwrap();
        let again = home.restarted().account("eve").await;
        assert!(matches!(again.status(&dir.to_uppercase()).await, Err(MailboxError::Cannot(_))), "{dir}");
    }
    assert_eq!(eve.mailboxes().await.unwrap().len(), 3);
}
