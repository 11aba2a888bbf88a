//! Showing a change of protected paths.
//!
//! Invariant: the diff is taken against the commit that the change would be put on, and owners are read from the default
//! branch, never from a branch of ours.

use std::collections::BTreeMap;

use super::issue::reference;
use super::phase::object_id;
use super::{At, Ended, Trouble};
use crate::github::{FileText, Permission};
use crate::workflow::code_owners::{self, CodeOwners, Owners};
use crate::workflow::fact::{Outcome, Target};
use crate::workflow::ids::{BlobHash, Sha};
use crate::workflow::text::need;
use crate::workflow::text::protected::{self, Before, ShownFile};
use crate::workflow::validate::FILE_BYTES_MAX;

/// Owners of a path that are asked for: GitHub takes no more than 100 reviewers, and few people own one file.
const OWNERS_MAX: usize = 20;

impl At<'_> {
    /// Posts the change where the work is: in its pull request, or in the issue before there is one.
    pub(super) async fn show(&self, target: Target, change: &BlobHash) -> Result<Ended, Trouble> {
        let track = self.track(target)?;
        let Some(waiting) = track.change.as_ref().filter(|c| c.blob == *change) else {
            return Ok(Ended::with(Outcome::Settled { note: None })); // another one is written
        };
        let set = self.change_set(change).await?;
        let code_owners = self.code_owners().await?;
        let mut writers: BTreeMap<String, bool> = BTreeMap::new();
        let onto = track.head.as_ref().or(track.from.as_ref());
        let mut files = Vec::new();
        for guarded in &waiting.report.protected {
            let after = set
                .files
                .iter()
                .find(|f| f.path == guarded.path)
                .and_then(|f| f.content.clone());
            files.push(ShownFile {
                path: guarded.path.clone(),
                because: guarded.because.clone(),
                before: self.before(&guarded.path, onto).await?,
                after,
                owners: self.able(code_owners.of(&guarded.path), &mut writers).await?,
            });
        }
        let is_protected = |path: &&String| waiting.report.protected.iter().any(|p| p.path == **path);
        let others: Vec<String> = waiting.paths.iter().filter(|path| !is_protected(path)).cloned().collect();
        let text = protected::comment(self.w, target, change, (&files, &others));
        let owner = files.iter().find_map(|file| file.owners.people.first());
        let renderer = match owner.map(String::as_str).or_else(|| need::requester(self.w)) {
            Some(login) => self.renderer().mentioning(login),
            None => self.renderer(),
        };
        let body = renderer.marked(&self.marker("change", &change.0), &text)?;
        let number = track.pull.as_ref().map_or(self.w.issue.number, |pull| pull.number);
        let posted = self.p.github.comment(&self.repo, number, &body, self.p.attempt()).await?;
        Ok(Ended::with(Outcome::Shown {
            comment: reference(posted),
            at: self.p.engine.now(),
            owners: files.into_iter().map(|file| (file.path, file.owners)).collect(),
        }))
    }

    /// The file that names code owners: the first of its places counts.
    async fn code_owners(&self) -> Result<CodeOwners, Trouble> {
        let Some(survey) = self.w.survey.as_ref().filter(|s| s.has_codeowners) else {
            return Ok(CodeOwners::default());
        };
        let head = object_id(&survey.head)?;
        for place in code_owners::PLACES {
            let found = self
                .p
                .github
                .file(&self.repo, place, &head, code_owners::FILE_BYTES_MAX)
                .await?;
            if let Some(file) = found {
                return Ok(file.text().map(CodeOwners::read).unwrap_or_default());
            }
        }
        Ok(CodeOwners::default())
    }

    /// Owners without write permission own nothing, as on GitHub: nobody waits for them.
    async fn able(&self, mut owners: Owners, writers: &mut BTreeMap<String, bool>) -> Result<Owners, Trouble> {
        let mut able = Vec::new();
        for login in owners.people.into_iter().take(OWNERS_MAX) {
            let writes = match writers.get(&login) {
                Some(known) => *known,
                None => self.p.github.permission(&self.repo, &login).await?.permission >= Permission::Write,
            };
            writers.insert(login.clone(), writes);
            able.extend(writes.then_some(login));
        }
        owners.people = able;
        Ok(owners)
    }

    async fn before(&self, path: &str, onto: Option<&Sha>) -> Result<Before, Trouble> {
        let Some(commit) = onto else { return Ok(Before::Absent) };
        let found = self
            .p
            .github
            .file(&self.repo, path, &object_id(commit)?, FILE_BYTES_MAX)
            .await?;
        Ok(match found {
            None => Before::Absent,
            Some(FileText::Text(text)) => Before::Text(text),
            Some(FileText::Binary | FileText::TooLarge) => Before::Unreadable,
        })
    }
}
