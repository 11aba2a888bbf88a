//! GraphQL: every document Millhand sends, with its variables, held against GitHub's published schema.
//!
//! A document is valid whatever its variables hold, so both are judged. GitHub also demands `first` or `last`, from 1 to
//! 100, on every connection (its "rate limits and query limits for the GraphQL API"); no schema says so, this file does.
//!
//! Invariant: the two places where GitHub's schema contradicts itself are known by name; a third stops the tests.

use std::path::Path;
use std::sync::LazyLock;

use apollo_compiler::executable::{Field, Operation};
use apollo_compiler::request::coerce_variable_values;
use apollo_compiler::response::JsonMap;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema, ast};
use serde_json::Value;

use super::tally::{Judged, TALLY, Tally};

/// The gate all stories share.
pub(crate) static GATE: LazyLock<Gate> = LazyLock::new(|| Gate::load(&super::dir(), &TALLY));

/// GitHub's schema defines these fields of one type twice, alike both times; nothing else in it is wrong.
const ERRATA: [&str; 2] = [
    "`repositoryDeployKeySetting` field",
    "`repositoryDeployKeySettingOrganizations` field",
];

/// GitHub's own bound on the length of a page.
const PAGE: std::ops::RangeInclusive<i64> = 1..=100;

/// GitHub's GraphQL schema, ready to judge.
#[derive(Debug)]
pub(crate) struct Gate {
    schema: Valid<Schema>,
    tally: &'static Tally,
}

impl Gate {
    /// Reads `schema.graphql` in `dir`.
    ///
    /// # Panics
    /// When the schema has other faults than the known two.
    pub(crate) fn load(dir: &Path, tally: &'static Tally) -> Self {
        let text = std::fs::read_to_string(dir.join("schema.graphql")).expect("the schema is in the contract's folder");
        let schema = parse(&text).unwrap_or_else(|faults| panic!("GitHub's schema has new faults: {faults:?}"));
        Self { schema, tally }
    }

    /// Judges and counts: what is wrong, a sentence each. `variables` is the request's object; null stands for none.
    pub(crate) fn judge(&self, document: &str, variables: &Value) -> Result<(), Vec<String>> {
        let document = ExecutableDocument::parse_and_validate(&self.schema, document, "request")
            .map_err(|faults| faults.errors.iter().map(|it| it.to_string()).collect::<Vec<_>>())?;
        let operation = document
            .operations
            .get(None)
            .map_err(|error| vec![error.message().to_string()])?;
        let names: Vec<&str> = operation.root_fields(&document).map(|field| field.name.as_str()).collect();
        self.tally.count(Judged::Document, &names.join("+"));
        let given = if variables.is_null() {
            serde_json::json!({})
        } else {
            variables.clone()
        };
        let given: JsonMap = serde_json::from_value(given).map_err(|error| vec![format!("the variables: {error}")])?;
        let coerced =
            coerce_variable_values(&self.schema, operation, &given).map_err(|error| vec![error.message().to_string()])?;
        let mut wrong: Vec<String> = given
            .keys()
            .filter(|name| !operation.variables.iter().any(|known| known.name == name.as_str()))
            .map(|name| format!("variable ${}: the document does not declare it", name.as_str()))
            .collect();
        wrong.extend(pages(&document, operation, &coerced));
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }
}

fn parse(text: &str) -> Result<Valid<Schema>, Vec<String>> {
    let faulty = match Schema::parse_and_validate(text, "schema.graphql") {
        Ok(schema) => return Ok(schema),
        Err(faulty) => faulty,
    };
    let faults: Vec<String> = faulty.errors.iter().map(|it| it.error.to_string()).collect();
    let known = |fault: &String| ERRATA.iter().any(|erratum| fault.contains(erratum));
    if faults.len() == ERRATA.len() && faults.iter().all(known) {
        Ok(Valid::assume_valid(faulty.partial))
    } else {
        Err(faults)
    }
}

/// Connections without a bound, or with one out of bounds.
fn pages(document: &ExecutableDocument, operation: &Operation, variables: &JsonMap) -> Vec<String> {
    let fields = operation.all_fields(document);
    fields
        .filter(|field| field.ty().inner_named_type().ends_with("Connection"))
        .filter_map(|field| page(field, variables))
        .collect()
}

fn page(field: &Field, variables: &JsonMap) -> Option<String> {
    let bounds: Vec<i64> = ["first", "last"]
        .iter()
        .filter_map(|name| bound(field, name, variables))
        .collect();
    match bounds.as_slice() {
        [] => Some(format!("{}: a connection needs first or last", field.name)),
        bounds if bounds.iter().all(|it| PAGE.contains(it)) => None,
        _ => Some(format!("{}: first and last go from 1 to 100", field.name)),
    }
}

fn bound(field: &Field, name: &str, variables: &JsonMap) -> Option<i64> {
    match &**field.specified_argument_by_name(name)? {
        ast::Value::Int(number) => number.as_str().parse().ok(),
        ast::Value::Variable(variable) => variables.get(variable.as_str())?.as_i64(),
        ast::Value::Null
        | ast::Value::Enum(_)
        | ast::Value::String(_)
        | ast::Value::Float(_)
        | ast::Value::Boolean(_)
        | ast::Value::List(_)
        | ast::Value::Object(_) => None,
    }
}

mod tests {
    use serde_json::{Value, json};

    use std::sync::LazyLock;

    use super::{GATE, Gate, parse};
    use crate::contract::tally::Tally;
    use crate::contract::{available, dir};

    /// The gate for samples, which are not counted as traffic.
    static SAMPLES: LazyLock<Gate> = LazyLock::new(|| Gate::load(&dir(), Tally::silent()));

    const MERGE: &str = "mutation($input: MergePullRequestInput!) {
        merge: mergePullRequest(input: $input) { pullRequest { merged mergeCommit { oid } } }
    }";
    const CHECKS: &str = "query($id: ID!, $page: Int = 50) { node(id: $id) { ... on PullRequest {
        headRefOid isDraft mergeable
        commits(last: 1) { nodes { commit { statusCheckRollup { contexts(first: $page) { nodes {
            __typename ... on CheckRun { name isRequired(pullRequestNumber: 7) }
        } } } } } }
    } } }";

    fn judge(document: &str, variables: &Value) -> Result<(), Vec<String>> {
        SAMPLES.judge(document, variables)
    }

    #[test]
    fn the_shared_gate_loads() {
        if available() {
            assert!(GATE.schema.get_object("PullRequest").is_some());
        }
    }

    #[test]
    fn right_documents_pass() {
        if !available() {
            return;
        }
        let merge = json!({ "input": { "pullRequestId": "PR_1", "mergeMethod": "SQUASH", "expectedHeadOid": "a".repeat(40) } });
        assert_eq!(judge(MERGE, &merge), Ok(()));
        assert_eq!(judge(CHECKS, &json!({ "id": "PR_1" })), Ok(()));
        assert_eq!(judge(CHECKS, &json!({ "id": "PR_1", "page": 100 })), Ok(()));
        assert_eq!(judge("{ viewer { login } }", &Value::Null), Ok(()));
    }

    #[test]
    fn wrong_documents_and_variables_are_refused_with_a_sentence() {
        if !available() {
            return;
        }
        let id = json!({ "id": "PR_1" });
        let cases = [
            ("{ viewer { logn } }", json!(null), "logn"),
            ("{ viewer { login }", json!(null), "syntax error"),
            (
                "mutation { mergePullRequest(input: { pullRequestID: \"x\" }) { clientMutationId } }",
                json!({}),
                "pullRequestId",
            ),
            (
                MERGE,
                json!({ "input": { "pullRequestId": "PR_1", "mergeMethod": "SQASH" } }),
                "SQASH",
            ),
            (
                MERGE,
                json!({ "input": { "pullRequestId": "PR_1", "headOid": "a" } }),
                "headOid",
            ),
            (MERGE, json!({ "input": {} }), "pullRequestId"),
            (MERGE, json!({}), "input"),
            (
                MERGE,
                json!({ "input": { "pullRequestId": "PR_1" }, "extra": 1 }),
                "does not declare",
            ),
            (MERGE, json!([1]), "the variables"),
            ("{ a: viewer { login } } query b { viewer { login } }", json!({}), "operation"),
            (
                &CHECKS.replace("(last: 1)", ""),
                id.clone(),
                "commits: a connection needs first or last",
            ),
            (
                &CHECKS.replace("(last: 1)", "(last: 101)"),
                id.clone(),
                "commits: first and last go from 1 to 100",
            ),
            (
                CHECKS,
                json!({ "id": "PR_1", "page": 0 }),
                "contexts: first and last go from 1 to 100",
            ),
            (CHECKS, json!({ "id": "PR_1", "page": "ten" }), "page"),
        ];
        for (document, variables, sentence) in cases {
            let wrong = judge(document, &variables).expect_err(document);
            assert!(
                wrong.iter().any(|it| it.contains(sentence)),
                "{document}\n{variables}: {wrong:?}"
            );
        }
    }

    #[test]
    fn a_schema_with_other_faults_is_refused() {
        let faults = parse("type Query { a: Int a: Int b: Missing }").expect_err("two faults, neither known");
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(parse("type Query { a: Int }").is_ok());
    }
}
