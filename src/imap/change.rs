//! A change of flags as people write it: `+seen -flagged +work`.
//!
//! System flags are named with or without their backslash, in any case of letters; any other word is a keyword.
//! RFC 9051 §2.3.2, §6.4.6.

use super::flag::{Flags, SystemFlag};
use super::response::is_keyword;

/// Which flags a message gets and which it loses. None is in both.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Change {
    /// It gets these.
    pub add: Flags,
    /// It loses these.
    pub remove: Flags,
}

impl Change {
    /// Reads words with a sign each; the sentence says what is wrong with one.
    pub fn parse<'w>(words: impl IntoIterator<Item = &'w str>) -> Result<Self, String> {
        let mut change = Self::default();
        for word in words {
            let (is_added, name) = match word.split_at_checked(1) {
                Some(("+", name)) => (true, name),
                Some(("-", name)) => (false, name),
                _ => return Err(format!("{word:?} has no sign: +{word} adds a flag, -{word} takes it away")),
            };
            let (to, other) = match is_added {
                true => (&mut change.add, &change.remove),
                false => (&mut change.remove, &change.add),
            };
            add(to, name)?;
            let mut both = Flags::new();
            add(&mut both, name)?;
            let is_in_other = SystemFlag::ALL.into_iter().any(|flag| both.has(flag) && other.has(flag))
                || both.keywords().any(|keyword| other.has_keyword(keyword));
            if is_in_other {
                return Err(format!("{name:?} is both added and taken away"));
            }
        }
        Ok(change)
    }
}

/// Reads words without signs: the flags that a new message gets.
pub fn flags<'w>(words: impl IntoIterator<Item = &'w str>) -> Result<Flags, String> {
    let mut flags = Flags::new();
    words.into_iter().try_for_each(|word| add(&mut flags, word))?;
    Ok(flags)
}

fn add(flags: &mut Flags, name: &str) -> Result<(), String> {
    let bare = name.strip_prefix('\\').unwrap_or(name);
    let is = |flag: &SystemFlag| flag.name().get(1..).is_some_and(|known| known.eq_ignore_ascii_case(bare));
    match SystemFlag::ALL.into_iter().find(is) {
        Some(flag) => flags.set(flag, true),
        None if is_keyword(name) => flags.set_keyword(name, true),
        None => {
            let known = SystemFlag::ALL.map(|flag| flag.name().to_ascii_lowercase().replace('\\', "")).join(", ");
            return Err(format!("{name:?} is no flag: {known}, or a word without blanks and signs like ( \" % *"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::response::flag_list;

    #[test]
    fn changes_are_read_word_by_word() {
        for (words, wanted) in [
            ("+seen -flagged +work", Ok("(\\Seen work) (\\Flagged)")),
            ("+\\SEEN +Answered -$Junk", Ok("(\\Answered \\Seen) ($Junk)")),
            ("", Ok("() ()")),
            ("seen", Err("\"seen\" has no sign: +seen adds a flag, -seen takes it away")),
            ("+", Err("\"\" is no flag")),
            ("+\\Recent", Err("\"\\\\Recent\" is no flag")),
            ("+a(b", Err("\"a(b\" is no flag")),
            ("+\u{e4}", Err("\"ä\" is no flag")),
            ("+seen -\\Seen", Err("\"\\\\Seen\" is both added and taken away")),
            ("-Work +work", Err("\"work\" is both added and taken away")),
        ] {
            let read = Change::parse(words.split(' ').filter(|word| !word.is_empty()));
            match (&read, wanted) {
                (Ok(Change { add, remove }), Ok(wanted)) => {
                    assert_eq!(format!("{} {}", flag_list(add, false), flag_list(remove, false)), wanted, "{words}");
                }
                (Err(why), Err(wanted)) => assert!(why.starts_with(wanted), "{words}: {why}"),
                _ => panic!("{words}: {read:?}"),
            }
        }
    }
}
