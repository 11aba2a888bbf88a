//! The values that name things on GitHub: repositories, people, commits, pull requests.
//!
//! Numeric ids identify things, because names and owners change; a node id is the same thing's name in GraphQL.
//!
//! Invariant: a [`Sha`] is always a whole object id, so that nothing compares a short one by accident.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A repository's numeric id: stays when the repository is renamed or transferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RepositoryId(pub u64);

/// The numeric id of one installation of the App on one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InstallationId(pub u64);

/// GraphQL's name of an object. Opaque: never taken apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(pub String);

impl NodeId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A git object id: 40 (SHA-1) or 64 (SHA-256) lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha(String);

impl Sha {
    /// Reads an object id; `None` if the text is none.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let whole = matches!(text.len(), 40 | 64) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        whole.then(|| Self(text.to_owned()))
    }

    /// The id of no object: a ref with this id does not exist.
    #[must_use]
    pub fn zero() -> Self {
        Self("0".repeat(40))
    }

    /// Whether this is the id of no object.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0.bytes().all(|byte| byte == b'0')
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Sha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Sha {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::new(&text).ok_or_else(|| format!("not a git object id: {} characters", text.len()))
    }
}

impl From<Sha> for String {
    fn from(sha: Sha) -> Self {
        sha.0
    }
}

/// A repository that the App is installed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repo {
    /// Its numeric id.
    pub id: RepositoryId,
    /// Its GraphQL id.
    pub node_id: NodeId,
    /// Login of the account it belongs to.
    pub owner: String,
    /// Its name without the owner.
    pub name: String,
    /// The installation whose token reaches it.
    pub installation: InstallationId,
}

impl Repo {
    /// `owner/name`.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }
}

/// Whether an effect is carried out for the first time.
///
/// Any attempt after the first looks at what is there before it acts, because the earlier one may have been applied
/// although its answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Attempt {
    /// Nothing was sent before: act, then report.
    First,
    /// Something may have been sent before: look, then do only what is missing.
    Again,
}

/// What kind of account somebody has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ActorKind {
    /// A person.
    User,
    /// A GitHub App.
    Bot,
    /// An organisation, a placeholder of an import, or a kind that did not exist when this was written.
    Other,
}

/// Somebody who did something. A deleted account is `None` where an actor is optional.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Numeric account id; logins can be renamed and taken by others.
    pub id: u64,
    /// GraphQL id, where GitHub gave it: asking for a review needs it.
    pub node_id: Option<NodeId>,
    /// Login as this interface writes it: a bot is `name[bot]` in REST and `name` in GraphQL.
    pub login: String,
    /// Person or App.
    pub kind: ActorKind,
}

impl Actor {
    /// Whether this is an App's account.
    #[must_use]
    pub fn is_bot(&self) -> bool {
        self.kind == ActorKind::Bot
    }
}

/// A pull request by both its names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PullRef {
    /// Its number in the repository.
    pub number: u64,
    /// Its GraphQL id.
    pub node_id: NodeId,
}

/// Who Millhand is on GitHub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The App's numeric id: check runs and comments carry it.
    pub app_id: u64,
    /// The App's name in links.
    pub slug: String,
    /// Login of the App's bot account: `slug[bot]`.
    pub login: String,
    /// Numeric id of the bot account. It is not the App's id.
    pub user_id: u64,
}

/// Account as REST and webhooks write it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct RestActor {
    pub(super) id: u64,
    pub(super) login: String,
    #[serde(default)]
    node_id: Option<NodeId>,
    #[serde(rename = "type", default)]
    kind: Option<String>,
}

impl From<RestActor> for Actor {
    fn from(rest: RestActor) -> Self {
        let kind = kind_of(rest.kind.as_deref());
        Self {
            id: rest.id,
            node_id: rest.node_id,
            login: rest.login,
            kind,
        }
    }
}

/// Account as GraphQL writes it, by the fragment [`WHO`].
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GraphActor {
    #[serde(rename = "__typename")]
    kind: String,
    login: String,
    #[serde(default)]
    id: Option<NodeId>,
    #[serde(default)]
    database_id: Option<u64>,
}

impl GraphActor {
    /// The actor, if GitHub gave it a numeric id.
    pub(super) fn actor(self) -> Option<Actor> {
        let kind = kind_of(Some(&self.kind));
        self.database_id.map(|id| Actor {
            id,
            node_id: self.id,
            login: self.login,
            kind,
        })
    }
}

/// Selects an actor with its numeric id.
pub(super) const WHO: &str = "fragment Who on Actor { __typename login \
    ... on User { id databaseId } ... on Bot { id databaseId } ... on Organization { id databaseId } \
    ... on Mannequin { id databaseId } }";

/// Turns GraphQL's big numbers, which are strings, and plain numbers into `u64`.
pub(super) fn big_number<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(u64),
        Text(String),
    }
    Ok(match Option::<Either>::deserialize(deserializer)? {
        Some(Either::Number(number)) => Some(number),
        Some(Either::Text(text)) => text.parse().ok(),
        None => None,
    })
}

fn kind_of(name: Option<&str>) -> ActorKind {
    match name {
        Some("User") => ActorKind::User,
        Some("Bot") => ActorKind::Bot,
        _ => ActorKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_id_is_whole_and_lower_case() {
        let whole = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(Sha::new(whole).unwrap().as_str(), whole);
        for wrong in [
            "",
            "0123456",
            &whole.to_uppercase(),
            &format!("{whole}0"),
            &whole.replace('0', "g"),
        ] {
            assert_eq!(Sha::new(wrong), None, "{wrong}");
        }
        assert!(serde_json::from_str::<Sha>("\"abc\"").is_err());
        assert!(Sha::zero().is_zero());
    }

    #[test]
    fn an_actor_without_a_numeric_id_is_nobody() {
        let ghost: GraphActor = serde_json::from_str(r#"{"__typename":"EnterpriseUserAccount","login":"x"}"#).unwrap();
        assert_eq!(ghost.actor(), None);
        let bot: GraphActor =
            serde_json::from_str(r#"{"__typename":"Bot","login":"millhand","id":"B_1","databaseId":7}"#).unwrap();
        assert!(bot.actor().unwrap().is_bot());
    }
}
