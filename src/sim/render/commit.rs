//! Commits, trees, blobs, refs and differences as GitHub writes them.
//!
//! Invariant: every id is one of a real git object; what is said of signatures is what the world noted at the commit's making.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value, json};

use super::Render;
use super::account::add;
use crate::sim::git::{CommitInfo, Entry, FileChange, FileStatus, Ident, ObjectKind, Oid};
use crate::sim::world::{NodeRef, Repository};

/// What must be encoded in a path of several segments.
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b']')
    .add(b'%')
    .add(b'`')
    .add(b'{')
    .add(b'}');

/// `path` with what an address cannot hold encoded, slashes kept.
#[must_use]
pub(crate) fn encode_path(path: &str) -> String {
    utf8_percent_encode(path, PATH).to_string()
}

/// Two commits compared.
#[derive(Debug)]
pub(crate) struct Comparison {
    /// What was compared, as asked: `main...feature`.
    pub(crate) basehead: String,
    /// Base commit.
    pub(crate) base: CommitInfo,
    /// Best common ancestor.
    pub(crate) merge_base: CommitInfo,
    /// Head commit.
    pub(crate) head: Oid,
    /// How many commits the head has that the base has not, and the other way round.
    pub(crate) counts: (usize, usize),
    /// The former, oldest first, as far as they are shown.
    pub(crate) commits: Vec<CommitInfo>,
    /// Changed files; `None` beyond the first page.
    pub(crate) files: Option<Vec<FileChange>>,
}

impl Render<'_> {
    /// A ref.
    #[must_use]
    pub(crate) fn git_ref(&self, repo: &Repository, name: &str, target: (Oid, ObjectKind)) -> Value {
        let (oid, kind) = target;
        let sha = oid.to_string();
        json!({
            "ref": name, "node_id": NodeRef::Ref(repo.id, name.to_owned()).encode(),
            "url": self.repo_url(repo, format_args!("/git/{}", encode_path(name))),
            "object": { "type": kind.name(), "sha": sha, "url": self.repo_url(repo, format_args!("/git/{}s/{sha}", kind.name())) },
        })
    }

    /// A commit as a git object.
    #[must_use]
    pub(crate) fn git_commit(&self, repo: &Repository, commit: &CommitInfo) -> Value {
        let sha = commit.oid.to_string();
        json!({
            "sha": sha, "node_id": NodeRef::Commit(repo.id, commit.oid).encode(),
            "url": self.repo_url(repo, format_args!("/git/commits/{sha}")), "html_url": self.commit_page(repo, commit.oid),
            "author": ident(&commit.author), "committer": ident(&commit.committer), "message": commit.message,
            "tree": self.tree_ref(repo, commit.tree), "parents": self.parents(repo, commit, "/git/commits"),
            "verification": self.verification(repo, commit),
        })
    }

    /// A commit with the accounts behind it.
    #[must_use]
    pub(crate) fn commit(&self, repo: &Repository, commit: &CommitInfo) -> Value {
        let sha = commit.oid.to_string();
        let url = self.repo_url(repo, format_args!("/commits/{sha}"));
        let note = repo.commits.get(&commit.oid);
        json!({
            "sha": sha, "node_id": NodeRef::Commit(repo.id, commit.oid).encode(), "html_url": self.commit_page(repo, commit.oid),
            "comments_url": format!("{url}/comments"), "url": url,
            "commit": {
                "url": self.repo_url(repo, format_args!("/git/commits/{sha}")), "author": ident(&commit.author),
                "committer": ident(&commit.committer), "message": commit.message, "comment_count": 0,
                "tree": self.tree_ref(repo, commit.tree), "verification": self.verification(repo, commit),
            },
            "author": note.and_then(|note| note.author).map(|id| self.user(id)),
            "committer": note.and_then(|note| note.committer).map(|id| self.user(id)),
            "parents": self.parents(repo, commit, "/commits"),
        })
    }

    /// The same with what it changed.
    #[must_use]
    pub(crate) fn commit_with_files(&self, repo: &Repository, commit: &CommitInfo, files: &[FileChange]) -> Value {
        let mut object = self.commit(repo, commit);
        let additions: u64 = files.iter().map(|file| file.additions).sum();
        let deletions: u64 = files.iter().map(|file| file.deletions).sum();
        let stats = json!({ "additions": additions, "deletions": deletions, "total": additions + deletions });
        let entries: Vec<Value> = files.iter().map(|file| self.diff_entry(repo, commit.oid, file)).collect();
        add(&mut object, [("stats", stats), ("files", json!(entries))]);
        object
    }

    /// The short form in suites and runs.
    #[must_use]
    pub(crate) fn simple_commit(&self, commit: &CommitInfo) -> Value {
        let person = |ident: &Ident| json!({ "name": ident.name, "email": ident.email });
        json!({
            "id": commit.oid.to_string(), "tree_id": commit.tree.to_string(), "message": commit.message,
            "timestamp": commit.committer.at.rfc3339(), "author": person(&commit.author),
            "committer": person(&commit.committer),
        })
    }

    /// A commit inside a push.
    #[must_use]
    pub(crate) fn push_commit(&self, repo: &Repository, commit: &CommitInfo, files: &[FileChange]) -> Value {
        let note = repo.commits.get(&commit.oid);
        let person = |ident: &Ident, account: Option<crate::sim::world::UserId>| {
            let mut object = json!({ "name": ident.name, "email": ident.email });
            if let Some(account) = account.and_then(|id| self.world.accounts.get(&id)) {
                add(&mut object, [("username", json!(account.login))]);
            }
            object
        };
        let paths = |wanted: FileStatus| -> Vec<&str> {
            files
                .iter()
                .filter(|file| file.status == wanted)
                .map(|file| file.path.as_str())
                .collect()
        };
        let (mut added, mut removed) = (paths(FileStatus::Added), paths(FileStatus::Removed));
        for file in files.iter().filter(|file| file.status == FileStatus::Renamed) {
            added.push(&file.path);
            removed.extend(file.previous_path.as_deref());
        }
        json!({
            "id": commit.oid.to_string(), "tree_id": commit.tree.to_string(), "distinct": true, "message": commit.message,
            "timestamp": commit.committer.at.rfc3339(), "url": self.commit_page(repo, commit.oid),
            "author": person(&commit.author, note.and_then(|note| note.author)),
            "committer": person(&commit.committer, note.and_then(|note| note.committer)), "added": added,
            "removed": removed, "modified": paths(FileStatus::Modified),
        })
    }

    /// A changed file; `head` is the commit that has it so.
    #[must_use]
    pub(crate) fn diff_entry(&self, repo: &Repository, head: Oid, file: &FileChange) -> Value {
        let path = encode_path(&file.path);
        let mut object = json!({
            "sha": file.oid.to_string(), "filename": file.path, "status": file.status.name(), "additions": file.additions,
            "deletions": file.deletions, "changes": file.additions + file.deletions,
            "blob_url": self.repo_page(repo, format_args!("/blob/{head}/{path}")),
            "raw_url": self.repo_page(repo, format_args!("/raw/{head}/{path}")),
            "contents_url": self.repo_url(repo, format_args!("/contents/{path}?ref={head}")),
        });
        if let Some(patch) = &file.patch {
            add(&mut object, [("patch", json!(patch))]);
        }
        if let Some(previous) = &file.previous_path {
            add(&mut object, [("previous_filename", json!(previous))]);
        }
        object
    }

    /// Two commits compared.
    #[must_use]
    pub(crate) fn comparison(&self, repo: &Repository, comparison: &Comparison) -> Value {
        let basehead = encode_path(&comparison.basehead);
        let page = self.repo_page(repo, format_args!("/compare/{basehead}"));
        let (ahead, behind) = comparison.counts;
        let status = match (ahead, behind) {
            (0, 0) => "identical",
            (_, 0) => "ahead",
            (0, _) => "behind",
            (_, _) => "diverged",
        };
        let commits: Vec<Value> = comparison.commits.iter().map(|commit| self.commit(repo, commit)).collect();
        let mut object = json!({
            "url": self.repo_url(repo, format_args!("/compare/{basehead}")), "html_url": page, "permalink_url": page,
            "diff_url": format!("{page}.diff"), "patch_url": format!("{page}.patch"),
            "base_commit": self.commit(repo, &comparison.base), "merge_base_commit": self.commit(repo, &comparison.merge_base),
            "status": status, "ahead_by": ahead, "behind_by": behind, "total_commits": ahead, "commits": commits,
        });
        if let Some(files) = &comparison.files {
            let files: Vec<Value> = files
                .iter()
                .map(|file| self.diff_entry(repo, comparison.head, file))
                .collect();
            add(&mut object, [("files", json!(files))]);
        }
        object
    }

    /// A tree.
    #[must_use]
    pub(crate) fn git_tree(&self, repo: &Repository, oid: Oid, entries: &[Entry]) -> Value {
        let listed: Vec<Value> = entries
            .iter()
            .map(|entry| {
                let kind = entry.mode.object();
                let mut object =
                    json!({ "path": entry.path, "mode": entry.mode.octal(), "type": kind, "sha": entry.oid.to_string() });
                if let Some(size) = entry.size {
                    add(&mut object, [("size", json!(size))]);
                }
                if kind != "commit" {
                    let url = self.repo_url(repo, format_args!("/git/{kind}s/{}", entry.oid));
                    add(&mut object, [("url", json!(url))]);
                }
                object
            })
            .collect();
        json!({
            "sha": oid.to_string(), "url": self.repo_url(repo, format_args!("/git/trees/{oid}")), "tree": listed,
            "truncated": false,
        })
    }

    /// The page of a commit.
    #[must_use]
    pub(crate) fn commit_page(&self, repo: &Repository, oid: Oid) -> String {
        self.repo_page(repo, format_args!("/commit/{oid}"))
    }

    fn tree_ref(&self, repo: &Repository, tree: Oid) -> Value {
        json!({ "sha": tree.to_string(), "url": self.repo_url(repo, format_args!("/git/trees/{tree}")) })
    }

    fn parents(&self, repo: &Repository, commit: &CommitInfo, below: &str) -> Vec<Value> {
        let parent = |oid: &Oid| {
            let url = self.repo_url(repo, format_args!("{below}/{oid}"));
            json!({ "sha": oid.to_string(), "url": url, "html_url": self.commit_page(repo, *oid) })
        };
        commit.parents.iter().map(parent).collect()
    }

    fn verification(&self, repo: &Repository, commit: &CommitInfo) -> Value {
        let verified = repo.commits.get(&commit.oid).is_some_and(|note| note.verified);
        json!({
            "verified": verified, "reason": if verified { "valid" } else { "unsigned" }, "signature": Value::Null,
            "payload": Value::Null, "verified_at": verified.then(|| commit.committer.at.rfc3339()),
        })
    }
}

/// Changed files as a unified diff.
#[must_use]
pub(crate) fn diff_text(files: &[FileChange]) -> String {
    let mut text = String::new();
    for file in files {
        let before = file.previous_path.as_deref().unwrap_or(&file.path);
        let (old, new) = match file.status {
            FileStatus::Added => ("/dev/null".to_owned(), format!("b/{}", file.path)),
            FileStatus::Removed => (format!("a/{}", file.path), "/dev/null".to_owned()),
            FileStatus::Modified | FileStatus::Renamed => (format!("a/{before}"), format!("b/{}", file.path)),
        };
        text.push_str(&format!("diff --git a/{before} b/{}\n", file.path));
        match &file.patch {
            Some(patch) => text.push_str(&format!("--- {old}\n+++ {new}\n{patch}\n")),
            None if file.status == FileStatus::Renamed => {
                text.push_str(&format!("rename from {before}\nrename to {}\n", file.path))
            }
            None => text.push_str(&format!("Binary files {old} and {new} differ\n")),
        }
    }
    text
}

fn ident(ident: &Ident) -> Value {
    json!({ "name": ident.name, "email": ident.email, "date": ident.at.rfc3339() })
}
