//! The `millhand` program: the command line of the library, and its exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    millhand::cli::main(std::env::args_os(), &environment())
}

/// The environment, without variables that are no text: nothing that Millhand reads is one.
fn environment() -> millhand::config::Environment {
    let pairs = std::env::vars_os();
    pairs
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}
