//! Two sides of a common base, put together file by file.
//!
//! What GitHub merges itself is left to it; this is for what it will not merge: a commit taken back where others have worked
//! since, and a conflict that somebody resolves.
//!
//! Invariant: where both sides changed the same lines nothing is decided here; what each made of it is handed out.

use std::collections::{BTreeMap, BTreeSet};

use super::Github;
use super::commit::{Change, Changes, Content};
use super::error::Error;
use super::survey::{Entry, EntryKind, FileText, Tree};
use super::three_way;
use super::types::{Repo, Sha};

/// Bytes of a file that is merged; larger ones are for people.
const MERGED_BYTES_MAX: usize = 1024 * 1024;

/// The commits: what both began with, the side that is built upon, and the side that is brought in.
#[derive(Clone, Copy, Debug)]
pub struct Sides<'c> {
    /// What both began with.
    pub base: &'c Sha,
    /// The side that stays as it is where the other did nothing.
    pub ours: &'c Sha,
    /// The side whose changes are brought in.
    pub theirs: &'c Sha,
}

/// What comes of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Together {
    /// What has to be changed on our side, without the files that clash.
    pub changes: Changes,
    /// The files that both sides changed in the same places.
    pub clashes: Vec<Clash>,
}

/// A file that both sides changed in the same places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    /// Its path.
    pub path: String,
    /// Whether it is to be executable.
    pub executable: bool,
    /// What stands on the sides; `None` for links, other repositories, and files that are no text or too large.
    pub texts: Option<Texts>,
}

/// A file's text on the three commits; `None` where it is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts {
    /// What both began with.
    pub base: Option<String>,
    /// Our side.
    pub ours: Option<String>,
    /// The side that is brought in.
    pub theirs: Option<String>,
}

impl Texts {
    /// The file with both sides between markers where they clash; `None` if one side has deleted it.
    #[must_use]
    pub fn marked(&self, ours: &str, theirs: &str) -> Option<String> {
        let base = self.base.as_deref().unwrap_or_default();
        let (one, other) = (self.ours.as_ref()?, self.theirs.as_ref()?);
        Some(three_way::marked(base, (one, ours), (other, theirs)))
    }
}

impl Github {
    /// Puts two sides together. `None`: the repository is too large to be read whole.
    ///
    /// # Errors
    /// [`Error::NotFound`] if one of the commits is gone.
    pub async fn put_together(&self, repo: &Repo, sides: Sides<'_>) -> Result<Option<Together>, Error> {
        let trees = Trees {
            base: self.tree(repo, &self.tree_of(repo, sides.base).await?).await?,
            ours: self.tree(repo, &self.tree_of(repo, sides.ours).await?).await?,
            theirs: self.tree(repo, &self.tree_of(repo, sides.theirs).await?).await?,
        };
        if trees.base.truncated || trees.ours.truncated || trees.theirs.truncated {
            return Ok(None);
        }
        let mut together = Together::default();
        for path in trees.brought() {
            match self.one(repo, &trees, path).await? {
                Ok(change) => together.changes.extend(change),
                Err(clash) => together.clashes.push(clash),
            }
        }
        Ok(Some(together))
    }

    /// What brings one file in; `Err` where both sides changed it in the same places.
    async fn one(&self, repo: &Repo, trees: &Trees, path: &str) -> Result<Result<Option<Change>, Clash>, Error> {
        let (base, ours, theirs) = (trees.base.entry(path), trees.ours.entry(path), trees.theirs.entry(path));
        let clash = |texts| Clash {
            path: path.to_owned(),
            executable: executable(base, ours, theirs),
            texts,
        };
        if same(ours, theirs) {
            return Ok(Ok(None)); // it is there already
        }
        if same(ours, base) {
            return Ok(taken(path, theirs).map(Some).ok_or_else(|| clash(None)));
        }
        let all_text = [base, ours, theirs].into_iter().flatten().all(is_file);
        if !all_text {
            return Ok(Err(clash(None)));
        }
        let (Ok(base), Ok(ours), Ok(theirs)) = (
            self.text(repo, base).await?,
            self.text(repo, ours).await?,
            self.text(repo, theirs).await?,
        ) else {
            return Ok(Err(clash(None)));
        };
        if let (Some(base), Some(ours), Some(theirs)) = (&base, &ours, &theirs)
            && let Some(text) = three_way::merge(base, ours, theirs)
        {
            let executable = clash(None).executable;
            return Ok(Ok(Some(Change {
                path: path.to_owned(),
                content: Some(Content::Text(text)),
                executable,
            })));
        }
        Ok(Err(clash(Some(Texts { base, ours, theirs }))))
    }

    /// A file's text; `Err` if it has none that could be merged.
    async fn text(&self, repo: &Repo, entry: Option<&Entry>) -> Result<Result<Option<String>, ()>, Error> {
        let Some(entry) = entry else { return Ok(Ok(None)) };
        Ok(match self.blob(repo, &entry.sha, MERGED_BYTES_MAX).await? {
            FileText::Text(text) => Ok(Some(text)),
            FileText::Binary | FileText::TooLarge => Err(()),
        })
    }
}

/// The three sides.
struct Trees {
    base: Tree,
    ours: Tree,
    theirs: Tree,
}

impl Trees {
    /// Paths that the other side touched.
    fn brought(&self) -> BTreeSet<&str> {
        let base: BTreeMap<&str, &Entry> = self.base.entries.iter().map(|e| (e.path.as_str(), e)).collect();
        let theirs: BTreeMap<&str, &Entry> = self.theirs.entries.iter().map(|e| (e.path.as_str(), e)).collect();
        let paths = base.keys().chain(theirs.keys()).copied();
        paths
            .filter(|path| !same(base.get(path).copied(), theirs.get(path).copied()))
            .collect()
    }
}

fn same(one: Option<&Entry>, other: Option<&Entry>) -> bool {
    let what = |entry: &Entry| (entry.kind, entry.sha.clone());
    one.map(what) == other.map(what)
}

fn is_file(entry: &Entry) -> bool {
    matches!(entry.kind, EntryKind::File | EntryKind::Executable)
}

/// Whoever changed the file's mode meant it.
fn executable(base: Option<&Entry>, ours: Option<&Entry>, theirs: Option<&Entry>) -> bool {
    let kind = |entry: Option<&Entry>| entry.map(|e| e.kind);
    let meant = if ours.is_none() || kind(ours) == kind(base) {
        theirs.or(ours)
    } else {
        ours
    };
    kind(meant) == Some(EntryKind::Executable)
}

/// The file as the other side has it. Links and submodules are for people.
fn taken(path: &str, theirs: Option<&Entry>) -> Option<Change> {
    let (content, executable) = match theirs {
        None => (None, false),
        Some(entry) if is_file(entry) => (Some(Content::Blob(entry.sha.clone())), entry.kind == EntryKind::Executable),
        Some(_) => return None,
    };
    Some(Change {
        path: path.to_owned(),
        content,
        executable,
    })
}
