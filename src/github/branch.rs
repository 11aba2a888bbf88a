//! Branches: making, moving, merging and deleting them, and finding them by name.
//!
//! Nothing here forces: a branch moves forward only, and is deleted only at the commit it was known at and when no open
//! pull request stands on it, because GitHub closes those.
//!
//! Invariant: names are without `refs/heads/`; what is found under a name is compared by its commit before it is believed.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Github;
use super::error::{Conflict, Error, optional};
use super::graphql::{Mutation, Mutations, Outcome};
use super::render::Rendered;
use super::request::{Request, Scope, below, segment};
use super::types::{Attempt, Repo, Sha};

/// Most branches of one prefix that are listed: far above what a workflow makes.
const MOST: usize = 1000;

/// Branches asked about in one query.
const ASKED: usize = 20;

/// Commits of a branch that are looked at: a page. One with more that the default branch has not got stays.
const COMMITS: usize = 100;

/// Who commits what is made by GitHub's own API and buttons.
const GITHUB: &str = "GitHub";

pub(super) const UPDATE_REFS: Mutation = Mutation {
    field: "updateRefs",
    input: "UpdateRefsInput",
    selection: "{ clientMutationId }",
};

/// A branch at a commit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BranchAt {
    /// Its name without `refs/heads/`.
    pub name: String,
    /// Its commit.
    pub sha: Sha,
}

/// What came of merging one branch into another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merged {
    /// A merge commit was made.
    Commit(Sha),
    /// The base has it all already.
    UpToDate,
    /// The two conflict; nothing was changed.
    Conflicts,
}

/// What came of deleting a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// It is gone.
    Deleted,
    /// It was gone before.
    Absent,
    /// It has another commit than known: it stays.
    Moved(Sha),
    /// Somebody else's commits are on it, which the default branch has not got, or it could not be told: it stays.
    Foreign,
    /// These open pull requests have it as base: it stays.
    Needed(Vec<u64>),
    /// GitHub refused: it stays.
    Refused(Error),
}

#[derive(Deserialize)]
struct RawRef {
    #[serde(rename = "ref")]
    name: String,
    object: RawObject,
}

#[derive(Deserialize)]
struct RawObject {
    sha: Sha,
}

/// One branch as [`branches_query`] asks for it.
#[derive(Deserialize)]
struct Asked {
    target: Option<Target>,
}

/// What stands in the way of deleting a branch that is there.
struct Found {
    sha: Sha,
    pulls: Vec<u64>,
    foreign: bool,
}

#[derive(Deserialize)]
struct Target {
    oid: Sha,
}

#[derive(Deserialize)]
struct Ahead {
    commits: Commits,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Commits {
    total_count: usize,
    nodes: Vec<Commit>,
}

#[derive(Deserialize)]
struct Commit {
    author: Option<Named>,
    committer: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct Numbers {
    nodes: Vec<Number>,
}

#[derive(Deserialize)]
struct Number {
    number: u64,
}

impl Github {
    /// The commit of a branch; `None` if there is no such branch.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn branch_head(&self, repo: &Repo, name: &str) -> Result<Option<Sha>, Error> {
        let path = below(repo, &format!("/git/ref/heads/{}", encoded(name)));
        Ok(optional(self.get::<RawRef>(Scope::read(repo), path).await)?.map(|found| found.object.sha))
    }

    /// The branches whose names begin with `prefix`, in order of name.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn branches(&self, repo: &Repo, prefix: &str) -> Result<Vec<BranchAt>, Error> {
        let path = below(repo, &format!("/git/matching-refs/heads/{}", encoded(prefix)));
        let found = self.list(Scope::read(repo), &path, MOST, |page: Vec<RawRef>| page).await?;
        let of = |raw: RawRef| {
            raw.name.strip_prefix("refs/heads/").map(|name| BranchAt {
                name: name.to_owned(),
                sha: raw.object.sha,
            })
        };
        let mut branches: Vec<BranchAt> = found.into_iter().filter_map(of).collect();
        branches.sort();
        Ok(branches)
    }

    /// Makes a branch. One that exists at the same commit is as good as made.
    ///
    /// # Errors
    /// [`Conflict::Exists`] if there is one at another commit; [`Error::WorkflowRefused`].
    pub async fn create_branch(&self, repo: &Repo, branch: &BranchAt, attempt: Attempt) -> Result<(), Error> {
        if attempt == Attempt::Again && self.stands(repo, branch).await? {
            return Ok(());
        }
        let body = json!({ "ref": format!("refs/heads/{}", branch.name), "sha": branch.sha });
        match self
            .call(Scope::write(repo), Request::post(below(repo, "/git/refs"), body))
            .await
        {
            Ok(_) => Ok(()),
            Err(error) if error.is_conflict(Conflict::Exists) => match self.stands(repo, branch).await? {
                true => Ok(()),
                false => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    /// Moves a branch forward to a commit that contains its present one.
    ///
    /// # Errors
    /// [`Conflict::NotFastForward`] if it has commits that would be lost; [`Error::NotFound`] if it is gone.
    pub async fn move_branch(&self, repo: &Repo, branch: &BranchAt, attempt: Attempt) -> Result<(), Error> {
        if attempt == Attempt::Again && self.stands(repo, branch).await? {
            return Ok(());
        }
        let path = below(repo, &format!("/git/refs/heads/{}", encoded(&branch.name)));
        let body = json!({ "sha": branch.sha, "force": false });
        self.call(Scope::write(repo), Request::patch(path, body)).await.map(|_| ())
    }

    /// Merges `head` (a branch or commit) into the branch `base` by a merge commit. Repeating it is harmless: a base that
    /// has it all says so.
    ///
    /// # Errors
    /// [`Error::WorkflowRefused`] if it would bring workflow files that differ from the default branch's.
    pub async fn merge_branch(&self, repo: &Repo, base: &str, head: &str, message: &Rendered) -> Result<Merged, Error> {
        let body = json!({ "base": base, "head": head, "commit_message": message });
        match self
            .call(Scope::write(repo), Request::post(below(repo, "/merges"), body))
            .await
        {
            Ok(reply) if reply.status == http::StatusCode::NO_CONTENT => Ok(Merged::UpToDate),
            Ok(reply) => reply.json::<RawObject>().map(|made| Merged::Commit(made.sha)),
            Err(error) if error.is_conflict(Conflict::MergeConflict) => Ok(Merged::Conflicts),
            Err(error) => Err(error),
        }
    }

    /// Deletes branches, all in one mutation if GitHub agrees to all, each only at its known commit, if no open pull request has
    /// it as base, and if all its commits that the default branch has not got are those of `app`, the App's login. What came
    /// of each is read back. Looks first in any case, so that it may be repeated.
    ///
    /// # Errors
    /// See [`Error`]; refusals of single branches are in the map.
    pub async fn delete_branches(
        &self,
        repo: &Repo,
        branches: &[BranchAt],
        app: &str,
    ) -> Result<BTreeMap<String, Deletion>, Error> {
        let mut came = BTreeMap::new();
        let mut free: Vec<&BranchAt> = Vec::new();
        let found = self.look_at(repo, branches, app).await?;
        for branch in branches {
            let deletion = match found.get(&branch.name) {
                None => Deletion::Absent,
                Some(found) if found.sha != branch.sha => Deletion::Moved(found.sha.clone()),
                Some(found) if !found.pulls.is_empty() => Deletion::Needed(found.pulls.clone()),
                Some(found) if found.foreign => Deletion::Foreign,
                Some(_) => {
                    free.push(branch);
                    continue;
                }
            };
            came.insert(branch.name.clone(), deletion);
        }
        if free.is_empty() {
            return Ok(came);
        }
        let refused = match self.delete_refs(repo, &free).await? {
            Outcome::Refused(_) if free.len() > 1 => {
                let mut refused = BTreeMap::new();
                for branch in &free {
                    if let Outcome::Refused(error) = self.delete_refs(repo, &[branch]).await? {
                        refused.insert(branch.name.clone(), error);
                    }
                }
                refused
            }
            Outcome::Refused(error) => free.iter().map(|branch| (branch.name.clone(), error.clone())).collect(),
            Outcome::Done(()) | Outcome::Unknown => BTreeMap::new(),
        };
        // The mutation's own answer says nothing.
        let left = self.look_at(repo, branches, app).await?;
        for branch in free {
            let deletion = match (left.get(&branch.name), refused.get(&branch.name)) {
                (None, _) => Deletion::Deleted,
                (Some(left), None) if left.sha != branch.sha => Deletion::Moved(left.sha.clone()),
                (Some(_), Some(error)) => Deletion::Refused(error.clone()),
                (Some(_), None) => Deletion::Refused(Error::Unknown {
                    message: "the branch is still there".to_owned(),
                }),
            };
            came.insert(branch.name.clone(), deletion);
        }
        Ok(came)
    }

    async fn stands(&self, repo: &Repo, branch: &BranchAt) -> Result<bool, Error> {
        Ok(self.branch_head(repo, &branch.name).await?.as_ref() == Some(&branch.sha))
    }

    async fn delete_refs(&self, repo: &Repo, branches: &[&BranchAt]) -> Result<Outcome<()>, Error> {
        let update = |branch: &&BranchAt| json!({ "name": format!("refs/heads/{}", branch.name), "beforeOid": branch.sha, "afterOid": Sha::zero() });
        let updates: Vec<Value> = branches.iter().map(update).collect();
        let mut document = Mutations::new("DeleteBranches");
        document.add(
            "refs",
            UPDATE_REFS,
            json!({ "repositoryId": repo.node_id, "refUpdates": updates }),
        );
        Ok(self.mutate(repo, document).await?.one::<Value>("refs").map(|_| ()))
    }

    /// The branches that are there, with what stands in the way of deleting them.
    async fn look_at(&self, repo: &Repo, branches: &[BranchAt], app: &str) -> Result<BTreeMap<String, Found>, Error> {
        #[derive(Deserialize)]
        struct Data {
            node: BTreeMap<String, Value>,
        }
        let mut found = BTreeMap::new();
        for some in branches.chunks(ASKED) {
            let mut variables = json!({ "repository": repo.node_id });
            if let Some(variables) = variables.as_object_mut() {
                for (index, branch) in some.iter().enumerate() {
                    variables.insert(format!("name{index}"), json!(branch.name));
                    variables.insert(format!("ref{index}"), json!(format!("refs/heads/{}", branch.name)));
                }
            }
            let data: Data = self
                .query(Scope::read(repo), "Branches", &branches_query(some.len()), variables)
                .await?;
            for (index, branch) in some.iter().enumerate() {
                let part = |key: &str| data.node.get(&format!("{key}{index}")).cloned().unwrap_or_default();
                let asked: Option<Asked> = serde_json::from_value(part("branch")).map_err(Error::malformed)?;
                let pulls: Numbers = serde_json::from_value(part("pulls")).map_err(Error::malformed)?;
                let Some(target) = asked.and_then(|asked| asked.target) else {
                    continue;
                };
                let ahead = data.node.get("defaultBranchRef").map(|base| &base[format!("ahead{index}")]);
                let known = Found {
                    sha: target.oid,
                    pulls: pulls.nodes.into_iter().map(|pull| pull.number).collect(),
                    foreign: !ahead.is_some_and(|ahead| all_of(ahead, app)),
                };
                found.insert(branch.name.clone(), known);
            }
        }
        Ok(found)
    }
}

/// Whether all commits of a comparison are the App's: written by it, and committed by it or by GitHub for it. What people
/// amended or rebased names the author that was, and them as who committed it.
fn all_of(ahead: &Value, app: &str) -> bool {
    let Ok(Ahead { commits }) = serde_json::from_value(ahead.clone()) else {
        return false;
    };
    let named = |who: &Option<Named>, names: &[&str]| who.as_ref().is_some_and(|who| names.contains(&who.name.as_str()));
    let ours = |commit: &Commit| named(&commit.author, &[app]) && named(&commit.committer, &[app, GITHUB]);
    commits.total_count == commits.nodes.len() && commits.nodes.iter().all(ours)
}

/// Asks for `count` branches, the open pull requests onto them, and what they are ahead of the default branch.
pub(super) fn branches_query(count: usize) -> String {
    let names: String = (0..count)
        .map(|index| format!(" $name{index}: String! $ref{index}: String!"))
        .collect();
    let parts: String = (0..count)
        .map(|index| {
            format!(
                "branch{index}: ref(qualifiedName: $ref{index}) {{ target {{ oid }} }} \
                 pulls{index}: pullRequests(baseRefName: $name{index}, states: OPEN, first: 10) {{ nodes {{ number }} }} "
            )
        })
        .collect();
    let ahead: String = (0..count)
        .map(|index| {
            format!(
                "ahead{index}: compare(headRef: $ref{index}) {{ commits(first: {COMMITS}) {{ totalCount nodes {{ author {{ name }} \
                 committer {{ name }} }} }} }} "
            )
        })
        .collect();
    format!(
        "query Branches($repository: ID!{names}) {{ node(id: $repository) {{ ... on Repository {{ {parts} \
         defaultBranchRef {{ {ahead}}} }} }} }}"
    )
}

/// A branch's name, or a range's end, as part of a path: slashes stay.
pub(super) fn encoded(name: &str) -> String {
    name.split('/').map(segment).collect::<Vec<_>>().join("/")
}
