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
    orders.extend(w.release.left_open.iter().map(|pull| superseded(pull, elsewhere)));
}

fn superseded(pull: &PullRef, note: &str) -> Order {
    Order::ClosePull {
        pull: pull.number,
        node_id: pull.node_id.clone(),
        note: note.to_owned(),
    }
}

/// Branches that hold nothing but our commits, at their known heads.
fn all_ours(w: &Workflow) -> Vec<(String, Sha)> {
    let tracks = w.phases.values().map(|p| &p.track).chain([&w.release]);
    let ours = tracks.filter(|t| t.foreign.is_empty() && !t.branch.is_empty());
    ours.filter_map(|t| t.head.clone().map(|head| (t.branch.clone(), head)))
        .collect()
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
            if !keeps_branches(w) && !w.cleanup.branches {
                let ours = |t: &&Track| t.merged.is_some() && t.foreign.is_empty() && !t.branch.is_empty();
                let branches: Vec<_> = tracks()
                    .filter(ours)
                    .filter_map(|t| t.head.clone().map(|head| (t.branch.clone(), head)))
                    .collect();
                if !branches.is_empty() {
                    orders.push(Order::DeleteBranches { branches });
                }
            }
        }
        Some(End::RolledBack) => {
            let open: Vec<Order> = tracks().filter_map(|t| close(t, true, "The work was taken back.")).collect();
            let reverts = w.reverts.iter().flat_map(|reverts| &reverts.merged);
            let ours = reverts.filter(|t| t.foreign.is_empty() && !keeps_branches(w));
            let branches: Vec<_> = ours.filter_map(|t| Some((t.branch.clone(), t.head.clone()?))).collect();
            let reverted = !branches.is_empty() && !w.cleanup.branches;
            orders.extend(reverted.then_some(Order::DeleteBranches { branches }));
            // GitHub closes what stands on a branch that goes.
            if open.is_empty() && !w.cleanup.branches && w.release.merged.is_none() && !w.is_direct() {
                let branches = all_ours(w);
                orders.extend((!branches.is_empty()).then_some(Order::DeleteBranches { branches }));
            }
            orders.extend(open);
        }
        None => {}
    }
}
