//! Routes of Apps, of accounts and of the whole host.
//!
//! Invariant: an App sees its own installations and deliveries only.

use serde_json::{Value, json};

use super::call::{Answer, Call, Pages, created, nothing, ok};
use super::rate::rate;
use super::table::{Access, Route, route};
use crate::sim::deliver;
use crate::sim::ops::auth::{self, Caller};
use crate::sim::ops::tokens::{self, MintRequest};
use crate::sim::ops::{Actor, Outcome, Refusal};
use crate::sim::render::succeeded;
use crate::sim::world::{AccountKind, Delivery, DeliveryId, Installation, InstallationId, Permissions, RepoId, Repository, Role};

/// See the module.
pub(super) static ROUTES: [Route; 17] = [
    route("GET", "/meta", Access::Anyone, meta),
    route("GET", "/rate_limit", Access::Anyone, rate_limit),
    route("GET", "/user", Access::Caller, me),
    route("GET", "/users/{username}", Access::Anyone, user),
    route("GET", "/orgs/{org}", Access::Anyone, organization),
    route("GET", "/user/repos", Access::Caller, my_repositories),
    route("GET", "/app", Access::App, app),
    route("GET", "/app/installations", Access::App, installations),
    route("GET", "/app/installations/{installation_id}", Access::App, installation),
    route(
        "POST",
        "/app/installations/{installation_id}/access_tokens",
        Access::App,
        access_token,
    ),
    route(
        "GET",
        "/repos/{owner}/{repo}/installation",
        Access::App,
        repository_installation,
    ),
    route("GET", "/orgs/{org}/installation", Access::App, organization_installation),
    route("GET", "/app/hook/deliveries", Access::App, deliveries),
    route("GET", "/app/hook/deliveries/{delivery_id}", Access::App, delivery),
    route("POST", "/app/hook/deliveries/{delivery_id}/attempts", Access::App, redeliver),
    route("GET", "/installation/repositories", Access::Caller, installation_repositories),
    route("DELETE", "/installation/token", Access::Caller, revoke),
];

fn meta(_call: &mut Call<'_>) -> Outcome<Answer> {
    let nowhere: [&str; 0] = [];
    ok(json!({
        "verifiable_password_authentication": false, "hooks": ["127.0.0.1/32", "::1/128"], "web": nowhere, "api": nowhere,
        "git": nowhere, "actions": nowhere,
    }))
}

fn rate_limit(call: &mut Call<'_>) -> Outcome<Answer> {
    let rate = rate(call.world, &auth::who(call.world, &call.caller));
    let limit = json!({ "limit": rate.limit, "remaining": rate.remaining, "reset": rate.reset, "used": rate.used });
    let resources = json!({ "core": limit, "search": limit, "graphql": limit, "integration_manifest": limit });
    ok(json!({ "resources": resources, "rate": limit }))
}

fn me(call: &mut Call<'_>) -> Outcome<Answer> {
    match call.actor()? {
        Actor::User(user) => shown(call, user),
        Actor::App(_) => Err(Refusal::new(403, "Resource not accessible by integration")),
    }
}

fn user(call: &mut Call<'_>) -> Outcome<Answer> {
    let user = call.account(call.param("username"))?;
    shown(call, user)
}

fn shown(call: &Call<'_>, user: crate::sim::world::UserId) -> Outcome<Answer> {
    let account = call.world.accounts.get(&user).ok_or_else(Refusal::not_found)?;
    ok(call.render().public_user(account))
}

fn organization(call: &mut Call<'_>) -> Outcome<Answer> {
    let id = call.account(call.param("org"))?;
    let account = call
        .world
        .accounts
        .get(&id)
        .filter(|account| account.kind == AccountKind::Organization);
    ok(call.render().full_organization(account.ok_or_else(Refusal::not_found)?))
}

fn my_repositories(call: &mut Call<'_>) -> Outcome<Answer> {
    let repos: Vec<&Repository> = call
        .world
        .repositories
        .values()
        .filter(|repo| call.world.role(repo.id, acting(call)) > Role::None)
        .collect();
    call.list(&repos, |repo| call.render().repository_for(repo, call.role(repo)))
}

fn acting(call: &Call<'_>) -> crate::sim::world::UserId {
    match &call.caller {
        Caller::Actor(actor) => actor.user(),
        Caller::Jwt(_) | Caller::Anonymous => crate::sim::world::UserId(0),
    }
}

fn app(call: &mut Call<'_>) -> Outcome<Answer> {
    let app = call.world.apps.get(&call.app()?).ok_or_else(Refusal::not_found)?;
    ok(call.render().own_app(app))
}

fn installations(call: &mut Call<'_>) -> Outcome<Answer> {
    let app = call.app()?;
    let own: Vec<&Installation> = call.world.installations.values().filter(|one| one.app == app).collect();
    call.list(&own, |one| call.render().installation(one))
}

fn installation(call: &mut Call<'_>) -> Outcome<Answer> {
    ok(call.render().installation(own(call)?))
}

fn own<'c>(call: &'c Call<'_>) -> Outcome<&'c Installation> {
    let (app, id) = (call.app()?, InstallationId(call.number("installation_id")?));
    call.world
        .installations
        .get(&id)
        .filter(|one| one.app == app)
        .ok_or_else(Refusal::not_found)
}

fn repository_installation(call: &mut Call<'_>) -> Outcome<Answer> {
    let one = call
        .world
        .installation_for(call.app()?, call.repo_id()?)
        .ok_or_else(Refusal::not_found)?;
    ok(call.render().installation(one))
}

fn organization_installation(call: &mut Call<'_>) -> Outcome<Answer> {
    let (app, org) = (call.app()?, call.account(call.param("org"))?);
    let one = call
        .world
        .installations
        .values()
        .find(|one| one.app == app && one.account == org);
    ok(call.render().installation(one.ok_or_else(Refusal::not_found)?))
}

fn access_token(call: &mut Call<'_>) -> Outcome<Answer> {
    let (app, installation) = (call.app()?, own(call)?.id);
    let ids = call.items("repository_ids")?;
    let repository_ids: Vec<RepoId> = ids.iter().filter_map(Value::as_u64).map(RepoId).collect();
    let repositories = call.texts("repositories")?;
    if ids.len() != repository_ids.len() {
        return Err(Refusal::new(
            422,
            "Invalid request.\n\nFor 'properties/repository_ids', an item is not an integer.",
        ));
    }
    let permissions = call
        .member("permissions")
        .cloned()
        .map(serde_json::from_value::<Permissions>)
        .transpose();
    let request = MintRequest {
        repositories,
        repository_ids: call.member("repository_ids").map(|_| repository_ids),
        permissions: permissions
            .map_err(|_| Refusal::new(422, "Invalid request.\n\nFor 'properties/permissions', a level is unknown."))?,
    };
    let (token, record) = tokens::mint(call.world, app, installation, &request)?;
    created(call.render().installation_token(&token, &record))
}

fn revoke(call: &mut Call<'_>) -> Outcome<Answer> {
    match call.actor()? {
        Actor::App(_) => {
            let token = call.token.clone();
            tokens::revoke(call.world, &token);
            nothing()
        }
        Actor::User(_) => Err(Refusal::new(
            403,
            "You must authenticate with an installation access token in order to revoke it.",
        )),
    }
}

fn installation_repositories(call: &mut Call<'_>) -> Outcome<Answer> {
    let Actor::App(app) = call.actor()? else {
        return Err(Refusal::new(
            403,
            "You must authenticate with an installation access token in order to list repositories.",
        ));
    };
    let installation = call
        .world
        .installations
        .get(&app.installation)
        .ok_or_else(Refusal::not_found)?;
    let selected = installation.repositories.is_some() || app.repositories.is_some();
    let repos: Vec<&Repository> = call
        .world
        .repositories
        .values()
        .filter(|repo| {
            call.world
                .installation_for(app.app, repo.id)
                .is_some_and(|one| one.id == app.installation)
        })
        .filter(|repo| app.repositories.as_ref().is_none_or(|narrowed| narrowed.contains(&repo.id)))
        .collect();
    let answer = call.counted("repositories", &repos, |repo| {
        call.render().repository_for(repo, call.role(repo))
    })?;
    Ok(answer.beside("repository_selection", json!(if selected { "selected" } else { "all" })))
}

fn deliveries(call: &mut Call<'_>) -> Outcome<Answer> {
    let app = call.app()?;
    let wanted = match call.asked("status") {
        None => None,
        Some("success") => Some(true),
        Some("failure") => Some(false),
        Some(_) => return Err(Refusal::new(422, "The status must be success or failure.")),
    };
    let before = match call.asked("cursor").map(str::parse::<u64>) {
        None => u64::MAX,
        Some(Ok(before)) => before,
        Some(Err(_)) => return Err(Refusal::new(400, "Invalid cursor")),
    };
    let render = call.render();
    let (_, size) = call.page();
    let rows: Vec<(DeliveryId, Value)> = call
        .world
        .deliveries
        .values()
        .rev()
        .filter(|row| row.app == app && row.id.0 < before && wanted.is_none_or(|wanted| succeeded(row) == wanted))
        .filter_map(|row| Some((row.id, render.delivery(row)?)))
        .take(size + 1)
        .collect();
    let next = if rows.len() > size {
        rows.get(size - 1).map(|(id, _)| id.to_string())
    } else {
        None
    };
    let items = rows.into_iter().take(size).map(|(_, row)| row).collect();
    Ok(Answer::List {
        items,
        inside: None,
        pages: Pages::Cursor(next),
    })
}

fn delivery(call: &mut Call<'_>) -> Outcome<Answer> {
    let row = own_delivery(call)?;
    ok(call.render().full_delivery(row).ok_or_else(Refusal::not_found)?)
}

fn redeliver(call: &mut Call<'_>) -> Outcome<Answer> {
    let id = own_delivery(call)?.id;
    deliver::redeliver(call.world, id)?;
    Ok(Answer::Json(202, json!({})))
}

fn own_delivery<'c>(call: &'c Call<'_>) -> Outcome<&'c Delivery> {
    let (app, id) = (call.app()?, DeliveryId(call.number("delivery_id")?));
    call.world
        .deliveries
        .get(&id)
        .filter(|row| row.app == app)
        .ok_or_else(Refusal::not_found)
}
