//! A new account before it is written: its keys, and the section that they make.
//!
//! Pure. Each value is written so that the reader of the configuration reads what was meant, whatever is in it.

use super::edit::Edit;
use crate::address::Address;
use crate::endpoint::Endpoint;
use crate::error::{Error, Kind, Result};
use crate::wire::secured::Fingerprint;
use std::path::PathBuf;

/// What is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Its name in the configuration.
    pub name: String,
    /// The user's address.
    pub email: Address,
    /// The user's name in front of it.
    pub shown: Option<String>,
    /// The login name, if it is not the address.
    pub user: Option<String>,
    /// Where messages are submitted.
    pub smtp: Option<Endpoint>,
    /// Where mailboxes are.
    pub imap: Option<Endpoint>,
    /// Where a maildrop is.
    pub pop: Option<Endpoint>,
    /// `oauth`, `password`, `none` or a mechanism, if it is to be said.
    pub auth: Option<String>,
    /// Where tokens come from: a provider by name, or an issuer by URL; and what this client is called there.
    pub oauth: Option<(String, Option<String>)>,
    /// Where the password is kept.
    pub keep: Option<Keep>,
    /// The certificates or keys that are trusted, and no others.
    pub pins: Vec<Fingerprint>,
    /// Whether it is the one that is meant when nothing else tells.
    pub is_default: bool,
}

/// Where a password is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keep {
    /// In the keyring.
    Keyring,
    /// A program prints it; as one would type the command.
    Command(String),
    /// In a variable of the environment.
    Env(String),
    /// In a file.
    File(PathBuf),
    /// In the user's head.
    Prompt,
}

impl Draft {
    /// An account of which nothing but the address is known.
    pub fn new(email: Address) -> Self {
        let name = name_for(&email);
        Self {
            name,
            email,
            shown: None,
            user: None,
            smtp: None,
            imap: None,
            pop: None,
            auth: None,
            oauth: None,
            keep: None,
            pins: Vec::new(),
            is_default: false,
        }
    }

    /// Whether tokens are used, and no password.
    pub fn is_oauth(&self) -> bool {
        self.auth.as_deref() == Some("oauth")
    }

    /// Its servers with their keys.
    pub fn servers(&self) -> impl Iterator<Item = (&'static str, &Endpoint)> {
        let all = [("smtp", &self.smtp), ("imap", &self.imap), ("pop", &self.pop)];
        all.into_iter().filter_map(|(key, server)| Some((key, server.as_ref()?)))
    }

    /// Keys and values, as TOML.
    fn keys(&self) -> Vec<(&'static str, String)> {
        let mut keys = Vec::new();
        if self.is_default {
            keys.push(("default", "true".to_owned()));
        }
        keys.push(("email", quoted(&self.email.to_string())));
        keys.extend(self.shown.as_deref().map(|name| ("name", quoted(name))));
        keys.extend(self.user.as_deref().map(|user| ("user", quoted(user))));
        keys.extend(self.servers().map(|(key, server)| (key, quoted(&server.to_string()))));
        keys.extend(self.auth.as_deref().map(|auth| ("auth", quoted(auth))));
        if let Some((who, client)) = &self.oauth {
            let key = if who.contains("://") { "issuer" } else { "provider" };
            let client = client.as_deref().map(|id| format!(", client-id = {}", quoted(id)));
            keys.push(("oauth", format!("{{ {key} = {}{} }}", quoted(who), client.unwrap_or_default())));
        }
        keys.extend(self.keep.as_ref().map(|keep| ("secret", keep.text())));
        if !self.pins.is_empty() {
            keys.push(("tls", pins(&self.pins)));
        }
        keys
    }

    /// The section as it stands in a file.
    pub fn section(&self) -> String {
        let lines = self.keys().into_iter().map(|(key, value)| format!("{key} = {value}\n"));
        format!("[accounts.{}]\n{}", self.name, lines.collect::<String>())
    }

    /// Puts it behind the other accounts of a file.
    pub fn put_into(&self, file: &mut Edit) -> Result<()> {
        if file.has(&self.name) {
            return Err(Error::new(Kind::Usage, format!("there is an account {} already", self.name)));
        }
        self.keys().iter().try_for_each(|(key, value)| file.set(&self.name, key, value))
    }
}

impl Keep {
    fn text(&self) -> String {
        match self {
            Self::Keyring => "{ keyring = true }".to_owned(),
            Self::Command(line) => {
                let words: Vec<String> = words(line).iter().map(|word| quoted(word)).collect();
                format!("{{ cmd = [{}] }}", words.join(", "))
            }
            Self::Env(name) => format!("{{ env = {} }}", quoted(name)),
            Self::File(path) => format!("{{ file = {} }}", quoted(&path.to_string_lossy())),
            Self::Prompt => quoted("prompt"),
        }
    }
}

/// The value of `tls` that trusts these and nobody else.
pub fn pins(pins: &[Fingerprint]) -> String {
    let pins: Vec<String> = pins.iter().map(|pin| quoted(&pin.to_string())).collect();
    format!("{{ pin = [{}] }}", pins.join(", "))
}

/// A name for an account: the first part of the domain, as people call a provider.
fn name_for(email: &Address) -> String {
    let domain = email.domain().to_ascii().to_string();
    let first = domain.split('.').next().unwrap_or_default().to_ascii_lowercase();
    if is_name(&first) { first } else { "mail".to_owned() }
}

/// Whether an account may be called so: what needs no quotes, in TOML as in a shell.
pub fn is_name(name: &str) -> bool {
    let is_plain = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
    !name.is_empty() && name.bytes().all(is_plain) && !name.starts_with('-')
}

/// The words of a command, for the system directly if a shell would find nothing else in them.
fn words(line: &str) -> Vec<String> {
    let is_plain = |c: char| c.is_alphanumeric() || " /._-+:,@%".contains(c);
    match line.chars().all(is_plain) {
        true => line.split_whitespace().map(str::to_owned).collect(),
        false => ["sh", "-c", line].map(str::to_owned).to_vec(),
    }
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::{Config, SecretSource};
    use super::*;
    use std::path::Path;

    fn draft(email: &str) -> Draft {
        Draft::new(Address::parse(email).expect("an address"))
    }

    fn url(text: &str) -> Option<Endpoint> {
        Some(Endpoint::parse(text).expect("a URL"))
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let mut draft = draft("me@crepes.example");
        draft.shown = Some("Me \"the\n[accounts.evil]".to_owned());
        draft.user = Some("1\\2".to_owned());
        draft.smtp = url("smtp://smtp.crepes.example:587");
        draft.imap = url("imaps://me%40x@imap.crepes.example");
        draft.keep = Some(Keep::Command("pass 'my mail' | head -1".to_owned()));
        draft.pins = vec![Fingerprint([7; 32])];
        draft.is_default = true;
        let config = Config::parse(&draft.section(), Path::new("new")).expect("it can be read");
        let (name, account) = config.account(None).expect("the default");
        assert_eq!((name, config.accounts.len()), ("crepes", 1));
        assert_eq!((account.name.clone(), account.user.clone()), (draft.shown.clone(), draft.user.clone()));
        assert_eq!(
            (account.smtp.clone(), account.imap.clone(), account.pop.clone()),
            (draft.smtp.clone(), draft.imap.clone(), None)
        );
        let shell = ["sh", "-c", "pass 'my mail' | head -1"].map(str::to_owned).to_vec();
        assert_eq!(account.secret, Some(SecretSource::Command(shell)));
        assert_eq!(account.tls.pin, draft.pins);
    }

    #[test]
    fn each_place_of_a_password_has_its_words() {
        for (keep, wanted) in [
            (Keep::Keyring, "{ keyring = true }"),
            (Keep::Command("pass mail/me@x.test".into()), "{ cmd = [\"pass\", \"mail/me@x.test\"] }"),
            (Keep::Command("echo $X".into()), "{ cmd = [\"sh\", \"-c\", \"echo $X\"] }"),
            (Keep::Env("MAIL".into()), "{ env = \"MAIL\" }"),
            (Keep::File("/a b".into()), "{ file = \"/a b\" }"),
            (Keep::Prompt, "\"prompt\""),
        ] {
            assert_eq!(keep.text(), wanted);
        }
        let mut draft = draft("me@gmail.com");
        draft.auth = Some("oauth".into());
        draft.oauth = Some(("google".into(), Some("id".into())));
        assert!(draft.section().ends_with("auth = \"oauth\"\noauth = { provider = \"google\", client-id = \"id\" }\n"));
        draft.oauth = Some(("https://id.x.test".into(), None));
        assert!(draft.section().ends_with("oauth = { issuer = \"https://id.x.test\" }\n"));
    }

    #[test]
    fn an_account_is_called_after_its_domain() {
        for (email, wanted) in [
            ("a@gmail.com", "gmail"),
            ("a@Mail.X.test", "mail"),
            ("a@bücher.example", "xn--bcher-kva"),
            ("a@[192.0.2.1]", "mail"),
        ] {
            assert_eq!(draft(email).name, wanted, "{email}");
        }
        for (name, wanted) in
            [("work", true), ("a_b-1", true), ("", false), ("-x", false), ("a.b", false), ("a b", false)]
        {
            assert_eq!(is_name(name), wanted, "{name}");
        }
    }
}
