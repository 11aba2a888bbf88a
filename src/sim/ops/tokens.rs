//! Installation tokens and Apps' JWTs.
//!
//! Invariant: a token is stored by its fingerprint only, and its time is ours, not the system's.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::clock::Entropy;
use crate::sim::ops::auth::suspended;
use crate::sim::ops::{Outcome, Refusal};
use crate::sim::world::{App, AppId, InstallationId, InstallationToken, Permissions, RepoId, World};

/// Life of an installation token: GitHub's hour.
const TOKEN_LIFE: Duration = Duration::from_secs(3600);
/// Longest life of a JWT GitHub takes, seconds.
const JWT_LIFE_SECONDS: i64 = 600;
/// How far a caller's clock may be off, seconds.
const CLOCK_DRIFT_SECONDS: i64 = 60;
/// Random bytes in an installation token; with its head it is about 520 characters long, as GitHub's are since 2026-04-27.
const TOKEN_BYTES: usize = 378;
/// Most repositories a token can be narrowed to.
const TOKEN_REPOSITORIES: usize = 500;

/// What a token is asked for with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MintRequest {
    /// Repositories by name.
    pub repositories: Option<Vec<String>>,
    /// Repositories by id.
    pub repository_ids: Option<Vec<RepoId>>,
    /// Permissions; none is all that were granted.
    pub permissions: Option<Permissions>,
}

/// Makes an installation token.
///
/// # Errors
/// 404 when the installation is not the App's, 403 when it is suspended, 422 when more is asked than was granted.
pub fn mint(
    world: &mut World,
    app: AppId,
    installation: InstallationId,
    request: &MintRequest,
) -> Outcome<(SecretString, InstallationToken)> {
    let found = world
        .installations
        .get(&installation)
        .filter(|i| i.app == app)
        .ok_or_else(Refusal::not_found)?;
    if found.suspended.is_some() {
        return Err(suspended());
    }
    let permissions = request.permissions.clone().unwrap_or_else(|| found.permissions.clone());
    if !permissions.within(&found.permissions) {
        return Err(Refusal::new(
            422,
            "The permissions requested are not granted to this installation.",
        ));
    }
    let repositories = narrowed(world, installation, request)?.or_else(|| found.repositories.clone());
    let token = format!("ghs_{app}_{}", token_text(world.entropy()));
    let row = InstallationToken {
        installation,
        repositories,
        permissions,
        expires_at: world.now().plus(TOKEN_LIFE),
    };
    let now = world.now();
    world.tokens.retain(|_, other| other.expires_at > now);
    world.tokens.insert(fingerprint(&token), row.clone());
    Ok((SecretString::from(token), row))
}

/// Ends an installation token's life.
pub fn revoke(world: &mut World, token: &str) {
    world.tokens.remove(&fingerprint(token));
}

pub(super) fn fingerprint(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Three parts with dots between, as the long form has.
fn token_text(entropy: &dyn Entropy) -> String {
    let mut bytes = vec![0; TOKEN_BYTES];
    entropy.fill(&mut bytes);
    let text = URL_SAFE_NO_PAD.encode(bytes);
    let (head, rest) = text.split_at(48);
    let (body, tail) = rest.split_at(rest.len() - 128);
    format!("{head}.{body}.{tail}")
}

fn narrowed(world: &World, installation: InstallationId, request: &MintRequest) -> Outcome<Option<BTreeSet<RepoId>>> {
    let unreachable = || {
        Refusal::new(
            422,
            "There is at least one repository that does not exist or is not accessible to the parent installation.",
        )
    };
    let found = world.installations.get(&installation).ok_or_else(Refusal::not_found)?;
    let mut wanted = BTreeSet::new();
    for name in request.repositories.iter().flatten() {
        wanted.insert(
            world
                .repository_named(world.login(found.account), name)
                .ok_or_else(unreachable)?
                .id,
        );
    }
    wanted.extend(request.repository_ids.iter().flatten());
    if wanted.is_empty() {
        return Ok(None);
    }
    let reachable = |repo: &RepoId| world.installation_for(found.app, *repo).is_some_and(|i| i.id == installation);
    if wanted.len() > TOKEN_REPOSITORIES || !wanted.iter().all(reachable) {
        return Err(unreachable());
    }
    Ok(Some(wanted))
}

#[derive(Deserialize)]
struct Claims {
    iss: Value,
    iat: Option<Value>,
    exp: Option<Value>,
}

/// Verifies an App's JWT by our own clock.
pub(super) fn jwt(world: &World, token: &str) -> Outcome<AppId> {
    let undecodable = || Refusal::new(401, "A JSON web token could not be decoded");
    let payload = token
        .split('.')
        .nth(1)
        .and_then(|part| URL_SAFE_NO_PAD.decode(part).ok())
        .ok_or_else(undecodable)?;
    let claims: Claims = serde_json::from_slice(&payload).map_err(|_| undecodable())?;
    let issuer = claims.iss.as_str().map_or_else(|| claims.iss.to_string(), ToOwned::to_owned);
    let by_issuer = |app: &&App| app.client_id == issuer || app.id.to_string() == issuer;
    let app = world
        .apps
        .values()
        .find(by_issuer)
        .ok_or_else(|| Refusal::new(404, "Integration not found"))?;
    let mut validation = Validation::new(Algorithm::RS256);
    // jsonwebtoken asks the system for the time; ours is compared below.
    validation.validate_exp = false;
    validation.required_spec_claims.clear();
    let key = DecodingKey::from_rsa_der(&app.public_key_der);
    if app.public_key_der.is_empty() || jsonwebtoken::decode::<Value>(token, &key, &validation).is_err() {
        return Err(undecodable());
    }
    let now = world.now().0.div_euclid(1000);
    let number = |claim: &Option<Value>| claim.as_ref().and_then(Value::as_i64);
    match number(&claims.iat) {
        Some(iat) if iat <= now + CLOCK_DRIFT_SECONDS => {}
        Some(_) | None => {
            return Err(Refusal::new(
                401,
                "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
            ));
        }
    }
    match number(&claims.exp) {
        Some(exp) if exp <= now => Err(Refusal::new(
            401,
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
        )),
        Some(exp) if exp > now + JWT_LIFE_SECONDS + CLOCK_DRIFT_SECONDS => {
            Err(Refusal::new(401, "'Expiration time' claim ('exp') is too far in the future"))
        }
        Some(_) => Ok(app.id),
        None => Err(Refusal::new(401, "Missing 'exp' claim in assertion")),
    }
}
