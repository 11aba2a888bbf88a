//! Errors as the API tells them: problem details (RFC 9457), named by who must act.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use crate::store::StoreError;

/// Why a request is not answered with what it asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ApiError {
    /// No or a wrong token (401).
    NoToken,
    /// A delivery that is not signed with our secret (401). Says nothing, so that guessing teaches nothing.
    NotSigned,
    /// The request is not understood (400).
    Malformed(String),
    /// There is no such thing (404).
    NotFound(&'static str),
    /// The way is there, for another method (405).
    OtherMethod,
    /// The body did not come in time (408).
    Slow,
    /// The body is too big (413).
    TooLarge(&'static str),
    /// The body is of a kind that is not read (415).
    Unsupported(&'static str),
    /// Understood and refused: the sentence a person would get (409).
    Refused(String),
    /// The request is understood, and a value in it cannot be (422).
    Unprocessable(String),
    /// It cannot be done now (503).
    Unavailable(&'static str),
    /// A fault of the program; logged where it was found, told to nobody (500).
    Internal,
}

/// The sentence of a problem, on its way to the envelope that writes the body.
#[derive(Clone, Debug)]
pub(super) struct Detail(pub(super) String);

impl ApiError {
    const fn status(&self) -> StatusCode {
        match self {
            Self::NoToken | Self::NotSigned => StatusCode::UNAUTHORIZED,
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::OtherMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unsupported(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Refused(_) => StatusCode::CONFLICT,
            Self::Unprocessable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn detail(self) -> Option<String> {
        match self {
            Self::NotSigned | Self::Internal => None,
            Self::NoToken => Some(
                "Send the token as `Authorization: Bearer <token>`; a server that was started without MILLHAND_API_TOKEN accepts none."
                    .to_owned(),
            ),
            Self::OtherMethod => Some("This address takes another method; see the header Allow.".to_owned()),
            Self::Slow => Some("The body did not come in time.".to_owned()),
            Self::NotFound(text) | Self::TooLarge(text) | Self::Unsupported(text) | Self::Unavailable(text) => Some(text.to_owned()),
            Self::Malformed(text) | Self::Refused(text) | Self::Unprocessable(text) => Some(text),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        if self == Self::NoToken {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(detail) = self.detail() {
            response.extensions_mut().insert(Detail(detail));
        }
        response
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "The store did not answer a request: {error}");
        match error {
            StoreError::Conflict | StoreError::Full(_) | StoreError::InUse(_) | StoreError::Unavailable(_) => {
                Self::Unavailable("The database does not answer; try again.")
            }
            StoreError::Damaged(_) | StoreError::Refused(_) => Self::Internal,
        }
    }
}
