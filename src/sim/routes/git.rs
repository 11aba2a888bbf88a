//! Routes of the git database: refs, blobs, trees, commits.
//!
//! Invariant: everything in an empty repository is 409.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::call::{Answer, Call, created, nothing, ok};
use super::fields::{inner_text, missing, not_a_member, required_inner_text};
use super::table::{Access, Route, route};
use crate::clock::Millis;
use crate::sim::git::{EntryMode, Ident, ObjectKind, Oid, Store, parse_oid};
use crate::sim::ops::{Outcome, Refusal, data, refs};
use crate::sim::world::Repository;

/// See the module.
pub(super) static ROUTES: [Route; 11] = [
    route(
        "GET",
        "/repos/{owner}/{repo}/git/ref/{ref}",
        Access::Read("contents"),
        one_ref,
    ),
    route(
        "GET",
        "/repos/{owner}/{repo}/git/matching-refs/{ref}",
        Access::Read("contents"),
        matching_refs,
    ),
    route("POST", "/repos/{owner}/{repo}/git/refs", Access::Write, create_ref),
    route("PATCH", "/repos/{owner}/{repo}/git/refs/{ref}", Access::Write, update_ref),
    route("DELETE", "/repos/{owner}/{repo}/git/refs/{ref}", Access::Write, delete_ref),
    route("POST", "/repos/{owner}/{repo}/git/blobs", Access::Write, create_blob),
    route(
        "GET",
        "/repos/{owner}/{repo}/git/blobs/{file_sha}",
        Access::Read("contents"),
        blob,
    ),
    route("POST", "/repos/{owner}/{repo}/git/trees", Access::Write, create_tree),
    route(
        "GET",
        "/repos/{owner}/{repo}/git/trees/{tree_sha}",
        Access::Read("contents"),
        tree,
    ),
    route("POST", "/repos/{owner}/{repo}/git/commits", Access::Write, create_commit),
    route(
        "GET",
        "/repos/{owner}/{repo}/git/commits/{commit_sha}",
        Access::Read("contents"),
        commit,
    ),
];

/// The store; 409 while nothing was ever pushed.
fn filled(call: &Call<'_>) -> Outcome<Store> {
    let store = call.store()?;
    if store.refs("refs/heads/")?.is_empty() {
        Err(Refusal::new(409, "Git Repository is empty."))
    } else {
        Ok(store)
    }
}

fn shown(call: &Call<'_>, store: &Store, name: &str, oid: Oid) -> Outcome<Value> {
    let kind = store.kind(oid)?.unwrap_or(ObjectKind::Commit);
    Ok(call.render().git_ref(call.repository()?, name, (oid, kind)))
}

fn one_ref(call: &mut Call<'_>) -> Outcome<Answer> {
    let store = filled(call)?;
    let name = format!("refs/{}", call.param("ref"));
    let oid = store.target(&name)?.ok_or_else(Refusal::not_found)?;
    ok(shown(call, &store, &name, oid)?)
}

fn matching_refs(call: &mut Call<'_>) -> Outcome<Answer> {
    let store = filled(call)?;
    let mut found = Vec::new();
    for (name, oid) in store.refs(&format!("refs/{}", call.param("ref")))? {
        found.push(shown(call, &store, &name, oid)?);
    }
    call.list(&found, Value::clone)
}

fn create_ref(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let (name, oid) = (call.required_text("ref")?, call.required_oid("sha")?);
    filled(call)?;
    refs::create(call.world, &actor, repo, &name, oid)?;
    let store = call.store()?;
    created(shown(call, &store, &name, oid)?)
}

fn update_ref(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let name = format!("refs/{}", call.param("ref"));
    let update = refs::RefUpdate {
        name: name.clone(),
        oid: call.required_oid("sha")?,
        force: call.flag("force")?.unwrap_or(false),
    };
    let oid = update.oid;
    filled(call)?;
    refs::update(call.world, &actor, repo, update)?;
    let store = call.store()?;
    ok(shown(call, &store, &name, oid)?)
}

fn delete_ref(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let name = format!("refs/{}", call.param("ref"));
    refs::delete(call.world, &actor, repo, &name)?;
    nothing()
}

fn create_blob(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let content = call.required_text("content")?;
    let bytes = match call.text("encoding")?.as_deref() {
        None | Some("utf-8") => content.into_bytes(),
        Some("base64") => decode(&content)?,
        Some(other) => return Err(not_a_member("encoding", other)),
    };
    filled(call)?;
    let oid = data::create_blob(call.world, &actor, repo, &bytes)?;
    let url = call.render().repo_url(call.repository()?, format_args!("/git/blobs/{oid}"));
    created(json!({ "url": url, "sha": oid.to_string() }))
}

/// Base64 with or without line breaks.
pub(super) fn decode(content: &str) -> Outcome<Vec<u8>> {
    let plain: String = content.chars().filter(|character| !character.is_ascii_whitespace()).collect();
    STANDARD
        .decode(plain)
        .map_err(|_| Refusal::new(422, "content is not valid Base64"))
}

fn blob(call: &mut Call<'_>) -> Outcome<Answer> {
    let store = filled(call)?;
    let oid = sha(call.param("file_sha"))?;
    if store.kind(oid)? != Some(ObjectKind::Blob) {
        return Err(Refusal::not_found());
    }
    let bytes = store.blob(oid)?;
    if call.accept.contains("raw") {
        return Ok(Answer::Raw {
            media_type: "application/vnd.github.raw+json; charset=utf-8",
            bytes,
        });
    }
    ok(call.render().blob(call.repository()?, oid, &bytes))
}

/// A SHA in the path; a text that is none is 422.
fn sha(text: &str) -> Outcome<Oid> {
    parse_oid(text).ok_or_else(|| {
        Refusal::new(
            422,
            "The sha parameter must be exactly 40 characters and contain only [0-9a-f].",
        )
    })
}

fn create_tree(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    if call.member("tree").is_none() {
        return Err(missing("tree"));
    }
    let entries = call.items("tree")?.iter().map(tree_entry).collect::<Outcome<Vec<_>>>()?;
    filled(call)?;
    let base = match call.oid("base_tree")? {
        Some(base) => Some(tree_of(&call.store()?, base)?),
        None => None,
    };
    let oid = data::create_tree(call.world, &actor, repo, &data::NewTree { base, entries })?;
    let store = call.store()?;
    created(call.render().git_tree(call.repository()?, oid, &store.tree(oid)?))
}

fn tree_entry(entry: &Value) -> Outcome<data::TreeEntry> {
    let mode = required_inner_text(entry, "mode")?;
    let mode = match mode.as_str() {
        "100644" => EntryMode::File,
        "100755" => EntryMode::Executable,
        "120000" => EntryMode::Link,
        "040000" => EntryMode::Tree,
        "160000" => EntryMode::Submodule,
        other => return Err(not_a_member("mode", other)),
    };
    let content = match (entry.get("sha"), inner_text(entry, "content")?) {
        (Some(Value::String(_)), Some(_)) => {
            return Err(Refusal::new(422, "You must only supply one of tree.content or tree.sha."));
        }
        (Some(Value::Null), None) => data::EntryContent::Delete,
        (_, Some(text)) => data::EntryContent::Text(text),
        (Some(Value::String(text)), None) => data::EntryContent::Oid(sha(text)?),
        (_, None) => return Err(Refusal::new(422, "You must supply a value for tree.sha or tree.content.")),
    };
    Ok(data::TreeEntry {
        path: required_inner_text(entry, "path")?,
        mode,
        content,
    })
}

/// The tree that a tree's or a commit's SHA leads to.
fn tree_of(store: &Store, oid: Oid) -> Outcome<Oid> {
    match store.kind(oid)? {
        Some(ObjectKind::Tree) => Ok(oid),
        Some(ObjectKind::Commit | ObjectKind::Tag) => Ok(store.commit(store.peel(oid)?)?.tree),
        Some(ObjectKind::Blob) | None => Err(Refusal::not_found()),
    }
}

/// Takes a tree's or commit's SHA, or a branch. Any value of `recursive` counts, `0` too.
fn tree(call: &mut Call<'_>) -> Outcome<Answer> {
    let store = filled(call)?;
    let name = call.param("tree_sha");
    let oid = match parse_oid(name) {
        Some(oid) => oid,
        None => call.commit(&store, name)?.ok_or_else(Refusal::not_found)?,
    };
    let oid = tree_of(&store, oid)?;
    let entries = if call.query.contains_key("recursive") {
        store.tree_recursive(oid)?
    } else {
        store.tree(oid)?
    };
    ok(call.render().git_tree(call.repository()?, oid, &entries))
}

fn create_commit(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let parents = call.texts("parents")?.unwrap_or_default();
    let request = data::CommitRequest {
        message: call.required_text("message")?,
        tree: call.required_oid("tree")?,
        parents: parents.iter().map(|text| sha(text)).collect::<Outcome<Vec<_>>>()?,
        author: person(call, "author")?,
        committer: person(call, "committer")?,
    };
    filled(call)?;
    let oid = data::create_commit(call.world, &actor, repo, request)?;
    let repo: &Repository = call.repository()?;
    created(call.render().git_commit(repo, &call.store()?.commit(oid)?))
}

/// An author or committer given in a body.
pub(super) fn person(call: &Call<'_>, name: &str) -> Outcome<Option<Ident>> {
    let Some(person) = call.member(name) else { return Ok(None) };
    let at = inner_text(person, "date")?
        .as_deref()
        .and_then(Millis::parse_rfc3339)
        .unwrap_or_else(|| call.world.now());
    Ok(Some(Ident {
        name: required_inner_text(person, "name")?,
        email: required_inner_text(person, "email")?,
        at,
    }))
}

fn commit(call: &mut Call<'_>) -> Outcome<Answer> {
    let store = filled(call)?;
    let oid = sha(call.param("commit_sha"))?;
    if store.kind(oid)? != Some(ObjectKind::Commit) {
        return Err(Refusal::not_found());
    }
    ok(call.render().git_commit(call.repository()?, &store.commit(oid)?))
}
