//! Documents against the seeded world, through the router.

use serde_json::{Value, json};

use super::bench::Bench;
use crate::sim::CiMode;
use crate::sim::world::{CiScript, FaultKind, FaultSwitch, Rule, Ruleset, RulesetId};

/// What the bot's documents start from.
async fn ids(bench: &Bench, token: &str) -> (Value, Value, Value) {
    let query = r#"{ repository(owner: "acme", name: "todo") { id issue(number: 1) { id }
                     defaultBranchRef { name target { oid } } } }"#;
    let data = bench.data(token, query, json!({})).await;
    let repository = &data["repository"];
    assert_eq!(repository["defaultBranchRef"]["name"], "main");
    (
        repository["id"].clone(),
        repository["issue"]["id"].clone(),
        repository["defaultBranchRef"]["target"]["oid"].clone(),
    )
}

const OPEN: &str = r#"mutation($repo: ID!, $issue: ID!, $oid: GitObjectID!, $branch: String!, $contents: Base64String!) {
  ref: createRef(input: {repositoryId: $repo, name: $branch, oid: $oid, clientMutationId: "one"}) { clientMutationId ref { name prefix target { oid } } }
  commit: createCommitOnBranch(input: {branch: {repositoryNameWithOwner: "acme/todo", branchName: "millhand/1-todo/01-a"},
    expectedHeadOid: $oid, message: {headline: "Add a", body: "Why."},
    fileChanges: {additions: [{path: "src/a.rs", contents: $contents}], deletions: []}}) { commit { oid message messageHeadline messageBody
      parents(first: 2) { nodes { oid } } tree { oid } author { name email user { login } } committer { name } signature { isValid wasSignedByGitHub } } }
  pull: createPullRequest(input: {repositoryId: $repo, baseRefName: "main", headRefName: "millhand/1-todo/01-a", title: "Phase 1",
    body: "Part of #1", draft: true}) { pullRequest { id number isDraft headRefOid baseRefOid state author { __typename login ... on Bot { databaseId } } } }
  comment: addComment(input: {subjectId: $issue, body: "Status"}) { commentEdge { node { id databaseId fullDatabaseId body } } subject { id } }
}"#;

const CHECKS: &str = r#"query($number: Int!) { repository(owner: "acme", name: "todo") { pullRequest(number: $number) {
  headRefOid mergeable mergeStateStatus reviewDecision isInMergeQueue mergeQueueEntry { position } autoMergeRequest { mergeMethod }
  additions deletions changedFiles files(first: 10) { nodes { path additions changeType } }
  commits(last: 1) { totalCount nodes { commit { oid statusCheckRollup { state contexts(first: 100) { checkRunCount totalCount nodes { __typename
    ... on CheckRun { databaseId name status conclusion startedAt completedAt detailsUrl externalId title summary isRequired(pullRequestNumber: $number)
      annotations(first: 10) { nodes { path message annotationLevel location { start { line } end { line } } } }
      checkSuite { databaseId app { databaseId slug } workflowRun { databaseId event runNumber workflow { name } } } }
    ... on StatusContext { context state targetUrl description isRequired(pullRequestNumber: $number) } } } } } } }
  latestOpinionatedReviews(first: 10, writersOnly: true) { nodes { state author { login } authorCanPushToRepository commit { oid } submittedAt } }
} } }"#;

#[tokio::test]
async fn the_five_documents_of_a_phase() {
    let bench = Bench::new(CiMode::Scripted);
    let token = bench.app_token();
    let (repo, pull) = open_a_phase(&bench, &token).await;
    bench.idle().await;
    read_green_checks(&bench, &token, &pull).await;
    hand_to_a_reviewer(&bench, &token, &repo, &pull).await;
    approve_and_merge(&bench, &token, &pull).await;
    let mutations: Vec<String> = bench.world(|world| world.journal.iter().flat_map(|entry| entry.mutations.clone()).collect());
    let expected = "createRef createCommitOnBranch createPullRequest addComment createCheckRun markPullRequestReadyForReview \
                    requestReviews addPullRequestReview mergePullRequest";
    assert_eq!(mutations.join(" "), expected);
}

/// Document 1; the repository's id and the pull request.
async fn open_a_phase(bench: &Bench, token: &str) -> (Value, Value) {
    let (repo, issue, main) = ids(bench, token).await;
    let branch = "refs/heads/millhand/1-todo/01-a";
    let variables = json!({ "repo": repo, "issue": issue, "oid": main, "branch": branch, "contents": "Ly8gYQo=" });
    let opened = bench.data(token, OPEN, variables).await;
    assert_eq!(opened["ref"]["clientMutationId"], "one");
    // The answer to a mutation is read right after it, before the commit of the next one.
    let made = json!({ "name": "millhand/1-todo/01-a", "prefix": "refs/heads/", "target": { "oid": main } });
    assert_eq!(opened["ref"]["ref"], made);
    let commit = &opened["commit"]["commit"];
    assert_eq!(commit["message"], "Add a\n\nWhy.");
    assert_eq!(
        (commit["messageHeadline"].as_str(), commit["messageBody"].as_str()),
        (Some("Add a"), Some("Why."))
    );
    assert_eq!(commit["parents"]["nodes"], json!([{ "oid": main }]));
    assert_eq!(commit["signature"]["isValid"], true);
    let pull = &opened["pull"]["pullRequest"];
    assert_eq!(pull["headRefOid"], commit["oid"]);
    assert_eq!((&pull["isDraft"], &pull["state"]), (&json!(true), &json!("OPEN")));
    assert_eq!(
        (&pull["author"]["__typename"], &pull["author"]["login"]),
        (&json!("Bot"), &json!("millhand"))
    );
    (repo, pull.clone())
}

/// Document 2.
async fn read_green_checks(bench: &Bench, token: &str, pull: &Value) {
    let seen = bench.data(token, CHECKS, json!({ "number": pull["number"] })).await;
    let pull = &seen["repository"]["pullRequest"];
    let rollup = &pull["commits"]["nodes"][0]["commit"]["statusCheckRollup"];
    assert_eq!(
        (&rollup["state"], &rollup["contexts"]["checkRunCount"]),
        (&json!("SUCCESS"), &json!(1))
    );
    let check = &rollup["contexts"]["nodes"][0];
    assert_eq!((&check["name"], &check["conclusion"]), (&json!("test"), &json!("SUCCESS")));
    assert_eq!(check["isRequired"], false);
    assert_eq!(check["checkSuite"]["workflowRun"]["event"], "pull_request");
    assert_eq!(check["checkSuite"]["app"]["slug"], "github-actions");
    assert_eq!(
        pull["files"]["nodes"],
        json!([{ "path": "src/a.rs", "additions": 1, "changeType": "ADDED" }])
    );
    assert_eq!(
        (&pull["mergeable"], &pull["mergeStateStatus"]),
        (&json!("MERGEABLE"), &json!("DRAFT"))
    );
    assert_eq!(pull["reviewDecision"], Value::Null);
}

/// Document 3.
async fn hand_to_a_reviewer(bench: &Bench, token: &str, repo: &Value, pull: &Value) {
    let reviewer = bench.data("sim-reviewer", "{ viewer { id login } }", json!({})).await["viewer"].clone();
    assert_eq!(reviewer["login"], "reviewer");
    let ready = r#"mutation($repo: ID!, $pull: ID!, $oid: GitObjectID!, $user: ID!) {
      check: createCheckRun(input: {repositoryId: $repo, headSha: $oid, name: "millhand", status: COMPLETED, conclusion: SUCCESS, externalId: "w/1",
        output: {title: "Good", summary: "All criteria hold.", annotations: [{path: "src/a.rs", annotationLevel: NOTICE, message: "fine",
          location: {startLine: 1, endLine: 1}}]}, actions: [{label: "Hold", description: "Do not merge", identifier: "hold"}]}) { checkRun { id databaseId externalId } }
      ready: markPullRequestReadyForReview(input: {pullRequestId: $pull}) { pullRequest { isDraft } }
      ask: requestReviews(input: {pullRequestId: $pull, userIds: [$user], union: true}) { pullRequest { reviewRequests(first: 5) { nodes { requestedReviewer { ... on User { login } } } } } }
    }"#;
    let variables = json!({ "repo": repo, "pull": pull["id"], "oid": pull["headRefOid"], "user": reviewer["id"] });
    let done = bench.data(token, ready, variables).await;
    assert_eq!(done["check"]["checkRun"]["externalId"], "w/1");
    assert_eq!(done["ready"]["pullRequest"]["isDraft"], false);
    let asked = &done["ask"]["pullRequest"]["reviewRequests"]["nodes"][0];
    assert_eq!(asked["requestedReviewer"]["login"], "reviewer");
}

/// A person's approval, documents 4 and 5.
async fn approve_and_merge(bench: &Bench, token: &str, pull: &Value) {
    let approve = "mutation($pull: ID!) { addPullRequestReview(input: {pullRequestId: $pull, event: APPROVE, body: \"Good\"}) { pullRequestReview { state } } }";
    let approved = bench.data("sim-reviewer", approve, json!({ "pull": pull["id"] })).await;
    assert_eq!(approved["addPullRequestReview"]["pullRequestReview"]["state"], "APPROVED");
    bench.idle().await;
    let seen = bench.data(token, CHECKS, json!({ "number": pull["number"] })).await["repository"]["pullRequest"].clone();
    let review = &seen["latestOpinionatedReviews"]["nodes"][0];
    assert_eq!(
        (&review["state"], &review["authorCanPushToRepository"]),
        (&json!("APPROVED"), &json!(true))
    );
    assert_eq!(review["commit"]["oid"], pull["headRefOid"]);
    assert_eq!(seen["mergeStateStatus"], "CLEAN");
    let merge = r#"mutation($pull: ID!, $oid: GitObjectID!) { merge: mergePullRequest(input: {pullRequestId: $pull, expectedHeadOid: $oid,
      mergeMethod: SQUASH, commitHeadline: "Add a (#3)", commitBody: ""}) { pullRequest { state merged mergedAt mergedBy { login }
      mergeCommit { oid messageHeadline parents(first: 2) { totalCount } } } actor { login } } }"#;
    let merged = bench
        .data(token, merge, json!({ "pull": pull["id"], "oid": pull["headRefOid"] }))
        .await;
    let pull = &merged["merge"]["pullRequest"];
    assert_eq!((&pull["state"], &pull["merged"]), (&json!("MERGED"), &json!(true)));
    assert_eq!(pull["mergedBy"]["login"], "millhand");
    assert_eq!(pull["mergeCommit"]["messageHeadline"], "Add a (#3)");
    assert_eq!(pull["mergeCommit"]["parents"]["totalCount"], 1);
}

#[tokio::test]
async fn a_failed_mutation_is_null_with_its_error_and_stops_nothing() {
    let bench = Bench::new(CiMode::Off);
    let token = bench.app_token();
    let (repo, issue, main) = ids(&bench, &token).await;
    let document = r#"mutation($repo: ID!, $issue: ID!, $oid: GitObjectID!) {
      first: createRef(input: {repositoryId: $repo, name: "refs/heads/main", oid: $oid}) { ref { name } }
      second: createCommitOnBranch(input: {branch: {repositoryNameWithOwner: "acme/todo", branchName: "main"},
        expectedHeadOid: "e83c5163316f89bfbde7d9ab23ca2e25604af290", message: {headline: "x"}}) { commit { oid } }
      third: addComment(input: {subjectId: "PR_none", body: "x"}) { subject { id } }
      fourth: addComment(input: {subjectId: $issue, body: "kept"}) { commentEdge { node { body } } }
    }"#;
    let answer = bench
        .ask(&token, document, json!({ "repo": repo, "issue": issue, "oid": main }))
        .await;
    let data = &answer["data"];
    assert_eq!(
        (&data["first"], &data["second"], &data["third"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert_eq!(data["fourth"]["commentEdge"]["node"]["body"], "kept");
    let errors: Vec<String> = answer["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| {
            format!(
                "{} {} {}",
                error["path"][0].as_str().unwrap(),
                error["type"].as_str().unwrap(),
                error["message"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(errors[0], "first UNPROCESSABLE Reference already exists");
    assert!(
        errors[1].starts_with("second STALE_DATA Expected branch to point to"),
        "{errors:?}"
    );
    assert_eq!(
        errors[2],
        "third NOT_FOUND Could not resolve to a node with the global id of 'PR_none'."
    );
    assert_eq!(errors.len(), 3);
}

#[tokio::test]
async fn what_github_refuses_as_a_whole() {
    let bench = Bench::new(CiMode::Off);
    let token = bench.app_token();
    let rows = [
        (json!({ "query": "{ viewer { logim } }" }), "logim"),
        (json!({ "query": "{ viewer { login " }), "expected"),
        (
            json!({ "query": "query($a: Int!) { rateLimit { cost } repository(owner: \"a\", name: \"b\") { issue(number: $a) { id } } }", "variables": { "a": "x" } }),
            "not valid",
        ),
        (json!({ "query": "{ viewer { login } }", "variables": { "b": 1 } }), "$b"),
        (
            json!({ "query": "query A { viewer { login } } query B { viewer { login } }" }),
            "operation",
        ),
        (
            json!({ "query": "{ repository(owner: \"acme\", name: \"todo\") { issues { nodes { id } } } }" }),
            "`first` or `last`",
        ),
    ];
    for (body, part) in rows {
        let (status, answer) = bench.post(&token, &body).await;
        assert_eq!((status, answer.get("data")), (200, None), "{body}");
        assert!(answer["errors"].to_string().contains(part), "{body}: {answer}");
    }
    for (token, body, status) in [
        ("nonsense", json!({ "query": "{ viewer { login } }" }), 401),
        (token.as_str(), json!({ "q": 1 }), 400),
        (token.as_str(), json!("x"), 400),
    ] {
        assert_eq!(bench.post(token, &body).await.0, status, "{body}");
    }
}

#[tokio::test]
async fn what_is_not_there_or_not_built_is_named() {
    let bench = Bench::new(CiMode::Off);
    let token = bench.app_token();
    let rows = [
        (
            r#"{ repository(owner: "acme", name: "none") { id } }"#,
            "NOT_FOUND Could not resolve to a Repository with the name 'acme/none'.",
        ),
        (
            r#"{ repository(owner: "acme", name: "todo") { issue(number: 99) { id } } }"#,
            "NOT_FOUND Could not resolve to an Issue with the number of 99.",
        ),
        (
            r#"{ repository(owner: "acme", name: "todo") { pullRequest(number: 1) { id } } }"#,
            "NOT_FOUND Could not resolve to a PullRequest with the number of 1.",
        ),
        (
            r#"{ node(id: "x") { id } }"#,
            "NOT_FOUND Could not resolve to a node with the global id of 'x'.",
        ),
        (
            r#"{ repository(owner: "acme", name: "todo") { forkCount } }"#,
            "NOT_BUILT The simulated GitHub has not built the field Repository.forkCount.",
        ),
        (
            r#"{ licenses { name } }"#,
            "NOT_BUILT The simulated GitHub has not built the field Query.licenses.",
        ),
    ];
    for (query, expected) in rows {
        let answer = bench.ask(&token, query, json!({})).await;
        let error = &answer["errors"][0];
        assert_eq!(
            format!("{} {}", error["type"].as_str().unwrap(), error["message"].as_str().unwrap()),
            expected
        );
    }
    let answer = bench
        .data(
            &token,
            "{ rateLimit { cost limit remaining resetAt } viewer { login __typename } }",
            json!({}),
        )
        .await;
    assert_eq!(
        (&answer["rateLimit"]["cost"], &answer["viewer"]["login"]),
        (&json!(1), &json!("millhand[bot]"))
    );
}

#[tokio::test]
async fn reviews_threads_comments_and_reactions() {
    let bench = Bench::new(CiMode::Off);
    let token = bench.app_token();
    bench.commit("work", &[("src/new.rs", "one\ntwo\nthree\n")]);
    let number = bench.open("work", "main");
    let query = "query($n: Int!) { repository(owner: \"acme\", name: \"todo\") { pullRequest(number: $n) { id } } }";
    let pull = bench.data(&token, query, json!({ "n": number })).await["repository"]["pullRequest"]["id"].clone();

    let review = r#"mutation($pull: ID!) { addPullRequestReview(input: {pullRequestId: $pull, event: REQUEST_CHANGES, body: "Please",
      threads: [{path: "src/new.rs", line: 2, body: "rename"}]}) { pullRequestReview { id state comments(first: 5) { nodes { path line body } } } } }"#;
    let made =
        bench.data("sim-reviewer", review, json!({ "pull": pull })).await["addPullRequestReview"]["pullRequestReview"].clone();
    assert_eq!(
        made["comments"]["nodes"],
        json!([{ "path": "src/new.rs", "line": 2, "body": "rename" }])
    );
    let threads = "query($id: ID!) { node(id: $id) { ... on PullRequest { reviewThreads(first: 5) { nodes { id isResolved path line
      comments(first: 5) { nodes { body replyTo { body } author { login } } } } } reviews(first: 9, states: [COMMENTED, CHANGES_REQUESTED]) { nodes { state body } } } } }";
    let seen = bench.data(&token, threads, json!({ "id": pull })).await["node"].clone();
    let thread = seen["reviewThreads"]["nodes"][0]["id"].clone();
    assert_eq!(seen["reviewThreads"]["nodes"][0]["isResolved"], false);

    // A pending review, a reply that hangs on it, then both at once.
    let begin = "mutation($pull: ID!) { addPullRequestReview(input: {pullRequestId: $pull}) { pullRequestReview { id state } } }";
    let begun = bench.data(&token, begin, json!({ "pull": pull })).await["addPullRequestReview"]["pullRequestReview"].clone();
    assert_eq!(begun["state"], "PENDING");
    let reply = r#"mutation($thread: ID!, $review: ID!) {
      reply: addPullRequestReviewThreadReply(input: {pullRequestReviewThreadId: $thread, pullRequestReviewId: $review, body: "done"}) { comment { body state } }
      submit: submitPullRequestReview(input: {pullRequestReviewId: $review, event: COMMENT, body: "In one commit."}) { pullRequestReview { state } }
    }"#;
    let variables = json!({ "thread": thread, "review": begun["id"] });
    let hidden = bench.data("sim-reader", threads, json!({ "id": pull })).await;
    assert_eq!(hidden["node"]["reviews"]["nodes"].as_array().unwrap().len(), 1);
    let done = bench.data(&token, reply, variables).await;
    assert_eq!(done["submit"]["pullRequestReview"]["state"], "COMMENTED");
    let seen = bench.data("sim-reader", threads, json!({ "id": pull })).await["node"].clone();
    let comments = &seen["reviewThreads"]["nodes"][0]["comments"]["nodes"];
    assert_eq!(
        comments[1],
        json!({ "body": "done", "replyTo": { "body": "rename" }, "author": { "login": "millhand" } })
    );
    assert_eq!(
        seen["reviews"]["nodes"][1],
        json!({ "state": "COMMENTED", "body": "In one commit." })
    );

    let comment = "mutation($id: ID!) { addComment(input: {subjectId: $id, body: \"old\"}) { commentEdge { node { id } } } }";
    let comment = bench.data(&token, comment, json!({ "id": pull })).await["addComment"]["commentEdge"]["node"]["id"].clone();
    let change = r#"mutation($id: ID!) {
      edit: updateIssueComment(input: {id: $id, body: "new"}) { issueComment { body lastEditedAt url } }
      react: addReaction(input: {subjectId: $id, content: EYES}) { reaction { content } subject { id } }
      hide: minimizeComment(input: {subjectId: $id, classifier: OUTDATED}) { minimizedComment { isMinimized minimizedReason } }
    }"#;
    let changed = bench.data(&token, change, json!({ "id": comment })).await;
    assert_eq!(changed["edit"]["issueComment"]["body"], "new");
    assert!(changed["edit"]["issueComment"]["lastEditedAt"].is_string());
    assert_eq!(changed["react"]["reaction"]["content"], "EYES");
    assert_eq!(
        changed["hide"]["minimizedComment"],
        json!({ "isMinimized": true, "minimizedReason": "outdated" })
    );
    let groups = "query($id: ID!) { node(id: $id) { ... on IssueComment { reactionGroups { content viewerHasReacted } reactions(first: 3, content: EYES) { totalCount } } } }";
    let seen = bench.data(&token, groups, json!({ "id": comment })).await["node"].clone();
    assert_eq!(
        (
            seen["reactionGroups"].as_array().unwrap().len(),
            &seen["reactions"]["totalCount"]
        ),
        (8, &json!(1))
    );
}

const CHANGE: &str = r#"mutation($repo: ID!, $issue: ID!, $pull: ID!, $two: ID!, $main: GitObjectID!, $twoOid: GitObjectID!) {
      merge: mergeBranch(input: {repositoryId: $repo, base: "one", head: "two", commitMessage: "Take in two"}) { mergeCommit { messageHeadline parents(first: 2) { totalCount } } }
      again: mergeBranch(input: {repositoryId: $repo, base: "one", head: "two"}) { mergeCommit { oid } }
      linked: createLinkedBranch(input: {issueId: $issue, oid: $main, name: "three"}) { linkedBranch { ref { name } } issue { number } }
      many: updateRefs(input: {repositoryId: $repo, refUpdates: [
        {name: "refs/heads/three", beforeOid: $main, afterOid: $twoOid},
        {name: "refs/heads/four", beforeOid: "0000000000000000000000000000000000000000", afterOid: $main}]}) { clientMutationId }
      back: updateRef(input: {refId: $two, oid: $main, force: true}) { ref { target { oid } } }
      edit: updatePullRequest(input: {pullRequestId: $pull, title: "New title", body: "New body"}) { pullRequest { title body } actor { login } }
      draft: convertPullRequestToDraft(input: {pullRequestId: $pull}) { pullRequest { isDraft } }
      close: closePullRequest(input: {pullRequestId: $pull}) { pullRequest { state closed } }
      reopen: reopenPullRequest(input: {pullRequestId: $pull}) { pullRequest { state } }
    }"#;

#[tokio::test]
async fn refs_and_pull_requests_are_changed() {
    let bench = Bench::new(CiMode::Off);
    let token = bench.app_token();
    let (repo, issue, main) = ids(&bench, &token).await;
    bench.commit("one", &[("one.txt", "1\n")]);
    bench.commit("two", &[("two.txt", "2\n")]);
    let number = bench.open("one", "main");
    let read = r#"query($n: Int!) { repository(owner: "acme", name: "todo") {
      one: ref(qualifiedName: "refs/heads/one") { id target { oid } } two: ref(qualifiedName: "two") { id target { oid } }
      refs(refPrefix: "refs/heads/", first: 10, query: "o") { totalCount nodes { name } }
      file: object(expression: "one:one.txt") { ... on Blob { text byteSize isBinary } }
      tree: object(expression: "HEAD:") { ... on Tree { entries { name type mode } } }
      pullRequest(number: $n) { id headRef { name associatedPullRequests(first: 2) { nodes { number } } } baseRef { name refUpdateRule { viewerCanPush } } }
      pullRequests(headRefName: "one", baseRefName: "main", states: [OPEN], first: 5, orderBy: {field: CREATED_AT, direction: DESC}) { nodes { number } }
    } }"#;
    let data = bench.data(&token, read, json!({ "n": number })).await["repository"].clone();
    assert_eq!(data["file"], json!({ "text": "1\n", "byteSize": 2, "isBinary": false }));
    let names: Vec<&str> = data["tree"]["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["name"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"src") && names.contains(&".github"), "{names:?}");
    assert_eq!(data["pullRequests"]["nodes"], json!([{ "number": number }]));
    assert_eq!(
        data["pullRequest"]["headRef"]["associatedPullRequests"]["nodes"],
        json!([{ "number": number }])
    );
    assert_eq!(
        data["pullRequest"]["baseRef"],
        json!({ "name": "main", "refUpdateRule": null })
    );

    let variables = json!({ "repo": repo, "issue": issue, "pull": data["pullRequest"]["id"], "two": data["two"]["id"], "main": main,
                            "twoOid": data["two"]["target"]["oid"] });
    let changed = bench.data(&token, CHANGE, variables).await;
    assert_eq!(changed["merge"]["mergeCommit"]["parents"]["totalCount"], 2);
    assert_eq!(changed["again"]["mergeCommit"], Value::Null);
    assert_eq!(changed["linked"]["linkedBranch"]["ref"]["name"], "three");
    assert_eq!(changed["back"]["ref"]["target"]["oid"], main);
    assert_eq!(
        changed["edit"]["pullRequest"],
        json!({ "title": "New title", "body": "New body" })
    );
    assert_eq!(
        (
            &changed["close"]["pullRequest"]["state"],
            &changed["reopen"]["pullRequest"]["state"]
        ),
        (&json!("CLOSED"), &json!("OPEN"))
    );

    the_refs_moved(&bench, &token, &data["two"]["target"]["oid"], &main).await;
}

/// What `updateRefs` did, and a deletion.
async fn the_refs_moved(bench: &Bench, token: &str, two: &Value, main: &Value) {
    let after = r#"{ repository(owner: "acme", name: "todo") { three: ref(qualifiedName: "three") { id target { oid } } four: ref(qualifiedName: "four") { target { oid } } } }"#;
    let refs = bench.data(token, after, json!({})).await["repository"].clone();
    assert_eq!((&refs["three"]["target"]["oid"], &refs["four"]["target"]["oid"]), (two, main));
    let gone = bench
        .data(
            token,
            "mutation($id: ID!) { deleteRef(input: {refId: $id}) { clientMutationId } }",
            json!({ "id": refs["three"]["id"] }),
        )
        .await;
    assert_eq!(gone["deleteRef"]["clientMutationId"], Value::Null);
    assert_eq!(bench.data(token, after, json!({})).await["repository"]["three"], Value::Null);
}

#[tokio::test]
async fn reconcile_reads_issue_timeline_and_switches() {
    let bench = Bench::new(CiMode::Off);
    let token = bench.app_token();
    let label = r#"query { repository(owner: "acme", name: "todo") { issue(number: 1) { id } labels(first: 100) { nodes { id name } } } }"#;
    let data = bench.data("sim-maintainer", label, json!({})).await["repository"].clone();
    let labels = data["labels"]["nodes"].as_array().unwrap().clone();
    let first = labels.first().expect("the repository has a label").clone();
    let change = r#"mutation($issue: ID!, $label: ID!) {
      set: addLabelsToLabelable(input: {labelableId: $issue, labelIds: [$label]}) { labelable { labels(first: 5) { nodes { name } } } }
      off: removeLabelsFromLabelable(input: {labelableId: $issue, labelIds: [$label]}) { labelable { labels(first: 5) { totalCount } } }
      on: addLabelsToLabelable(input: {labelableId: $issue, labelIds: [$label]}) { clientMutationId }
      close: closeIssue(input: {issueId: $issue, stateReason: NOT_PLANNED}) { issue { state stateReason closed } }
      reopen: reopenIssue(input: {issueId: $issue}) { issue { state stateReason } }
    }"#;
    let done = bench
        .data(
            "sim-maintainer",
            change,
            json!({ "issue": data["issue"]["id"], "label": first["id"] }),
        )
        .await;
    assert_eq!(
        done["close"]["issue"],
        json!({ "state": "CLOSED", "stateReason": "NOT_PLANNED", "closed": true })
    );
    assert_eq!(done["reopen"]["issue"], json!({ "state": "OPEN", "stateReason": "REOPENED" }));

    let read = r#"{ repository(owner: "acme", name: "todo") { id databaseId nameWithOwner mergeCommitAllowed squashMergeAllowed rebaseMergeAllowed
      deleteBranchOnMerge autoMergeAllowed isArchived isPrivate owner { __typename login }
      issues(first: 10, filterBy: {labels: ["LABEL"], states: [OPEN]}) { nodes { number } }
      issue(number: 1) { id number title body state stateReason lastEditedAt editor { login } author { __typename login ... on User { databaseId } }
        authorAssociation locked labels(first: 10) { nodes { name } } assignees(first: 5) { nodes { login } }
        comments(first: 10) { nodes { id } pageInfo { hasNextPage endCursor } }
        closedByPullRequestsReferences(first: 5, includeClosedPrs: true) { nodes { number state } }
        timelineItems(first: 50, itemTypes: [LABELED_EVENT, UNLABELED_EVENT, CLOSED_EVENT, REOPENED_EVENT, RENAMED_TITLE_EVENT]) { filteredCount nodes { __typename
          ... on LabeledEvent { actor { login } label { name } createdAt } ... on UnlabeledEvent { actor { login } label { name } }
          ... on ClosedEvent { actor { login } stateReason closer { __typename } } ... on ReopenedEvent { actor { login } } } } } } }"#
        .replace("LABEL\"]", &format!("{}\"]", first["name"].as_str().unwrap()));
    let seen = bench.data(&token, &read, json!({})).await["repository"].clone();
    assert_eq!(seen["nameWithOwner"], "acme/todo");
    assert_eq!(seen["issues"]["nodes"], json!([{ "number": 1 }]));
    let kinds: Vec<&str> = seen["issue"]["timelineItems"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["__typename"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "LabeledEvent",
            "UnlabeledEvent",
            "LabeledEvent",
            "ClosedEvent",
            "ReopenedEvent"
        ]
    );
    let closed = &seen["issue"]["timelineItems"]["nodes"][3];
    assert_eq!(
        closed,
        &json!({ "__typename": "ClosedEvent", "actor": { "login": "maintainer" }, "stateReason": "NOT_PLANNED", "closer": null })
    );
}

#[tokio::test]
async fn a_red_check_shows_its_annotations() {
    let bench = Bench::new(CiMode::Scripted);
    let token = bench.app_token();
    bench.world(|world| {
        world.ci_scripts.push(CiScript {
            repository: Some("acme/todo".to_owned()),
            branch: Some("red*".to_owned()),
            check: Some("test".to_owned()),
            conclusion: "failure".to_owned(),
            log: Some("running\n::error file=src/a.rs,line=3::expected 1, found 2".to_owned()),
            count: Some(1),
        });
    });
    bench.commit("red-one", &[("src/a.rs", "x\n")]);
    let number = bench.open("red-one", "main");
    bench.idle().await;
    let seen = bench.data(&token, CHECKS, json!({ "number": number })).await["repository"]["pullRequest"].clone();
    let rollup = &seen["commits"]["nodes"][0]["commit"]["statusCheckRollup"];
    assert_eq!(
        (&rollup["state"], &seen["mergeStateStatus"]),
        (&json!("FAILURE"), &json!("UNSTABLE"))
    );
    let notes = rollup["contexts"]["nodes"][0]["annotations"]["nodes"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(notes[0]["path"], "src/a.rs");
    assert_eq!(notes[0]["location"]["start"]["line"], 3);
    assert_eq!(notes[1]["message"], "Process completed with exit code 1.");
}

#[tokio::test]
async fn required_checks_are_told_by_the_rules_of_the_base() {
    let bench = Bench::new(CiMode::Scripted);
    let token = bench.app_token();
    bench.world(|world| {
        let checks = json!({ "required_status_checks": [{ "context": "test", "integration_id": 15368 }] });
        let rule = Rule {
            kind: "required_status_checks".to_owned(),
            parameters: Some(checks),
        };
        let ruleset = Ruleset {
            id: RulesetId(1),
            name: "r".to_owned(),
            include: vec!["~DEFAULT_BRANCH".to_owned()],
            exclude: Vec::new(),
            rules: vec![rule],
            bypass: Vec::new(),
            active: true,
        };
        world.repositories.get_mut(&bench.repo).unwrap().rulesets.push(ruleset);
        world.ci_scripts.push(CiScript {
            repository: None,
            branch: None,
            check: None,
            conclusion: "never".to_owned(),
            log: None,
            count: None,
        });
    });
    bench.commit("work", &[("a.txt", "a\n")]);
    let number = bench.open("work", "main");
    bench.idle().await;
    let seen = bench.data(&token, CHECKS, json!({ "number": number })).await["repository"]["pullRequest"].clone();
    let rollup = &seen["commits"]["nodes"][0]["commit"]["statusCheckRollup"];
    let check = &rollup["contexts"]["nodes"][0];
    assert_eq!(
        (&rollup["state"], &check["status"], &check["isRequired"]),
        (&json!("PENDING"), &json!("IN_PROGRESS"), &json!(true))
    );
    assert_eq!(seen["mergeStateStatus"], "BLOCKED");
    let merge = "mutation($id: ID!) { mergePullRequest(input: {pullRequestId: $id}) { pullRequest { merged } } }";
    let id = bench
        .data(
            &token,
            "query($n: Int!) { repository(owner: \"acme\", name: \"todo\") { pullRequest(number: $n) { id } } }",
            json!({ "n": number }),
        )
        .await;
    let refused = bench
        .ask(&token, merge, json!({ "id": id["repository"]["pullRequest"]["id"] }))
        .await;
    assert_eq!(refused["data"]["mergePullRequest"], Value::Null);
    let sentence = refused["errors"][0]["message"].as_str().unwrap();
    assert!(sentence.contains("Required status check \"test\" is expected."), "{sentence}");
}

#[tokio::test]
async fn fault_switches_disturb_documents_too() {
    let bench = Bench::new(CiMode::Off);
    let token = bench.app_token();
    let (_, issue, _) = ids(&bench, &token).await;
    let switch = |fault, status| {
        let switch = FaultSwitch {
            method: None,
            path: "/api/graphql".to_owned(),
            fault,
            status,
            retry_after: Some(7),
            count: Some(1),
        };
        bench.world(|world| world.fault_switches.push(switch));
    };
    let comment = json!({ "query": "mutation($id: ID!) { addComment(input: {subjectId: $id, body: \"x\"}) { clientMutationId } }", "variables": { "id": issue } });
    let count = json!({ "query": "{ repository(owner: \"acme\", name: \"todo\") { issue(number: 1) { comments(first: 1) { totalCount } } } }" });
    let total = |answer: &Value| answer["data"]["repository"]["issue"]["comments"]["totalCount"].as_u64();

    switch(FaultKind::Status, Some(429));
    assert_eq!(bench.post(&token, &comment).await.0, 429);
    let (_, before) = bench.post(&token, &count).await;
    assert_eq!(total(&before), Some(0), "nothing was done");

    switch(FaultKind::ReplyLost, None);
    assert_eq!(bench.post(&token, &comment).await.0, 502);
    switch(FaultKind::Stale, None);
    let (_, stale) = bench.post(&token, &count).await;
    let (_, fresh) = bench.post(&token, &count).await;
    assert_eq!(
        (total(&stale), total(&fresh)),
        (Some(0), Some(1)),
        "it was done, and a lagging replica does not show it yet"
    );
    let last: Vec<u16> = bench.world(|world| world.journal.iter().rev().take(3).map(|entry| entry.status).collect());
    assert_eq!(last, [200, 200, 200], "what was done is in the journal as it was done");
}
