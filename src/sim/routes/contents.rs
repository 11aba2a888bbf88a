//! Routes of files and folders.
//!
//! Invariant: a listing shows at most a thousand entries, as GitHub's does.

use super::call::{Answer, Call, ok};
use super::git::{decode, person};
use super::table::{Access, Route, route};
use crate::sim::git::{Entry, EntryMode, Store};
use crate::sim::ops::{Outcome, Refusal, contents};

/// Most entries of a folder that are listed.
const LISTED: usize = 1_000;

/// Largest file whose content is in the answer, bytes.
const INLINE: u64 = 1024 * 1024;

/// See the module.
pub(super) static ROUTES: [Route; 3] = [
    route("GET", "/repos/{owner}/{repo}/contents/{path}", Access::Read("contents"), read),
    route("PUT", "/repos/{owner}/{repo}/contents/{path}", Access::Write, put),
    route("DELETE", "/repos/{owner}/{repo}/contents/{path}", Access::Write, delete),
];

fn read(call: &mut Call<'_>) -> Outcome<Answer> {
    let (repo, store) = (call.repository()?, call.store()?);
    let reference = call.asked("ref").unwrap_or(&repo.default_branch);
    let commit = call.commit(&store, reference)?;
    let Some(commit) = commit else {
        let message = if store.refs("refs/heads/")?.is_empty() {
            "This repository is empty.".to_owned()
        } else {
            format!("No commit found for the ref {reference}")
        };
        return Err(Refusal::new(404, message));
    };
    let tree = store.commit(commit)?.tree;
    let path = call.param("path").trim_matches('/');
    if path.is_empty() {
        return folder(call, &store, (store.tree(tree)?, ""));
    }
    let entry = store.entry(tree, path)?.ok_or_else(Refusal::not_found)?;
    match entry.mode {
        EntryMode::Tree => folder(call, &store, (store.tree(entry.oid)?, path)),
        EntryMode::File | EntryMode::Executable => file(call, &store, &entry),
        EntryMode::Link => link(call, &store, (tree, entry)),
        EntryMode::Submodule => ok(call.render().content_entry(repo, reference, &entry)),
    }
}

fn file(call: &Call<'_>, store: &Store, entry: &Entry) -> Outcome<Answer> {
    let repo = call.repository()?;
    let bytes = store.blob(entry.oid)?;
    if call.accept.contains("raw") {
        return Ok(Answer::Raw {
            media_type: "application/vnd.github.raw+json; charset=utf-8",
            bytes,
        });
    }
    let reference = call.asked("ref").unwrap_or(&repo.default_branch);
    if entry.size.unwrap_or(0) > INLINE {
        return ok(call.render().big_content_file(repo, reference, entry));
    }
    ok(call.render().content_file(repo, reference, (entry, &bytes)))
}

/// A link to a file of the repository is followed once; any other is shown as a link.
fn link(call: &Call<'_>, store: &Store, at: (crate::sim::git::Oid, Entry)) -> Outcome<Answer> {
    let (tree, entry) = at;
    let target = String::from_utf8_lossy(&store.blob(entry.oid)?).into_owned();
    let folder = entry.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let joined = if folder.is_empty() {
        target.clone()
    } else {
        format!("{folder}/{target}")
    };
    match store.entry(tree, &joined) {
        Ok(Some(found)) if matches!(found.mode, EntryMode::File | EntryMode::Executable) => file(call, store, &found),
        Ok(_) | Err(_) => {
            let repo = call.repository()?;
            let mut object = call
                .render()
                .content_entry(repo, call.asked("ref").unwrap_or(&repo.default_branch), &entry);
            object["target"] = serde_json::json!(target);
            ok(object)
        }
    }
}

fn folder(call: &Call<'_>, _store: &Store, listed: (Vec<Entry>, &str)) -> Outcome<Answer> {
    let repo = call.repository()?;
    let reference = call.asked("ref").unwrap_or(&repo.default_branch);
    let (mut entries, below) = listed;
    entries.truncate(LISTED);
    for entry in &mut entries {
        if !below.is_empty() {
            entry.path = format!("{below}/{}", entry.path);
        }
    }
    let items = entries
        .iter()
        .map(|entry| call.render().content_entry(repo, reference, entry))
        .collect();
    ok(serde_json::Value::Array(items))
}

fn put(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let file = contents::PutFile {
        path: call.param("path").to_owned(),
        content: decode(&call.required_text("content")?)?,
        message: call.required_text("message")?,
        branch: call.text("branch")?,
        sha: call.oid("sha")?,
        author: person(call, "author")?,
        committer: person(call, "committer")?,
    };
    let made = contents::put(call.world, &actor, repo, file)?;
    answer(call, &made)
}

fn delete(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    // GitHub takes the members of a deletion from the query as well.
    let given =
        |name: &str| -> Outcome<Option<String>> { Ok(call.text(name)?.or_else(|| call.asked(name).map(ToOwned::to_owned))) };
    let sha = given("sha")?.ok_or_else(|| super::fields::missing("sha"))?;
    let file = contents::DeleteFile {
        path: call.param("path").to_owned(),
        message: given("message")?.ok_or_else(|| super::fields::missing("message"))?,
        branch: given("branch")?,
        sha: crate::sim::git::parse_oid(&sha).ok_or_else(|| Refusal::new(422, "The sha parameter is not a SHA."))?,
        author: person(call, "author")?,
        committer: person(call, "committer")?,
    };
    let made = contents::delete(call.world, &actor, repo, file)?;
    answer(call, &made)
}

fn answer(call: &Call<'_>, made: &contents::FileCommit) -> Outcome<Answer> {
    let (repo, store) = (call.repository()?, call.store()?);
    let commit = store.commit(made.commit)?;
    let entry = match made.blob {
        Some(_) => store.entry(commit.tree, call.param("path"))?,
        None => None,
    };
    let branch = call.text("branch")?.unwrap_or_else(|| repo.default_branch.clone());
    let value = call.render().file_commit(repo, &branch, (entry.as_ref(), &commit));
    Ok(Answer::Json(if made.created { 201 } else { 200 }, value))
}
