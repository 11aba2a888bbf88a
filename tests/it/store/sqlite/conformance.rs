//! The conformance suite on SQLite.

use crate::store::bench::Fresh;
use crate::store::sqlite::Place;

async fn fresh() -> Fresh {
    let place = Place::new();
    Fresh {
        store: place.open().await,
        _stands_on: Box::new(place),
    }
}

conformance!(super::fresh);
