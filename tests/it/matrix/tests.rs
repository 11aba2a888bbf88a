use super::acts::Act;
use super::cells::interfere;
use super::places::Places;

#[tokio::test]
async fn explore() {
    let begun = std::time::Instant::now();
    let all = Places::new().await;
    eprintln!("built {:?}", begun.elapsed());
    let only = std::env::var("ACTS").unwrap_or_default();
    for act in ALL.iter().filter(|a| only.is_empty() || only.split(',').any(|o| o == format!("{a:?}"))) {
        let begun = std::time::Instant::now();
        use futures_util::FutureExt as _;
        let Ok(row) = std::panic::AssertUnwindSafe(interfere(&all, *act)).catch_unwind().await else {
            eprintln!("FAILED {act:?} {:?}", begun.elapsed());
            continue;
        };
        eprintln!("{act:?} {:?}", begun.elapsed());
        for (place, (outcome, shown)) in row {
            eprintln!("    {place:?}: {outcome}");
            for wait in shown["waits"].as_array().unwrap() {
                eprintln!("        {} {} -- {}", wait["kind"], wait["what"], wait["sentence"]);
            }
        }
    }
}

const ALL: &[Act] = &[Act::Nothing, Act::Push, Act::Close, Act::CloseAndReopen, Act::Merge, Act::Retarget, Act::ToDraft, Act::MarkReady, Act::LockPull, Act::DeleteBranch, Act::DeleteBase, Act::RequestChanges, Act::CommentReview, Act::ApproveWithNits, Act::Dismiss, Act::LateReview, Act::Conflict, Act::BaseMoves, Act::WorkflowFile, Act::ChecksStuck, Act::ChecksCancelled, Act::ChecksRed, Act::ChecksNeedApproval, Act::ChecksRenamed, Act::ChecksAbsent, Act::SpoofedStatus, Act::DoubledName, Act::ManyChecks, Act::EditStatus, Act::DeleteStatus, Act::EditPlan, Act::DeletePlan, Act::EditIssue, Act::CloseIssue, Act::TriagerCloses, Act::TriagerClosesWriterReopens, Act::LabelFlaps, Act::LabelOff, Act::LockIssue, Act::TransferIssue, Act::DeleteIssue, Act::RenameRepository, Act::TransferRepository, Act::Archive, Act::DeleteRepository, Act::MakePrivate, Act::Suspend, Act::Uninstall, Act::ReducePermissions];
