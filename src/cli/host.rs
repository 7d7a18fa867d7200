//! What this machine is called.

/// The machine's name as the operating system has it.
pub(super) fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
