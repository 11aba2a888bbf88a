//! The command line.
//!
//! Reading and steering commands speak HTTP to a running server; `serve`, `sim` and `demo` are the programs themselves;
//! `replay` opens the database, for reading only.
//!
//! Invariant: one arm of a match is one call. What goes wrong is one sentence on standard error and an exit code: 1
//! failed, 2 usage or configuration, 3 not found, 4 refused.

mod args;
mod client;
mod demo;
mod failure;
mod out;
mod read;
mod replay;
mod serve;
mod service;
mod show;
mod signals;
mod sim;
mod steer;
mod validate;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use args::{Arguments, Command};
use failure::Failure;

use crate::config::{Config, Environment};
use crate::telemetry;
use crate::workflow::repo_config;

/// What runs it: servers use all cores, a client needs one thread.
#[derive(Clone, Copy)]
enum Threads {
    One,
    Many,
}

/// Runs the program with these arguments (the program's name first) and this environment; its exit code.
#[must_use]
pub fn main(arguments: impl Iterator<Item = OsString>, env: &Environment) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(told) => {
            // Help and version are told in the same way; clap knows which of them is no error.
            let _ = told.print();
            return ExitCode::from(u8::try_from(told.exit_code()).unwrap_or(failure::USAGE));
        }
    };
    match run(arguments, env) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.sentence.is_empty() {
                out::error(&failure.sentence);
            }
            ExitCode::from(failure.code)
        }
    }
}

fn run(arguments: Arguments, env: &Environment) -> Result<(), Failure> {
    let Arguments { config, command } = arguments;
    let load = || Config::load(config.as_deref(), env);
    let log = env.get("RUST_LOG").map(String::as_str);
    match command {
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "millhand", &mut text);
            out::raw(&text);
            Ok(())
        }
        Command::Serve => {
            let config = load()?;
            telemetry::init(log, &config.secrets());
            block_on(Threads::Many, serve::serve(&config))
        }
        Command::Sim(wanted) => {
            telemetry::init(log, &[]);
            block_on(Threads::Many, sim::sim(wanted))
        }
        Command::Demo(wanted) => {
            // The demo narrates; a log beside it is for whoever asks for one.
            telemetry::init(Some(log.unwrap_or("error")), &[]);
            block_on(Threads::Many, demo::demo(wanted))
        }
        Command::Replay { id, json } => {
            let config = load()?;
            block_on(Threads::One, replay::replay(&config, &id, json))
        }
        Command::Validate { file, json } => validate::validate(&file, &load()?, json),
        Command::Schema { json: _ } => {
            out::json(&repo_config::schema());
            Ok(())
        }
        Command::Read(what) => block_on(Threads::One, read::read(what, &load()?)),
        Command::Steer(what) => block_on(Threads::One, steer::steer(what, &load()?)),
    }
}

fn block_on(threads: Threads, work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let mut builder = match threads {
        Threads::One => tokio::runtime::Builder::new_current_thread(),
        Threads::Many => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = builder
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("No thread can be started: {error}.")))?;
    let result = runtime.block_on(work);
    // Whatever was told to stop and did not is not waited for.
    runtime.shutdown_background();
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }
}
