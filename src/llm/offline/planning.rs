//! What the offline model makes of an issue: its bullets are the parts, nothing else is understood.
//!
//! Invariant: a plan proposed here passes [`crate::workflow::plan::Plan::check`], or says what is missing.

use std::collections::BTreeSet;

use super::bullets::{self, Bullet};
use super::naming::{self, Layout, Names};
use super::{OFFLINE, WORDS, todo};
use crate::llm::task::{Exchange, IssueText, RepositoryView};
use crate::workflow::answer::{PhaseDraft, PlanDraft, Requirements};
use crate::workflow::plan::PlannedPhase;

/// What a plan is made from.
pub(super) struct Wanted<'a> {
    pub(super) issue: &'a IssueText,
    pub(super) answers: &'a [Exchange],
    pub(super) repository: &'a RepositoryView,
    pub(super) revisions: &'a [String],
    pub(super) merged: &'a [PlannedPhase],
}

/// The requirements, or one question.
pub(super) fn requirements(issue: &IssueText, answers: &[Exchange], repository: &RepositoryView) -> Requirements {
    let wanted = Wanted {
        issue,
        answers,
        repository,
        revisions: &[],
        merged: &[],
    };
    if scripted(&wanted).is_some() {
        return todo::requirements();
    }
    let bullets = wanted.bullets();
    if let Some(question) = question(&bullets, !answers.is_empty()) {
        return Requirements {
            summary: issue.title.clone(),
            criteria: Vec::new(),
            questions: vec![question],
        };
    }
    Requirements {
        summary: format!(
            "{} ({OFFLINE}: the parts are the bullets of the text, nothing else of it was understood.)",
            issue.title
        ),
        criteria: bullets
            .iter()
            .map(|bullet| format!("There is a part with{WORDS}{}", bullet.title))
            .collect(),
        questions: Vec::new(),
    }
}

/// The plan, or what is missing.
pub(super) fn plan(wanted: &Wanted<'_>, phases_max: u32) -> PlanDraft {
    let most = usize::try_from(phases_max.max(1)).unwrap_or(usize::MAX);
    let revised: Vec<String> = wanted
        .revisions
        .iter()
        .filter(|text| bullets::read(text).is_empty())
        .map(|text| bullets::short(text))
        .collect();
    let revised = revised
        .into_iter()
        .map(|text| format!("{OFFLINE}: it cannot weigh this wish and only notes it: {text}"));
    if let Some(parts) = scripted(wanted) {
        let script = format!(
            "{OFFLINE}: this plan and its code come from a script; one part has a slip, so that a failing check is repaired."
        );
        return PlanDraft {
            architecture: "A parser reads lines as entries, a ranking orders them, a listing shows them. The first two need \
                           nothing of each other, the third uses both; `src/item.rs` stays as it is."
                .to_owned(),
            phases: todo::drafts(&parts, most),
            missing: Vec::new(),
            notes: [script].into_iter().chain(revised).collect(),
        };
    }
    let all = wanted.bullets();
    if let Some(question) = question(&all, true) {
        return missing(question);
    }
    let merged = |bullet: &Bullet| {
        wanted
            .merged
            .iter()
            .any(|phase| phase.goal.lines().any(|line| line == bullet.text))
    };
    let left: Vec<Bullet> = all.into_iter().filter(|bullet| !merged(bullet)).collect();
    if left.is_empty() {
        return missing(format!(
            "{OFFLINE}: every bullet is merged already. What else is to be built? One bullet for each part."
        ));
    }
    let groups = groups(left, most);
    let mut notes = vec![format!(
        "{OFFLINE}: every bullet is a phase; its code records what was asked for, it does not do it."
    )];
    if let Some(last) = groups.last().filter(|group| group.len() > 1) {
        notes.push(format!(
            "{OFFLINE}: at most {most} phases are allowed, the last one holds {} bullets.",
            last.len()
        ));
    }
    notes.extend(revised);
    PlanDraft {
        architecture: match groups.len() {
            1 => "One part, from the bullets of the issue.".to_owned(),
            count => format!("{count} parts that share no file, from the bullets of the issue."),
        },
        phases: drafts(&groups, wanted),
        missing: Vec::new(),
        notes,
    }
}

impl Wanted<'_> {
    /// The newest list that people gave: in a revision, else in an answer, else in the issue.
    fn bullets(&self) -> Vec<Bullet> {
        let revisions = self.revisions.iter().rev().map(String::as_str);
        let answers = self.answers.iter().rev().map(|exchange| exchange.answer.as_str());
        let texts = revisions.chain(answers).chain([self.issue.body.as_str()]);
        texts
            .map(bullets::read)
            .find(|bullets| !bullets.is_empty())
            .unwrap_or_default()
    }
}

/// The parts of the script that are still to build, if the script fits.
fn scripted(wanted: &Wanted<'_>) -> Option<Vec<&'static todo::Part>> {
    let told = wanted
        .revisions
        .iter()
        .chain(wanted.answers.iter().map(|exchange| &exchange.answer));
    let changed = told.into_iter().any(|text| !bullets::read(text).is_empty());
    let known =
        Layout::of(wanted.repository) == Layout::Rust && wanted.repository.paths.iter().any(|path| path == todo::BUILT_ON);
    if wanted.issue.title != todo::TITLE || changed || !known {
        return None;
    }
    let parts: Vec<_> = todo::PARTS
        .iter()
        .filter(|part| !wanted.merged.iter().any(|phase| part.is_in(phase)))
        .collect();
    let files: BTreeSet<String> = parts.iter().flat_map(|part| Layout::Rust.files(part.slug)).collect();
    let there = wanted.repository.paths.iter().any(|path| files.contains(path));
    (!parts.is_empty() && !there).then_some(parts)
}

fn question(bullets: &[Bullet], asked_before: bool) -> Option<String> {
    let form =
        "Please answer with a list, one bullet for each part to build; a bullet may end in `(after 1, 2)` to come after those.";
    match (bullets.is_empty(), bullets::trouble(bullets)) {
        (true, _) if asked_before => Some(format!("{OFFLINE}: there is still no list. {form}")),
        (true, _) => Some(format!(
            "{OFFLINE}: it builds the bullets of an issue, and this one has none. {form}"
        )),
        (false, Some(trouble)) => Some(format!("{OFFLINE}: {trouble}. {form}")),
        (false, None) => None,
    }
}

fn missing(question: String) -> PlanDraft {
    PlanDraft {
        architecture: String::new(),
        phases: Vec::new(),
        missing: vec![question],
        notes: Vec::new(),
    }
}

/// One bullet a phase; when there are more than `most`, the rest go into the last one. Should that close a circle, the
/// bullets are taken in the order in which they can be built.
fn groups(bullets: Vec<Bullet>, most: usize) -> Vec<Vec<Bullet>> {
    let split = |mut all: Vec<Bullet>| {
        let rest = if all.len() > most {
            all.split_off(most - 1)
        } else {
            Vec::new()
        };
        let mut groups: Vec<Vec<Bullet>> = all.into_iter().map(|bullet| vec![bullet]).collect();
        groups.extend((!rest.is_empty()).then_some(rest));
        groups
    };
    let groups = split(bullets.clone());
    let whole: Vec<Bullet> = (1..)
        .zip(&groups)
        .map(|(place, group)| Bullet {
            place,
            title: String::new(),
            text: String::new(),
            after: needs(place, group, &groups),
        })
        .collect();
    if bullets::trouble(&whole).is_none() {
        return groups;
    }
    split(bullets::ordered(&bullets).unwrap_or(bullets))
}

/// The places of the groups that `group`, at `place`, needs. What is merged already is needed no more.
fn needs(place: u32, group: &[Bullet], groups: &[Vec<Bullet>]) -> BTreeSet<u32> {
    let after: BTreeSet<u32> = group.iter().flat_map(|bullet| bullet.after.iter().copied()).collect();
    let holds = |group: &[Bullet]| group.iter().any(|bullet| after.contains(&bullet.place));
    (1..)
        .zip(groups)
        .filter(|(other, group)| *other != place && holds(group))
        .map(|(other, _)| other)
        .collect()
}

fn drafts(groups: &[Vec<Bullet>], wanted: &Wanted<'_>) -> Vec<PhaseDraft> {
    let layout = Layout::of(wanted.repository);
    let merged = wanted
        .merged
        .iter()
        .map(|phase| phase.id.split_once('-').map_or(phase.id.as_str(), |(_, slug)| slug));
    let mut names = Names::new(wanted.repository, merged);
    let draft = |(place, group): (u32, &Vec<Bullet>)| {
        let first = group.first()?;
        let slug = names.give(&first.title, layout);
        let more = if group.len() > 1 {
            format!(" and {} more", group.len() - 1)
        } else {
            String::new()
        };
        let files = layout.files(&slug);
        let main = match layout {
            Layout::Rust => naming::source(&slug),
            Layout::Other => naming::page(&slug),
        };
        let mut criteria: Vec<String> = group
            .iter()
            .map(|bullet| format!("`{main}` holds{WORDS}{}", bullet.title))
            .collect();
        let (tests, untested_because) = match layout {
            Layout::Rust => (vec![naming::test(&slug)], None),
            Layout::Other => (
                Vec::new(),
                Some(format!(
                    "{OFFLINE}: it writes tests only where `ci.sh` compiles `tests/*.rs` beside `src/*.rs`; here it adds a page."
                )),
            ),
        };
        criteria.extend(tests.iter().map(|test| format!("`{test}` checks what was recorded")));
        Some(PhaseDraft {
            title: format!("{}{more}", first.title),
            goal: group.iter().map(|bullet| bullet.text.as_str()).collect::<Vec<_>>().join("\n"),
            files,
            tests,
            untested_because,
            criteria,
            depends_on: needs(place, group, groups).into_iter().collect(),
            slug,
        })
    };
    (1..).zip(groups).filter_map(draft).collect()
}
