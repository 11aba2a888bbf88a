//! Orders for what is left behind, and after the end: closing what is open, deleting branches, looking at a revert.
//!
//! Invariant: nothing of other people's is deleted.

use crate::workflow::fact::{PullRef, PullState};
use crate::workflow::ids::Sha;
use crate::workflow::model::{End, Fate, Track, Workflow};
use crate::workflow::order::Order;
use crate::workflow::settings::DeleteBranches;

/// A pull request of ours that is to be closed.
fn close(track: &Track, over: bool, note: &str) -> Option<Order> {
    let pull = track.pull.as_ref()?;
    let open = track.merged.is_none() && !track.closed_by_us && track.seen.as_ref().is_none_or(|s| s.state == PullState::Open);
    (over && open).then(|| Order::ClosePull {
        pull: pull.number,
        node_id: pull.node_id.clone(),
        note: note.to_owned(),
    })
}

/// Pull requests that were left out, or begun afresh.
pub(super) fn left_behind(w: &Workflow, orders: &mut Vec<Order>) {
    for phase in w.phases.values() {
        let left_out = matches!(phase.fate, Fate::Skipped(_)) && w.ended.is_none();
        orders.extend(close(&phase.track, left_out, "It is left out of the plan."));
        let taken_back = phase.fate == Fate::RolledBack && w.ended.is_none();
        orders.extend(close(&phase.track, taken_back, "It is taken back."));
        let elsewhere = "This is started afresh on another branch.";
        orders.extend(phase.track.left_open.iter().map(|pull| superseded(pull, elsewhere)));
    }
    let elsewhere = "Another pull request is opened in place of this one.";
    let left = reverts(w).chain([&w.release]).flat_map(|track| &track.left_open);
    orders.extend(left.map(|pull| superseded(pull, elsewhere)));
}

fn superseded(pull: &PullRef, note: &str) -> Order {
    Order::ClosePull {
        pull: pull.number,
        node_id: pull.node_id.clone(),
        note: note.to_owned(),
    }
}

/// Whether merged branches are left to people, or to the repository.
fn keeps_branches(w: &Workflow) -> bool {
    match w.settings.merge.delete_branches {
        DeleteBranches::No => true,
        DeleteBranches::Yes => false,
        DeleteBranches::Auto => w.survey.as_ref().is_some_and(|s| s.deletes_branches),
    }
}

pub(super) fn after_the_end(w: &Workflow, orders: &mut Vec<Order>) {
    let tracks = || w.phases.values().map(|p| &p.track).chain([&w.release]);
    match w.ended {
        Some(End::Cancelled) => {
            orders.extend(tracks().filter_map(|t| close(t, true, "The work was cancelled. The branch stays.")));
        }
        Some(End::Complete) => {
            orders.extend(w.revert.map(|pull| Order::ReadRevert { pull }));
            orders.extend(tracks().filter_map(|t| close(t, true, "The work was released without this.")));
            if w.look.is_none() && w.issue.open {
                orders.push(Order::CloseIssue);
            }
            let merged = tracks().chain(reverts(w)).filter(|t| t.merged.is_some());
            orders.extend(delete(w, merged.filter(|_| !keeps_branches(w))));
        }
        Some(End::RolledBack) => {
            let open: Vec<Order> = tracks().filter_map(|t| close(t, true, "The work was taken back.")).collect();
            let goes = |t: &&Track| match what_goes(w) {
                Goes::Nothing => false,
                Goes::Unmerged => t.merged.is_none() || !keeps_branches(w),
                Goes::All => true,
            };
            let back = reverts(w).filter(|_| !keeps_branches(w));
            // GitHub closes what stands on a branch that goes.
            let branches = delete(w, back.chain(tracks().filter(goes)));
            orders.extend(branches.filter(|_| open.is_empty()));
            orders.extend(open);
        }
        None => {}
    }
}

/// Which branches go with a rollback beside those of its own pull requests.
enum Goes {
    /// It was released: what goes went then.
    Nothing,
    /// Nothing that people merged onto the default branch, if they keep such branches.
    Unmerged,
    /// Nothing of it reached the default branch.
    All,
}

fn what_goes(w: &Workflow) -> Goes {
    let released = if w.is_direct() {
        w.phases.values().any(|phase| phase.track.merged.is_some())
    } else {
        w.release.merged.is_some()
    };
    if w.reverts.as_ref().is_some_and(|reverts| reverts.early.is_some()) {
        Goes::Unmerged
    } else if released {
        Goes::Nothing
    } else {
        Goes::All
    }
}

fn reverts(w: &Workflow) -> impl Iterator<Item = &Track> {
    w.reverts.iter().flat_map(|reverts| &reverts.merged)
}

/// Branches that hold nothing but our commits go, at their known heads.
fn delete<'a>(w: &Workflow, tracks: impl Iterator<Item = &'a Track>) -> Option<Order> {
    let former = w.cleanup.former.iter().filter(|_| !keeps_branches(w)).cloned();
    let branches: Vec<(String, Sha)> = tracks.filter_map(Track::of_ours_only).chain(former).collect();
    (!branches.is_empty() && !w.cleanup.branches).then_some(Order::DeleteBranches { branches })
}
