//! How far `send` goes, and what it tells of it: the options of outcome.

/// Options of outcome.
#[derive(Debug, clap::Args)]
pub(super) struct OutcomeArgs {
    /// Connect to nobody; print the message, and on standard error its envelope
    #[arg(short = 'n', long)]
    pub(super) dry_run: bool,
}
