//! People, bots, organisations and Apps.
//!
//! Invariant: a bot's login has no `[bot]` at its end here, as on GitHub, where REST writes it with and GraphQL without.

use super::super::object::{Cx, Field, Item, leaf};
use crate::sim::ops::{Outcome, Refusal};
use crate::sim::world::{AccountKind, AppId, NodeRef, UserId};

pub(super) fn field(cx: &Cx<'_>, id: UserId, field: &Field) -> Outcome<Option<Item>> {
    cx.read(|world| {
        let account = world.accounts.get(&id).ok_or_else(Refusal::not_found)?;
        let login = match account.kind {
            AccountKind::Bot => account.login.trim_end_matches("[bot]"),
            AccountKind::User | AccountKind::Organization => account.login.as_str(),
        };
        let path = match account.kind {
            AccountKind::Bot => format!("/apps/{login}"),
            AccountKind::User | AccountKind::Organization => format!("/{login}"),
        };
        Ok(Some(match field.name.as_str() {
            "id" => leaf(account.node_id()),
            "databaseId" => leaf(id.0),
            "login" => leaf(login),
            "name" => leaf(login),
            "email" => leaf(""),
            "createdAt" | "updatedAt" => leaf(account.created_at.rfc3339()),
            "resourcePath" => leaf(path),
            "url" => leaf(format!("{}{path}", world.base_url)),
            "avatarUrl" => leaf(format!("{}/avatars/u/{id}", world.base_url)),
            "isViewer" if account.kind == AccountKind::User => leaf(cx.actor.user() == id),
            _ => return Ok(None),
        }))
    })
}

pub(super) fn app(cx: &Cx<'_>, id: AppId, field: &Field) -> Outcome<Option<Item>> {
    cx.read(|world| {
        let app = world.apps.get(&id).ok_or_else(Refusal::not_found)?;
        Ok(Some(match field.name.as_str() {
            "id" => leaf(NodeRef::App(id).encode()),
            "databaseId" => leaf(id.0),
            "slug" => leaf(app.slug.as_str()),
            "name" => leaf(app.name.as_str()),
            "clientId" => leaf(app.client_id.as_str()),
            "createdAt" | "updatedAt" => leaf(app.created_at.rfc3339()),
            "url" => leaf(format!("{}/apps/{}", world.base_url, app.slug)),
            _ => return Ok(None),
        }))
    })
}
