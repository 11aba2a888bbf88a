//! A branch that clashes with its base: what clashes, read for the writer; and the merge that settles it.
//!
//! Invariant: what the writer is shown and what is merged are the same two commits.

use super::facts::sha;
use super::phase::object_id;
use super::{At, Ended, Trouble};
use crate::github::{Change, Clash as Found, Message, Resolution, Together};
use crate::llm::task::Conflict;
use crate::store::Blob;
use crate::workflow::answer::ChangeSet;
use crate::workflow::fact::{Clash, Outcome, RefusalKind, Refused, Target};
use crate::workflow::ids::{BlobHash, Sha};
use crate::workflow::model::Track;
use crate::workflow::text::commit;

/// Files that clash which one change may settle; more are a person's work.
const CLASHES_MAX: usize = 20;

/// The most bytes of a file that is settled: both sides are shown in it, and it is written whole.
const CLASH_BYTES_MAX: usize = 128 * 1024;

impl At<'_> {
    /// How a branch clashes with its base, as GitHub has just said that it does.
    pub(super) async fn clash(&self, track: &Track) -> Result<Ended, Trouble> {
        let github = &self.p.github;
        let head = github.branch_head(&self.repo, &track.branch).await?;
        let base = github.branch_head(&self.repo, &track.base).await?;
        let (Some(head), Some(base)) = (head, base) else {
            return Ok(for_a_person(RefusalKind::HeadMoved, "a branch is gone".to_owned()));
        };
        let together = github.clashes(&self.repo, &head, &base).await?;
        let (conflicts, brought) = match together.as_ref().map(|together| shown(together, track)) {
            Some(Ok(shown)) => shown,
            Some(Err(why)) => return Ok(for_a_person(RefusalKind::Conflict, why)),
            None => {
                let why = "the repository is too large to be read whole".to_owned();
                return Ok(for_a_person(RefusalKind::Conflict, why));
            }
        };
        // It has only strings: serialising it cannot fail.
        let blob = Blob::new(serde_json::to_vec(&conflicts).unwrap_or_default());
        let clash = Clash {
            head: sha(&head),
            base: sha(&base),
            blob: BlobHash(blob.hash.clone()),
            paths: conflicts.into_iter().map(|conflict| conflict.path).collect(),
            brought,
        };
        Ok(Ended {
            blobs: vec![blob],
            ..Ended::with(Outcome::Clashed(clash))
        })
    }

    /// What the writer is shown of a clash.
    pub(super) async fn conflicts(&self, clash: &Clash) -> Result<Vec<Conflict>, Trouble> {
        let bytes = self.p.engine.0.store.blob(clash.blob.0.clone()).await?;
        let read = bytes.as_deref().and_then(|bytes| serde_json::from_slice(bytes).ok());
        read.ok_or_else(|| Trouble::Never("the conflict is not in the store".to_owned()))
    }

    /// The merge that settles it.
    pub(super) async fn settle(
        &self,
        target: Target,
        (head, base): (&Sha, &Sha),
        (files, set): (Vec<Change>, ChangeSet),
    ) -> Result<Ended, Trouble> {
        let track = self.track(target)?;
        let (headline, body) = commit::settled(self.w, target, &set.summary);
        // The effect's key makes the commit known to a second attempt.
        let body = format!("{body}\nMillhand-Effect: {}", self.p.effect.key);
        let resolution = Resolution {
            branch: track.branch.clone(),
            head: object_id(head)?,
            base: object_id(base)?,
            files,
            message: Message {
                headline: self.line(&headline)?,
                body: self.renderer().message(&body)?,
            },
        };
        let made = self.p.github.resolve(&self.repo, &resolution, self.p.attempt()).await?;
        Ok(Ended::with(Outcome::Pushed {
            head: sha(&made),
            status: None,
        }))
    }
}

/// What is wrong with a change that is to settle a clash, for the writer to be told: a file that clashes is missing, or one
/// is written over that the base has changed and that does not clash.
pub(super) fn unsettled(clash: &Clash, set: &ChangeSet) -> Option<String> {
    let written = |path: &String| set.files.iter().any(|file| file.path == *path);
    if let Some(missing) = clash.paths.iter().find(|path| !written(path)) {
        return Some(format!(
            "{missing:?} is in conflict and is not among the files; give it whole"
        ));
    }
    let brought = clash.brought.iter().find(|path| written(path))?;
    Some(format!(
        "{brought:?} was changed on the base and is not in conflict; leave it as it is"
    ))
}

/// What clashes and what the base brings beside; or why a person has to settle it.
fn shown(together: &Together, track: &Track) -> Result<(Vec<Conflict>, Vec<String>), String> {
    let clashes = &together.clashes;
    if clashes.is_empty() {
        return Err("GitHub finds a conflict that is in no file's lines, so it lies in files that were moved".to_owned());
    }
    if clashes.len() > CLASHES_MAX {
        return Err(format!(
            "{} files clash, and at most {CLASHES_MAX} are settled at once",
            clashes.len()
        ));
    }
    let conflicts: Result<Vec<Conflict>, String> = clashes.iter().map(|clash| conflict(clash, track)).collect();
    let brought = together.changes.iter().map(|change| change.path.clone()).collect();
    Ok((conflicts?, brought))
}

fn conflict(clash: &Found, track: &Track) -> Result<Conflict, String> {
    let path = clash.path.clone();
    let Some(texts) = &clash.texts else {
        return Err(format!("`{path}` clashes and is no text file, or too large"));
    };
    let (text, deleted_on) = match texts.marked(&track.branch, &track.base) {
        Some(marked) => (marked, None),
        None if texts.ours.is_none() => (texts.theirs.clone().unwrap_or_default(), Some(track.branch.clone())),
        None => (texts.ours.clone().unwrap_or_default(), Some(track.base.clone())),
    };
    if text.len() > CLASH_BYTES_MAX {
        return Err(format!("`{path}` clashes and is larger than {CLASH_BYTES_MAX} bytes"));
    }
    Ok(Conflict { path, text, deleted_on })
}

fn for_a_person(kind: RefusalKind, sentence: String) -> Ended {
    Ended::with(Outcome::Refused(Refused { kind, sentence }))
}
