//! What is demanded before a branch changes, read from three places that need no administration right: the rulesets that
//! apply to the branch, the short account of its classic protection, and what GraphQL tells those who may not administer.
//!
//! Invariant: a rule of an unknown kind is kept by its name; what GitHub does not say is not taken as allowed by guess: it
//! is simply not listed.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Github;
use super::branch::encoded;
use super::error::{Denial, Error, optional};
use super::request::{Scope, below};
use super::types::Repo;

/// Most rules of one branch. An organisation's rulesets together have tens.
const MOST: usize = 1000;

/// A check that must be green.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequiredCheck {
    /// Its name.
    pub name: String,
    /// The App that must report it; `None`: anybody.
    pub app: Option<u64>,
}

/// The rules of one branch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Checks that must be green, each once.
    pub checks: Vec<RequiredCheck>,
    /// Whether the head must contain the base's newest commit.
    pub strict: bool,
    /// Whether changes must come by pull request.
    pub pull_request: bool,
    /// Approvals that are asked for.
    pub approvals: u64,
    /// Whether a code owner must approve.
    pub code_owners: bool,
    /// Whether somebody else than the last pusher must approve.
    pub last_push_approval: bool,
    /// Whether new commits take approvals away.
    pub dismisses_stale: bool,
    /// Whether every thread must be resolved.
    pub conversations: bool,
    /// Whether there may be no merge commits.
    pub linear: bool,
    /// Whether every commit must be signed.
    pub signatures: bool,
    /// Whether merges go through a queue.
    pub merge_queue: bool,
    /// The merge methods allowed (`merge`, `squash`, `rebase`); `None`: all that the repository allows.
    pub methods: Option<Vec<String>>,
    /// Whether the branch may not be deleted.
    pub keeps_branch: bool,
    /// Whether branches of this name may not be made.
    pub no_creation: bool,
    /// Whether our App may push to it, where GitHub says so.
    pub can_push: Option<bool>,
    /// Kinds of other rules that hold, by GitHub's names, each once.
    pub others: Vec<String>,
}

#[derive(Deserialize)]
struct RawRule {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    parameters: Option<Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StatusParameters {
    strict_required_status_checks_policy: bool,
    required_status_checks: Vec<StatusCheck>,
}

#[derive(Deserialize)]
struct StatusCheck {
    context: String,
    #[serde(default, alias = "app_id")]
    integration_id: Option<i64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PullParameters {
    required_approving_review_count: u64,
    dismiss_stale_reviews_on_push: bool,
    require_code_owner_review: bool,
    require_last_push_approval: bool,
    required_review_thread_resolution: bool,
    allowed_merge_methods: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ShortBranch {
    protection: Option<ShortProtection>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ShortProtection {
    enabled: bool,
    required_status_checks: Option<ShortChecks>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ShortChecks {
    contexts: Vec<String>,
    checks: Vec<StatusCheck>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UpdateRule {
    allows_deletions: bool,
    blocks_creations: bool,
    required_approving_review_count: Option<u64>,
    requires_code_owner_reviews: bool,
    requires_conversation_resolution: bool,
    requires_linear_history: bool,
    requires_signatures: bool,
    viewer_can_push: bool,
    required_status_check_contexts: Option<Vec<Option<String>>>,
}

impl Github {
    /// The rules of a branch, which need not be there: rulesets answer for names.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn rules(&self, repo: &Repo, branch: &str) -> Result<Rules, Error> {
        let mut rules = Rules::default();
        let path = below(repo, &format!("/rules/branches/{}", encoded(branch)));
        match optional(self.list(Scope::read(repo), &path, MOST, |page: Vec<RawRule>| page).await) {
            Ok(found) => found.into_iter().flatten().for_each(|rule| rules.take_ruleset(rule)),
            // Private repositories on the free plan have no rules and no way to have any.
            Err(Error::Denied { why: Denial::Plan, .. }) => {}
            Err(error) => return Err(error),
        }
        let path = below(repo, &format!("/branches/{}", encoded(branch)));
        if let Some(short) = optional(self.get::<ShortBranch>(Scope::read(repo), path).await)? {
            rules.take_short(short);
        }
        if let Some(rule) = self.update_rule(repo, branch).await? {
            rules.take_update_rule(rule);
        }
        rules.checks.sort();
        rules.checks.dedup();
        rules.others.sort();
        rules.others.dedup();
        Ok(rules)
    }

    async fn update_rule(&self, repo: &Repo, branch: &str) -> Result<Option<UpdateRule>, Error> {
        #[derive(Deserialize)]
        struct Data {
            node: Repository,
        }
        #[derive(Deserialize)]
        struct Repository {
            #[serde(rename = "ref")]
            branch: Option<Ref>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Ref {
            ref_update_rule: Option<UpdateRule>,
        }
        let variables = json!({ "repository": repo.node_id, "ref": format!("refs/heads/{branch}") });
        let data: Data = self.query(Scope::read(repo), "Rules", RULES_QUERY, variables).await?;
        Ok(data.node.branch.and_then(|branch| branch.ref_update_rule))
    }
}

pub(super) const RULES_QUERY: &str = "query Rules($repository: ID!, $ref: String!) { node(id: $repository) { ... on Repository {
ref(qualifiedName: $ref) { refUpdateRule { allowsDeletions blocksCreations requiredApprovingReviewCount requiresCodeOwnerReviews
  requiresConversationResolution requiresLinearHistory requiresSignatures viewerCanPush requiredStatusCheckContexts } } } } }";

impl Rules {
    fn take_ruleset(&mut self, rule: RawRule) {
        let parameters = rule.parameters.unwrap_or(Value::Null);
        match rule.kind.as_str() {
            "required_status_checks" => {
                let parameters: StatusParameters = serde_json::from_value(parameters).unwrap_or_default();
                self.strict |= parameters.strict_required_status_checks_policy;
                self.checks
                    .extend(parameters.required_status_checks.into_iter().map(StatusCheck::required));
            }
            "pull_request" => {
                let parameters: PullParameters = serde_json::from_value(parameters).unwrap_or_default();
                self.pull_request = true;
                self.approvals = self.approvals.max(parameters.required_approving_review_count);
                self.code_owners |= parameters.require_code_owner_review;
                self.last_push_approval |= parameters.require_last_push_approval;
                self.dismisses_stale |= parameters.dismiss_stale_reviews_on_push;
                self.conversations |= parameters.required_review_thread_resolution;
                self.methods = match (self.methods.take(), parameters.allowed_merge_methods) {
                    (Some(ours), Some(theirs)) => Some(ours.into_iter().filter(|method| theirs.contains(method)).collect()),
                    (ours, theirs) => ours.or(theirs),
                };
            }
            "required_linear_history" => self.linear = true,
            "required_signatures" => self.signatures = true,
            "merge_queue" => self.merge_queue = true,
            "deletion" => self.keeps_branch = true,
            "creation" => self.no_creation = true,
            // We never force anyway.
            "non_fast_forward" => {}
            _ => self.others.push(rule.kind),
        }
    }

    fn take_short(&mut self, short: ShortBranch) {
        let Some(protection) = short.protection.filter(|protection| protection.enabled) else {
            return;
        };
        let Some(checks) = protection.required_status_checks else {
            return;
        };
        let named: Vec<RequiredCheck> = checks.checks.into_iter().map(StatusCheck::required).collect();
        for context in checks.contexts {
            if !named.iter().any(|check| check.name == context) {
                self.checks.push(RequiredCheck {
                    name: context,
                    app: None,
                });
            }
        }
        self.checks.extend(named);
    }

    fn take_update_rule(&mut self, rule: UpdateRule) {
        self.approvals = self.approvals.max(rule.required_approving_review_count.unwrap_or(0));
        self.pull_request |= rule.required_approving_review_count.is_some();
        self.code_owners |= rule.requires_code_owner_reviews;
        self.conversations |= rule.requires_conversation_resolution;
        self.linear |= rule.requires_linear_history;
        self.signatures |= rule.requires_signatures;
        self.keeps_branch |= !rule.allows_deletions;
        self.no_creation |= rule.blocks_creations;
        self.can_push = Some(rule.viewer_can_push);
        for name in rule.required_status_check_contexts.into_iter().flatten().flatten() {
            if !self.checks.iter().any(|check| check.name == name) {
                self.checks.push(RequiredCheck { name, app: None });
            }
        }
    }
}

impl StatusCheck {
    fn required(self) -> RequiredCheck {
        // GitHub writes "any App" as null, or as -1.
        let app = self.integration_id.and_then(|id| u64::try_from(id).ok()).filter(|id| *id > 0);
        RequiredCheck { name: self.context, app }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(kind: &str, parameters: Value) -> RawRule {
        RawRule {
            kind: kind.to_owned(),
            parameters: Some(parameters),
        }
    }

    fn check(name: &str, app: Option<u64>) -> RequiredCheck {
        RequiredCheck {
            name: name.to_owned(),
            app,
        }
    }

    #[test]
    fn rules_of_several_rulesets_add_up() {
        let mut rules = Rules::default();
        for raw in [
            rule(
                "pull_request",
                json!({ "required_approving_review_count": 1, "allowed_merge_methods": ["squash", "merge"] }),
            ),
            rule(
                "pull_request",
                json!({ "required_approving_review_count": 2, "require_code_owner_review": true, "allowed_merge_methods": ["squash"] }),
            ),
            rule(
                "required_status_checks",
                json!({ "strict_required_status_checks_policy": true,
                    "required_status_checks": [{ "context": "test", "integration_id": 15368 }, { "context": "lint" }] }),
            ),
            rule("required_linear_history", Value::Null),
            rule("code_scanning", json!({})),
            rule("a_rule_of_tomorrow", json!({ "x": 1 })),
            rule("non_fast_forward", Value::Null),
        ] {
            rules.take_ruleset(raw);
        }
        assert_eq!(
            (rules.approvals, rules.code_owners, rules.strict, rules.linear),
            (2, true, true, true)
        );
        assert_eq!(rules.methods, Some(vec!["squash".to_owned()]));
        assert_eq!(rules.checks, [check("test", Some(15368)), check("lint", None)]);
        assert_eq!(rules.others, ["code_scanning", "a_rule_of_tomorrow"]);
    }

    #[test]
    fn classic_protection_is_read_from_its_short_account() {
        let mut rules = Rules::default();
        let short = json!({ "protected": true, "protection": { "enabled": true, "required_status_checks": {
            "enforcement_level": "everyone", "contexts": ["test", "old"],
            "checks": [{ "context": "test", "app_id": 15368 }, { "context": "any", "app_id": -1 }] } } });
        rules.take_short(serde_json::from_value(short).unwrap());
        assert_eq!(
            rules.checks,
            [check("old", None), check("test", Some(15368)), check("any", None)]
        );
        let mut none = Rules::default();
        none.take_short(serde_json::from_value(json!({ "protected": false, "protection": { "enabled": false } })).unwrap());
        none.take_short(serde_json::from_value(json!({})).unwrap());
        assert_eq!(none, Rules::default());
    }
}
