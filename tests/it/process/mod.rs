//! The built program as processes: the bot and its simulated GitHub, which know each other only by GitHub's protocol, and
//! what happens when one of them is told to stop, killed, or given a disk that does not hold.
//!
//! Invariant: a test waits for what a process says or for what GitHub shows, never for a time to pass.

mod afternoon;
mod crash;
mod disk;
mod end;
mod town;
mod walk;

use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// The program with nothing in its environment but where programs are.
pub(crate) fn millhand(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_millhand"));
    command.env_clear().current_dir(folder);
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

/// Gives a program what the compiler's own launcher needs: CI compiles with whatever compiles here.
pub(crate) fn with_compiler(command: &mut Command) -> &mut Command {
    let names = ["HOME", "RUSTUP_HOME", "CARGO_HOME"];
    command.envs(names.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
}

/// Exit code, standard output and standard error of a program that ends by itself.
pub(crate) fn run(command: &mut Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code().unwrap_or(-1), text(stdout), text(stderr))
}

/// A program that runs beside the test and ends with it.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
    said: Vec<String>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (tell, lines) = channel();
        pass_on(child.stdout.take().unwrap(), tell.clone());
        pass_on(child.stderr.take().unwrap(), tell);
        Self {
            child,
            lines,
            said: Vec::new(),
        }
    }

    /// The first line that begins so.
    pub(crate) fn line(&mut self, begins: &str) -> String {
        loop {
            let Ok(line) = self.lines.recv() else {
                panic!("it ended before {begins:?}:\n{}", self.said());
            };
            self.said.push(line.clone());
            if line.trim_start().starts_with(begins) {
                return line.trim().to_owned();
            }
        }
    }

    /// Returns when it says something, or after `at_most`. `false`: it has ended.
    pub(crate) fn listen(&mut self, at_most: Duration) -> bool {
        match self.lines.recv_timeout(at_most) {
            Ok(line) => {
                self.said.push(line);
                self.said.extend(self.lines.try_iter());
                true
            }
            Err(RecvTimeoutError::Timeout) => true,
            Err(RecvTimeoutError::Disconnected) => false,
        }
    }

    /// Whether one of its lines holds this.
    pub(crate) fn has_said(&self, words: &str) -> bool {
        self.said.iter().any(|line| line.contains(words))
    }

    /// All that it said so far, for a test that fails.
    pub(crate) fn said(&self) -> String {
        self.said.join("\n")
    }

    /// Tells it to stop; its exit code.
    pub(crate) fn stop(self) -> i32 {
        self.end().0
    }

    /// Tells it to stop; its exit code, and all that it ever said.
    pub(crate) fn end(mut self) -> (i32, String) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        self.said.extend(self.lines.iter());
        (code, self.said())
    }

    /// Kills it where it stands: SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        assert_eq!(
            self.child.wait().unwrap().code(),
            None,
            "it was killed and did not end by itself"
        );
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A pipe that nobody empties would stop the program.
fn pass_on(from: impl Read + Send + 'static, to: Sender<String>) {
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if to.send(line).is_err() {
                break;
            }
        }
    });
}
