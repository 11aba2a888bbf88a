//! The REST judge, judged: GitHub's own examples pass, and every way to be wrong is refused.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::{Answer, Exchange, GATE, Gate, Message, Operation, OperationId};
use crate::contract::tally::Tally;
use crate::contract::{available, dir, read_json};

/// The gate for samples, which are not counted as traffic.
static SAMPLES: LazyLock<Gate> = LazyLock::new(|| Gate::load(&dir(), Tally::silent()));

const JSON: &str = "application/json; charset=utf-8";

/// The operations whose examples are tried: those Millhand and people around it use.
const TRIED: [&str; 53] = [
    "actions/list-jobs-for-workflow-run",
    "actions/list-workflow-runs-for-repo",
    "actions/re-run-workflow-failed-jobs",
    "apps/create-installation-access-token",
    "apps/get-authenticated",
    "apps/get-repo-installation",
    "apps/list-installations",
    "apps/list-repos-accessible-to-installation",
    "apps/list-webhook-deliveries",
    "checks/create",
    "checks/get",
    "checks/list-annotations",
    "checks/list-for-ref",
    "checks/update",
    "git/create-blob",
    "git/create-commit",
    "git/create-ref",
    "git/create-tree",
    "git/get-blob",
    "git/get-commit",
    "git/get-ref",
    "git/get-tree",
    "git/list-matching-refs",
    "git/update-ref",
    "issues/add-labels",
    "issues/create",
    "issues/create-comment",
    "issues/get",
    "issues/get-comment",
    "issues/list-comments",
    "issues/list-for-repo",
    "issues/list-labels-on-issue",
    "issues/remove-label",
    "issues/update",
    "issues/update-comment",
    "pulls/create",
    "pulls/create-review",
    "pulls/get",
    "pulls/list",
    "pulls/list-files",
    "pulls/list-reviews",
    "pulls/merge",
    "pulls/request-reviewers",
    "pulls/update",
    "pulls/update-branch",
    "reactions/create-for-issue-comment",
    "repos/compare-commits",
    "repos/create-or-update-file-contents",
    "repos/get",
    "repos/get-branch-rules",
    "repos/get-collaborator-permission-level",
    "repos/get-combined-status-for-ref",
    "repos/merge",
];

/// Where GitHub's examples do not fit GitHub's schemas: operation, the place, why the example is at fault.
const EXAMPLE_ERRATA: [(&str, &str, &str); 18] = [
    (
        "actions/list-jobs-for-workflow-run",
        "\"created_at\" is a required property",
        "older than the key",
    ),
    (
        "actions/re-run-workflow-failed-jobs",
        "answer 201: null",
        "written as null; the answer is an empty object",
    ),
    (
        "apps/create-installation-access-token",
        "/repositories/0/",
        "a whole repository where a short one is described",
    ),
    ("apps/list-installations", "/0/account", "a user with an organisation's keys"),
    (
        "apps/list-repos-accessible-to-installation",
        "/repositories/0/",
        "a whole repository where a short one is described",
    ),
    ("pulls/create", "/requested_teams/0: \"type\"", "older than the key"),
    ("pulls/get", "/requested_teams/0: \"type\"", "older than the key"),
    ("pulls/list", "/requested_teams/0: \"type\"", "older than the key"),
    ("pulls/list", "/repo/", "a whole repository where a short one is described"),
    (
        "pulls/request-reviewers",
        "/requested_teams/0: \"type\"",
        "older than the key",
    ),
    (
        "pulls/request-reviewers",
        "/repo/",
        "a whole repository where a short one is described",
    ),
    ("pulls/update", "/requested_teams/0: \"type\"", "older than the key"),
    ("repos/get", "\"language\" is a required property", "left out of the example"),
    (
        "repos/get",
        "/template_repository/",
        "whole repositories where short ones are described",
    ),
    ("repos/get", "/parent/", "whole repositories where short ones are described"),
    ("repos/get", "/source", "whole repositories where short ones are described"),
    (
        "repos/get-collaborator-permission-level",
        "\"role_name\" is a required property",
        "older than the key",
    ),
    ("repos/merge", "/files/0: ", "older than contents_url and sha"),
];

/// One of GitHub's examples: a request body (no status) or an answer.
struct Example {
    operation: String,
    status: Option<u16>,
    value: Value,
}

fn examples() -> Vec<Example> {
    let root = read_json(&dir(), "rest-published.json");
    let mut out = Vec::new();
    let items = root["paths"]
        .as_object()
        .expect("paths")
        .values()
        .flat_map(|item| item.as_object().expect("methods").values());
    for raw in items.filter(|raw| TRIED.iter().any(|id| raw["operationId"] == *id)) {
        let operation = raw["operationId"].as_str().expect("an id");
        let mut add = |status: Option<u16>, holder: &Value| {
            let found = holder
                .pointer("/content/application~1json/examples")
                .and_then(Value::as_object);
            for value in found
                .into_iter()
                .flat_map(|it| it.values())
                .filter_map(|it| resolve(&root, it).get("value"))
            {
                // Some values are references in their turn, to an example with a value.
                let value = if value.get("$ref").is_some() {
                    &resolve(&root, value)["value"]
                } else {
                    value
                };
                out.push(Example {
                    operation: operation.to_owned(),
                    status,
                    value: value.clone(),
                });
            }
        };
        add(None, &raw["requestBody"]);
        for (status, answer) in raw["responses"].as_object().expect("answers") {
            add(Some(status.parse().expect("a status")), resolve(&root, answer));
        }
    }
    out
}

fn resolve<'a>(root: &'a Value, value: &'a Value) -> &'a Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(target) => root
            .pointer(target.trim_start_matches('#'))
            .expect("a reference leads somewhere"),
        None => value,
    }
}

fn judge_example(example: &Example, value: &Value) -> Vec<String> {
    let operation: &Operation = SAMPLES
        .operations
        .iter()
        .find(|it| it.id == example.operation)
        .expect("a tried operation exists");
    let body = value.to_string();
    let message = Message {
        content_type: Some(JSON),
        body: body.as_bytes(),
    };
    match example.status {
        None => SAMPLES.request(operation, &message),
        Some(status) => SAMPLES.answer(operation, "POST", &Answer { status, message }),
    }
}

#[test]
fn all_operations_are_known() {
    if available() {
        assert_eq!(GATE.operations(), 1223);
    }
}

#[test]
fn githubs_own_examples_pass_but_for_the_errata() {
    if !available() {
        return;
    }
    let (mut unexpected, mut used) = (Vec::new(), Vec::new());
    let examples = examples();
    for example in &examples {
        for sentence in judge_example(example, &example.value) {
            match EXAMPLE_ERRATA
                .iter()
                .position(|(id, part, _)| *id == example.operation && sentence.contains(part))
            {
                Some(erratum) => used.push(erratum),
                None => unexpected.push(format!("{}: {sentence}", example.operation)),
            }
        }
    }
    assert_eq!(unexpected, Vec::<String>::new());
    let idle: Vec<_> = EXAMPLE_ERRATA
        .iter()
        .enumerate()
        .filter(|(index, _)| !used.contains(index))
        .collect();
    assert!(idle.is_empty(), "errata that nothing needs any more: {idle:?}");
    assert_eq!(examples.len(), 85, "fewer examples than GitHub gives");
}

#[test]
fn a_misspelt_key_is_refused_wherever_it_stands() {
    if !available() {
        return;
    }
    let mut tried = 0;
    for example in examples().iter().filter(|it| judge_example(it, &it.value).is_empty()) {
        let pointer = if example.value.is_array() { "/0" } else { "" };
        let Some(object) = example.value.pointer(pointer).and_then(Value::as_object) else {
            continue;
        };
        for key in object.keys() {
            let mut misspelt = example.value.clone();
            let target = misspelt
                .pointer_mut(pointer)
                .and_then(Value::as_object_mut)
                .expect("the object is there");
            let value = target.remove(key).expect("the key is there");
            target.insert(format!("{key}x"), value);
            let wrong = judge_example(example, &misspelt);
            assert!(
                !wrong.is_empty(),
                "{} {:?}: {key}x was let through",
                example.operation,
                example.status
            );
            tried += 1;
        }
    }
    assert!(tried > 450, "only {tried} misspellings were tried");
}

/// A comment as GitHub answers it.
fn comment() -> Value {
    examples()
        .into_iter()
        .find(|it| it.operation == "issues/create-comment" && it.status == Some(201))
        .expect("an example")
        .value
}

/// What one case of the table below sends and gets.
struct Case {
    method: &'static str,
    target: &'static str,
    request: Value,
    status: u16,
    answer: Value,
}

fn judge(case: &Case) -> Result<OperationId, Vec<String>> {
    let (path, query) = case.target.split_once('?').unwrap_or((case.target, ""));
    let text = |value: &Value| if value.is_null() { String::new() } else { value.to_string() };
    let (request, answer) = (text(&case.request), text(&case.answer));
    let content_type = |body: &str| if body.is_empty() { None } else { Some(JSON) };
    let exchange = Exchange {
        method: case.method,
        path,
        query,
        request: Message {
            content_type: content_type(&request),
            body: request.as_bytes(),
        },
        answer: Some(Answer {
            status: case.status,
            message: Message {
                content_type: content_type(&answer),
                body: answer.as_bytes(),
            },
        }),
    };
    SAMPLES.judge(&exchange)
}

fn case(method: &'static str, target: &'static str, request: Value, status: u16, answer: Value) -> Case {
    Case {
        method,
        target,
        request,
        status,
        answer,
    }
}

#[test]
fn right_exchanges_pass() {
    if !available() {
        return;
    }
    let error = json!({ "message": "Not Found", "documentation_url": "https://docs.github.com/rest" });
    let cases = [
        (
            "issues/create-comment",
            case("POST", COMMENTS, json!({ "body": "Hello" }), 201, comment()),
        ),
        (
            "issues/create-comment",
            case("POST", COMMENTS, json!({ "body": "Hello" }), 429, error.clone()),
        ),
        (
            "issues/list-comments",
            case(
                "GET",
                "/repos/acme/todo/issues/7/comments?per_page=100&page=2",
                Value::Null,
                200,
                json!([]),
            ),
        ),
        ("issues/list-comments", case("GET", COMMENTS, Value::Null, 304, Value::Null)),
        (
            "issues/list-for-repo",
            case(
                "GET",
                "/repos/acme/todo/issues?labels=a%2Cb&state=open",
                Value::Null,
                200,
                json!([]),
            ),
        ),
        (
            "git/list-matching-refs",
            case(
                "GET",
                "/repos/acme/todo/git/matching-refs/heads/millhand/7-x",
                Value::Null,
                200,
                json!([]),
            ),
        ),
        (
            "git/delete-ref",
            case(
                "DELETE",
                "/repos/acme/todo/git/refs/heads/millhand/7-x/01-a",
                Value::Null,
                204,
                Value::Null,
            ),
        ),
        (
            "git/get-tree",
            case("GET", "/repos/acme/todo/git/trees/main?recursive=1", Value::Null, 404, error),
        ),
    ];
    for (id, case) in cases {
        assert_eq!(
            judge(&case),
            Ok(OperationId(id.to_owned())),
            "{} {}",
            case.method,
            case.target
        );
    }
}

/// The comments of issue 7: the operation that the tables below get wrong in many ways.
const COMMENTS: &str = "/repos/acme/todo/issues/7/comments";

fn refuse(cases: impl IntoIterator<Item = (Case, &'static str)>) {
    for (case, sentence) in cases {
        let wrong = judge(&case).expect_err(sentence);
        assert!(
            wrong.iter().any(|it| it.contains(sentence)),
            "{} {}: {wrong:?}",
            case.method,
            case.target
        );
    }
}

#[test]
fn wrong_requests_are_refused_with_a_sentence() {
    if !available() {
        return;
    }
    let post = |request: Value| case("POST", COMMENTS, request, 201, comment());
    let get = |target: &'static str| case("GET", target, Value::Null, 200, json!([]));
    refuse([
        (
            post(json!({ "bodi": "Hello" })),
            "request body: \"body\" is a required property",
        ),
        (
            post(json!({ "body": "Hello", "draft": true })),
            "request body/draft: nobody described",
        ),
        (post(json!({ "body": 7 })), "request body/body: 7 is not of type \"string\""),
        (post(Value::Null), "the request body is missing"),
        (
            case("PUT", COMMENTS, json!({ "body": "Hello" }), 201, comment()),
            "GitHub describes no such operation",
        ),
        (
            case("GET", COMMENTS, json!({}), 200, json!([])),
            "a body was sent, and none is described",
        ),
        (get("/repos/acme/todo/isues/7"), "GitHub describes no such operation"),
        (
            get("/repos/acme/todo/issues/seven/comments"),
            "parameter issue_number: seven does not fit",
        ),
        (
            get("/repos/acme/todo/issues?state=openn"),
            "parameter state: openn does not fit",
        ),
        (
            get("/repos/acme/todo/issues?per_page=all"),
            "parameter per_page: all does not fit",
        ),
        (
            get("/repos/acme/todo/issues?perpage=9"),
            "query parameter perpage: nobody described it",
        ),
        (get("/search/issues"), "query parameter q is missing"),
    ]);
}

#[test]
fn wrong_answers_are_refused_with_a_sentence() {
    if !available() {
        return;
    }
    let post = |status: u16, answer: Value| case("POST", COMMENTS, json!({ "body": "Hello" }), status, answer);
    let with = |key: &str, value: Value| {
        let mut comment = comment();
        comment[key] = value;
        post(201, comment)
    };
    let mut without_id = comment();
    without_id.as_object_mut().expect("an object").remove("id");
    refuse([
        (post(200, comment()), "status 200 is not described"),
        (post(500, json!({ "message": "oops" })), "status 500 is not described"),
        (post(201, without_id), "answer 201: \"id\" is a required property"),
        (
            with("created_at", json!("yesterday")),
            "/created_at: \"yesterday\" is not a \"date-time\"",
        ),
        (with("html_url", json!(null)), "/html_url: null is not of type \"string\""),
        (with("boddy", json!("x")), "answer 201/boddy: nobody described"),
        (post(201, Value::Null), "media type (none) is not described"),
        (post(401, json!({ "error": "no" })), "answer 401: no JSON with a message"),
        (case("GET", COMMENTS, Value::Null, 304, json!({})), "answer 304: has a body"),
        (
            case("DELETE", "/repos/acme/todo/git/refs/heads/x", Value::Null, 204, json!({})),
            "answer 204: has a body",
        ),
    ]);
}

#[test]
fn a_request_whose_answer_was_lost_is_judged_alone() {
    if !available() {
        return;
    }
    let exchange = |body: &'static str| Exchange {
        method: "POST",
        path: "/repos/acme/todo/git/refs",
        query: "",
        request: Message {
            content_type: Some(JSON),
            body: body.as_bytes(),
        },
        answer: None,
    };
    let tally = Tally::silent();
    let gate = Gate::load(&dir(), tally);
    assert!(
        gate.judge(&exchange(
            r#"{"ref":"refs/heads/x","sha":"aa218f56b14c9653891f9e74264a383fa43fefbd"}"#
        ))
        .is_ok()
    );
    let wrong = gate
        .judge(&exchange(r#"{"ref":"refs/heads/x"}"#))
        .expect_err("a member is missing");
    assert_eq!(wrong, ["git/create-ref: request body: \"sha\" is a required property"]);
    let form = Exchange {
        request: Message {
            content_type: Some("text/plain"),
            body: b"ref=x",
        },
        ..exchange("")
    };
    let wrong = gate.judge(&form).expect_err("GitHub wants JSON");
    assert_eq!(
        wrong,
        ["git/create-ref: request body: media type text/plain is not described"]
    );
    assert_eq!(
        tally.summary(),
        "contract gate: 1 operations, 3 requests, 0 answers; 0 webhooks of 0 kinds; 0 GraphQL documents"
    );
}

#[test]
fn raw_media_types_are_let_through_and_broken_json_is_not() {
    if !available() {
        return;
    }
    let exchange = |content_type: &'static str| Exchange {
        method: "GET",
        path: "/repos/acme/todo/pulls/7",
        query: "",
        request: Message::default(),
        answer: Some(Answer {
            status: 200,
            message: Message {
                content_type: Some(content_type),
                body: b"diff --git",
            },
        }),
    };
    assert!(SAMPLES.judge(&exchange("application/vnd.github.diff; charset=utf-8")).is_ok());
    let wrong = SAMPLES.judge(&exchange(JSON)).expect_err("a diff is not JSON");
    assert!(wrong[0].starts_with("pulls/get: answer 200: not JSON"), "{wrong:?}");
}
