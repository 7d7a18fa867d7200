//! A Dovecot of our own on loopback, with users whose password is "secret": for benches that read mail.
//!
//! It is started if the program is installed and we are root, as it wants; it ends with the value.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Dovecot, while it runs.
pub(crate) struct Dovecot {
    dir: PathBuf,
    /// Where POP3 is spoken.
    pub(crate) pop3: SocketAddr,
    /// Where IMAP is spoken.
    #[allow(dead_code, reason = "not every bench speaks it")]
    pub(crate) imap: SocketAddr,
}

impl Dovecot {
    /// Starts it with everything it writes in `dir`; `more` stands at the end of its configuration.
    pub(crate) fn start(dir: &Path, more: &str) -> Option<Self> {
        let group = Command::new("id").args(["-gn", "nobody"]).output().ok()?;
        let group = String::from_utf8_lossy(&group.stdout).trim().to_owned();
        let (pop3, imap) = (free(), free());
        for below in ["run", "state", "mail"] {
            std::fs::create_dir_all(dir.join(below)).ok()?;
        }
        std::fs::write(dir.join("users"), "alice:{PLAIN}secret\nbob:{PLAIN}secret\n").ok()?;
        let dir_name = dir.display();
        let configuration = format!(
            "base_dir = {dir_name}/run\nstate_dir = {dir_name}/state\nlog_path = {dir_name}/log\n\
            protocols = imap pop3\nlisten = 127.0.0.1\nssl = no\ndisable_plaintext_auth = no\n\
            auth_mechanisms = plain login\nmail_location = maildir:{dir_name}/mail/%n/Maildir\n\
            mail_uid = nobody\nmail_gid = {group}\nfirst_valid_uid = 1\nmail_max_userip_connections = 100\n\
            passdb {{\n driver = passwd-file\n args = {dir_name}/users\n}}\n\
            userdb {{\n driver = static\n args = uid=nobody gid={group} home={dir_name}/mail/%n\n}}\n\
            service imap-login {{\n inet_listener imap {{\n port = {imap}\n }}\n inet_listener imaps {{\n port = 0\n }}\n}}\n\
            service pop3-login {{\n inet_listener pop3 {{\n port = {pop3}\n }}\n inet_listener pop3s {{\n port = 0\n }}\n}}\n\
            {more}\n",
            imap = imap.port(),
            pop3 = pop3.port(),
        );
        std::fs::write(dir.join("dovecot.conf"), configuration).ok()?;
        let is_ours = Command::new("chown").arg(format!("nobody:{group}")).arg(dir.join("mail")).status();
        is_ours.ok().filter(|status| status.success())?;
        let dovecot = Self { dir: dir.to_owned(), pop3, imap };
        let started = dovecot.command().stdout(Stdio::null()).stderr(Stdio::null()).status();
        started.ok().filter(|status| status.success())?;
        for _ in 0..100 {
            if TcpStream::connect(pop3).is_ok() && TcpStream::connect(imap).is_ok() {
                return Some(dovecot);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        None
    }

    /// Puts messages into a user's INBOX, as another program would.
    pub(crate) fn deposit(&self, user: &str, messages: impl Iterator<Item = Vec<u8>>) {
        let dir = self.dir.join("mail").join(user).join("Maildir");
        for part in ["tmp", "new", "cur"] {
            std::fs::create_dir_all(dir.join(part)).unwrap();
        }
        for (number, octets) in messages.enumerate() {
            std::fs::write(dir.join(format!("new/{:010}.M{number}P1.bench", 1_700_000_000 + number)), octets).unwrap();
        }
        let mail = self.dir.join("mail").join(user);
        assert!(Command::new("chown").args(["-R", "nobody"]).arg(mail).status().unwrap().success());
    }

    fn command(&self) -> Command {
        let mut command = Command::new("dovecot");
        command.arg("-c").arg(self.dir.join("dovecot.conf")).stdin(Stdio::null());
        command
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        let _ = self.command().arg("stop").status();
    }
}

fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
