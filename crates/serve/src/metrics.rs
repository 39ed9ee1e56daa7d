//! Numbers for Prometheus.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::worker::Worker;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    endpoint: &'static str,
    status: u16,
}

/// What is counted.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    pub(crate) prompt_tokens: Counter,
    pub(crate) generated_tokens: Counter,
    first_token: Histogram,
    running: Gauge,
    waiting: Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let metrics = Self {
            registry: Registry::with_prefix("r1"),
            requests: Family::default(),
            prompt_tokens: Counter::default(),
            generated_tokens: Counter::default(),
            first_token: Histogram::new(exponential_buckets(0.001, 2.0, 18)),
            running: Gauge::default(),
            waiting: Gauge::default(),
        };
        let mut registry = Registry::with_prefix("r1");
        let answered = "Requests answered, by endpoint and status";
        registry.register("requests", answered, metrics.requests.clone());
        let read = "Tokens of prompts";
        registry.register("prompt_tokens", read, metrics.prompt_tokens.clone());
        let said = "Tokens generated";
        registry.register("generated_tokens", said, metrics.generated_tokens.clone());
        registry.register_with_unit(
            "time_to_first_token",
            "From the request to its first token",
            Unit::Seconds,
            metrics.first_token.clone(),
        );
        registry.register(
            "samples_running",
            "Samples with a row",
            metrics.running.clone(),
        );
        registry.register(
            "samples_waiting",
            "Samples without one",
            metrics.waiting.clone(),
        );
        Self {
            registry,
            ..metrics
        }
    }

    pub(crate) fn answered(&self, endpoint: &'static str, status: u16) {
        let labels = Answered { endpoint, status };
        self.requests.get_or_create(&labels).inc();
    }

    pub(crate) fn first_token(&self, after: Duration) {
        self.first_token.observe(after.as_secs_f64());
    }

    /// Everything, as Prometheus reads it.
    pub(crate) fn text(&self, worker: &Worker) -> String {
        self.running.set(worker.running() as i64);
        self.waiting.set(worker.waiting() as i64);
        let mut text = String::new();
        // Writing into a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
