//! `parse --own`: which servers are one's own, for all that is told by who wrote it.

/// One's own servers.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Trust")]
pub(super) struct Own {
    /// With --auth or --route, a server of one's own, by the name it writes or by the domain it stands in: what it wrote
    /// on top of the message is true. Can be given several times
    #[arg(long = "own", value_name = "HOST", requires = "writers")]
    pub(super) hosts: Vec<String>,
}
