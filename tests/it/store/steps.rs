//! Cases of the step: what it is given, what it writes, and what is left of one that fails.

use std::collections::BTreeSet;
use std::sync::Arc;

use millhand::clock::Millis;
use millhand::store::{
    Blob, HandoffRow, PhaseRow, RouteRow, StepInput, StepOutput, Store, StoreError, WorkflowFilter, WorkflowRow,
};

use super::bench::{
    INSTALLATION, REPOSITORY, claim, delivery, effect, follow, ingest, look, settle, step_with, subject, workflow_of,
};
use super::directory::{installation, repository};

pub(crate) async fn a_clean_store_has_nothing_to_decide(store: &Arc<dyn Store>) {
    assert_eq!(look(store, 0).await, None);
    assert_eq!(store.next_due().await.unwrap(), None);
    assert_eq!(store.workflow("nobody".to_owned()).await.unwrap(), None);
}

pub(crate) async fn the_subject_that_waits_longest_goes_first(store: &Arc<dyn Store>) {
    ingest(store, "7#3", "late", 30).await;
    ingest(store, "7#2", "early", 10).await;
    ingest(store, "7#1", "middle", 20).await;
    ingest(store, "7#2", "last of all", 40).await;
    let mut order = Vec::new();
    while let Some((subject, _)) = look(store, 50).await {
        order.push(subject);
    }
    assert_eq!(order, ["7#2", "7#1", "7#3"]);
}

pub(crate) async fn a_flood_is_taken_in_parts_and_lets_others_between(store: &Arc<dyn Store>) {
    let flood = (0..120).map(|number| delivery("7#1", &format!("{number}"), 0)).collect();
    store.ingest(flood).await.unwrap();
    ingest(store, "7#2", "patient", 5).await;
    let mut seen = Vec::new();
    let mut order = Vec::new();
    while let Some((subject, facts)) = look(store, 6).await {
        order.push((subject.clone(), facts.len()));
        if subject == "7#1" {
            seen.extend(facts);
        }
    }
    let expected = [("7#1", 50), ("7#2", 1), ("7#1", 50), ("7#1", 20)];
    assert_eq!(order, expected.map(|(subject, rows)| (subject.to_owned(), rows)));
    assert_eq!(seen, (0..120).map(|number| number.to_string()).collect::<Vec<_>>());
}

fn handoff(workflow: &str, seq: i64, event_seq: i64) -> HandoffRow {
    HandoffRow {
        workflow: workflow.to_owned(),
        seq,
        event_seq,
        from_role: "q_assistant".to_owned(),
        to_role: "code_writer".to_owned(),
        from_state: "planning".to_owned(),
        to_state: "handoff_to_coder".to_owned(),
        phase: (seq == 2).then_some(2),
        data: "{\"plan\":1}".to_owned(),
        at: Millis(4),
    }
}

fn phase(workflow: &str, number: i64) -> PhaseRow {
    PhaseRow {
        workflow: workflow.to_owned(),
        number,
        id: format!("{number:02}-parser"),
        title: "Parser".to_owned(),
        state: "testing".to_owned(),
        status: "active".to_owned(),
        pull_request: (number == 1).then_some(12),
        merged: None,
    }
}

fn everything(input: &StepInput) -> StepOutput {
    let followed = follow(input);
    let workflow = followed.workflow.as_ref().unwrap().id.clone();
    StepOutput {
        handoffs: vec![handoff(&workflow, 1, 1), handoff(&workflow, 2, 2)],
        phases: vec![phase(&workflow, 1), phase(&workflow, 2)],
        effects: vec![millhand::store::NewEffect {
            workflow: Some(workflow),
            ..effect("made", 0)
        }],
        withdrawn: vec!["nobody's".to_owned()],
        routes: vec![RouteRow {
            repository: 7,
            key: "pull:12".to_owned(),
        }],
        deliveries: vec![delivery("7#2", "for another", 4)],
        results: vec![(input.rows[0].seq, "taken".to_owned())],
        blobs: vec![Blob::new(b"big".to_vec())],
        ..followed
    }
}

pub(crate) async fn everything_a_step_says_is_written(store: &Arc<dyn Store>) {
    ingest(store, "7#1", "one", 1).await;
    ingest(store, "7#1", "two", 2).await;
    let (input, answer) = step_with(store, 4, everything).await;
    assert!(answer.unwrap());
    let input = input.unwrap();
    assert_eq!((input.now, input.workflow.clone()), (Millis(4), None));

    let said = everything(&input);
    let id = said.workflow.as_ref().unwrap().id.clone();
    assert_eq!(store.workflow(id.clone()).await.unwrap(), said.workflow);
    assert_eq!(store.events(id.clone(), 0, 10).await.unwrap(), said.events);
    assert_eq!(store.handoffs(id.clone(), 0, 10).await.unwrap(), said.handoffs);
    assert_eq!(store.handoffs(id.clone(), 1, 10).await.unwrap(), said.handoffs[1..]);
    assert_eq!(store.blob(said.blobs[0].hash.clone()).await.unwrap(), Some(b"big".to_vec()));
    assert_eq!(store.route(7, "pull:12".to_owned()).await.unwrap(), Some("7#1".to_owned()));
    assert_eq!(
        store
            .decided("7#1".to_owned(), "one".to_owned())
            .await
            .unwrap()
            .unwrap()
            .result,
        Some("taken".to_owned())
    );
    let claimed = claim(store, 4, 10, 10).await;
    assert_eq!(
        (claimed.len(), claimed[0].workflow.clone(), claimed[0].created_at),
        (1, Some(id), Millis(4))
    );
    assert_eq!(claimed[0].order, said.effects[0].order);
    assert_eq!(look(store, 5).await, Some(("7#2".to_owned(), vec!["for another".to_owned()])));

    // The next step is given what this one wrote.
    ingest(store, "7#1", "three", 6).await;
    let (input, _) = step_with(store, 7, |_| StepOutput::default()).await;
    assert_eq!(input.unwrap().workflow, said.workflow);
}

pub(crate) async fn a_log_is_read_in_pages(store: &Arc<dyn Store>) {
    store
        .ingest((0..7).map(|number| delivery("7#1", &format!("{number}"), 0)).collect())
        .await
        .unwrap();
    step_with(store, 1, follow).await.1.unwrap();
    let mut read = Vec::new();
    while let Some(page) = Some(
        store
            .events("workflow-1".to_owned(), read.len().try_into().unwrap(), 3)
            .await
            .unwrap(),
    ) && !page.is_empty()
    {
        assert!(page.len() <= 3);
        read.extend(page);
    }
    assert_eq!(read.iter().map(|event| event.seq).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7]);
    assert!(
        read.windows(2).all(|pair| pair[1].previous == pair[0].hash),
        "the chain is as it was given"
    );
    assert!(store.events("workflow-2".to_owned(), 0, 3).await.unwrap().is_empty());
}

pub(crate) async fn a_later_step_replaces_the_phases(store: &Arc<dyn Store>) {
    // A phase given twice would break the table's key if the old ones were still there.
    for (fact, title) in [("one", "Parser"), ("two", "Printer")] {
        ingest(store, "7#1", fact, 1).await;
        let (_, answer) = step_with(store, 1, move |input| {
            let followed = follow(input);
            let id = &followed.workflow.as_ref().unwrap().id;
            let phases = vec![PhaseRow {
                title: title.to_owned(),
                ..phase(id, 1)
            }];
            StepOutput { phases, ..followed }
        })
        .await;
        assert!(answer.unwrap());
    }
    ingest(store, "7#1", "three", 1).await;
    let (_, answer) = step_with(store, 1, |input| {
        let followed = follow(input);
        let id = followed.workflow.as_ref().unwrap().id.clone();
        StepOutput {
            phases: vec![phase(&id, 1), phase(&id, 1)],
            ..followed
        }
    })
    .await;
    assert!(
        matches!(answer, Err(StoreError::Conflict)),
        "the same phase twice: {answer:?}"
    );
}

/// Whatever a refused step said is not there, and its subject is tried again after the others.
async fn left_nothing(store: &Arc<dyn Store>, workflow: Option<WorkflowRow>) {
    ingest(store, "7#9", "other", 0).await;
    assert_eq!(store.workflow("workflow-1".to_owned()).await.unwrap(), workflow);
    let version = workflow.map_or(0, |workflow| workflow.version);
    assert_eq!(
        i64::try_from(store.events("workflow-1".to_owned(), 0, 100).await.unwrap().len()).unwrap(),
        version
    );
    assert!(store.handoffs("workflow-1".to_owned(), 0, 10).await.unwrap().is_empty());
    assert_eq!(store.blob(Blob::new(b"big".to_vec()).hash).await.unwrap(), None);
    assert_eq!(store.route(7, "pull:12".to_owned()).await.unwrap(), None);
    assert_eq!(store.decided("7#2".to_owned(), "for another".to_owned()).await.unwrap(), None);
    let one = store.decided("7#1".to_owned(), "one".to_owned()).await.unwrap().unwrap();
    assert_eq!((one.done, one.result), (false, None));
    assert_eq!(look(store, 8).await.unwrap().0, "7#9", "the others go first");
    assert_eq!(look(store, 8).await.unwrap(), ("7#1".to_owned(), vec!["one".to_owned()]));
    assert!(claim(store, 9, 10, 10).await.is_empty());
}

pub(crate) async fn a_gap_in_the_log_is_refused_whole(store: &Arc<dyn Store>) {
    ingest(store, "7#1", "one", 1).await;
    let (_, answer) = step_with(store, 8, |input| {
        let mut said = everything(&StepInput {
            rows: vec![input.rows[0].clone(); 2],
            ..input.clone()
        });
        said.events[1].seq = 3;
        said
    })
    .await;
    assert!(
        matches!(&answer, Err(StoreError::Refused(why)) if why.contains("gaps")),
        "{answer:?}"
    );
    left_nothing(store, None).await;
}

pub(crate) async fn a_wrong_version_is_a_conflict(store: &Arc<dyn Store>) {
    ingest(store, "7#1", "zero", 1).await;
    let (_, answer) = step_with(store, 2, follow).await;
    assert!(answer.unwrap());
    let before = store.workflow("workflow-1".to_owned()).await.unwrap();
    ingest(store, "7#1", "one", 1).await;
    let (_, answer) = step_with(store, 8, |input| {
        // As if decided from a version that was never there.
        let mut said = everything(input);
        said.workflow.as_mut().unwrap().version += 1;
        said
    })
    .await;
    assert!(matches!(answer, Err(StoreError::Conflict)), "{answer:?}");
    left_nothing(store, before).await;
}

pub(crate) async fn rows_of_another_workflow_are_refused(store: &Arc<dyn Store>) {
    let wrong: [fn(&mut StepOutput); 4] = [
        |said| said.workflow = None,
        |said| said.workflow.as_mut().unwrap().subject = "7#2".to_owned(),
        |said| said.events[0].workflow = "workflow-2".to_owned(),
        |said| said.handoffs[0].workflow = "workflow-2".to_owned(),
    ];
    for spoil in wrong {
        ingest(store, "7#1", "one", 1).await;
        let (_, answer) = step_with(store, 8, move |input| {
            let mut said = everything(&StepInput {
                rows: vec![input.rows[0].clone(); 2],
                ..input.clone()
            });
            spoil(&mut said);
            said
        })
        .await;
        assert!(matches!(answer, Err(StoreError::Refused(_))), "{answer:?}");
    }
    left_nothing(store, None).await;
}

pub(crate) async fn a_decision_that_panics_stops_nobody(store: &Arc<dyn Store>) {
    ingest(store, "7#1", "one", 1).await;
    let (_, answer) = step_with(store, 8, |_| panic!("a decision that cannot be taken")).await;
    assert!(
        matches!(&answer, Err(StoreError::Refused(why)) if why.contains("7#1") && !why.contains("cannot")),
        "{answer:?}"
    );
    left_nothing(store, None).await;
}

pub(crate) async fn a_failing_subject_lets_others_pass_while_the_clock_stands_still(store: &Arc<dyn Store>) {
    for issue in [1, 2, 3] {
        ingest(store, &subject(issue), "one", 0).await;
    }
    let mut order = Vec::new();
    for _ in 0..6 {
        let (input, _) = step_with(store, 0, |input| {
            assert_ne!(input.subject, subject(1), "never decided");
            StepOutput::default()
        })
        .await;
        order.push(input.map(|input| input.subject));
    }
    let expected = [1, 2, 3, 1, 1, 1].map(|issue| Some(subject(issue)));
    assert_eq!(order, expected);
}

pub(crate) async fn a_new_round_is_a_workflow_of_its_own(store: &Arc<dyn Store>) {
    for round in 1..=2 {
        ingest(store, "7#1", &format!("start of round {round}"), 1).await;
        let (_, answer) = step_with(store, 1, move |input| {
            let fresh = WorkflowRow {
                id: format!("round-{round}"),
                round,
                ..workflow_of(&input.subject, input.now)
            };
            follow(&StepInput {
                workflow: Some(fresh),
                ..input.clone()
            })
        })
        .await;
        assert!(answer.unwrap());
    }
    ingest(store, "7#1", "more", 2).await;
    let (input, answer) = step_with(store, 2, follow).await;
    assert!(answer.unwrap());
    assert_eq!(input.unwrap().workflow.unwrap().id, "round-2");
    let versions = [store.workflow("round-1".to_owned()), store.workflow("round-2".to_owned())];
    let [one, two] = versions;
    assert_eq!(
        (one.await.unwrap().unwrap().version, two.await.unwrap().unwrap().version),
        (1, 2)
    );

    ingest(store, "7#1", "the same round again", 3).await;
    let (_, answer) = step_with(store, 3, |input| {
        let twin = WorkflowRow {
            id: "twin".to_owned(),
            round: 2,
            ..workflow_of(&input.subject, input.now)
        };
        follow(&StepInput {
            workflow: Some(twin),
            ..input.clone()
        })
    })
    .await;
    assert!(matches!(answer, Err(StoreError::Conflict)), "{answer:?}");
}

pub(crate) async fn steps_from_many_tasks_lose_nothing(store: &Arc<dyn Store>) {
    const TASKS: i64 = 8;
    const FACTS: i64 = 40;
    const ISSUES: i64 = 5;
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..TASKS {
        let store = Arc::clone(store);
        tasks.spawn(async move {
            for fact in 0..FACTS {
                ingest(&store, &subject(fact % ISSUES), &format!("{task}-{fact}"), fact).await;
                // Every seventh decision fails; what it was given has to come again.
                let fails = (task + fact) % 7 == 0;
                let decide = move |input: StepInput| {
                    assert!(!fails, "a decision fails");
                    follow(&input)
                };
                match store.step(Millis(fact), Box::new(decide)).await {
                    Ok(_) | Err(StoreError::Refused(_)) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        });
    }
    tasks.join_all().await;
    while store.step(Millis(FACTS), Box::new(|input| follow(&input))).await.unwrap() {}

    let mut decided = BTreeSet::new();
    for issue in 0..ISSUES {
        let id = format!("workflow-{issue}");
        let workflow = store.workflow(id.clone()).await.unwrap().unwrap();
        let events = store.events(id, 0, 1_000).await.unwrap();
        assert_eq!(
            events.iter().map(|event| event.seq).collect::<Vec<_>>(),
            (1..=workflow.version).collect::<Vec<_>>()
        );
        for event in events {
            assert!(decided.insert(event.fact_id.clone()), "{} was decided twice", event.fact_id);
        }
    }
    let ingested = (0..TASKS).flat_map(|task| (0..FACTS).map(move |fact| format!("{task}-{fact}")));
    assert_eq!(decided, ingested.collect());
}

async fn listed(store: &Arc<dyn Store>, filter: WorkflowFilter) -> Vec<String> {
    store
        .workflows(filter)
        .await
        .unwrap()
        .into_iter()
        .map(|workflow| workflow.id)
        .collect()
}

/// Five workflows that differ in what can be asked for.
async fn make_five(store: &Arc<dyn Store>) {
    for issue in 1..=5 {
        ingest(store, &subject(issue), "start", issue).await;
        let (_, answer) = step_with(store, issue, move |input| {
            let mut said = follow(input);
            let workflow = said.workflow.as_mut().unwrap();
            workflow.open = issue != 2;
            workflow.shown_state = if issue < 4 { "testing" } else { "planning" }.to_owned();
            workflow.status = if issue == 3 { "paused" } else { "active" }.to_owned();
            workflow.repository_name = if issue == 5 { "acme/other" } else { "acme/todo" }.to_owned();
            said
        })
        .await;
        assert!(answer.unwrap());
    }
    settle(store, 9).await;
}

pub(crate) async fn workflows_are_listed_by_what_is_asked(store: &Arc<dyn Store>) {
    make_five(store).await;
    let all = WorkflowFilter {
        limit: 10,
        ..WorkflowFilter::default()
    };
    let ids = |issues: &[i64]| issues.iter().map(|issue| format!("workflow-{issue}")).collect::<Vec<_>>();
    let some = |text: &str| Some(text.to_owned());
    for (filter, expected) in [
        (all.clone(), ids(&[5, 4, 3, 2, 1])),
        (WorkflowFilter { limit: 2, ..all.clone() }, ids(&[5, 4])),
        (
            WorkflowFilter {
                limit: 2,
                before: some("workflow-4"),
                ..all.clone()
            },
            ids(&[3, 2]),
        ),
        (
            WorkflowFilter {
                open: true,
                ..all.clone()
            },
            ids(&[5, 4, 3, 1]),
        ),
        (
            WorkflowFilter {
                state: some("testing"),
                ..all.clone()
            },
            ids(&[3, 2, 1]),
        ),
        (
            WorkflowFilter {
                status: some("paused"),
                ..all.clone()
            },
            ids(&[3]),
        ),
        (
            WorkflowFilter {
                repository: some("ACME/todo"),
                issue: Some(4),
                ..all.clone()
            },
            ids(&[4]),
        ),
        (
            WorkflowFilter {
                repository: some("acme/other"),
                state: some("testing"),
                ..all.clone()
            },
            ids(&[]),
        ),
    ] {
        assert_eq!(listed(store, filter.clone()).await, expected, "{filter:?}");
    }
}

pub(crate) async fn a_renamed_repository_is_found_by_both_names(store: &Arc<dyn Store>) {
    make_five(store).await;
    let of = |name: &str| WorkflowFilter {
        repository: Some(name.to_owned()),
        limit: 10,
        ..WorkflowFilter::default()
    };
    let all: Vec<String> = (1..=5).rev().map(|issue| format!("workflow-{issue}")).collect();
    let renamed = repository(REPOSITORY, INSTALLATION, "tasks");
    store
        .put_installations(vec![installation(INSTALLATION, vec![renamed.clone()])])
        .await
        .unwrap();
    assert_eq!(listed(store, of("Acme/Tasks")).await, all);
    assert_eq!(
        listed(store, of("acme/todo")).await,
        all[1..],
        "the name the work began under"
    );
    let shown = store.workflows(of("acme/tasks")).await.unwrap();
    assert!(shown.iter().all(|row| row.repository_name == "acme/tasks"), "{shown:#?}");
    let one = store.workflow(all[0].clone()).await.unwrap().unwrap();
    assert_eq!(one.repository_name, "acme/tasks");
    // Another repository takes the name.
    let other = repository(REPOSITORY + 1, INSTALLATION, "todo");
    store
        .put_installations(vec![installation(INSTALLATION, vec![renamed, other])])
        .await
        .unwrap();
    assert_eq!(listed(store, of("acme/todo")).await, Vec::<String>::new());
}
