//! What holds: a repository tightens the operator's policy and never loosens it.

use millhand::workflow::repo_config::keys::{Bound, KEYS};
use millhand::workflow::repo_config::{Effective, LeastApprovals, MostLimits, OperatorPolicy, Origin, effective, parse};
use millhand::workflow::settings::{PhaseReviews, PlanApproval, ReleaseApproval, SelfApproval, Settings};
use serde_json::Value;

use super::good::{one, samples};

fn strict() -> OperatorPolicy {
    OperatorPolicy {
        budget_usd: 4.0,
        limits: MostLimits {
            phases: 8,
            parallel_phases: 3,
            attempts: 4,
            files_per_phase: 30,
            lines_per_phase: 500,
        },
        approvals: LeastApprovals {
            plan: PlanApproval::Required,
            release: ReleaseApproval::Required,
            phase_reviews: PhaseReviews::Number(1),
            self_approval: SelfApproval::Auto,
        },
        profiles: ["small", "large", "other_family"].map(str::to_owned).to_vec(),
    }
}

/// An operator who set something of every kind.
fn operator() -> Settings {
    let mut own = Settings::default();
    own.limits.budget_usd = 3.0;
    own.approvals.phase_reviews = PhaseReviews::Number(1);
    own.protected_paths = vec!["LICENSE".to_owned()];
    own.triggers.bots = vec!["renovate[bot]".to_owned(), "Dependabot".to_owned()];
    own
}

fn holds(text: &str) -> Effective {
    effective(&operator(), &strict(), &parse(text.as_bytes()).unwrap())
}

#[test]
fn each_key_goes_one_way_only() {
    for (text, key, value, origin) in [
        ("limits: { phases: 3 }", "limits.phases", "3", Origin::Repository),
        ("limits: { phases: 8 }", "limits.phases", "8", Origin::Repository),
        ("limits: { phases: 9 }", "limits.phases", "8", Origin::Held),
        ("limits: { parallel_phases: 16 }", "limits.parallel_phases", "3", Origin::Held),
        ("limits: { attempts: 20 }", "limits.attempts", "4", Origin::Held),
        (
            "limits: { files_per_phase: 31 }",
            "limits.files_per_phase",
            "30",
            Origin::Held,
        ),
        (
            "limits: { lines_per_phase: 501 }",
            "limits.lines_per_phase",
            "500",
            Origin::Held,
        ),
        ("limits: { budget_usd: 4.01 }", "limits.budget_usd", "4", Origin::Held),
        ("limits: { budget_usd: 4 }", "limits.budget_usd", "4", Origin::Repository),
        ("limits: { budget_usd: 0 }", "limits.budget_usd", "0", Origin::Repository),
        ("approvals: { plan: none }", "approvals.plan", "required", Origin::Held),
        (
            "approvals: { plan: required }",
            "approvals.plan",
            "required",
            Origin::Repository,
        ),
        ("approvals: { plan: always }", "approvals.plan", "always", Origin::Repository),
        ("approvals: { release: none }", "approvals.release", "required", Origin::Held),
        (
            "approvals: { phase_reviews: 0 }",
            "approvals.phase_reviews",
            "1",
            Origin::Held,
        ),
        (
            "approvals: { phase_reviews: auto }",
            "approvals.phase_reviews",
            "1",
            Origin::Held,
        ),
        (
            "approvals: { phase_reviews: 2 }",
            "approvals.phase_reviews",
            "2",
            Origin::Repository,
        ),
        (
            "approvals: { self_approval: true }",
            "approvals.self_approval",
            "auto",
            Origin::Held,
        ),
        (
            "approvals: { self_approval: false }",
            "approvals.self_approval",
            "false",
            Origin::Repository,
        ),
        (
            "protected_paths: [db/**]",
            "protected_paths",
            "[LICENSE, db/**]",
            Origin::Repository,
        ),
        (
            "protected_paths: [db/**, LICENSE]",
            "protected_paths",
            "[LICENSE, db/**]",
            Origin::Repository,
        ),
        ("protected_paths: []", "protected_paths", "[LICENSE]", Origin::Repository),
        (
            "triggers: { bots: [Renovate] }",
            "triggers.bots",
            "[Renovate]",
            Origin::Repository,
        ),
        ("triggers: { bots: [] }", "triggers.bots", "[]", Origin::Repository),
        (
            "triggers: { bots: [mine, dependabot] }",
            "triggers.bots",
            "[dependabot]",
            Origin::Held,
        ),
        (
            "models: { code_writer: small }",
            "models.code_writer",
            "small",
            Origin::Repository,
        ),
        ("models: { code_writer: huge }", "models.code_writer", "large", Origin::Held),
        ("recipe: single", "recipe", "single", Origin::Repository),
        ("{}", "limits.phases", "6", Origin::BuiltIn),
        ("{}", "limits.budget_usd", "3", Origin::Operator),
        ("{}", "protected_paths", "[LICENSE]", Origin::Operator),
        ("{}", "triggers.bots", "[renovate[bot], Dependabot]", Origin::Operator),
    ] {
        let holds = holds(text);
        let row = holds.rows.iter().find(|row| row.key == key).unwrap();
        assert_eq!((row.told().as_str(), row.origin), (value, origin), "{text}");
        let notes: Vec<&str> = holds.notes.iter().map(|note| note.key.as_str()).collect();
        let expected = if origin == Origin::Held { vec![key] } else { vec![] };
        assert_eq!(notes, expected, "{text}");
        // The rows tell what the settings hold.
        let all = serde_json::to_value(&holds.settings).unwrap();
        let own = key.split('.').fold(&all, |value, part| &value[part]);
        assert_eq!(*own, row.value, "{text}");
    }
}

#[test]
fn where_the_operator_lists_no_bot_a_repository_may() {
    let repo = parse(b"triggers: { bots: [renovate] }").unwrap();
    let holds = effective(&Settings::default(), &strict(), &repo);
    assert_eq!(holds.settings.triggers.bots, ["renovate"]);
}

#[test]
fn where_no_profile_is_known_any_name_may_be_given() {
    let repo = parse(b"models: { code_writer: huge }").unwrap();
    let holds = effective(&Settings::default(), &OperatorPolicy::default(), &repo);
    assert_eq!(holds.settings.models.code_writer, "huge");
}

#[test]
fn a_label_never_means_two_things() {
    for text in ["labels: { trigger: 'MILLHAND:auto' }", "labels: { auto: Millhand }"] {
        let holds = holds(text);
        assert_eq!(holds.settings.labels, Settings::default().labels, "{text}");
        assert_eq!(holds.notes.len(), 1, "{text}");
        assert!(holds.notes[0].sentence.contains("the same label"), "{text}");
        assert!(holds.rows.iter().all(|row| row.origin != Origin::Repository), "{text}");
    }
    let both = holds("labels: { trigger: 'millhand:auto', auto: millhand }");
    assert_eq!(
        (both.settings.labels.trigger.as_str(), both.notes.len()),
        ("millhand:auto", 0)
    );
}

#[test]
fn the_policy_holds_the_operators_own_settings_too() {
    let mut own = Settings::default();
    own.limits.attempts = 19;
    own.approvals.plan = PlanApproval::None;
    let holds = effective(&own, &strict(), &Default::default());
    assert_eq!(holds.settings.limits.attempts, 4);
    assert_eq!(holds.settings.approvals.plan, PlanApproval::Required);
    assert_eq!(holds.notes, [], "nobody in the repository asked for it");
}

#[test]
fn what_a_later_version_stored_is_left_alone() {
    let mut repo = parse(b"recipe: single").unwrap();
    let given = repo.given.get_mut("recipe").unwrap();
    given.value = Value::from("council");
    let given = given.clone();
    repo.given.insert("limits.moons".to_owned(), given);
    let holds = effective(&Settings::default(), &strict(), &repo);
    let expected = effective(&Settings::default(), &strict(), &Default::default());
    assert_eq!(holds.settings, expected.settings);
    assert_eq!(holds.notes.len(), 1);
    assert!(
        holds.notes[0].sentence.contains("this version does not know it"),
        "{:?}",
        holds.notes
    );
}

/// How loose a value is, the loosest the greatest; written out here, so that it is not the code's own word.
fn looseness(key: &str, value: &Value) -> f64 {
    match (key, value.to_string().as_str()) {
        ("approvals.plan", word) => ["\"always\"", "\"required\"", "\"none\""]
            .iter()
            .position(|it| *it == word)
            .unwrap() as f64,
        ("approvals.release", word) => f64::from(word == "\"none\""),
        ("approvals.self_approval", word) => ["false", "\"auto\"", "true"].iter().position(|it| *it == word).unwrap() as f64,
        ("approvals.phase_reviews", _) => -value.as_f64().unwrap_or(0.5),
        (_, number) => number.parse().unwrap(),
    }
}

/// Every value that a file may give, under a strict policy: what holds is never looser than the policy, and never looser
/// than what was asked for.
#[test]
fn no_value_loosens_the_policy() {
    let policy = serde_json::to_value(strict()).unwrap();
    let mut looked = 0;
    for key in KEYS
        .iter()
        .filter(|key| matches!(key.bound, Bound::AtMost | Bound::AtLeast | Bound::AsStrict(_)))
    {
        for sample in samples(key) {
            let holds = holds(&one(key, &sample));
            let value = holds.rows.iter().find(|row| row.key == key.path).unwrap().value.clone();
            let bound = match key.path {
                "limits.budget_usd" => &policy["budget_usd"],
                path => path.split('.').fold(&policy, |value, part| &value[part]),
            };
            assert!(
                looseness(key.path, &value) <= looseness(key.path, bound),
                "{}: {sample}",
                key.path
            );
            let asked = parse(one(key, &sample).as_bytes()).unwrap().given[key.path].value.clone();
            assert!(
                looseness(key.path, &value) <= looseness(key.path, &asked),
                "{}: {sample}",
                key.path
            );
            looked += 1;
        }
    }
    assert!(looked > 20, "{looked}");
}

/// The table of the policy has the bounds that the table of keys names.
#[test]
fn every_bounded_key_has_a_bound() {
    let policy = serde_json::to_value(OperatorPolicy::default()).unwrap();
    for key in &KEYS {
        let bound = key.path.split('.').try_fold(&policy, |value, part| value.get(part));
        let bounded = matches!(key.bound, Bound::AtMost | Bound::AtLeast | Bound::AsStrict(_));
        assert_eq!(bound.is_some(), bounded && key.path != "limits.budget_usd", "{}", key.path);
        if let (Some(bound), Some((_, most))) = (
            bound.and_then(Value::as_f64),
            key.numbers().filter(|_| key.bound == Bound::AtMost),
        ) {
            assert!(
                (bound - most).abs() < f64::EPSILON,
                "{}: the default is the loosest",
                key.path
            );
        }
    }
}
