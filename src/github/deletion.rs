//! Deleting branches: only at the commit they were known at, when no open pull request stands on them, because GitHub closes
//! those, and when nothing of other people's goes with them.
//!
//! Invariant: what could not be told of a branch keeps it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Github;
use super::branch::BranchAt;
use super::error::Error;
use super::graphql::{Mutation, Mutations, Outcome};
use super::request::Scope;
use super::types::{Repo, Sha};

/// Branches asked about in one query.
const ASKED: usize = 20;

/// Commits of a branch that are looked at: a page. One with more that the default branch has not got stays.
const COMMITS: usize = 100;

pub(super) const UPDATE_REFS: Mutation = Mutation {
    field: "updateRefs",
    input: "UpdateRefsInput",
    selection: "{ clientMutationId }",
};

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
#[serde(rename_all = "camelCase")]
struct Commit {
    author: Option<Named>,
    committer: Option<Named>,
    committed_via_web: bool,
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

/// Whether all commits of a comparison are the App's: written by it, and committed by it or by GitHub, whose API and buttons
/// commit under GitHub's name. What people amended or rebased names the author that was, and them as who committed it.
fn all_of(ahead: &Value, app: &str) -> bool {
    let Ok(Ahead { commits }) = serde_json::from_value(ahead.clone()) else {
        return false;
    };
    let is_app = |who: &Option<Named>| who.as_ref().is_some_and(|who| who.name == app);
    let ours = |commit: &Commit| is_app(&commit.author) && (commit.committed_via_web || is_app(&commit.committer));
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
                "ahead{index}: compare(headRef: $ref{index}) {{ commits(first: {COMMITS}) {{ totalCount nodes {{ committedViaWeb \
                 author {{ name }} committer {{ name }} }} }} }} "
            )
        })
        .collect();
    format!(
        "query Branches($repository: ID!{names}) {{ node(id: $repository) {{ ... on Repository {{ {parts} \
         defaultBranchRef {{ {ahead}}} }} }} }}"
    )
}
