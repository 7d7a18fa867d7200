//! The options that every subcommand understands.
//!
//! They may stand before or behind the subcommand's name. What they mean is in `console`.

use clap::ArgAction;
use clap::builder::FalseyValueParser;
use mailkit::wire::record::Data;
use std::path::PathBuf;

/// Options of all subcommands.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Options of all commands")]
pub(super) struct Globals {
    /// Read this configuration file, not those in the usual places; may be given several times
    #[arg(long, global = true, value_name = "FILE", env = "MAILKIT_CONFIG", hide_env_values = true)]
    pub(super) config: Vec<PathBuf>,

    /// The account of the configuration that is meant
    #[arg(short = 'A', long, global = true, value_name = "NAME", env = "MAILKIT_ACCOUNT", hide_env_values = true)]
    pub(super) account: Option<String>,

    /// Show each conversation line by line, on standard error or in FILE, as JSON if it ends in .jsonl; secrets are left out
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "-",
        env = "MAILKIT_TRACE",
        hide_env_values = true
    )]
    pub(super) trace: Option<PathBuf>,

    /// How much a trace shows of messages
    #[arg(long, global = true, value_name = "HOW", value_enum, default_value_t = TraceData::Headers)]
    pub(super) trace_data: TraceData,

    /// Show the octets too, in hexadecimal
    #[arg(long, global = true)]
    pub(super) trace_hex: bool,

    /// Show passwords and tokens in the trace; asks whether that is meant, unless MAILKIT_TRACE_SECRETS=yes says so
    #[arg(long, global = true)]
    pub(super) trace_secrets: bool,

    /// Print results and errors as JSON
    #[arg(long, global = true)]
    pub(super) json: bool,

    /// Print no notes and no warnings; errors are still printed
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,

    /// Say more about what is being done
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "quiet")]
    pub(super) verbose: u8,

    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = ColorChoice::Auto)]
    pub(super) color: ColorChoice,

    /// Never ask; fail where an answer would be needed
    #[arg(long, global = true, env = "MAILKIT_NO_INPUT", hide_env_values = true, value_parser = FalseyValueParser::new())]
    pub(super) no_input: bool,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set or TERM is dumb
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How much a trace shows of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum TraceData {
    /// That there was one, and its size
    None,
    /// The header section
    Headers,
    /// All of it
    Full,
}

impl From<TraceData> for Data {
    fn from(data: TraceData) -> Self {
        match data {
            TraceData::None => Self::None,
            TraceData::Headers => Self::Headers,
            TraceData::Full => Self::Full,
        }
    }
}
