//! Why nothing moves: every wait, computed from the state by one function and shown everywhere the same.

mod checks;
mod merging;
mod phase;
mod protected;
mod review;
mod rollback;
mod trouble;
mod whole;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use self::phase::a_phase;
use self::rollback::{revert, rollback};
use self::trouble::{base_gone, deaf, delays, money, troubles};
use self::whole::{before_the_fork, release};
use super::fact::Target;
use super::ids::PhaseNumber;
use super::model::{Track, Workflow, WriteReason};
use super::state::{Baton, State};
use crate::clock::Millis;

/// Something that is waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Identity of this wait: the same wait keeps its key, a new question gets a new one.
    pub key: String,
    /// Who or what can move it.
    pub kind: WaitKind,
    /// What it is.
    pub what: What,
    /// The phase, if one.
    pub phase: Option<PhaseNumber>,
    /// Since when.
    pub since: Millis,
    /// When Millhand looks again by itself.
    pub next_look: Option<Millis>,
    /// Who can move it: a login, "a writer", "GitHub" ...
    pub who: String,
    /// The command that moves it, as it would be typed.
    pub command: Option<String>,
    /// The hash an approval would bind to.
    pub hash: Option<String>,
    /// One sentence that says all this.
    pub sentence: String,
}

/// Who or what can move a wait; the headline is the first in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitKind {
    /// A person on GitHub.
    Person,
    /// The operator.
    Operator,
    /// A limit.
    Limit,
    /// A machine, or the clock.
    Machine,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// An answer to a question.
    Question,
    /// The plan's approval.
    PlanApproval,
    /// The approval of a change of protected paths.
    ProtectedChange,
    /// A person lets a head pass on which no check ran.
    NoCi,
    /// A review of a phase.
    PhaseReview,
    /// The release's approval.
    ReleaseApproval,
    /// A conflict that a person must resolve.
    Conflict,
    /// Attempts are used up.
    Attempts,
    /// Somebody holds the merge.
    Held,
    /// Paused.
    Paused,
    /// A person closed or retargeted a pull request.
    PullRequestClosed,
    /// GitHub refuses the merge.
    MergeRefused,
    /// Somebody else works on the issue.
    OtherWork,
    /// The cap.
    Budget,
    /// A rate limit.
    RateLimit,
    /// A slot.
    Slot,
    /// A phase before it.
    Dependency,
    /// Checks.
    Ci,
    /// A model.
    Model,
    /// GitHub.
    Github,
    /// The clock.
    Clock,
}

/// Everything a workflow waits for, the headline first: persons, operator, limits, machines. An ended workflow waits for
/// nothing but a rollback's confirmation; an open one always waits for something, or something is being done for it.
#[must_use]
pub fn waits(w: &Workflow, now: Millis) -> Vec<Waiting> {
    let mut found = Found { w, list: Vec::new() };
    if w.ended.is_some() {
        rollback(&mut found);
        return found.list;
    }
    if let Some(why) = &w.deaf {
        deaf(&mut found, why);
        return found.list;
    }
    paused(&mut found);
    base_gone(&mut found);
    troubles(&mut found);
    money(&mut found);
    before_the_fork(&mut found);
    rollback(&mut found);
    if w.baton == Baton::Forked {
        for (number, phase) in &w.phases {
            a_phase(&mut found, *number, phase, now);
        }
    }
    if w.reverting().is_some() {
        revert(&mut found, now);
    } else {
        release(&mut found, now);
    }
    delays(&mut found);
    if found.list.is_empty() {
        at_work(&mut found);
    }
    found.list.sort_by_key(|wait| wait.kind);
    let (mut seen, mut said) = (BTreeSet::new(), BTreeSet::new());
    // Several orders may have met with the same: saying it once is enough.
    found
        .list
        .retain(|wait| seen.insert(wait.key.clone()) && said.insert(wait.sentence.clone()));
    found.list
}

struct Found<'a> {
    w: &'a Workflow,
    list: Vec<Waiting>,
}

/// What a wait is about; the rest follows from the workflow.
struct About {
    kind: WaitKind,
    what: What,
    phase: Option<PhaseNumber>,
    /// Tells this wait from the next of its kind.
    mark: String,
    who: String,
    command: Option<String>,
    hash: Option<String>,
    sentence: String,
}

impl Found<'_> {
    fn add(&mut self, about: About) {
        let word = serde_json::to_value(about.what)
            .ok()
            .and_then(|v| v.as_str().map(str::to_owned))
            .unwrap_or_default();
        let phase = about.phase.map(|n| format!(":{n}")).unwrap_or_default();
        let key = format!("{word}{phase}:{}", about.mark);
        let w = self.w;
        let since = w
            .waiting_since
            .get(&key)
            .copied()
            .unwrap_or_else(|| w.read_at.unwrap_or(w.started_at));
        // What is due at once is no look that is waited for.
        let due = w.outstanding.values().filter_map(super::order::Order::due);
        let next_look = due.filter(|at| at.0 > 0).min();
        let About {
            kind,
            what,
            phase,
            who,
            command,
            hash,
            sentence,
            ..
        } = about;
        self.list.push(Waiting {
            key,
            kind,
            what,
            phase,
            since,
            next_look,
            who,
            command,
            hash,
            sentence: capital(&sentence),
        });
    }

    fn person(&mut self, what: What, phase: Option<PhaseNumber>, mark: &str, ask: Ask) {
        let Ask {
            who,
            command,
            hash,
            sentence,
        } = ask;
        self.add(About {
            kind: WaitKind::Person,
            what,
            phase,
            mark: mark.to_owned(),
            who,
            command,
            hash,
            sentence,
        });
    }

    fn machine(&mut self, what: What, phase: Option<PhaseNumber>, mark: &str, of: Ask) {
        let Ask {
            who,
            command,
            hash,
            sentence,
        } = of;
        self.add(About {
            kind: WaitKind::Machine,
            what,
            phase,
            mark: mark.to_owned(),
            who,
            command,
            hash,
            sentence,
        });
    }
}

/// What a person is asked.
struct Ask {
    who: String,
    command: Option<String>,
    hash: Option<String>,
    sentence: String,
}

/// A sentence with its command at the end.
fn ask(who: &str, command: Option<String>, sentence: String) -> Ask {
    Ask {
        who: who.to_owned(),
        command,
        hash: None,
        sentence,
    }
}

fn paused(found: &mut Found<'_>) {
    if let Some(pause) = found.w.paused.clone() {
        let mark = pause.at.0.to_string();
        found.person(
            What::Paused,
            None,
            &mark,
            ask("a writer", Some("/resume".to_owned()), format!("Paused: {}", pause.why)),
        );
    }
}

/// Nothing is waited for: something is being done.
fn at_work(found: &mut Found<'_>) {
    let state = found.w.shown_state();
    found.machine(
        What::Clock,
        None,
        state.name(),
        ask(
            "Millhand",
            None,
            format!("Millhand is at work: {}.", doing(state, &found.w.release)),
        ),
    );
}

fn doing(state: State, track: &Track) -> &'static str {
    match state {
        State::Implementation if track.outdated => "its base is being brought up, because workflow files have changed there",
        State::Implementation if track.reason == WriteReason::Conflict => "its conflict with its base is being settled",
        State::Discovery => "it reads the issue and the repository",
        State::Planning => "it makes the plan",
        State::HandoffToCoder => "it prepares the branches",
        State::Implementation => "the change is being written",
        State::HandoffToTester => "the change is being pushed",
        State::Testing => "its checks are watched",
        State::HandoffToVerifier | State::Verification => "the change is being verified",
        State::HandoffToReleaser => "the merge is being prepared",
        State::Deployment => "the release is being merged",
        State::Complete => "it is done",
    }
}

fn name(w: &Workflow, target: Option<Target>) -> String {
    match target {
        Some(Target::Phase(number)) => w
            .phases
            .get(&number)
            .map_or_else(|| format!("phase {number}"), |p| format!("phase `{}`", p.plan.id)),
        Some(Target::Release) if w.reverting().is_some() => "the revert".to_owned(),
        Some(Target::Release) => "the release".to_owned(),
        None => "this work".to_owned(),
    }
}

/// A sentence may begin with a name.
fn capital(sentence: &str) -> String {
    let mut rest = sentence.chars();
    let first = rest.next().into_iter().flat_map(char::to_uppercase);
    first.chain(rest).collect()
}

/// The first line, cut to a length that fits into a sentence.
fn one_line(text: &str) -> String {
    const CHARS_MAX: usize = 160;
    let line = text.lines().next().unwrap_or_default().trim().trim_end_matches('.');
    if line.chars().count() > CHARS_MAX {
        line.chars().take(CHARS_MAX).chain(['…']).collect()
    } else {
        line.to_owned()
    }
}
