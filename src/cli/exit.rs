//! Exit codes: one table for all subcommands, numbered as in sysexits.h.
//!
//! A script asks three things: did it work, may I try again, whose fault was it. 75 means "try again",
//! 76 means "nobody knows, look before you try again", the others mean that trying again changes nothing.

use mailkit::error::Kind;
use std::process::ExitCode;

/// What the process ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Exit(u8);

/// One line of the table: number, name in sysexits.h without `EX_`, meaning.
struct Row(u8, &'static str, &'static str);

const TABLE: [Row; 18] = [
    Row(0, "ok", "done; for a message: somebody has it for every recipient, the next server or the queue on this disk"),
    Row(1, "partial", "some recipients accepted, some not; elsewhere: nothing matched, or findings"),
    Row(64, "usage", "the command was given wrongly"),
    Row(65, "dataerr", "a message is malformed, too large, or its content was refused"),
    Row(66, "noinput", "an input file is missing or cannot be read"),
    Row(67, "nouser", "no such recipient"),
    Row(68, "nohost", "no such host or domain, or it takes no mail"),
    Row(69, "unavailable", "refused for good for another reason; no valid certificate; required TLS not offered"),
    Row(70, "software", "a mistake in mailkit"),
    Row(73, "cantcreat", "an output file cannot be created"),
    Row(74, "ioerr", "reading or writing failed underway: a full or broken disk"),
    Row(75, "tempfail", "unreachable, timed out or refused for now: nothing was lost, try again later"),
    Row(76, "protocol", "outcome unknown, or the other side broke the protocol: look before trying again"),
    Row(77, "noperm", "login failed, or a policy or the account's own rules forbid it"),
    Row(78, "config", "the configuration is wrong or incomplete, or a secret cannot be had"),
    Row(130, "interrupted", "stopped by the user"),
    Row(141, "pipe", "whoever read the output went away"),
    Row(143, "terminated", "stopped by the system"),
];

impl Exit {
    /// Everything worked.
    pub(crate) const OK: Self = Self(0);
    /// Some of it worked, or nothing matched.
    pub(super) const PARTIAL: Self = Self(1);
    /// A mistake of ours.
    pub(crate) const SOFTWARE: Self = Self(70);
    /// Stopped by the user before it was done.
    pub(super) const INTERRUPTED: Self = Self(130);
    /// Stopped by whoever manages services.
    pub(super) const TERMINATED: Self = Self(143);
    /// The reader of standard output went away: the code a shell gives to those that SIGPIPE ended.
    pub(super) const PIPE: Self = Self(141);

    /// The number.
    pub(super) fn code(self) -> u8 {
        self.0
    }

    /// The name in the table.
    pub(super) fn name(self) -> &'static str {
        TABLE.iter().find(|row| row.0 == self.0).map_or("other", |row| row.1)
    }
}

impl From<Kind> for Exit {
    fn from(kind: Kind) -> Self {
        Self(match kind {
            Kind::Usage => 64,
            Kind::Data => 65,
            Kind::NoInput => 66,
            Kind::NoUser => 67,
            Kind::NoHost => 68,
            Kind::Unavailable => 69,
            Kind::Software => 70,
            Kind::CannotCreate => 73,
            Kind::Io => 74,
            Kind::Temporary => 75,
            Kind::Protocol => 76,
            Kind::NoPermission => 77,
            Kind::Config => 78,
        })
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.0)
    }
}

/// The table as the end of `mailkit --help`.
pub(super) fn help() -> String {
    let rows = TABLE.iter().map(|Row(code, _, meaning)| format!("  {code:>3}  {meaning}\n"));
    format!("Exit codes of all commands:\n{}", rows.collect::<String>())
}

/// What `send` and the programs of others end with in the same situations, as tests/interop/exit-codes.sh measured it.
const OTHERS: &str = include_str!("../../docs/exit-codes-of-others.tsv");

/// The table as docs/exit-codes.md.
pub(super) fn markdown() -> String {
    let rows = TABLE.iter().map(|Row(code, name, meaning)| format!("| {code} | {name} | {meaning} |\n"));
    format!(
        "# Exit codes\n\n\
         Every command ends with one of these. The numbers from 64 on are those of `sysexits.h`; 75 is the only one \
         after which trying again, unchanged, makes sense.\n\n\
         | code | name | meaning |\n|---|---|---|\n{}\n\
         With `--json` the object on standard error carries the same number as `exit` and the name as `code`.\n\n\
         Where `mx lookup` or `mx check` is about several domains, one code has to speak for all. What lasts until somebody \
         mends it goes before what another time may say: 68, then 1, then 65, then 75, then 0. So a domain that could not be \
         asked about now does not hide what was found about another; with `--json` each has its own code beside it.\n\n\
         An output that is full is 74. One that was closed before the command began (`>&-`) is like `/dev/null`: the system \
         that starts a program puts that in its place, and nobody can tell the two apart.\n\n\
         ## Beside others\n\n\
         The same situations, met by other programs that send: one recipient, or two of whom the second is refused. \
         Measured by `tests/interop/exit-codes.sh`, with the versions of Debian 12.\n\n{}\n\
         This page is written by `mailkit generate`.\n",
        rows.collect::<String>(),
        others()
    )
}

/// The measured table.
fn others() -> String {
    let mut text = String::new();
    for (number, line) in OTHERS.lines().enumerate() {
        let cells: Vec<&str> = line.split('\t').collect();
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
        if number == 0 {
            text.push_str(&format!("|{}\n", "---|".repeat(cells.len())));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_error_has_a_line_in_the_table() {
        use Kind as K;
        for kind in [
            K::Usage,
            K::Data,
            K::NoInput,
            K::NoUser,
            K::NoHost,
            K::Unavailable,
            K::Software,
            K::CannotCreate,
            K::Io,
            K::Temporary,
            K::Protocol,
            K::NoPermission,
            K::Config,
        ] {
            assert_ne!(Exit::from(kind).name(), "other", "{kind:?}");
        }
    }
}
