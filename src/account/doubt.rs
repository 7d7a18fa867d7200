//! Whether others could have written what stands in a file of settings.
//!
//! The configuration names programs that are run, so whoever may change it may run them. That is told and not refused:
//! on some file systems everybody seems to have every right. Reads no text.

use super::problem::{Position, Problem};
use super::replace::directory;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Why a file may not say what its owner wrote: it names programs that are run.
pub(super) fn doubt(path: &Path) -> Option<Problem> {
    let mode = |path: &Path| std::fs::metadata(path).map(|about| (about.is_file(), about.permissions().mode())).ok();
    let (is_file, own) = mode(path)?;
    let what = match mode(directory(path)) {
        _ if own & 0o002 != 0 => "everybody may change this file",
        // Where only owners may remove what is theirs, nobody else replaces it.
        Some((_, dir)) if dir & 0o1002 == 0o002 => "everybody may replace this file",
        _ => return None,
    };
    let problem = Problem::new(Some(Position { path: path.to_owned(), line: None }), what);
    is_file.then(|| problem.hint("and with it which programs mailkit runs; take that right away: chmod o-w").unwise())
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    #[test]
    fn a_file_that_everybody_may_change_is_doubted() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("c.toml");
        std::fs::write(&path, "[accounts.a]\n").expect("written");
        for (own, above, wanted) in [
            (0o644, 0o755, None),
            (0o664, 0o775, None),
            (0o646, 0o755, Some("everybody may change this file")),
            (0o644, 0o777, Some("everybody may replace this file")),
            (0o644, 0o1777, None),
        ] {
            for (path, mode) in [(path.as_path(), own), (dir.path(), above)] {
                std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("changed");
            }
            let (config, problems) = Config::check(std::slice::from_ref(&path)).expect("read");
            let found = problems.first().map(|problem| problem.what.as_str());
            assert_eq!((found, config.accounts.len()), (wanted, 1), "{own:o} {above:o}");
            assert!(problems.iter().all(|problem| !problem.is_error));
        }
    }
}
