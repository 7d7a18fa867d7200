//! Whether there is a browser on this machine, and how it is opened.

use std::process::{Command, Stdio};

/// What the environment says, by name; an empty value says nothing.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether the user sits before a screen of this machine.
pub(super) fn has_screen(variable: impl Fn(&str) -> Option<String>) -> bool {
    let is_remote = variable("SSH_CONNECTION").is_some() || variable("SSH_TTY").is_some();
    let has_display = variable("DISPLAY").is_some() || variable("WAYLAND_DISPLAY").is_some();
    !is_remote && (has_display || cfg!(target_os = "macos"))
}

/// The program and arguments that open an address: what $BROWSER says, else the system's own way.
fn command(browser: Option<&str>, address: &str) -> Vec<String> {
    let system = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let first = browser.and_then(|list| list.split(':').find(|choice| !choice.trim().is_empty()));
    // No shell: an address is full of characters that mean something there.
    let mut words: Vec<String> = first.unwrap_or(system).split_whitespace().map(str::to_owned).collect();
    match words.iter_mut().find(|word| word.contains("%s")) {
        Some(word) => *word = word.replace("%s", address),
        None => words.push(address.to_owned()),
    }
    words
}

/// Opens a browser and does not wait for it. Whether one came is seen by the user only, who is told the address too. It
/// is not given the variables `hidden`.
pub(super) fn open(address: &str, hidden: &[String]) {
    let words = command(variable("BROWSER").as_deref(), address);
    if let Some((program, arguments)) = words.split_first() {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        for name in hidden {
            command.env_remove(name);
        }
        let _ = command.spawn();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_what_the_user_says_it_is() {
        for (browser, wanted) in [
            (None, &["xdg-open", "https://a/?b=c&d"][..]),
            (Some("firefox"), &["firefox", "https://a/?b=c&d"]),
            (Some("firefox --new-window:lynx"), &["firefox", "--new-window", "https://a/?b=c&d"]),
            (Some("run --url=%s -x"), &["run", "--url=https://a/?b=c&d", "-x"]),
            (Some(":"), &["xdg-open", "https://a/?b=c&d"]),
        ] {
            let found = command(browser, "https://a/?b=c&d");
            assert!(found == wanted || cfg!(target_os = "macos"), "{found:?}");
        }
    }

    #[test]
    fn a_screen_elsewhere_is_none() {
        for (set, wanted) in [
            (&["DISPLAY"][..], true),
            (&["WAYLAND_DISPLAY"], true),
            (&["DISPLAY", "SSH_CONNECTION"], false),
            (&["DISPLAY", "SSH_TTY"], false),
            (&[], cfg!(target_os = "macos")),
        ] {
            let variable = |name: &str| set.contains(&name).then(|| "x".to_owned());
            assert_eq!(has_screen(variable), wanted, "{set:?}");
        }
    }
}
