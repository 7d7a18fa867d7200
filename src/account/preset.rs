//! Large providers by name: what `provider = "gmail"` says in an account.
//!
//! It fills in what the file does not say: servers, and how one logs in there. Whoever names a provider in an account
//! means it for that account, so it goes before what is inherited from further away. Each value stands where the name of
//! the provider stands. Which providers there are is in `provider`.

use super::problem::{Problem, nearest};
use super::tree::{Node, Sources, Table, Value};
use crate::provider::{Provider, Way, provider};
use std::ops::Range;

/// The key.
pub(super) const KEY: &str = "provider";

/// Adds to an account what the provider it names implies, as far as it does not say it itself.
pub(super) fn fill(account: &mut Table, sources: &Sources, problems: &mut Vec<Problem>) {
    let Some((key, node)) = account.get(KEY) else { return };
    let (key, span) = (key.clone(), node.span.clone());
    let problem = |what: String| Problem::new(sources.place(span.start), what);
    let found = match &node.value {
        Value::Text(name) => provider(name)
            .ok_or_else(|| problem(format!("there is no provider {name:?}")).near(nearest(name, Provider::names()))),
        Value::Table(_) => Err(problem("the name of a provider stands here itself".to_owned())),
        // Told when it is read.
        _ => return,
    };
    match found {
        Ok(provider) => implied(provider, account, &key, &span),
        // What stands in one place is inherited by many.
        Err(problem) if !problems.contains(&problem) => problems.push(problem),
        Err(_) => {}
    }
}

fn implied(provider: &Provider, account: &mut Table, key: &Range<usize>, span: &Range<usize>) {
    let entry = |value: Value| (key.clone(), Node { span: span.clone(), value });
    let text = |text: &str| entry(Value::Text(text.to_owned()));
    for (name, url) in provider.servers() {
        account.entry(name.to_owned()).or_insert_with(|| text(url));
    }
    if provider.ways == [Way::OAuth] {
        account.entry("auth".to_owned()).or_insert_with(|| text("oauth"));
    }
    if let Some(name) = provider.oauth() {
        let oauth = account.entry("oauth".to_owned()).or_insert_with(|| entry(Value::Table(Table::new())));
        if let Value::Table(oauth) = &mut oauth.1.value
            && !["provider", "issuer", "token-url", "env", "cmd"].iter().any(|key| oauth.contains_key(*key))
        {
            oauth.insert("provider".to_owned(), text(name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Auth, Config};
    use std::path::{Path, PathBuf};

    fn account(text: &str) -> (Config, Vec<String>) {
        let (config, problems) = Config::understand(vec![(PathBuf::from("c.toml"), text.to_owned())]);
        (config, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_provider_says_what_the_account_does_not() {
        for (text, wanted) in [
            ("provider = 'gmail'", "smtps://smtp.gmail.com:465 imaps://imap.gmail.com:993 - google -"),
            (
                "provider = 'Gmail'\nimap = 'imap://127.0.0.1:1143'\nauth = 'password'",
                "smtps://smtp.gmail.com:465 imap://127.0.0.1:1143 Password google -",
            ),
            (
                "provider = 'gmail'\nauth = 'oauth'\noauth = {client-id = 'me'}",
                "smtps://smtp.gmail.com:465 imaps://imap.gmail.com:993 OAuth google me",
            ),
            (
                "provider = 'gmail'\noauth = {issuer = 'https://id.example', client-id = 'me'}",
                "smtps://smtp.gmail.com:465 imaps://imap.gmail.com:993 - - me",
            ),
            (
                "provider = 'outlook'",
                "smtp://smtp-mail.outlook.com:587 imaps://outlook.office365.com:993 OAuth microsoft -",
            ),
            ("provider = 'posteo'\ninherit = 'base'", "smtps://posteo.de:465 imaps://posteo.de:993 None - -"),
            ("inherit = 'base'", "smtps://base.example:465 imaps://imap.gmx.net:993 None - -"),
        ] {
            let (config, problems) = account(&format!(
                "[defaults]\nsmtp = 'smtps://other.example'\n[accounts.base]\nprovider = 'gmx'\nsmtp = 'smtps://base.example'\n\
                 auth = 'none'\n[accounts.a]\n{text}"
            ));
            assert_eq!(problems, Vec::<String>::new(), "{text}");
            let (_, a) = config.account(Some("a")).expect("an account");
            let url = |server: &Option<crate::endpoint::Endpoint>| {
                server.as_ref().map_or("-".to_owned(), |server| server.to_string())
            };
            let auth = a.auth.as_ref().map_or("-".to_owned(), |auth: &Auth| format!("{auth:?}"));
            let oauth = a.oauth.clone().unwrap_or_default();
            let said = [
                url(&a.smtp),
                url(&a.imap),
                auth,
                oauth.provider.unwrap_or("-".into()),
                oauth.client_id.unwrap_or("-".into()),
            ];
            assert_eq!(said.join(" "), wanted, "{text}");
        }
    }

    #[test]
    fn who_is_no_provider_is_told_once() {
        let (_, problems) = account("[defaults]\nprovider = 'gmial'\n[accounts.a]\n[accounts.b]");
        assert_eq!(problems, ["c.toml:2: there is no provider \"gmial\""]);
        let (_, problems) = account("[accounts.a]\nprovider = {env = 'X'}");
        assert_eq!(problems, ["c.toml:2: the name of a provider stands here itself"]);
        let (_, problems) = account("[accounts.a]\nprovider = 3");
        assert_eq!(problems, ["c.toml:2: invalid type: integer `3`, expected a string"]);
        let error = Config::parse("[accounts.a]\nprovider = 'gmial'", Path::new("c.toml")).expect_err("nobody");
        assert_eq!(error.advice(), Some("did you mean gmail?"));
    }

    #[test]
    fn what_a_provider_implies_is_shown_as_its_word() {
        let (config, _) = account("[accounts.a]\n\nprovider = 'posteo'\nimap = 'imaps://x.example'");
        let shown = config.shown();
        let said = shown.iter().map(|one| {
            let line = one.place.as_ref().and_then(|place| place.line).unwrap_or_default();
            format!("{} {line} {}", one.key, one.provider.as_deref().unwrap_or("-"))
        });
        assert_eq!(said.collect::<Vec<_>>(), ["imap 4 -", "pop 3 posteo", "provider 3 -", "smtp 3 posteo"]);
    }
}
