//! What makes all further asking pointless, and what helps.

/// Why no more is asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EndpointError {
    /// A setting makes no sense.
    #[error("endpoint: `{field}` {reason}")]
    Settings {
        /// The setting.
        field: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// There is no key.
    #[error(
        "endpoint: the environment variable {variable} is not set to a key; set it, or leave `key` \
         empty if the server asks for none"
    )]
    NoKey {
        /// The variable.
        variable: String,
    },
    /// The key is refused.
    #[error(
        "{url}: refused with status {status} ({said}); check the key in {variable} and whether it may \
         use the model"
    )]
    Refused {
        /// Who was asked.
        url: String,
        /// The HTTP status.
        status: u16,
        /// What the server said.
        said: String,
        /// The variable that holds the key.
        variable: String,
    },
    /// There is no such model or path.
    #[error(
        "{url}: no `{model}` here, status {status} ({said}); check `model` and `url`, which mostly \
         ends in /v1"
    )]
    NotFound {
        /// Who was asked.
        url: String,
        /// The model asked for.
        model: String,
        /// The HTTP status.
        status: u16,
        /// What the server said.
        said: String,
    },
    /// The account is empty.
    #[error("{url}: nothing left to pay with, status {status} ({said}); top up the account")]
    Unpaid {
        /// Who was asked.
        url: String,
        /// The HTTP status.
        status: u16,
        /// What the server said.
        said: String,
    },
    /// The server does not take such requests.
    #[error(
        "{url}: does not take the request, status {status} ({said}); change the settings it speaks of"
    )]
    Request {
        /// Who was asked.
        url: String,
        /// The HTTP status.
        status: u16,
        /// What the server said.
        said: String,
    },
    /// The server asks for a long pause.
    #[error(
        "{url}: asks to wait {seconds:.0} s, more than `longest_pause` ({longest:.0} s); start again \
         then, or raise it"
    )]
    Wait {
        /// Who was asked.
        url: String,
        /// How long.
        seconds: f64,
        /// The longest pause.
        longest: f64,
    },
    /// The next request could exceed the limit of costs.
    #[error(
        "{spent:.4} of {limit:.4} spent, and the next request could cost {next:.4}; raise \
         `cost_limit`, or lower `max_tokens`"
    )]
    CostLimit {
        /// The limit.
        limit: f64,
        /// What was spent.
        spent: f64,
        /// The most that the next request could cost.
        next: f64,
    },
    /// Nothing comes any more.
    #[error(
        "{url}: {samples} samples in a row have no reply, the last because it {reason}; see whether the server runs"
    )]
    Down {
        /// Who was asked.
        url: String,
        /// How many.
        samples: usize,
        /// Why the last has none.
        reason: String,
    },
}
