//! Errors as OpenAI's clients read them.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use data::chat::ChatError;
use lm::RequestError;
use serde_json::json;

/// Why a request is not answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// The body is not what the endpoint takes.
    #[error("{0}")]
    Invalid(String),
    /// A field has a value that is not taken.
    #[error("`{field}`: {reason}")]
    Field { field: &'static str, reason: String },
    /// Another model.
    #[error("there is no model `{0}`; this server has `{1}`")]
    NoModel(String, String),
    /// No page of this name.
    #[error("there is nothing at {0}")]
    NoPage(String),
    /// The key is missing or wrong.
    #[error("the key is missing or wrong: send `Authorization: Bearer KEY`")]
    Unauthorized,
    /// The body is too long.
    #[error("the body is longer than {0} bytes")]
    TooLarge(usize),
    /// The body does not come.
    #[error("the body of the request did not come in time")]
    Slow,
    /// Too many requests wait.
    #[error("{0} samples are under way or wait already, as many as this server takes; try again")]
    Busy(usize),
    /// The engine has stopped.
    #[error("the model has stopped; the server's log says why")]
    Stopped,
    /// The model gives no distribution to draw from.
    #[error(
        "the model's logits are not finite: its weights hold NaN or infinities, or lead to them"
    )]
    NotFinite,
}

impl From<ChatError> for ApiError {
    fn from(error: ChatError) -> Self {
        Self::Field {
            field: "messages",
            reason: error.to_string(),
        }
    }
}

impl From<RequestError> for ApiError {
    fn from(error: RequestError) -> Self {
        // As clients call it.
        Self::Invalid(error.to_string().replace("max_new_tokens", "max_tokens"))
    }
}

impl ApiError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Invalid(_) | Self::Field { .. } => StatusCode::BAD_REQUEST,
            Self::NoModel(..) | Self::NoPage(_) => StatusCode::NOT_FOUND,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Busy(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Stopped => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotFinite => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = self.status();
        let kind = match status {
            StatusCode::UNAUTHORIZED => "authentication_error",
            StatusCode::TOO_MANY_REQUESTS => "rate_limit_error",
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::INTERNAL_SERVER_ERROR => "server_error",
            _ => "invalid_request_error",
        };
        let code = match self {
            Self::NoModel(..) => Some("model_not_found"),
            Self::Unauthorized => Some("invalid_api_key"),
            _ => None,
        };
        let param = match self {
            Self::Field { field, .. } => Some(field),
            _ => None,
        };
        let body = json!({ "error": {
            "message": self.to_string(), "type": kind, "param": param, "code": code,
        }});
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        match status {
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            StatusCode::TOO_MANY_REQUESTS => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            _ => {}
        }
        response
    }
}
