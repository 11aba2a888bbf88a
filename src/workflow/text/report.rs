//! How a workflow ended: the last words of the status comment.

use super::markdown::{block, code, sentence};
use super::status::REQUESTS;
use super::words::{
    Doc, NAME_CHARS, SENTENCE_CHARS, commit_link, cost, count, default_branch, enumerate, is_open, list, merged_newest_first,
    name_of, release_is_merge_commit, revert_of, typed,
};
use crate::workflow::fact::Target;
use crate::workflow::model::{End, Merged, Phase, Track, Workflow};
use crate::workflow::policy;
use crate::workflow::reviews;
use crate::workflow::settings::MergeMethod;

/// Items of a list that are shown.
const ITEMS_MAX: usize = 40;

/// How it ended, in a sentence or two.
pub(super) fn headline(w: &Workflow) -> String {
    let merged = merged_newest_first(w).len();
    let phases = count(merged, "phase");
    let verb = if merged == 1 { "is" } else { "are" };
    match w.ended {
        Some(End::Complete) => match (&w.release.pull, &w.release.merged) {
            (Some(pull), Some(_)) => format!(
                "**Done.** {phases} {verb} merged and released to {} with #{}.",
                default_branch(w),
                pull.number
            ),
            _ => format!("**Done.** {phases} {verb} merged to {}.", default_branch(w)),
        },
        Some(End::RolledBack) if w.release.merged.is_none() && w.reverts.is_none() => {
            format!(
                "**Rolled back.** Everything that was built is taken back; nothing of it reached {}.",
                default_branch(w)
            )
        }
        Some(End::RolledBack) => {
            let early = w.reverts.as_ref().is_some_and(|reverts| reverts.early.is_some());
            let what = if early { "merged" } else { "released" };
            format!("**Rolled back.** What was {what} has been taken back by a revert.")
        }
        Some(End::Cancelled) => "**Cancelled.** Nothing more is done here.".to_owned(),
        None => String::new(),
    }
}

/// Everything a reader of the issue may want to know afterwards.
pub(super) fn report(w: &Workflow) -> String {
    let mut doc = Doc::default();
    if w.ended == Some(End::Cancelled) {
        doc.add(cancelled(w));
    } else {
        doc.add(merges(w));
        doc.add(take_back(w));
    }
    doc.add(numbers(w));
    let remarks = w.remarks.iter().map(|r| sentence(r, SENTENCE_CHARS)).chain(own_work(w));
    let remarks = list(remarks, ITEMS_MAX / 2, "remarks");
    if !remarks.is_empty() {
        doc.add(format!("Remarks:\n\n{remarks}"));
    }
    let open = super::remarks::open(w).into_iter().chain(super::remarks::of_release(w));
    let open = list(open, ITEMS_MAX / 2, "remarks");
    if !open.is_empty() {
        doc.add(format!("Open remarks of approving reviews:\n\n{open}"));
    }
    doc.finish()
}

/// What was merged, newest first.
fn merges(w: &Workflow) -> String {
    let mut items = Vec::new();
    items.extend(merge_line(w, "Release", &w.release));
    for phase in merged_newest_first(w) {
        items.extend(merge_line(w, &code(&phase.plan.id, NAME_CHARS), &phase.track));
    }
    let reverts = w.reverts.iter().flat_map(|reverts| reverts.list.iter().zip(&reverts.merged));
    let back = reverts.filter_map(|(of, track)| merge_line(w, &format!("Revert of {}", revert_of(w, of)), track));
    items.splice(0..0, back.collect::<Vec<_>>().into_iter().rev());
    let items = list(items, ITEMS_MAX, "merges");
    if items.is_empty() {
        return String::new();
    }
    format!("Merged, newest first:\n\n{items}")
}

fn merge_line(w: &Workflow, what: &str, track: &Track) -> Option<String> {
    let merged = track.merged.as_ref()?;
    let pull = track.pull.as_ref().map(|p| format!(" #{}", p.number)).unwrap_or_default();
    let by = merged
        .by
        .as_ref()
        .map(|by| format!(", merged by {}", name_of(by)))
        .unwrap_or_default();
    Some(format!("{what}:{pull} as {}{by}", commit_link(w, &merged.sha)))
}

/// How people take it back without Millhand.
fn take_back(w: &Workflow) -> String {
    if w.ended != Some(End::Complete) {
        return String::new();
    }
    if let (Some(pull), Some(merged)) = (&w.release.pull, &w.release.merged) {
        let line = format!("git revert {}{}", mainline(release_is_merge_commit(w)), merged.sha);
        return format!(
            "To take the release back, press Revert on #{}, or run this on {}:{}\n\n{}",
            pull.number,
            default_branch(w),
            unsure(merged),
            block("sh", &line)
        );
    }
    let phases = merged_newest_first(w);
    if phases.is_empty() {
        return String::new();
    }
    let pulls: Vec<String> = phases
        .iter()
        .filter_map(|p| p.track.pull.as_ref())
        .take(ITEMS_MAX)
        .map(|p| format!("#{}", p.number))
        .collect();
    let button = format!("press Revert on {}, in this order", enumerate(&pulls, "and"));
    if w.settings.merge.phases == MergeMethod::Rebase {
        return format!("To take the work back, {button}.");
    }
    format!(
        "To take the work back, {button}, or run this on {}:\n\n{}",
        default_branch(w),
        block("sh", &revert_phases(w, &phases))
    )
}

/// The command that reverts phases, in the order given.
pub(super) fn revert_phases(w: &Workflow, phases: &[&Phase]) -> String {
    let commits: Vec<String> = phases
        .iter()
        .filter_map(|p| p.track.merged.as_ref())
        .take(ITEMS_MAX)
        .map(|m| m.sha.to_string())
        .collect();
    format!(
        "git revert {}{}",
        mainline(w.settings.merge.phases == MergeMethod::Merge),
        commits.join(" ")
    )
}

fn mainline(merge_commit: bool) -> &'static str {
    if merge_commit { "-m 1 " } else { "" }
}

/// A person may have chosen another merge method than Millhand would.
fn unsure(merged: &Merged) -> &'static str {
    if merged.by.is_some() {
        " (`-m 1` belongs there if it is a merge commit)"
    } else {
        ""
    }
}

/// What a cancelled workflow leaves behind.
fn cancelled(w: &Workflow) -> String {
    let tracks = || w.phases.values().map(|p| &p.track).chain([&w.release]);
    let pulls = |wanted: fn(&Track) -> bool| -> Vec<String> {
        tracks()
            .filter(|t| wanted(t))
            .filter_map(|t| t.pull.as_ref())
            .take(ITEMS_MAX)
            .map(|p| format!("#{}", p.number))
            .collect()
    };
    let mut items = Vec::new();
    let merged = pulls(|t| t.merged.is_some());
    if !merged.is_empty() {
        items.push(format!("Merged, and left as it is: {}", enumerate(&merged, "and")));
    }
    let closed = pulls(|t| t.closed_by_us && t.merged.is_none());
    if !closed.is_empty() {
        items.push(format!("Closed: {}", enumerate(&closed, "and")));
    }
    let closing = pulls(is_open);
    if !closing.is_empty() {
        items.push(format!("Being closed: {}", enumerate(&closing, "and")));
    }
    let branches: Vec<String> = tracks()
        .filter(|t| t.head.is_some() && !t.branch.is_empty())
        .take(ITEMS_MAX)
        .map(|t| code(&t.branch, NAME_CHARS))
        .collect();
    if !branches.is_empty() {
        items.push(format!("Branches that stay: {}", branches.join(", ")));
    }
    if items.is_empty() {
        items.push("Nothing was pushed, so nothing is left behind".to_owned());
    }
    items.push(format!(
        "To begin again, set the label {} anew or comment {}",
        code(&w.settings.labels.trigger, NAME_CHARS),
        typed(w, "/start")
    ));
    list(items, ITEMS_MAX, "items")
}

/// Money, requests, notifications.
fn numbers(w: &Workflow) -> String {
    let mut items = Vec::new();
    let cost = cost(w);
    if !cost.is_empty() {
        items.push(format!("- Cost: {cost}"));
    }
    items.push(requests(w));
    items.push(format!(
        "- Notifications: {} (pull requests opened, comments and reviews written)",
        w.notifications
    ));
    format!("In numbers:\n\n{}", items.join("\n"))
}

/// The line of its own that [`super::status::digest`] leaves out.
fn requests(w: &Workflow) -> String {
    let mut parts: Vec<String> = w
        .phases
        .values()
        .filter(|p| p.track.requests > 0)
        .take(ITEMS_MAX)
        .map(|p| format!("{} for {}", p.track.requests, code(&p.plan.id, NAME_CHARS)))
        .collect();
    if w.release.requests > 0 {
        parts.push(format!("{} for the release", w.release.requests));
    }
    parts.push(format!("{} for the rest", w.requests));
    format!("{REQUESTS}{}, before this comment was written", parts.join(", "))
}

/// Where the settings let somebody approve his own work, that is said.
fn own_work(w: &Workflow) -> Vec<String> {
    w.targets()
        .into_iter()
        .filter(|target| w.track(*target).is_some_and(|t| t.merged.is_some()))
        .filter(|target| {
            let approvals = reviews::approvals(w, *target);
            !approvals.is_empty() && approvals.iter().all(|(by, _)| policy::approves_self(by, &w.requester))
        })
        .filter_map(|target| Some((target, w.track(target)?.pull.as_ref()?.number)))
        .map(|(target, number)| {
            let what = if target == Target::Release { "the release " } else { "" };
            format!(
                "{what}#{number} was approved by {}, who asked for the work; the settings allow it",
                name_of(&w.requester)
            )
        })
        .collect()
}
