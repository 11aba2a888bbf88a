//! Settings from files and variables, good and bad.

use secrecy::ExposeSecret as _;

use super::*;
use crate::workflow::ids::MicroUsd;

fn env(pairs: &[(&str, &str)]) -> Environment {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn read(text: &str, pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::read(Some(("millhand.toml", text)), &env(pairs))
}

#[test]
fn without_anything_the_defaults_hold() {
    let config = Config::read(None, &Environment::new()).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.database, "sqlite://millhand.db");
    assert_eq!(config.endpoints, Endpoints::github_com());
    assert_eq!(config.defaults, Settings::default());
    assert_eq!(config.mutation_interval_ms, 1000);
    let timing = (
        config.timing.edit_ms,
        config.timing.quiet_ms,
        config.timing.active_ms,
        config.timing.idle_ms,
    );
    assert_eq!(timing, (30_000, 60_000, 60_000, 300_000));
    assert_eq!(config.policy.budget_max(), MicroUsd(50_000_000));
}

/// The file that documents every setting: taking away the `#` in front of all of them changes nothing.
#[test]
fn the_documented_defaults_are_the_defaults() {
    let lines = include_str!("../../config.default.toml").lines();
    let set: Vec<&str> = lines
        .map(|line| {
            line.strip_prefix('#')
                .filter(|it| it.starts_with(|c: char| c.is_ascii_lowercase()))
                .unwrap_or(line)
        })
        .collect();
    let config = read(&set.join("\n"), &[]).unwrap();
    let without = Config::read(None, &Environment::new()).unwrap();
    assert_eq!(config.defaults, without.defaults);
    let others = |it: &Config| {
        let policy = it.policy.clone();
        (
            it.mutation_interval_ms,
            format!("{:?}", it.timing),
            it.policy.budget_max(),
            policy,
        )
    };
    assert_eq!(others(&config), others(&without));
    assert!(
        set.iter().filter(|line| line.contains(" = ")).count() > 30,
        "the file is not what it was"
    );
}

#[test]
fn a_variable_goes_before_the_file() {
    let text = "[reconcile]\nactive_seconds = 30\nidle_seconds = 90\n[defaults.labels]\ntrigger = \"build\"";
    let config = read(text, &[("MILLHAND__RECONCILE__ACTIVE_SECONDS", "2")]).unwrap();
    assert_eq!((config.timing.active_ms, config.timing.idle_ms), (2_000, 90_000));
    assert_eq!(config.defaults.labels.trigger, "build");
}

#[test]
fn a_variable_is_of_the_type_its_key_has() {
    use crate::workflow::settings::{PhaseReviews, Reviewers, SelfApproval};
    let config = read(
        "",
        &[
            ("MILLHAND__DEFAULTS__LIMITS__BUDGET_USD", "0.05"),
            ("MILLHAND__DEFAULTS__LABELS__TRIGGER", "42"),
            ("MILLHAND__DEFAULTS__PROTECTED_PATHS", "[\"LICENSE\", \"a/**\"]"),
            ("MILLHAND__DEFAULTS__REVIEWERS", "[\"mona\"]"),
            ("MILLHAND__DEFAULTS__APPROVALS__SELF_APPROVAL", "false"),
            ("MILLHAND__DEFAULTS__APPROVALS__PHASE_REVIEWS", "2"),
            ("MILLHAND__DEFAULTS__CI__GRACE_MINUTES", "0.05"),
            ("MILLHAND__GITHUB__MUTATION_INTERVAL_MS", "0"),
        ],
    )
    .unwrap();
    let defaults = &config.defaults;
    assert_eq!((defaults.limits.budget_usd, defaults.ci.grace_minutes), (0.05, 0.05));
    assert_eq!(defaults.labels.trigger, "42");
    assert_eq!(defaults.protected_paths, ["LICENSE", "a/**"]);
    assert_eq!(defaults.reviewers, Reviewers::Logins(vec!["mona".to_owned()]));
    assert_eq!(
        (defaults.approvals.self_approval, defaults.approvals.phase_reviews),
        (SelfApproval::No, PhaseReviews::Number(2))
    );
    assert_eq!(config.mutation_interval_ms, 0);
}

#[test]
fn the_operators_bound_holds_for_the_default_cap() {
    let lower = read("[policy]\nbudget_usd = 2.5", &[]).unwrap();
    assert_eq!(lower.defaults.limits.budget(), MicroUsd(2_500_000));
    let error = read("[policy]\nbudget_usd = 2.5\n[defaults.limits]\nbudget_usd = 3.0", &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "defaults.limits.budget_usd is above policy.budget_usd, the bound that no workflow passes"
    );
}

#[test]
fn the_operators_policy_holds_for_his_defaults() {
    use crate::workflow::settings::PlanApproval;
    let text = "[policy.limits]\nphases = 3\n[policy.approvals]\nplan = \"always\"\n[defaults.limits]\nattempts = 2";
    let config = read(text, &[("MILLHAND__POLICY__LIMITS__ATTEMPTS", "4")]).unwrap();
    assert_eq!((config.policy.limits.phases, config.policy.limits.attempts), (3, 4));
    assert_eq!((config.defaults.limits.phases, config.defaults.limits.attempts), (3, 2));
    assert_eq!(config.defaults.approvals.plan, PlanApproval::Always);
}

#[test]
fn every_number_of_the_settings_has_bounds() {
    let sections = [
        (
            "defaults.limits",
            "phases parallel_phases attempts files_per_phase lines_per_phase budget_usd",
        ),
        ("defaults.ci", "timeout_minutes grace_minutes rerun_flaky"),
        ("defaults.approvals", "phase_reviews"),
        ("policy", "budget_usd"),
        (
            "policy.limits",
            "phases parallel_phases attempts files_per_phase lines_per_phase",
        ),
        ("policy.approvals", "phase_reviews"),
    ];
    for (section, keys) in sections {
        for key in keys.split(' ') {
            let good = read(&format!("[{section}]\n{key} = 1"), &[]);
            assert!(good.is_ok(), "{section}.{key}: {good:?}");
            let told = read(&format!("[{section}]\n{key} = 2000000"), &[]).unwrap_err().to_string();
            assert!(
                told.starts_with(&format!("{section}.{key} is 2000000; it must be between ")),
                "{told}"
            );
        }
    }
}

#[test]
fn what_cannot_be_used_is_refused_by_name() {
    let files = [
        (
            "[reconcile]\nactive_second = 3",
            "millhand.toml, line 2: unknown field `active_second`",
        ),
        (
            "[reconcil]\nactive_seconds = 3",
            "millhand.toml, line 1: unknown field `reconcil`",
        ),
        (
            "[reconcile]\n\nactive_seconds = \"soon\"",
            "millhand.toml, line 3: active_seconds: invalid type",
        ),
        (
            "[defaults.limits]\nphases = -1",
            "millhand.toml, line 2: phases: invalid value",
        ),
        (
            "[defaults]\ndelivery = \"stack\"",
            "millhand.toml, line 2: delivery: unknown variant `stack`",
        ),
        ("[reconcile", "millhand.toml, line 1: "),
        ("[reviews]\nquiet_seconds = 1\nquiet_seconds = 2", "millhand.toml, line 3: "),
        (
            "[reviews]\nquiet_seconds = nan",
            "reviews.quiet_seconds is NaN; it must be between 0 and 3600",
        ),
        (
            "[reconcile]\nactive_seconds = 0",
            "reconcile.active_seconds is 0; it must be between 1 and 86400",
        ),
        (
            "[reconcile]\nactive_seconds = 400",
            "reconcile.idle_seconds is below reconcile.active_seconds",
        ),
        ("[defaults.limits]\nphases = 0", "defaults.limits.phases is 0;"),
        ("[defaults.limits]\nbudget_usd = inf", "defaults.limits.budget_usd is inf;"),
        (
            "[defaults.labels]\nauto = \"Millhand\"",
            "defaults.labels.auto is the same label",
        ),
        (
            "[defaults.labels]\ntrigger = \"\"",
            "defaults.labels.trigger must be a label's name",
        ),
        (
            "[defaults.branches]\nprefix = \"../x\"",
            "defaults.branches.prefix must be the beginning of a branch's name",
        ),
        (
            "[defaults]\nprotected_paths = [\"a[\"]",
            "defaults.protected_paths holds a pattern that is none",
        ),
        (
            "[defaults.models]\ncode_writer = \" \"",
            "defaults.models.code_writer is empty",
        ),
    ];
    for (text, begins) in files {
        let told = read(text, &[]).unwrap_err().to_string();
        assert!(told.starts_with(begins), "{text:?}: {told}");
        assert_eq!(told.lines().count(), 1, "{told}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table, one row a variable")]
fn a_variable_that_cannot_be_used_is_refused_by_name() {
    let rows = [
        (
            "MILLHAND__RECONCILE__ACTIVE_SECOND",
            "3",
            "MILLHAND__RECONCILE__ACTIVE_SECOND cannot be used: unknown field",
        ),
        (
            "MILLHAND__RECONCILE__ACTIVE_SECONDS",
            "soon",
            "MILLHAND__RECONCILE__ACTIVE_SECONDS cannot be used: invalid type",
        ),
        ("MILLHAND__RECONCILE", "3", "MILLHAND__RECONCILE cannot be used: invalid type"),
        (
            "MILLHAND__RECONCILE__ACTIVE_SECONDS__X",
            "3",
            "MILLHAND__RECONCILE__ACTIVE_SECONDS__X cannot be used: ",
        ),
        ("MILLHAND__", "3", "MILLHAND__ cannot be used: unknown field"),
        ("MILLHAND_LISTEN", "8080", "MILLHAND_LISTEN is no address with a port"),
        (
            "MILLHAND_LISTEN",
            "127.0.0.1:70000",
            "MILLHAND_LISTEN is no address with a port",
        ),
        ("MILLHAND_BASE_URL", "millhand.example", "MILLHAND_BASE_URL is no address"),
        (
            "MILLHAND_BASE_URL",
            "ftp://millhand.example",
            "MILLHAND_BASE_URL must begin with",
        ),
        (
            "MILLHAND_BASE_URL",
            "https://me:hunter2@host",
            "MILLHAND_BASE_URL must hold neither",
        ),
        (
            "MILLHAND_DATABASE_URL",
            "postgres://me:hunter2@host/db",
            "MILLHAND_DATABASE_URL names a PostgreSQL server",
        ),
        (
            "MILLHAND_DATABASE_URL",
            "mysql://me:hunter2@host/db",
            "MILLHAND_DATABASE_URL must name an SQLite file",
        ),
        ("MILLHAND_API_TOKEN", "hunter2 hunter2", "MILLHAND_API_TOKEN must be letters"),
        (
            "GITHUB_API_URL",
            "http://github.example/api/v3",
            "GITHUB_API_URL must begin with https://",
        ),
        (
            "GITHUB_SERVER_URL",
            "https://me:hunter2@host",
            "GITHUB_SERVER_URL must hold neither",
        ),
        (
            "GITHUB_GRAPHQL_URL",
            "graphql",
            "GITHUB_GRAPHQL_URL is not an http or https address",
        ),
        ("GITHUB_APP_ID", "my app", "GITHUB_APP_ID must be the App's number"),
        (
            "GITHUB_WEBHOOK_SECRET_PREVIOUS",
            "hunter2",
            "GITHUB_WEBHOOK_SECRET_PREVIOUS is set without GITHUB_WEBHOOK_SECRET",
        ),
    ];
    for (name, value, begins) in rows {
        let told = read("", &[(name, value)]).unwrap_err().to_string();
        assert!(told.starts_with(begins), "{name}: {told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
    let both = [("GITHUB_PRIVATE_KEY", "hunter2"), ("GITHUB_PRIVATE_KEY_PATH", "key.pem")];
    let told = read("", &both).unwrap_err().to_string();
    assert_eq!(
        told,
        "GITHUB_PRIVATE_KEY and GITHUB_PRIVATE_KEY_PATH are both set; leave one of them out"
    );
}

#[test]
fn a_file_that_is_named_must_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.toml");
    let error = Config::load(Some(&path), &Environment::new()).unwrap_err();
    assert!(
        error.to_string().starts_with(&format!("{} cannot be read: ", path.display())),
        "{error}"
    );
    std::fs::write(&path, "[comments]\nedit_seconds = 7").unwrap();
    assert_eq!(Config::load(Some(&path), &Environment::new()).unwrap().timing.edit_ms, 7_000);
}

#[test]
fn what_serving_needs_is_asked_for_by_name() {
    let mut all = vec![];
    for (setting, value) in [
        ("GITHUB_APP_ID", "7"),
        ("GITHUB_PRIVATE_KEY", "pem"),
        ("GITHUB_WEBHOOK_SECRET", "s3"),
    ] {
        let told = read("", &all).unwrap().app().unwrap_err().to_string();
        assert!(told.starts_with(&format!("{setting} is not set: ")), "{told}");
        all.push((setting, value));
    }
    all.push(("GITHUB_WEBHOOK_SECRET_PREVIOUS", "s2"));
    let app = read("", &all).unwrap().app().unwrap();
    let secrets: Vec<&str> = app.webhook_secrets.iter().map(|it| it.expose_secret()).collect();
    assert_eq!((app.id.as_str(), secrets), ("7", vec!["s3", "s2"]));
    let error = read("", &[("MILLHAND_MODEL", " ")]).unwrap().model().unwrap_err();
    assert!(error.to_string().starts_with("MILLHAND_MODEL is not set: "));
}

#[test]
fn a_key_file_that_is_not_there_is_named() {
    let told = read("", &[("GITHUB_APP_ID", "7"), ("GITHUB_PRIVATE_KEY_PATH", "/nowhere/key.pem")])
        .unwrap()
        .app()
        .unwrap_err();
    assert!(
        told.to_string()
            .starts_with("GITHUB_PRIVATE_KEY_PATH /nowhere/key.pem cannot be read: "),
        "{told}"
    );
}

#[test]
fn debug_shows_no_secret() {
    let secrets = [
        ("MILLHAND_API_TOKEN", "canary-1"),
        ("GITHUB_PRIVATE_KEY", "canary-2"),
        ("GITHUB_WEBHOOK_SECRET", "canary-3"),
        ("GITHUB_WEBHOOK_SECRET_PREVIOUS", "canary-4"),
        ("GITHUB_APP_ID", "7"),
    ];
    let config = read("", &secrets).unwrap();
    let shown = format!("{config:?} {:?}", config.app().unwrap());
    assert!(shown.contains("127.0.0.1:8080") && !shown.contains("canary"), "{shown}");
    assert_eq!(config.secrets().len(), 4);
}

#[test]
fn the_key_in_a_file_is_a_secret_too() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut file, b"canary-of-a-file").unwrap();
    let config = read("", &[("GITHUB_PRIVATE_KEY_PATH", file.path().to_str().unwrap())]).unwrap();
    let secrets = config.secrets();
    assert!(secrets.iter().any(|it| it.expose_secret() == "canary-of-a-file"));
}
