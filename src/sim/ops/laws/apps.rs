//! Credentials, installations, private repositories.
//!
//! Invariant: time is the given clock's.

use std::time::Duration;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{Bench, TODAY, said};
use crate::sim::ops::auth::{self, Caller, MintRequest};
use crate::sim::ops::{Outcome, installs, labels, refs, repos};
use crate::sim::seed::{APP_SLUG, CLIENT_ID};
use crate::sim::world::{Actor, InstallationId, Level, Permissions};

fn jwt(bench: &Bench, claims: &Value) -> String {
    let app = bench.world.app_named(APP_SLUG).unwrap();
    let pem = app.private_key_pem.as_ref().unwrap().expose_secret();
    let key = EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap();
    jsonwebtoken::encode(&Header::new(Algorithm::RS256), claims, &key).unwrap()
}

fn ask(bench: &Bench, token: &str) -> Outcome<Caller> {
    auth::caller(&bench.world, Some(&format!("Bearer {token}")))
}

fn installation(bench: &Bench) -> InstallationId {
    let app = bench.world.app_named(APP_SLUG).unwrap();
    bench.world.installation_for(app.id, bench.repo).unwrap().id
}

#[test]
fn a_jwt_is_judged_by_the_clock_that_was_given() {
    let bench = Bench::new();
    let app = bench.world.app_named(APP_SLUG).unwrap();
    let now = TODAY.0 / 1000;
    let good = json!({ "iat": now - 60, "exp": now + 540, "iss": CLIENT_ID });
    assert_eq!(ask(&bench, &jwt(&bench, &good)).unwrap(), Caller::Jwt(app.id));
    let by_number = json!({ "iat": now, "exp": now + 60, "iss": app.id });
    assert_eq!(ask(&bench, &jwt(&bench, &by_number)).unwrap(), Caller::Jwt(app.id));
    let rows = [
        (json!({ "iat": now - 700, "exp": now - 1, "iss": CLIENT_ID }), 401),
        (json!({ "iat": now, "exp": now + 3600, "iss": CLIENT_ID }), 401),
        (json!({ "iat": now + 600, "exp": now + 660, "iss": CLIENT_ID }), 401),
        (json!({ "iat": now, "iss": CLIENT_ID }), 401),
        (json!({ "exp": now + 60, "iss": CLIENT_ID }), 401),
        (json!({ "iat": now, "exp": now + 60, "iss": "somebody" }), 404),
    ];
    for (claims, status) in rows {
        assert_eq!(said(ask(&bench, &jwt(&bench, &claims))).0, status, "{claims}");
    }
    let mut forged = jwt(&bench, &good);
    forged.truncate(forged.len() - 8);
    assert_eq!(said(ask(&bench, &forged)).0, 401);
    assert_eq!(said(ask(&bench, "nonsense")), (401, "Bad credentials".to_owned()));
}

#[test]
fn people_come_by_every_kind_of_header() {
    let bench = Bench::new();
    let reviewer = Caller::Actor(bench.person("reviewer"));
    use base64::Engine as _;
    let basic = base64::engine::general_purpose::STANDARD.encode("x-access-token:sim-reviewer");
    for header in ["Bearer sim-reviewer", "token sim-reviewer", &format!("Basic {basic}")] {
        assert_eq!(auth::caller(&bench.world, Some(header)).unwrap(), reviewer, "{header}");
    }
    assert_eq!(auth::caller(&bench.world, None).unwrap(), Caller::Anonymous);
    assert_eq!(said(auth::caller(&bench.world, Some("Bearer sim-nobody"))).0, 401);
    assert_eq!(
        auth::caller(&bench.world, Some("Bearer sim-bot")).unwrap(),
        Caller::Actor(bench.person("helper[bot]"))
    );
}

#[test]
fn tokens_are_long_narrow_and_end() {
    let mut bench = Bench::new();
    let (app, id, repo) = (bench.world.app_named(APP_SLUG).unwrap().id, installation(&bench), bench.repo);
    let narrow = MintRequest {
        repositories: Some(vec!["todo".to_owned()]),
        repository_ids: None,
        permissions: Some(Permissions::of(&[("issues", Level::Write), ("metadata", Level::Read)])),
    };
    let (token, row) = auth::mint(&mut bench.world, app, id, &narrow).unwrap();
    let token = token.expose_secret();
    assert!(
        (510..=530).contains(&token.len()) && token.starts_with("ghs_"),
        "{}",
        token.len()
    );
    assert_eq!(
        row.repositories.as_ref().map(|list| list.iter().copied().collect::<Vec<_>>()),
        Some(vec![repo])
    );
    let Caller::Actor(actor) = ask(&bench, token).unwrap() else {
        panic!("an actor")
    };
    labels::add(&mut bench.world, &actor, repo, 1, &["bug".to_owned()]).unwrap();
    let main = bench.tip("main");
    let push = refs::create(&mut bench.world, &actor, repo, "refs/heads/x", main);
    assert_eq!(said(push), (403, "Resource not accessible by integration".to_owned()));
    assert!(!format!("{:?}", bench.world).contains(token));
    bench.clock.advance(Duration::from_secs(3599));
    assert!(ask(&bench, token).is_ok());
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(said(ask(&bench, token)).0, 401);
    let wide = MintRequest {
        permissions: Some(Permissions::of(&[("administration", Level::Write)])),
        ..MintRequest::default()
    };
    assert_eq!(said(auth::mint(&mut bench.world, app, id, &wide).map(|_| ())).0, 422);
    let unknown = MintRequest {
        repositories: Some(vec!["none".to_owned()]),
        ..MintRequest::default()
    };
    assert_eq!(said(auth::mint(&mut bench.world, app, id, &unknown).map(|_| ())).0, 422);
}

#[test]
fn what_the_installation_loses_its_tokens_lose() {
    let mut bench = Bench::new();
    let (app, id, repo) = (bench.world.app_named(APP_SLUG).unwrap().id, installation(&bench), bench.repo);
    let (token, _) = auth::mint(&mut bench.world, app, id, &MintRequest::default()).unwrap();
    let token = token.expose_secret().to_owned();
    let permissions = Permissions::of(&[("metadata", Level::Read), ("issues", Level::Read)]);
    bench.webhooks();
    installs::set_permissions(&mut bench.world, id, permissions).unwrap();
    let Caller::Actor(actor) = ask(&bench, &token).unwrap() else {
        panic!("an actor")
    };
    assert_eq!(
        said(labels::add(&mut bench.world, &actor, repo, 1, &["bug".to_owned()])).0,
        403
    );
    installs::suspend(&mut bench.world, id).unwrap();
    assert_eq!(
        said(ask(&bench, &token)),
        (403, "This installation has been suspended".to_owned())
    );
    let minted = auth::mint(&mut bench.world, app, id, &MintRequest::default()).map(|_| ());
    assert_eq!(said(minted), (403, "This installation has been suspended".to_owned()));
    installs::unsuspend(&mut bench.world, id).unwrap();
    installs::set_repositories(&mut bench.world, id, Some([].into())).unwrap();
    installs::remove(&mut bench.world, id).unwrap();
    assert_eq!(said(ask(&bench, &token)).0, 401);
    let expected = [
        "installation.new_permissions_accepted",
        "installation.suspend",
        "installation.unsuspend",
        "installation_repositories.removed",
        "installation.deleted",
    ];
    assert_eq!(bench.webhooks(), expected);
}

#[test]
fn private_repositories_are_hidden() {
    let mut bench = Bench::new();
    let (maintainer, outsider, repo) = (bench.person("maintainer"), bench.person("outsider"), bench.repo);
    repos::set_private(&mut bench.world, &maintainer, repo, true).unwrap();
    for (caller, status) in [
        (Caller::Anonymous, Some(404)),
        (Caller::Actor(outsider.clone()), Some(404)),
        (Caller::Actor(bench.person("reader")), None),
        (Caller::Actor(bench.app()), None),
    ] {
        let outcome = auth::can_read(&bench.world, &caller, repo, "contents");
        assert_eq!(outcome.err().map(|refusal| refusal.status), status, "{caller:?}");
    }
    assert_eq!(
        said(labels::add(&mut bench.world, &outsider, repo, 1, &["bug".to_owned()])).0,
        404
    );
    let mut app = bench.app();
    if let Actor::App(app) = &mut app {
        app.repositories = Some([].into());
    }
    assert_eq!(
        said(auth::can_read(&bench.world, &Caller::Actor(app), repo, "contents")).0,
        404
    );
}
