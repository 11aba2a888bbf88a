//! One row per kind of answer that the public record of GitHub's API knows.

use super::*;

const NOW: Millis = Millis(1_700_000_000_000);

fn of(status: u16, headers: &[(&str, &str)], message: &str) -> Error {
    let body = serde_json::json!({ "message": message }).to_string();
    raw(status, headers, &body)
}

fn raw(status: u16, headers: &[(&str, &str)], body: &str) -> Error {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(http::HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
    }
    rest(
        StatusCode::from_u16(status).unwrap(),
        &map,
        body.as_bytes(),
        NOW,
        Duration::ZERO,
    )
}

fn kind(error: &Error) -> String {
    match error {
        Error::NotFound { .. } => "not found".to_owned(),
        Error::Gone { .. } => "gone".to_owned(),
        Error::Moved { to } => format!("moved {to}"),
        Error::Unauthorized { .. } => "unauthorized".to_owned(),
        Error::Denied { why, .. } => format!("denied {why:?}"),
        Error::Suspended => "suspended".to_owned(),
        Error::RateLimited { until, secondary } => {
            let wait = until.since(NOW).as_secs();
            format!("limit {wait} {}", if *secondary { "secondary" } else { "primary" })
        }
        Error::WorkflowRefused { .. } => "workflow".to_owned(),
        Error::Conflict { kind, .. } => format!("conflict {kind:?}"),
        Error::Refused { status, .. } => format!("refused {status}"),
        Error::Unavailable { .. } => "unavailable".to_owned(),
        Error::Unknown { .. } => "unknown".to_owned(),
        Error::Superseded => "superseded".to_owned(),
        Error::Malformed { .. } => "malformed".to_owned(),
    }
}

/// Status, sentence, what it is.
const ROWS: &[(u16, &str, &str)] = &[
    (400, "Problems parsing JSON", "refused 400"),
    (401, "Bad credentials", "unauthorized"),
    (403, "Resource not accessible by integration", "denied Permission"),
    (403, "This installation has been suspended", "suspended"),
    (
        403,
        "Although you appear to have the correct authorization credentials, the `acme` organization has an IP allow list enabled",
        "denied IpAllowList",
    ),
    (403, "Repository was archived so is read-only.", "denied Archived"),
    (403, "Unable to create comment because issue is locked.", "denied Locked"),
    (
        403,
        "Commenting is disabled on issues with more than 2500 comments",
        "denied Full",
    ),
    (
        403,
        "Upgrade to GitHub Pro or make this repository public to enable this feature.",
        "denied Plan",
    ),
    (
        403,
        "You have exceeded a secondary rate limit. Please wait a few minutes",
        "limit 60 secondary",
    ),
    (403, "You have triggered an abuse detection mechanism", "limit 60 secondary"),
    (429, "Too many requests", "limit 60 secondary"),
    (
        403,
        "refusing to allow a GitHub App to create or update workflow `.github/workflows/ci.yml` without `workflows` permission",
        "workflow",
    ),
    (404, "refusing to allow a GitHub App to create or update workflow", "workflow"),
    (422, "refusing to allow a GitHub App to create or update workflow", "workflow"),
    (403, "This workflow is already running", "conflict Running"),
    (404, "Not Found", "not found"),
    (
        405,
        "Base branch was modified. Review and try the merge again.",
        "conflict BaseModified",
    ),
    (405, "Pull Request is not mergeable", "conflict NotMergeable"),
    (
        405,
        "At least 1 approving review is required by reviewers with write access.",
        "refused 405",
    ),
    (405, "Required status check \"test\" is expected.", "refused 405"),
    (405, "Repository rule violations found", "denied Rule"),
    (
        409,
        "Head branch was modified. Review and try the merge again.",
        "conflict StaleHead",
    ),
    (409, "Merge conflict", "conflict MergeConflict"),
    (409, "Git Repository is empty.", "conflict EmptyRepository"),
    (409, "something new", "conflict Other"),
    (410, "Issues are disabled for this repo", "gone"),
    (422, "Reference already exists", "conflict Exists"),
    (422, "Update is not a fast forward", "conflict NotFastForward"),
    (422, "Reference does not exist", "not found"),
    (422, "No commits between main and x", "conflict NoCommits"),
    (422, "expected head sha didn’t match current head ref.", "conflict StaleHead"),
    (
        422,
        "Draft pull requests are not supported in this repository.",
        "conflict DraftsUnsupported",
    ),
    (
        422,
        "Repository rule violations found\n\nSecret detected in content",
        "denied PushProtection",
    ),
    (422, "Can not approve your own pull request", "refused 422"),
    (500, "", "unavailable"),
    (502, "Server Error", "unavailable"),
    (503, "No server is currently available", "unavailable"),
];

#[test]
fn a_status_and_its_sentence_make_one_error() {
    for (status, message, wanted) in ROWS {
        assert_eq!(kind(&of(*status, &[], message)), *wanted, "{status} {message}");
    }
}

#[test]
fn a_limit_is_waited_for_as_long_as_it_says() {
    let reset = "1700000900";
    type Row<'r> = (u16, &'r [(&'r str, &'r str)], &'r str);
    let rows: &[Row<'_>] = &[
        (
            403,
            &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", reset)],
            "limit 900 primary",
        ),
        (
            429,
            &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", reset)],
            "limit 900 primary",
        ),
        (403, &[("retry-after", "30")], "limit 30 secondary"),
        (
            429,
            &[("retry-after", "120"), ("x-ratelimit-remaining", "4000")],
            "limit 120 secondary",
        ),
        (429, &[("retry-after", "Tue, 14 Nov 2023 22:14:20 GMT")], "limit 60 secondary"),
        // Both are given: the explicit one wins.
        (
            403,
            &[
                ("retry-after", "30"),
                ("x-ratelimit-remaining", "0"),
                ("x-ratelimit-reset", reset),
            ],
            "limit 30 primary",
        ),
        // A reset that has passed, and one beyond belief.
        (
            403,
            &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1")],
            "limit 0 primary",
        ),
        (403, &[("retry-after", "99999999")], "limit 86400 secondary"),
        // Remaining calls and no hint of a limit: a permission.
        (
            403,
            &[("x-ratelimit-remaining", "4999"), ("x-ratelimit-reset", reset)],
            "denied Permission",
        ),
        // A limit header on another status means nothing.
        (
            404,
            &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", reset)],
            "not found",
        ),
    ];
    for (status, headers, wanted) in rows {
        assert_eq!(kind(&of(*status, headers, "refused")), *wanted, "{status} {headers:?}");
    }
    let late = rest(
        StatusCode::TOO_MANY_REQUESTS,
        &HeaderMap::new(),
        b"",
        NOW,
        Duration::from_secs(2),
    );
    assert_eq!(kind(&late), "limit 62 secondary", "the jitter comes on top");
}

#[test]
fn the_details_beside_the_sentence_count() {
    let body = r#"{"message":"Validation Failed","errors":[{"resource":"PullRequest","code":"custom",
        "message":"A pull request already exists for acme:millhand/1-x/01-a."}]}"#;
    assert_eq!(kind(&raw(422, &[], body)), "conflict Exists");
    let body = r#"{"message":"Validation Failed","errors":[{"resource":"Label","code":"already_exists","field":"name"}]}"#;
    assert_eq!(kind(&raw(422, &[], body)), "conflict Exists");
    assert_eq!(kind(&raw(502, &[], "<html>Bad gateway</html>")), "unavailable");
    assert_eq!(kind(&raw(422, &[], "not json")), "refused 422");
}

#[test]
fn a_permission_names_what_it_needs_and_a_move_hides_its_signature() {
    let refused = of(
        403,
        &[("x-accepted-github-permissions", "contents=write; issues=read")],
        "Resource not accessible",
    );
    assert!(refused.to_string().contains("contents=write"), "{refused}");
    let moved = of(
        307,
        &[("location", "https://api.github.com/repositories/7/issues?sig=secret")],
        "Moved",
    );
    assert_eq!(kind(&moved), "moved /repositories/7/issues");
}

#[test]
fn a_graphql_error_is_told_by_its_type_and_sentence() {
    let rows: &[(Option<&str>, &str, &str)] = &[
        (
            Some("NOT_FOUND"),
            "Could not resolve to a node with the global id of 'x'.",
            "not found",
        ),
        (
            Some("FORBIDDEN"),
            "Resource not accessible by integration",
            "denied Permission",
        ),
        (
            Some("STALE_DATA"),
            "Expected branch to point to \"a\" but it did not.  Pull and try again.",
            "conflict StaleHead",
        ),
        (Some("STALE_DATA"), "anything", "conflict StaleHead"),
        (Some("RATE_LIMITED"), "API rate limit exceeded", "limit 60 primary"),
        (None, "You have exceeded a secondary rate limit.", "limit 60 secondary"),
        (
            Some("UNPROCESSABLE"),
            "A ref named \"refs/heads/x\" already exists in the repository.",
            "conflict Exists",
        ),
        (
            Some("UNPROCESSABLE"),
            "Pull Request is not mergeable",
            "conflict NotMergeable",
        ),
        (
            Some("UNPROCESSABLE"),
            "Required status check \"test\" is expected.",
            "refused 422",
        ),
        (
            Some("FORBIDDEN"),
            "refusing to allow a GitHub App to create or update workflow `x`",
            "workflow",
        ),
        (
            None,
            "Something went wrong while executing your query. This may be the result of a timeout",
            "unknown",
        ),
        (Some("NEW_TYPE"), "never seen", "refused 422"),
    ];
    for (kind_given, message, wanted) in rows {
        let error = graphql(*kind_given, message, &HeaderMap::new(), NOW, Duration::ZERO);
        assert_eq!(kind(&error), *wanted, "{kind_given:?} {message}");
    }
}

#[test]
fn a_long_sentence_is_cut_and_made_one_line() {
    let error = of(422, &[], &format!("a\u{7}b\n\n{}", "x".repeat(2000)));
    let text = error.to_string();
    assert!(text.starts_with("GitHub refused (422): a b x") && text.len() < 700, "{text}");
}
