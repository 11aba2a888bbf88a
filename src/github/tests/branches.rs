//! Branches and commits: made once, never forced, deleted only where nobody needs them.

use serde_json::{Value, json};

use crate::github::bench::{Answer, BASE, Bench, HEAD, OTHER, data, ok, rendered, repo, sha, status};
use crate::github::{Attempt, BranchAt, Change, Conflict, Content, Deletion, Error, Merged, NewCommit};

const APP: &str = "millhand[bot]";

fn at(name: &str, id: &str) -> BranchAt {
    BranchAt {
        name: name.to_owned(),
        sha: sha(id),
    }
}

fn found(id: &str) -> Answer {
    ok(&json!({ "ref": "refs/heads/x", "object": { "sha": id } }))
}

#[tokio::test]
async fn a_branch_that_exists_at_its_commit_is_made() {
    for (there, good) in [(HEAD, true), (OTHER, false)] {
        let bench = Bench::new(move |asked| {
            if asked.method == "POST" {
                status(422, "Reference already exists")
            } else {
                found(there)
            }
        });
        let outcome = bench
            .github
            .create_branch(&repo(), &at("millhand/7-x/base", HEAD), Attempt::First)
            .await;
        assert_eq!(outcome.is_ok(), good, "{outcome:?}");
        assert!(good || outcome.unwrap_err().is_conflict(Conflict::Exists));
    }
    let again = Bench::new(|_| found(HEAD));
    again
        .github
        .create_branch(&repo(), &at("a b/#c", HEAD), Attempt::Again)
        .await
        .unwrap();
    assert_eq!(again.lines(), ["GET /api/v3/repos/acme/todo/git/ref/heads/a%20b/%23c"]);
}

#[tokio::test]
async fn a_branch_moves_forward_only() {
    let bench = Bench::new(|asked| {
        if asked.body["force"] == json!(false) {
            status(422, "Update is not a fast forward")
        } else {
            ok(&json!({}))
        }
    });
    let error = bench
        .github
        .move_branch(&repo(), &at("x", HEAD), Attempt::First)
        .await
        .unwrap_err();
    assert!(error.is_conflict(Conflict::NotFastForward));
}

#[tokio::test]
async fn a_merge_of_branches_has_three_ends() {
    let rows: [(u16, Value, Merged); 3] = [
        (201, json!({ "sha": HEAD }), Merged::Commit(sha(HEAD))),
        (204, Value::Null, Merged::UpToDate),
        (409, json!({ "message": "Merge conflict" }), Merged::Conflicts),
    ];
    for (code, body, wanted) in rows {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let bench = Bench::new(move |_| Answer(code, Vec::new(), text.clone()));
        assert_eq!(
            bench.github.merge_branch(&repo(), "base", "main", &rendered("m")).await,
            Ok(wanted)
        );
    }
}

#[tokio::test]
async fn branches_are_deleted_only_where_nobody_needs_them() {
    let bench = Bench::new(|asked| {
        if asked.line() == "DeleteBranches" {
            return data(&json!({ "refs": { "clientMutationId": null } }));
        }
        let there = |name: &str| (0..7).find(|index| asked.variable(&format!("name{index}")) == name).unwrap();
        let mut node = json!({});
        for (name, id, pulls) in [
            ("mine", Some(HEAD), vec![]),
            ("moved", Some(OTHER), vec![]),
            ("needed", Some(HEAD), vec![9]),
            ("gone", None, vec![]),
            ("theirs", Some(HEAD), vec![]),
            ("amended", Some(HEAD), vec![]),
            ("many", Some(HEAD), vec![]),
        ] {
            let index = there(name);
            node[format!("branch{index}")] = id.map_or(Value::Null, |id| json!({ "target": { "oid": id } }));
            node[format!("pulls{index}")] = json!({ "nodes": pulls.iter().map(|n| json!({ "number": n })).collect::<Vec<_>>() });
            let (author, committer, total) = match name {
                "theirs" => ("ada", "GitHub", 1),
                "amended" => (APP, "ada", 1),
                "many" => (APP, "GitHub", 101),
                "mine" => (APP, APP, 1),
                _ => (APP, "GitHub", 1),
            };
            let commit = json!({ "author": { "name": author }, "committer": { "name": committer },
                "committedViaWeb": committer == "GitHub" });
            node["defaultBranchRef"][format!("ahead{index}")] = json!({ "commits": { "totalCount": total, "nodes": [commit] } });
        }
        data(&json!({ "node": node }))
    });
    let branches: Vec<_> = ["mine", "moved", "needed", "gone", "theirs", "amended", "many"]
        .iter()
        .map(|name| at(name, HEAD))
        .collect();
    let came = bench.github.delete_branches(&repo(), &branches, APP).await.unwrap();
    assert_eq!(came["moved"], Deletion::Moved(sha(OTHER)));
    assert_eq!(came["needed"], Deletion::Needed(vec![9]));
    assert_eq!(came["gone"], Deletion::Absent);
    for name in ["theirs", "amended", "many"] {
        assert_eq!(came[name], Deletion::Foreign, "{name}");
    }
    // It is read back, and this GitHub kept it.
    assert!(matches!(came["mine"], Deletion::Refused(Error::Unknown { .. })));
    let asked = bench.take();
    let document = asked.iter().find(|asked| asked.line() == "DeleteBranches").unwrap();
    let zero = "0".repeat(40);
    assert_eq!(
        document.variable("refs")["refUpdates"],
        json!([{ "name": "refs/heads/mine", "beforeOid": HEAD, "afterOid": zero }])
    );
}

#[tokio::test]
async fn one_refused_deletion_does_not_keep_the_others() {
    let deleted = std::sync::Arc::new(std::sync::Mutex::new(Vec::<String>::new()));
    let bench = Bench::new(move |asked| {
        let mut deleted = deleted.lock().unwrap();
        if asked.line() == "DeleteBranches" {
            let names: Vec<_> = asked.variable("refs")["refUpdates"]
                .as_array()
                .unwrap()
                .iter()
                .map(|u| u["name"].as_str().unwrap().to_owned())
                .collect();
            if names.iter().any(|name| name.ends_with("kept")) {
                return ok(
                    &json!({ "data": { "refs": null }, "errors": [{ "type": "UNPROCESSABLE", "path": ["refs"],
                    "message": "Repository rule violations found" }] }),
                );
            }
            deleted.extend(names);
            return data(&json!({ "refs": { "clientMutationId": null } }));
        }
        let mut node = json!({});
        for index in 0..2 {
            let name = asked.variable(&format!("ref{index}")).as_str().unwrap();
            let there = !deleted.iter().any(|gone| gone == name);
            node[format!("branch{index}")] = if there {
                json!({ "target": { "oid": HEAD } })
            } else {
                Value::Null
            };
            node[format!("pulls{index}")] = json!({ "nodes": [] });
            node["defaultBranchRef"][format!("ahead{index}")] = json!({ "commits": { "totalCount": 0, "nodes": [] } });
        }
        data(&json!({ "node": node }))
    });
    let came = bench
        .github
        .delete_branches(&repo(), &[at("kept", HEAD), at("free", HEAD)], APP)
        .await
        .unwrap();
    assert_eq!(came["free"], Deletion::Deleted);
    assert!(matches!(came["kept"], Deletion::Refused(Error::Denied { .. })));
}

#[tokio::test]
async fn a_commit_of_any_kind_is_made_on_its_parents_tree() {
    let bench = Bench::new(|asked| match asked.line().as_str() {
        "GET /api/v3/repos/acme/todo/git/commits/1111111111111111111111111111111111111111" => {
            ok(&json!({ "tree": { "sha": BASE } }))
        }
        "POST /api/v3/repos/acme/todo/git/blobs" => ok(&json!({ "sha": OTHER })),
        _ => ok(&json!({ "sha": HEAD })),
    });
    let change = |path: &str, content, executable| Change {
        path: path.to_owned(),
        content: Some(content),
        executable,
    };
    let commit = NewCommit {
        parents: vec![sha(BASE), sha(OTHER)],
        base_tree: None,
        changes: vec![
            change("run.sh", Content::Text("#!".to_owned()), true),
            change("a.png", Content::Bytes(vec![0, 1]), false),
            change("b", Content::Blob(sha(HEAD)), false),
        ],
        message: crate::github::Message {
            headline: rendered("Merge"),
            body: rendered(""),
        },
    };
    assert_eq!(bench.github.create_commit(&repo(), &commit).await.unwrap(), sha(HEAD));
    let asked = bench.take();
    let tree = &asked.iter().find(|asked| asked.line().ends_with("/git/trees")).unwrap().body;
    assert_eq!(
        tree["tree"][0],
        json!({ "path": "run.sh", "mode": "100755", "type": "blob", "content": "#!" })
    );
    assert_eq!(
        (&tree["tree"][1]["sha"], &tree["tree"][2]["sha"]),
        (&json!(OTHER), &json!(HEAD))
    );
    assert_eq!(
        asked.last().unwrap().body,
        json!({ "message": "Merge", "tree": HEAD, "parents": [BASE, OTHER] })
    );
}
