//! Tells the story: lines, and on a terminal a line at the bottom that shows where it stands.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;

use crate::cli::out;

/// How often the line at the bottom turns.
const TURN: Duration = Duration::from_millis(120);

/// Tells lines; pauses after each if a person wants to follow.
pub(super) struct Narrator {
    /// Only on a terminal.
    bar: Option<ProgressBar>,
    pause: Option<Duration>,
}

impl Narrator {
    pub(super) fn new(pause: Option<Duration>) -> Self {
        let bar = std::io::stdout().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stdout());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed:>4} {wide_msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(TURN);
            bar
        });
        Self { bar, pause }
    }

    /// A line that needs no time.
    pub(super) fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) if !bar.is_finished() => bar.println(out::plain(text)),
            Some(_) | None => out::line(text),
        }
    }

    /// Something happened.
    pub(super) async fn step(&self, text: &str) {
        self.say(&format!("> {text}"));
        if let Some(pause) = self.pause {
            tokio::time::sleep(pause).await;
        }
    }

    /// A baton moved.
    pub(super) async fn transition(&self, transition: &Value, workflow: &Value) {
        let word = |key: &str| transition[key].as_str().unwrap_or_default();
        let whose = phase(&transition["phase"], workflow);
        let (number, from, to, cause) = (&transition["number"], word("from"), word("to"), word("cause"));
        let by = transition["actor"]
            .as_str()
            .map_or_else(String::new, |actor| format!(" ({actor})"));
        self.say(&format!("  {whose:<14} {from} -> {to}, {number}: {cause}{by}"));
        if let Some(pause) = self.pause {
            tokio::time::sleep(pause).await;
        }
    }

    /// Where it stands now.
    pub(super) fn standing(&self, workflow: &Value, sentence: &str) {
        if let Some(bar) = &self.bar {
            let phases = workflow["phases"].as_array().map_or(&[][..], Vec::as_slice);
            let merged = phases.iter().filter(|phase| !phase["merged"].is_null()).count();
            let state = workflow["state"].as_str().unwrap_or_default();
            bar.set_message(
                out::plain(&format!("{state}, {merged} of {} phases merged. {sentence}", phases.len())).replace('\n', " "),
            );
        }
    }

    /// No line at the bottom any more.
    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Whose baton: a phase by its id, or the workflow.
fn phase(number: &Value, workflow: &Value) -> String {
    if number.is_null() {
        return "workflow".to_owned();
    }
    let phases = workflow["phases"].as_array();
    let found = phases.and_then(|all| all.iter().find(|phase| phase["number"] == *number));
    found
        .and_then(|phase| phase["id"].as_str())
        .map_or_else(|| format!("phase {number}"), str::to_owned)
}
