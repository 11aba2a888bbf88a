//! Words that several documents share.
//!
//! Invariant: no sentence here holds a time of its own: what has not changed reads the same a day later.

use super::markdown::{cell, code, details, plain, sentence};
use crate::workflow::answer::Verdict;
use crate::workflow::command::Name;
use crate::workflow::fact::{PullState, Target};
use crate::workflow::habits::Habits;
use crate::workflow::ids::{MicroUsd, Person, Sha};
use crate::workflow::model::{Fate, Phase, Revert, Track, Workflow};
use crate::workflow::reviews;
use crate::workflow::settings::{CostReport, ReleaseMerge, Reviewers, ReviewersWord};
use crate::workflow::state::State;
use crate::workflow::waits::{Waiting, What};

/// Characters of a title in a line of ours.
pub(super) const TITLE_CHARS: usize = 100;
/// Characters of a sentence.
pub(super) const SENTENCE_CHARS: usize = 500;
/// Characters of a name of a file, a check or a branch.
pub(super) const NAME_CHARS: usize = 200;
/// Edges that a graph shows: beyond that, nobody can read it.
const EDGES_MAX: usize = 150;

/// A document: blocks with an empty line between them.
#[derive(Default)]
pub(super) struct Doc(String);

impl Doc {
    /// Adds a block; nothing if it is empty.
    pub(super) fn add(&mut self, block: impl AsRef<str>) {
        let block = block.as_ref().trim_end();
        if block.is_empty() {
            return;
        }
        if !self.0.is_empty() {
            self.0.push_str("\n\n");
        }
        self.0.push_str(block);
    }

    /// The whole.
    pub(super) fn finish(self) -> String {
        self.0
    }
}

/// A list, at most `max` items of it.
pub(super) fn list(items: impl IntoIterator<Item = String>, max: usize, more: &str) -> String {
    let items: Vec<String> = items.into_iter().collect();
    let mut lines: Vec<String> = items.iter().take(max).map(|item| format!("- {item}")).collect();
    if items.len() > max {
        lines.push(format!("- and {} more {more}", items.len() - max));
    }
    lines.join("\n")
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn enumerate(words: &[String], last: &str) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [before @ .., end] => format!("{} {last} {end}", before.join(", ")),
    }
}

/// `1 phase`, `2 phases`.
pub(super) fn count(number: usize, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}

/// Who wrote this. Everything that Millhand posts says it, and whether a language model or the offline one was at work.
pub(super) fn provenance(w: &Workflow) -> String {
    let with = match (w.cost.calls, w.cost.nominal) {
        (_, true) => ", with its offline model: a script, no language model",
        // Before the first call nobody knows what will be at work.
        (0, false) => "",
        (_, false) => ", with language models",
    };
    format!("Written by Millhand, a bot{with}.")
}

/// A person in a sentence.
pub(super) fn name_of(person: &Person) -> String {
    if person.id == 0 {
        "the operator".to_owned()
    } else {
        plain(&person.login, NAME_CHARS)
    }
}

/// A commit with its link.
pub(super) fn commit_link(w: &Workflow, sha: &Sha) -> String {
    format!("[`{}`]({}/commit/{})", sha.short(), w.repository.url, sha)
}

/// A command as it is typed in this repository.
pub(super) fn command(w: &Workflow, command: &str) -> String {
    match command.strip_prefix('/') {
        Some(rest) if !w.settings.commands.bare && Name::of(rest.split(' ').next().unwrap_or(rest)).is_some() => {
            format!("/millhand {rest}")
        }
        _ => command.to_owned(),
    }
}

/// A command in code.
pub(super) fn typed(w: &Workflow, line: &str) -> String {
    code(&command(w, line), NAME_CHARS)
}

/// The sentence of a wait as it is shown in public.
pub(super) fn wait_sentence(w: &Workflow, wait: &Waiting) -> String {
    let hidden = w.settings.report.cost == CostReport::Hidden && wait.what == What::Budget;
    let text = if hidden {
        "The budget is used up: the next model call could pass the cap. `/budget <amount>` raises it.".to_owned()
    } else {
        wait.sentence.clone()
    };
    let parts: Vec<String> = text.split('`').map(|part| command(w, part)).collect();
    sentence(&parts.join("`"), SENTENCE_CHARS)
}

/// Who is to move a wait, in a sentence.
pub(super) fn who(wait: &Waiting) -> String {
    plain(&wait.who, NAME_CHARS)
}

/// Cost and cap in a sentence; empty where they are hidden.
pub(super) fn cost(w: &Workflow) -> String {
    if w.settings.report.cost == CostReport::Hidden {
        return String::new();
    }
    if w.cost.calls == 0 {
        return format!("nothing yet, of at most {}.", w.budget);
    }
    let calls = count(w.cost.calls as usize, "model call");
    let nominal = if w.cost.nominal {
        " The price is nominal: the offline model costs nothing."
    } else {
        ""
    };
    format!("{} of {} for {calls}.{nominal}", w.cost.spent, w.budget)
}

/// An amount, labelled when it is nobody's bill.
pub(super) fn money(w: &Workflow, amount: MicroUsd) -> String {
    if w.cost.nominal {
        format!("{amount} (nominal, the model is offline)")
    } else {
        amount.to_string()
    }
}

/// What people call the phase's condition.
pub(super) fn condition(phase: &Phase) -> String {
    match &phase.fate {
        Fate::Merged => "merged".to_owned(),
        Fate::RolledBack => "taken back".to_owned(),
        Fate::Skipped(why) if why.is_empty() => "left out".to_owned(),
        Fate::Skipped(why) => format!("left out: {}", cell(why, TITLE_CHARS)),
        Fate::Failed => format!("stuck in {}", phase.state),
        Fate::Open if phase.frozen => format!("frozen in {}", phase.state),
        Fate::Open if phase.track.from.is_none() => "not begun".to_owned(),
        Fate::Open => phase.state.name().to_owned(),
    }
}

/// The checks of the head in a few words, as they were read last.
pub(super) fn checks(w: &Workflow, track: &Track) -> String {
    let Some(view) = track.checks.as_ref().filter(|c| Some(&c.head) == track.head.as_ref()) else {
        return String::new();
    };
    let (mut passed, mut running) = (0, 0);
    let mut failed = Vec::new();
    for check in view.checks.iter().filter(|c| !w.settings.ci.ignore.contains(&c.name)) {
        let superseded = check.id.is_some_and(|id| track.superseded.contains(&id));
        match check.conclusion.as_deref() {
            _ if superseded => running += 1,
            None => running += 1,
            Some("success" | "neutral" | "skipped") => passed += 1,
            Some(_) => failed.push(code(&check.name, 40)),
        }
    }
    let mut parts = Vec::new();
    if !failed.is_empty() {
        let names = failed.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
        parts.push(format!("{} failed ({names})", failed.len()));
    }
    if running > 0 {
        parts.push(format!("{running} running"));
    }
    if passed > 0 {
        parts.push(format!("{passed} passed"));
    }
    if parts.is_empty() && track.passed_without_ci.is_some() && track.passed_without_ci == track.head {
        parts.push("none ran, let pass".to_owned());
    }
    parts.join(", ")
}

/// The graph of the phases, folded: mails and phones do not draw it.
pub(super) fn graph<'a>(phases: impl Iterator<Item = (u32, &'a str, Vec<u32>, &'a str)>) -> String {
    let safe = |text: &str| -> String {
        text.chars()
            .filter(|c| c.is_ascii_alphanumeric() || "-_. ".contains(*c))
            .take(60)
            .collect()
    };
    let mut lines = vec!["graph LR".to_owned()];
    let mut edges = Vec::new();
    for (number, id, needs, note) in phases {
        let note = if note.is_empty() {
            String::new()
        } else {
            format!(": {}", safe(note))
        };
        lines.push(format!("  p{number}[\"{}{note}\"]", safe(id)));
        edges.extend(needs.iter().map(|from| format!("  p{from} --> p{number}")));
    }
    if lines.len() == 1 {
        return String::new();
    }
    lines.extend(edges.into_iter().take(EDGES_MAX));
    details("Graph of the phases", &super::markdown::block("mermaid", &lines.join("\n")))
}

/// Phases merged, newest first.
pub(super) fn merged_newest_first(w: &Workflow) -> Vec<&Phase> {
    let mut merged: Vec<&Phase> = w.phases.values().filter(|p| p.fate == Fate::Merged).collect();
    merged.sort_by_key(|p| std::cmp::Reverse((p.track.merged.as_ref().map(|m| m.at), p.plan.number)));
    merged
}

/// Whether the release is merged by a merge commit, so that the phases' commits stand on the default branch.
pub(in crate::workflow) fn release_is_merge_commit(w: &Workflow) -> bool {
    match w.settings.merge.release {
        ReleaseMerge::Merge => true,
        ReleaseMerge::Squash => false,
        ReleaseMerge::Auto => w.survey.as_ref().is_some_and(|s| s.merge_commits && !s.linear),
    }
}

/// What is taken back after the release, with its pull request.
pub(in crate::workflow) fn revert_of(w: &Workflow, revert: &Revert) -> String {
    let (name, track) = match revert.of {
        Target::Release => ("the release".to_owned(), Some(w.released())),
        Target::Phase(number) => (
            w.phase(number)
                .map_or_else(|| number.to_string(), |p| code(&p.plan.id, NAME_CHARS)),
            w.track(revert.of),
        ),
    };
    let pull = track.and_then(|t| t.pull.as_ref()).map(|p| format!(" (#{})", p.number));
    name + &pull.unwrap_or_default()
}

/// The default branch, as far as it is known.
pub(super) fn default_branch(w: &Workflow) -> String {
    w.survey
        .as_ref()
        .map_or_else(|| "the default branch".to_owned(), |s| code(&s.default_branch, NAME_CHARS))
}

/// What the house does with titles, messages and signatures; before it is known, nothing of its own.
pub(super) fn habits_of(w: &Workflow) -> Habits {
    w.survey.as_ref().map(|s| s.habits.clone()).unwrap_or_default()
}

/// Who is asked to review a phase, before anybody was.
pub(super) fn reviewers(w: &Workflow) -> String {
    let requester = name_of(&w.requester);
    if let Reviewers::Logins(logins) = &w.settings.reviewers {
        let names: Vec<String> = logins.iter().take(20).map(|l| plain(l, 40)).collect();
        return enumerate(&names, "or");
    }
    let word = if let Reviewers::Word(word) = &w.settings.reviewers {
        *word
    } else {
        ReviewersWord::Auto
    };
    match word {
        ReviewersWord::Auto => {
            let owners = w.survey.as_ref().is_some_and(|s| s.has_codeowners);
            let own = reviews::may_approve_code(w, &w.requester).is_ok();
            match (owners, own) {
                (true, _) => "the code owners, where there are any for the files".to_owned(),
                (false, true) => requester,
                (false, false) => "whoever last changed most of the files".to_owned(),
            }
        }
        ReviewersWord::Codeowners => "the code owners".to_owned(),
        ReviewersWord::Requester => requester,
        ReviewersWord::None => "nobody in particular".to_owned(),
    }
}

/// Whether the rules of the branch ask for a review that no command can replace.
pub(super) fn rules_ask_for_reviews(w: &Workflow) -> bool {
    w.is_direct() && w.survey.as_ref().is_some_and(|s| s.required_reviews > 0)
}

/// A phase or the release, at the beginning of a sentence.
pub(super) fn name(w: &Workflow, target: Target) -> String {
    match target {
        Target::Phase(number) => w.phase(number).map_or_else(
            || format!("Phase {number}"),
            |p| format!("Phase {}", code(&p.plan.id, NAME_CHARS)),
        ),
        Target::Release => "The release".to_owned(),
    }
}

/// The verdict on the present head.
pub(super) fn verdict(track: &Track) -> Option<&Verdict> {
    track
        .verdict
        .as_ref()
        .filter(|(head, _)| Some(head) == track.head.as_ref())
        .map(|(_, verdict)| verdict)
}

/// Whether our pull request is still open as far as we know.
pub(super) fn is_open(track: &Track) -> bool {
    track.pull.is_some()
        && track.merged.is_none()
        && !track.closed_by_us
        && track.seen.as_ref().is_none_or(|s| s.state == PullState::Open)
}

/// The states in a line, with the one shown in bold.
pub(super) fn state_bar(shown: State) -> String {
    State::ALL
        .iter()
        .map(|state| {
            if *state == shown {
                format!("**{state}**")
            } else {
                state.name().to_owned()
            }
        })
        .collect::<Vec<_>>()
        .join(" / ")
}
