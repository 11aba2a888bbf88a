//! The arguments of every command.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

/// Turns labelled GitHub issues into reviewed, merged pull requests.
#[derive(Debug, Parser)]
#[command(name = "millhand", version, about, disable_help_subcommand = true)]
pub(super) struct Arguments {
    /// Settings file; millhand.toml in the working directory if there is one and none is named
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show it all on this machine: a simulated GitHub, an offline model, an issue that becomes merged pull requests
    Demo(Demo),
    /// Serve GitHub: the bot itself
    Serve,
    /// Run the simulated GitHub alone
    Sim(Sim),
    #[command(flatten)]
    Read(Read),
    #[command(flatten)]
    Steer(Steer),
    /// Decide a workflow's stored events again and compare every state
    Replay {
        /// UUID, or OWNER/REPO#N
        id: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Check a repository's configuration file
    Validate {
        /// The file
        #[arg(default_value = crate::workflow::repo_config::FILE)]
        file: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the JSON Schema of a repository's configuration file
    Schema {
        /// Print JSON, which a schema always is
        #[arg(long)]
        json: bool,
    },
    /// Print a completion script
    Completions {
        /// For which shell
        shell: Shell,
    },
}

#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Demo {
    /// Port of Millhand's own server; 0 takes a free one
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(super) port: u16,
    /// Port of the simulated GitHub; 0 takes a free one
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(super) sim_port: u16,
    /// End when the workflow does; the exit code is 0 only if it completed
    #[arg(long)]
    pub(super) exit: bool,
    /// Pause at every step, so that a person can follow
    #[arg(long)]
    pub(super) slow: bool,
}

#[derive(Clone, Debug, Args)]
pub(super) struct Sim {
    /// Where it listens on this machine; 0 takes a free port
    #[arg(long, default_value_t = 3000, value_name = "N")]
    pub(super) port: u16,
    /// Where webhooks go, such as http://127.0.0.1:8080/webhooks/github; without it nowhere
    #[arg(long, value_name = "URL")]
    pub(super) webhook_url: Option<String>,
    /// Signs webhooks; made up when not given
    #[arg(long, value_name = "S")]
    pub(super) secret: Option<String>,
    /// The same seed makes up the same things
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,
    /// Write the settings that `serve` needs to this file, and the App's key beside it
    #[arg(long, value_name = "FILE")]
    pub(super) env_file: Option<PathBuf>,
    /// Run no CI
    #[arg(long)]
    pub(super) no_ci: bool,
}

/// How the server is reached, and how answers are printed.
#[derive(Clone, Debug, Args)]
pub(super) struct Server {
    /// Address of the server; where the settings say it listens when not given
    #[arg(long, value_name = "URL")]
    pub(super) server: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// A workflow, and the server that knows it.
#[derive(Clone, Debug, Args)]
pub(super) struct Which {
    /// UUID, or OWNER/REPO#N
    pub(super) id: String,
    #[command(flatten)]
    pub(super) server: Server,
}

#[derive(Debug, Subcommand)]
pub(super) enum Read {
    /// List workflows, the newest first
    List {
        /// Only of this repository, OWNER/REPO
        #[arg(long)]
        repository: Option<String>,
        /// Only in this state
        #[arg(long)]
        state: Option<String>,
        /// Only of this status
        #[arg(long)]
        status: Option<String>,
        /// At most this many
        #[arg(long, default_value_t = 50)]
        limit: usize,
        #[command(flatten)]
        server: Server,
    },
    /// Where a workflow stands, and what it waits for
    Status(Which),
    /// Its transitions
    History(Which),
    /// Its raw log
    Events(Which),
    /// What its roles handed over
    Handoffs(Which),
}

#[derive(Debug, Subcommand)]
pub(super) enum Steer {
    /// Start the work on an issue
    Start {
        /// OWNER/REPO#N
        issue: String,
        /// Waive the approval of the plan
        #[arg(long)]
        auto: bool,
        #[command(flatten)]
        server: Server,
    },
    /// Open an issue with this text and start the work on it
    Generate {
        /// OWNER/REPO
        repository: String,
        /// What is wanted; the first line becomes the title
        text: String,
        #[command(flatten)]
        server: Server,
    },
    /// Approve what waits
    Approve {
        #[command(flatten)]
        which: Which,
        /// plan, release or a phase (2, 02-parser); what waits when not given
        what: Option<String>,
        /// First digits of the hash that was seen
        #[arg(long)]
        hash: Option<String>,
    },
    /// Send back what waits for approval: the plan, or a phase's change of protected paths
    Revise {
        #[command(flatten)]
        which: Which,
        /// Phase whose change is sent back; the plan when not given
        #[arg(long)]
        phase: Option<String>,
        /// What is to change
        text: String,
    },
    /// Repeat what failed from its last good point
    Retry {
        #[command(flatten)]
        which: Which,
        /// Phase to repeat; what failed when not given
        phase: Option<String>,
        /// Begin it from scratch, on a new branch
        #[arg(long)]
        fresh: bool,
        /// What to heed
        #[arg(long)]
        hint: Option<String>,
    },
    /// Take back a phase with those that depend on it, or all of them
    Rollback {
        #[command(flatten)]
        which: Which,
        /// A phase (2, 02-parser); plan, to plan anew; or all, to end the work
        what: String,
    },
    /// Leave a phase out on which none depends
    Skip {
        #[command(flatten)]
        which: Which,
        /// The phase (2, 02-parser)
        phase: String,
    },
    /// Let nothing be merged
    Hold {
        #[command(flatten)]
        which: Which,
        /// Only this phase; all when not given
        phase: Option<String>,
    },
    /// Let it be merged again
    Unhold {
        #[command(flatten)]
        which: Which,
        /// Only this phase; all when not given
        phase: Option<String>,
    },
    /// Set the cap in US dollars
    Budget {
        #[command(flatten)]
        which: Which,
        /// Such as 7.50
        amount: String,
    },
    /// Do nothing until resumed
    Pause(Which),
    /// Go on
    Resume(Which),
    /// End the work
    Cancel(Which),
}
