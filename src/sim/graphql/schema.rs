//! GitHub's GraphQL schema, parsed once per process.
//!
//! The file beside this one is the schema of npm `@octokit/graphql-schema` 15.26.1 without descriptions. It is itself not
//! quite valid: `EnterpriseOwnerInfo` defines two fields twice. The rest is whole and usable.
//!
//! Invariant: the schema has exactly the two known errors; a new version of the file with others stops at the first use.

use std::sync::LazyLock;

use apollo_compiler::Schema;
use apollo_compiler::collections::HashMap;
use apollo_compiler::schema::Implementers;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Name};

const SOURCE: &str = include_str!("schema.graphql");

/// What the parser says of the file, and all it may say.
const KNOWN_ERRORS: [&str; 2] = [
    "duplicate definitions for the `repositoryDeployKeySetting` field of object type `EnterpriseOwnerInfo`",
    "duplicate definitions for the `repositoryDeployKeySettingOrganizations` field of object type `EnterpriseOwnerInfo`",
];

static SCHEMA: LazyLock<Valid<Schema>> = LazyLock::new(|| match Schema::parse_and_validate(SOURCE, "schema.graphql") {
    Ok(_) => panic!("the schema lost its two known errors: take them out of KNOWN_ERRORS"),
    Err(refused) => {
        let errors: Vec<String> = refused.errors.iter().map(|diagnostic| diagnostic.error.to_string()).collect();
        assert_eq!(errors, KNOWN_ERRORS, "the schema has errors that nobody looked at");
        Valid::assume_valid(refused.partial)
    }
});

static IMPLEMENTERS: LazyLock<HashMap<Name, Implementers>> = LazyLock::new(|| schema().implementers_map());

/// GitHub's GraphQL schema, to validate documents with.
///
/// # Panics
/// Once, at the first call, if the file in the program has other errors than the two it is known for; a test calls it.
#[must_use]
pub fn schema() -> &'static Valid<Schema> {
    &SCHEMA
}

/// Which types implement which interfaces.
pub(super) fn implementers() -> &'static HashMap<Name, Implementers> {
    &IMPLEMENTERS
}

/// Parses and validates a document; the errors as GitHub writes them into `errors`.
///
/// # Errors
/// One JSON object per error, with `message` and `locations`.
pub(super) fn document(text: &str) -> Result<Valid<ExecutableDocument>, Vec<serde_json::Value>> {
    ExecutableDocument::parse_and_validate(schema(), text, "request.graphql").map_err(|refused| {
        let errors = refused.errors.iter().map(|diagnostic| {
            // Turning an error into JSON cannot fail: it holds texts and numbers only. Should it ever, the text remains.
            serde_json::to_value(diagnostic.to_json())
                .unwrap_or_else(|_| serde_json::json!({ "message": diagnostic.error.to_string() }))
        });
        errors.collect()
    })
}

#[cfg(test)]
mod tests {
    use super::{document, schema};

    #[test]
    fn the_schema_has_its_two_known_errors_only_and_serves() {
        assert!(schema().get_object("PullRequest").is_some());
        assert!(document("{ viewer { login } }").is_ok());
        let errors = document("{ viewer { logim } }").unwrap_err();
        let named = |error: &serde_json::Value| error["message"].as_str().is_some_and(|message| message.contains("`logim`"));
        assert!(
            errors.iter().any(|error| named(error) && error["locations"][0]["line"] == 1),
            "{errors:?}"
        );
    }
}
