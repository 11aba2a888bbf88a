//! Files and folders of a repository as the contents API writes them.
//!
//! Invariant: content is base64 in lines of 60 characters, as GitHub breaks it; it comes only with a file asked for by itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Render;
use super::account::add;
use super::commit::encode_path;
use super::repository::merge;
use crate::sim::git::{CommitInfo, Entry, EntryMode};
use crate::sim::world::{NodeRef, Repository};

/// Characters of a line of base64 in GitHub's answers.
const BASE64_LINE: usize = 60;

impl Render<'_> {
    /// A file, folder, link or submodule in a listing; `reference` is the ref as asked.
    #[must_use]
    pub(crate) fn content_entry(&self, repo: &Repository, reference: &str, entry: &Entry) -> Value {
        let path = encode_path(&entry.path);
        let url = self.repo_url(repo, format_args!("/contents/{path}?ref={reference}"));
        let (kind, page) = match entry.mode {
            EntryMode::File | EntryMode::Executable => ("file", "blob"),
            EntryMode::Link => ("symlink", "blob"),
            EntryMode::Tree => ("dir", "tree"),
            EntryMode::Submodule => ("submodule", "tree"),
        };
        let html = self.repo_page(repo, format_args!("/{page}/{reference}/{path}"));
        let git = match entry.mode {
            EntryMode::Submodule => Value::Null,
            EntryMode::Tree => json!(self.repo_url(repo, format_args!("/git/trees/{}", entry.oid))),
            EntryMode::File | EntryMode::Executable | EntryMode::Link => {
                json!(self.repo_url(repo, format_args!("/git/blobs/{}", entry.oid)))
            }
        };
        let download = match entry.mode {
            EntryMode::Tree | EntryMode::Submodule => Value::Null,
            EntryMode::File | EntryMode::Executable | EntryMode::Link => {
                json!(self.repo_page(repo, format_args!("/raw/{reference}/{path}")))
            }
        };
        json!({
            "type": kind, "name": entry.path.rsplit('/').next().unwrap_or_default(), "path": entry.path,
            "sha": entry.oid.to_string(), "size": entry.size.unwrap_or(0), "url": url, "html_url": html, "git_url": git,
            "download_url": download, "_links": { "self": url, "git": git, "html": html },
        })
    }

    /// A file with its content.
    #[must_use]
    pub(crate) fn content_file(&self, repo: &Repository, reference: &str, file: (&Entry, &[u8])) -> Value {
        let (entry, bytes) = file;
        let mut object = self.content_entry(repo, reference, entry);
        add(
            &mut object,
            [("encoding", json!("base64")), ("content", json!(base64_lines(bytes)))],
        );
        object
    }

    /// A file too big for its content to be in the answer.
    #[must_use]
    pub(crate) fn big_content_file(&self, repo: &Repository, reference: &str, entry: &Entry) -> Value {
        let mut object = self.content_entry(repo, reference, entry);
        add(&mut object, [("encoding", json!("none")), ("content", json!(""))]);
        object
    }

    /// A blob.
    #[must_use]
    pub(crate) fn blob(&self, repo: &Repository, oid: crate::sim::git::Oid, bytes: &[u8]) -> Value {
        json!({
            "sha": oid.to_string(), "node_id": NodeRef::Blob(repo.id, oid).encode(), "size": bytes.len(),
            "url": self.repo_url(repo, format_args!("/git/blobs/{oid}")), "encoding": "base64",
            "content": base64_lines(bytes),
        })
    }

    /// What a write through the contents API made; `entry` is none after a deletion.
    #[must_use]
    pub(crate) fn file_commit(&self, repo: &Repository, branch: &str, made: (Option<&Entry>, &CommitInfo)) -> Value {
        let (entry, commit) = made;
        let mut object = json!({ "content": entry.map(|entry| self.content_entry(repo, branch, entry)) });
        merge(&mut object, json!({ "commit": self.git_commit(repo, commit) }));
        object
    }
}

/// Base64 with a line break every sixty characters and at the end.
#[must_use]
pub(crate) fn base64_lines(bytes: &[u8]) -> String {
    let encoded = STANDARD.encode(bytes);
    let mut lines = String::with_capacity(encoded.len() + encoded.len() / BASE64_LINE + 1);
    for chunk in encoded.as_bytes().chunks(BASE64_LINE) {
        lines.push_str(&String::from_utf8_lossy(chunk));
        lines.push('\n');
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_broken_into_lines_and_reads_back() {
        let bytes = vec![7_u8; 100];
        let text = base64_lines(&bytes);
        assert!(text.lines().all(|line| line.len() <= 60) && text.ends_with('\n'), "{text}");
        assert_eq!(STANDARD.decode(text.replace('\n', "")).unwrap(), bytes);
        assert_eq!(base64_lines(b""), "");
    }
}
