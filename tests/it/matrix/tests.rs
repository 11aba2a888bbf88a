//! The matrix itself: each act in one test, each cell against the table.
//!
//! Invariant: no cell is dropped in silence.

use std::collections::BTreeSet;

use super::acts::Act;
use super::cells::{Row, interfere};
use super::places::Places;
use super::table::{self, CELLS, SAME, TABLE};

/// Pull requests touched.
const PULLS: &[Act] = &[
    Act::Push,
    Act::Close,
    Act::CloseAndReopen,
    Act::Merge,
    Act::Retarget,
    Act::ToDraft,
    Act::MarkReady,
    Act::LockPull,
    Act::DeleteBranch,
    Act::DeleteBase,
];

/// Reviews, siblings and bases.
const REVIEWS: &[Act] = &[
    Act::RequestChanges,
    Act::CommentReview,
    Act::ApproveWithNits,
    Act::Dismiss,
    Act::LateReview,
    Act::InlineRemarks,
    Act::InlineChanges,
    Act::Conflict,
    Act::BaseMoves,
    Act::WorkflowFile,
];

/// Checks as nobody expects them.
const CHECKS: &[Act] = &[
    Act::ChecksStuck,
    Act::ChecksCancelled,
    Act::ChecksRed,
    Act::ChecksNeedApproval,
    Act::ChecksRenamed,
    Act::ChecksAbsent,
    Act::SpoofedStatus,
    Act::DoubledName,
    Act::ManyChecks,
];

/// Comments and the issue.
const COMMENTS: &[Act] = &[
    Act::Nothing,
    Act::EditStatus,
    Act::DeleteStatus,
    Act::EditPlan,
    Act::DeletePlan,
    Act::EditIssue,
    Act::LabelFlaps,
    Act::LabelOff,
];

/// The issue closed, locked, gone.
const ISSUES: &[Act] = &[
    Act::CloseIssue,
    Act::TriagerCloses,
    Act::TriagerClosesWriterReopens,
    Act::LockIssue,
    Act::TransferIssue,
    Act::DeleteIssue,
];

/// The repository and the installation.
const REPOSITORY: &[Act] = &[
    Act::RenameRepository,
    Act::TransferRepository,
    Act::Archive,
    Act::DeleteRepository,
    Act::MakePrivate,
    Act::Suspend,
    Act::Uninstall,
    Act::ReducePermissions,
];

const GROUPS: [&[Act]; 6] = [PULLS, REVIEWS, CHECKS, COMMENTS, ISSUES, REPOSITORY];

/// Every act of a group ends everywhere as the table says.
async fn ends_as_written(acts: &[Act]) {
    let all = Places::new().await;
    let mut wrong = Vec::new();
    for act in acts {
        let row = interfere(&all, *act).await;
        let expected = table::row(*act);
        let found: Vec<_> = row.iter().map(|(place, (outcome, _))| (*place, outcome.clone())).collect();
        if found != expected {
            wrong.push(written(*act, &row));
        }
    }
    assert!(wrong.is_empty(), "what came of it:\n{}", wrong.join("\n"));
}

/// A row as the table has it.
fn written(act: Act, row: &Row) -> String {
    let cell = |place, outcome: &str| {
        let same = table::row(Act::Nothing).iter().any(|(p, o)| *p == place && o == outcome);
        let outcome = if same { "SAME".to_owned() } else { format!("{outcome:?}") };
        format!("        ({place:?}, {outcome}),\n")
    };
    let cells: String = row.iter().map(|(place, (outcome, _))| cell(*place, outcome)).collect();
    let sentences: BTreeSet<String> = row
        .values()
        .flat_map(|(_, shown)| shown["waits"].as_array().unwrap().iter())
        .map(|wait| format!("        // {}\n", wait["sentence"]))
        .collect();
    let sentences: String = sentences.into_iter().collect();
    format!("    (Act::{act:?}, &[\n{cells}    ]),\n{sentences}")
}

#[test]
fn no_cell_is_dropped_in_silence() {
    let grouped: Vec<Act> = GROUPS.into_iter().flatten().copied().collect();
    let tabled: Vec<Act> = TABLE.iter().map(|(act, _)| *act).collect();
    assert_eq!(
        grouped.iter().collect::<BTreeSet<_>>(),
        tabled.iter().collect::<BTreeSet<_>>(),
        "every act is in one test and has one row"
    );
    assert_eq!(grouped.len(), tabled.len(), "no act is there twice");
    assert_eq!(TABLE.iter().map(|(_, cells)| cells.len()).sum::<usize>(), CELLS);
    let of_nothing = table::row(Act::Nothing);
    assert!(of_nothing.iter().all(|(_, outcome)| outcome != SAME));
}

#[tokio::test]
async fn pull_requests_touched() {
    ends_as_written(PULLS).await;
}

#[tokio::test]
async fn reviews_and_bases() {
    ends_as_written(REVIEWS).await;
}

#[tokio::test]
async fn checks_as_nobody_expects_them() {
    ends_as_written(CHECKS).await;
}

#[tokio::test]
async fn comments_text_and_labels() {
    ends_as_written(COMMENTS).await;
}

#[tokio::test]
async fn the_issue_closed_locked_or_gone() {
    ends_as_written(ISSUES).await;
}

#[tokio::test]
async fn the_repository_and_the_installation() {
    ends_as_written(REPOSITORY).await;
}
