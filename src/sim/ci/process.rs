//! Running a repository's script on this machine, bounded in time, output and surroundings.
//!
//! The script gets `PATH`, a `HOME` of its own and what its workflow sets, nothing else of this process. It runs with the
//! rights of whoever started the simulator: this is a convenience for repositories one trusts, not a sandbox, which is
//! why the simulator listens on the loopback address only.
//!
//! Invariant: when [`Host::run`] returns, no process of the script's group is left, whatever the script did.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, ChildStdout, Command};
use tokio_util::sync::CancellationToken;

/// How long one job may take. GitHub allows six hours; the simulator's repositories need seconds.
pub(super) const JOB_TIME: Duration = Duration::from_secs(120);
/// How much a step may print before the rest is thrown away, in bytes: a log must fit a page and a prompt.
pub(super) const OUTPUT_BYTES: usize = 1 << 20;
/// How long the rest of the output may take once the script and its group are gone. It lies in the pipe already.
const DRAIN_TIME: Duration = Duration::from_secs(2);

/// What this machine offers to scripts.
#[derive(Clone, Debug)]
pub(super) struct Host {
    path: OsString,
    bash: bool,
}

/// One script and where it runs.
#[derive(Debug)]
pub(super) struct Script<'a> {
    /// The text of `run:`.
    pub(super) text: &'a str,
    /// `shell:`, if given.
    pub(super) shell: Option<&'a str>,
    /// The folder it runs in.
    pub(super) folder: &'a Path,
    /// The job's own folder: the script's `HOME` and its file lie there.
    pub(super) home: &'a Path,
    /// What the workflow sets.
    pub(super) env: &'a BTreeMap<String, String>,
}

/// How a script ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// By itself, with this code; a signal counts as 128 and its number, as a shell counts it.
    Code(i32),
    /// The time was over.
    TimedOut,
    /// It was told to stop.
    Stopped,
    /// It could not be begun; the sentence says why.
    NotStarted(String),
}

/// What a script did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finished {
    /// How it ended.
    pub(super) ended: Ended,
    /// What it printed, both streams as they came.
    pub(super) output: String,
}

impl Host {
    /// Looks at this machine: where its programs are, and where the Rust toolchain really is.
    ///
    /// Where Rust was installed by rustup, `rustc` on the path is a proxy that looks below the home folder for the real
    /// one, and fails with an empty home. The real folder is therefore asked for while the environment is still whole.
    pub(super) async fn look() -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut folders: Vec<PathBuf> = std::env::split_paths(&path).filter(|folder| folder.is_absolute()).collect();
        if let Some(toolchain) = rust_toolchain().await {
            folders.insert(0, toolchain);
        }
        let bash = folders.iter().any(|folder| folder.join("bash").is_file());
        // A folder with a separator in its name cannot be joined; then the path is taken as it was.
        let path = std::env::join_paths(&folders).unwrap_or(path);
        Self { path, bash }
    }

    /// The command line GitHub uses for a shell, and how the log shows it.
    ///
    /// # Errors
    /// One sentence for a shell that is not built.
    pub(super) fn shell(&self, asked: Option<&str>) -> Result<&'static [&'static str], String> {
        match asked {
            None if self.bash => Ok(&["bash", "-e"]),
            Some("bash") if self.bash => Ok(&["bash", "--noprofile", "--norc", "-eo", "pipefail"]),
            None | Some("sh") => Ok(&["sh", "-e"]),
            Some("bash") => Err("bash is not installed on this machine".to_owned()),
            Some(other) => Err(format!("the simulated CI does not know the shell '{other}'")),
        }
    }

    /// Runs a script to its end, to the end of `time`, or until it is told to stop.
    pub(super) async fn run(&self, script: &Script<'_>, time: Duration, stop: &CancellationToken) -> Finished {
        let mut child = match self.begin(script).await {
            Ok(child) => child,
            Err(reason) => {
                return Finished {
                    ended: Ended::NotStarted(reason),
                    output: String::new(),
                };
            }
        };
        let group = child.id();
        let stdout = child.stdout.take();
        let mut printed = Vec::new();
        let ended = {
            let reading = read_all(stdout, &mut printed);
            tokio::pin!(reading);
            let mut read = false;
            let waiting = async {
                loop {
                    tokio::select! {
                        status = child.wait() => return status,
                        () = &mut reading, if !read => read = true,
                    }
                }
            };
            let ended = tokio::select! {
                waited = tokio::time::timeout(time, waiting) => match waited {
                    Ok(Ok(status)) => Ended::Code(code(status)),
                    Ok(Err(error)) => Ended::NotStarted(format!("the script could not be waited for: {error}")),
                    Err(_) => Ended::TimedOut,
                },
                () = stop.cancelled() => Ended::Stopped,
            };
            if let Some(group) = group {
                self.end_group(group).await;
            }
            // Whoever is left with the stream in hand has left the group; what it prints is no longer the script's.
            if !read && tokio::time::timeout(DRAIN_TIME, reading).await.is_err() {
                tracing::warn!("a script left a process behind that holds its output open");
            }
            ended
        };
        Finished {
            ended,
            output: shown(&printed),
        }
    }

    async fn begin(&self, script: &Script<'_>) -> Result<Child, String> {
        let shell = self.shell(script.shell)?;
        let file = script.home.join("step.sh");
        tokio::fs::write(&file, script.text)
            .await
            .map_err(|error| format!("the script could not be written: {error}"))?;
        // The outer shell only joins the two streams, so that the log has the lines in their order.
        Command::new("sh")
            .args(["-c", "exec \"$@\" 2>&1", "sh"])
            .args(shell)
            .arg(&file)
            .current_dir(script.folder)
            .env_clear()
            .envs(script.env)
            .env("PATH", &self.path)
            .env("HOME", script.home)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("the script could not be started: {error}"))
    }

    /// Ends what a script left behind. The group's number is free again only once nobody is in it, so that this cannot
    /// meet a stranger while a member lives; with none left the signal finds nobody.
    async fn end_group(&self, group: u32) {
        let told = Command::new("sh")
            .args(["-c", "kill -s KILL -- \"-$1\"", "sh", &group.to_string()])
            .env_clear()
            .env("PATH", &self.path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .await;
        if let Err(error) = told {
            tracing::warn!(%error, "a script's processes could not be ended");
        }
    }
}

/// The folder of the real `rustc`, if there is one.
async fn rust_toolchain() -> Option<PathBuf> {
    let told = Command::new("rustc")
        .args(["--print", "sysroot"])
        .current_dir("/")
        .stdin(Stdio::null())
        .output()
        .await
        .ok()?;
    let sysroot = PathBuf::from(String::from_utf8(told.stdout).ok()?.trim());
    let folder = sysroot.join("bin");
    (sysroot.is_absolute() && folder.join("rustc").is_file()).then_some(folder)
}

/// Reads to the end and keeps what fits.
async fn read_all(stdout: Option<ChildStdout>, kept: &mut Vec<u8>) {
    let Some(mut stdout) = stdout else { return };
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = stdout.read(&mut buffer).await {
        // One byte more than the limit is kept, so that "exactly full" and "cut" differ.
        let room = (OUTPUT_BYTES + 1).saturating_sub(kept.len()).min(read);
        kept.extend_from_slice(&buffer[..room]);
    }
}

/// What was printed as text, with a last line that says so if it was cut.
fn shown(printed: &[u8]) -> String {
    match printed.get(..OUTPUT_BYTES) {
        Some(kept) if printed.len() > OUTPUT_BYTES => {
            format!(
                "{}\n[the output is longer; the rest was thrown away]\n",
                String::from_utf8_lossy(kept)
            )
        }
        _ => String::from_utf8_lossy(printed).into_owned(),
    }
}

fn code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use tokio_util::sync::CancellationToken;

    use super::{Ended, Finished, Host, OUTPUT_BYTES, Script};

    async fn run(text: &str, time: Duration) -> Finished {
        let home = tempfile::tempdir().unwrap();
        let env = BTreeMap::from([("GREETING".to_owned(), "hello".to_owned())]);
        let script = Script {
            text,
            shell: Some("sh"),
            folder: home.path(),
            home: home.path(),
            env: &env,
        };
        Host::look().await.run(&script, time, &CancellationToken::new()).await
    }

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn both_streams_in_order_and_nothing_of_our_environment() {
        let done = run(
            "echo one; echo two >&2; echo three; env | cut -d= -f1 | grep -vE '^(PWD|_|SHLVL)$' | sort",
            LONG,
        )
        .await;
        assert_eq!(done.output, "one\ntwo\nthree\nGREETING\nHOME\nPATH\n");
        assert_eq!(done.ended, Ended::Code(0));
    }

    #[tokio::test]
    async fn ends_at_the_first_failing_line() {
        let done = run("echo a; (exit 7); echo b", LONG).await;
        assert_eq!(
            done,
            Finished {
                ended: Ended::Code(7),
                output: "a\n".to_owned()
            }
        );
    }

    #[tokio::test]
    async fn a_process_left_behind_is_ended_and_does_not_hold_us() {
        let done = run("sleep 1000 & echo $!", LONG).await;
        assert_eq!(done.ended, Ended::Code(0));
        let left = done.output.trim();
        assert!(
            !std::path::Path::new("/proc").join(left).join("fd/0").exists(),
            "{left} lives on"
        );
    }

    #[tokio::test]
    async fn the_time_limit_holds() {
        assert_eq!(
            run("echo a; sleep 1000", Duration::from_millis(300)).await.ended,
            Ended::TimedOut
        );
    }

    #[tokio::test]
    async fn it_stops_when_told() {
        let home = tempfile::tempdir().unwrap();
        let env = BTreeMap::new();
        let script = Script {
            text: "sleep 1000",
            shell: Some("sh"),
            folder: home.path(),
            home: home.path(),
            env: &env,
        };
        let stop = CancellationToken::new();
        stop.cancel();
        assert_eq!(Host::look().await.run(&script, LONG, &stop).await.ended, Ended::Stopped);
    }

    #[tokio::test]
    async fn the_output_limit_holds() {
        let done = run("yes | head -c 3000000", LONG).await;
        assert_eq!(done.ended, Ended::Code(0));
        assert!(done.output.len() < OUTPUT_BYTES + 100 && done.output.ends_with("thrown away]\n"));
    }

    #[tokio::test]
    async fn an_unknown_shell_is_named() {
        let home = tempfile::tempdir().unwrap();
        let script = Script {
            text: "x",
            shell: Some("fish"),
            folder: home.path(),
            home: home.path(),
            env: &BTreeMap::new(),
        };
        let done = Host::look().await.run(&script, LONG, &CancellationToken::new()).await;
        assert!(matches!(done.ended, Ended::NotStarted(reason) if reason.contains("fish")));
    }
}
