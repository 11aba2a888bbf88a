//! Repositories, branches and their rules as GitHub writes them.
//!
//! Invariant: the switches of merging are shown to those who may push only; for others they are absent, not false.

use serde_json::{Map, Value, json};

use super::Render;
use super::account::{add, permissions_of};
use super::commit::encode_path;
use crate::sim::git::Oid;
use crate::sim::world::{Protection, Repository, Role, Rule, Ruleset};

/// Addresses below a repository, by member name without `_url`.
const REPOSITORY_URLS: [(&str, &str); 37] = [
    ("archive", "/{archive_format}{/ref}"),
    ("assignees", "/assignees{/user}"),
    ("blobs", "/git/blobs{/sha}"),
    ("branches", "/branches{/branch}"),
    ("collaborators", "/collaborators{/collaborator}"),
    ("comments", "/comments{/number}"),
    ("commits", "/commits{/sha}"),
    ("compare", "/compare/{base}...{head}"),
    ("contents", "/contents/{+path}"),
    ("contributors", "/contributors"),
    ("deployments", "/deployments"),
    ("downloads", "/downloads"),
    ("events", "/events"),
    ("forks", "/forks"),
    ("git_commits", "/git/commits{/sha}"),
    ("git_refs", "/git/refs{/sha}"),
    ("git_tags", "/git/tags{/sha}"),
    ("hooks", "/hooks"),
    ("issue_comment", "/issues/comments{/number}"),
    ("issue_events", "/issues/events{/number}"),
    ("issues", "/issues{/number}"),
    ("keys", "/keys{/key_id}"),
    ("labels", "/labels{/name}"),
    ("languages", "/languages"),
    ("merges", "/merges"),
    ("milestones", "/milestones{/number}"),
    ("notifications", "/notifications{?since,all,participating}"),
    ("pulls", "/pulls{/number}"),
    ("releases", "/releases{/id}"),
    ("stargazers", "/stargazers"),
    ("statuses", "/statuses/{sha}"),
    ("subscribers", "/subscribers"),
    ("subscription", "/subscription"),
    ("tags", "/tags"),
    ("teams", "/teams"),
    ("trees", "/git/trees{/sha}"),
    ("", ""),
];

impl Render<'_> {
    /// What is in every repository object, and all of what workflow payloads carry.
    #[must_use]
    pub(crate) fn repository_lite(&self, repo: &Repository) -> Value {
        let full_name = self.world.full_name(repo.id);
        let mut urls = Map::new();
        for (member, below) in REPOSITORY_URLS {
            let name = if member.is_empty() {
                "url".to_owned()
            } else {
                format!("{member}_url")
            };
            urls.insert(name, json!(self.api(format_args!("/repos/{full_name}{below}"))));
        }
        let mut object = Value::Object(urls);
        add(
            &mut object,
            [
                ("id", json!(repo.id)),
                ("node_id", json!(repo.node_id())),
                ("name", json!(repo.name)),
                ("full_name", json!(full_name)),
                ("owner", self.user(repo.owner)),
                ("private", json!(repo.private)),
                ("html_url", json!(self.html(format_args!("/{full_name}")))),
                ("description", json!(repo.description)),
                ("fork", json!(false)),
            ],
        );
        object
    }

    /// A repository as webhooks and installation tokens carry it.
    #[must_use]
    pub(crate) fn repository(&self, repo: &Repository) -> Value {
        let mut object = self.repository_lite(repo);
        let full_name = self.world.full_name(repo.id);
        let open = repo.issues.values().filter(|issue| issue.is_open()).count();
        let clone = self.html(format_args!("/{full_name}.git"));
        let host = self.host();
        let members = json!({
            "git_url": format!("git://{host}/{full_name}.git"), "ssh_url": format!("git@{host}:{full_name}.git"),
            "clone_url": clone, "svn_url": self.html(format_args!("/{full_name}")), "mirror_url": Value::Null,
            "homepage": Value::Null, "language": Value::Null, "license": Value::Null, "size": 0,
            "forks_count": 0, "forks": 0, "stargazers_count": 0, "watchers_count": 0, "watchers": 0,
            "open_issues_count": open, "open_issues": open, "default_branch": repo.default_branch,
            "is_template": false, "topics": [], "has_issues": repo.settings.has_issues, "has_projects": false,
            "has_wiki": false, "has_pages": false, "has_downloads": false, "has_discussions": false,
            "archived": repo.archived, "disabled": false, "allow_forking": true, "web_commit_signoff_required": false,
            "visibility": if repo.private { "private" } else { "public" },
            "pushed_at": repo.pushed_at.rfc3339(), "created_at": repo.created_at.rfc3339(),
            "updated_at": repo.updated_at.rfc3339(),
        });
        merge(&mut object, members);
        object
    }

    /// A repository in a list, with what the asker may do.
    #[must_use]
    pub(crate) fn repository_for(&self, repo: &Repository, role: Role) -> Value {
        let mut object = self.repository(repo);
        add(&mut object, [("permissions", permissions_of(role))]);
        object
    }

    /// The full answer of `GET R`. The switches of merging are there for those who may push and are no App.
    #[must_use]
    pub(crate) fn full_repository(&self, repo: &Repository, role: Role, app: bool) -> Value {
        let mut object = self.repository_for(repo, role);
        add(
            &mut object,
            [
                ("subscribers_count", json!(0)),
                ("network_count", json!(0)),
                ("temp_clone_token", Value::Null),
            ],
        );
        let organization = self.organization_as_owner(repo);
        if !organization.is_null() {
            add(&mut object, [("organization", organization)]);
        }
        if role >= Role::Write && !app {
            let settings = &repo.settings;
            let members = json!({
                "allow_merge_commit": settings.allow_merge_commit, "allow_squash_merge": settings.allow_squash_merge,
                "allow_rebase_merge": settings.allow_rebase_merge, "allow_auto_merge": settings.allow_auto_merge,
                "allow_update_branch": false, "delete_branch_on_merge": settings.delete_branch_on_merge,
                "use_squash_pr_title_as_default": false, "squash_merge_commit_title": "COMMIT_OR_PR_TITLE",
                "squash_merge_commit_message": "COMMIT_MESSAGES", "merge_commit_title": "MERGE_MESSAGE",
                "merge_commit_message": "PR_TITLE",
            });
            merge(&mut object, members);
        }
        object
    }

    /// The repository inside a webhook, which has members of its own.
    #[must_use]
    pub(crate) fn hook_repository(&self, repo: &Repository) -> Value {
        let mut object = self.repository(repo);
        add(&mut object, [("custom_properties", json!({}))]);
        object
    }

    /// The short form in payloads about installations.
    #[must_use]
    pub(crate) fn repository_name(&self, repo: &Repository) -> Value {
        json!({
            "id": repo.id, "node_id": repo.node_id(), "name": repo.name, "full_name": self.world.full_name(repo.id),
            "private": repo.private,
        })
    }

    /// The shortest form, inside pull requests of checks.
    #[must_use]
    pub(crate) fn repository_ref(&self, repo: &Repository) -> Value {
        json!({ "id": repo.id, "url": self.repo_url(repo, ""), "name": repo.name })
    }

    /// `GET R/branches/{branch}`, with the short protection every reader sees; its commit and whether any rule holds for it.
    #[must_use]
    pub(crate) fn branch(&self, repo: &Repository, branch: &str, head: (&Value, bool)) -> Value {
        let (commit, protected) = head;
        let name = encode_path(branch);
        json!({
            "name": branch, "commit": commit, "protected": protected,
            "_links": {
                "self": self.repo_url(repo, format_args!("/branches/{name}")),
                "html": self.repo_page(repo, format_args!("/tree/{name}")),
            },
            "protection": short_protection(repo.protections.get(branch)),
            "protection_url": self.repo_url(repo, format_args!("/branches/{name}/protection")),
        })
    }

    /// A branch in a list.
    #[must_use]
    pub(crate) fn short_branch(&self, repo: &Repository, branch: &str, head: (Oid, bool)) -> Value {
        let (oid, protected) = head;
        let url = self.repo_url(repo, format_args!("/commits/{oid}"));
        json!({ "name": branch, "protected": protected, "commit": { "sha": oid.to_string(), "url": url } })
    }

    /// One rule of `GET R/rules/branches/{branch}`, with the ruleset it comes from.
    #[must_use]
    pub(crate) fn rule(&self, repo: &Repository, ruleset: &Ruleset, rule: &Rule) -> Value {
        let mut object = json!({
            "type": rule.kind, "ruleset_source_type": "Repository", "ruleset_source": self.world.full_name(repo.id),
            "ruleset_id": ruleset.id,
        });
        if let Some(parameters) = &rule.parameters {
            add(&mut object, [("parameters", parameters.clone())]);
        }
        object
    }

    fn organization_as_owner(&self, repo: &Repository) -> Value {
        if self.organization(repo.owner).is_null() {
            Value::Null
        } else {
            self.user(repo.owner)
        }
    }
}

/// The `protection` member of a branch: what any reader learns of classic protection.
fn short_protection(protection: Option<&Protection>) -> Value {
    let checks = protection.map(|protection| protection.checks.as_slice()).unwrap_or_default();
    let contexts: Vec<&str> = checks.iter().map(|check| check.context.as_str()).collect();
    let with_apps: Vec<Value> = checks
        .iter()
        .map(|check| json!({ "context": check.context, "app_id": check.app }))
        .collect();
    let level = match protection {
        Some(protection) if protection.enforce_admins && !checks.is_empty() => "everyone",
        Some(_) if !checks.is_empty() => "non_admins",
        Some(_) | None => "off",
    };
    json!({
        "enabled": protection.is_some(),
        "required_status_checks": { "enforcement_level": level, "contexts": contexts, "checks": with_apps },
    })
}

/// Moves the members of `more` into `object`.
pub(crate) fn merge(object: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(from)) = (object, more) {
        into.extend(from);
    }
}
