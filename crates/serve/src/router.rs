//! What the server answers, and what it asks of a request first.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use data::Tokenizer;
use lm::Sampling;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::auth::Key;
use crate::error::ApiError;
use crate::metrics::Metrics;
use crate::worker::Worker;
use crate::{chat, completions};

/// How a server is set up.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What the model is called.
    pub name: String,
    /// The bearer key every request must bring but those for the page and `/health`; `None` asks
    /// for none.
    pub key: Option<String>,
    /// Bytes of a request's body at most.
    pub max_body: usize,
    /// How long a client may take for it.
    pub patience: Duration,
    /// How to sample where a request does not say.
    pub sampling: Sampling,
}

/// What every request sees.
pub(crate) struct App {
    pub(crate) worker: Worker,
    pub(crate) tokenizer: Arc<Tokenizer>,
    pub(crate) settings: Settings,
    pub(crate) metrics: Metrics,
    key: Option<Key>,
}

impl App {
    /// Whether a request means this server's model.
    pub(crate) fn is_model(&self, name: &str) -> Result<(), ApiError> {
        match name == self.settings.name {
            true => Ok(()),
            false => Err(ApiError::NoModel(name.into(), self.settings.name.clone())),
        }
    }
}

/// The routes of a server for the model of `worker`.
pub fn router(worker: Worker, tokenizer: Arc<Tokenizer>, settings: Settings) -> Router {
    let app = Arc::new(App {
        worker,
        tokenizer,
        key: settings.key.as_deref().map(Key::new),
        settings,
        metrics: Metrics::new(),
    });
    let guarded = Router::new()
        .route("/v1/chat/completions", post(chat_completions))
        .route("/v1/completions", post(text_completions))
        .route("/v1/models", get(models))
        .route("/v1/models/{name}", get(model))
        .route("/metrics", get(metrics))
        .route_layer(from_fn_with_state(Arc::clone(&app), with_key));
    Router::new()
        .merge(guarded)
        .route("/", get(page))
        .route("/health", get(health))
        .fallback(nothing)
        .method_not_allowed_fallback(not_so)
        .with_state(app)
}

async fn with_key(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    match app.key.as_ref().map(|key| key.check(request.headers())) {
        Some(Err(error)) => {
            app.metrics.answered("refused", 401);
            error.into_response()
        }
        _ => next.run(request).await,
    }
}

async fn chat_completions(State(app): State<Arc<App>>, request: Request) -> Response {
    let reply = match body(&app, request).await {
        Ok(body) => chat::complete(Arc::clone(&app), &body).await,
        Err(error) => Err(error),
    };
    counted(&app, "chat_completions", reply)
}

async fn text_completions(State(app): State<Arc<App>>, request: Request) -> Response {
    let reply = match body(&app, request).await {
        Ok(body) => completions::complete(Arc::clone(&app), &body).await,
        Err(error) => Err(error),
    };
    counted(&app, "completions", reply)
}

async fn body(app: &App, request: Request) -> Result<axum::body::Bytes, ApiError> {
    let most = app.settings.max_body;
    let body = axum::body::to_bytes(request.into_body(), most);
    let body = timeout(app.settings.patience, body).await;
    body.map_err(|_| ApiError::Slow)?
        .map_err(|_| ApiError::TooLarge(most))
}

fn counted(app: &App, endpoint: &'static str, reply: Result<Response, ApiError>) -> Response {
    let response = reply.into_response();
    app.metrics.answered(endpoint, response.status().as_u16());
    response
}

fn described(app: &App) -> Value {
    let context = app.worker.options().capacity;
    let name = &app.settings.name;
    json!({ "id": name, "object": "model", "created": 0, "owned_by": "local",
        "max_model_len": context })
}

async fn models(State(app): State<Arc<App>>) -> Json<Value> {
    Json(json!({ "object": "list", "data": [described(&app)] }))
}

async fn model(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
) -> Result<Json<Value>, ApiError> {
    app.is_model(&name)?;
    Ok(Json(described(&app)))
}

async fn metrics(State(app): State<Arc<App>>) -> Response {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    (
        [(header::CONTENT_TYPE, kind)],
        app.metrics.text(&app.worker),
    )
        .into_response()
}

async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// The page asks no one but this server for anything.
async fn page() -> Response {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                  connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'";
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, Html(include_str!("page.html"))).into_response()
}

async fn nothing(uri: Uri) -> ApiError {
    ApiError::NoPage(uri.path().to_owned())
}

async fn not_so() -> (StatusCode, Json<Value>) {
    let message = "this path takes another method";
    let error = json!({ "message": message, "type": "invalid_request_error" });
    (
        StatusCode::METHOD_NOT_ALLOWED,
        Json(json!({ "error": error })),
    )
}
