//! What may be spent: no request goes out that could exceed it.

use crate::{EndpointError, Settings};

/// What was spent, and what the requests under way could cost.
#[derive(Debug)]
pub(crate) struct Budget {
    prompt_price: f64,
    completion_price: f64,
    limit: Option<f64>,
    spent: f64,
    reserved: f64,
    open: usize,
}

/// Whether a request may go out.
#[derive(Debug, PartialEq)]
pub(crate) enum Funds {
    /// It may; the most it can cost is set aside.
    Reserved,
    /// Perhaps, when others have come back.
    Later,
}

impl Budget {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            prompt_price: settings.prompt_price,
            completion_price: settings.completion_price,
            limit: settings.cost_limit,
            spent: 0.0,
            reserved: 0.0,
            open: 0,
        }
    }

    /// What tokens cost; prices are per million.
    pub(crate) fn cost(&self, prompt: u64, completion: u64) -> f64 {
        (self.prompt_price * prompt as f64 + self.completion_price * completion as f64) / 1e6
    }

    /// Sets aside the most that a request can cost.
    ///
    /// # Errors
    /// Where it could exceed the limit whatever becomes of the others.
    pub(crate) fn reserve(&mut self, most: f64) -> Result<Funds, EndpointError> {
        if let Some(limit) = self.limit
            && self.spent + self.reserved + most > limit
        {
            let (spent, next) = (self.spent, most);
            return match self.open > 0 && spent + next <= limit {
                true => Ok(Funds::Later),
                false => Err(EndpointError::CostLimit { limit, spent, next }),
            };
        }
        self.reserved += most;
        self.open += 1;
        Ok(Funds::Reserved)
    }

    /// Settles what was set aside by what it cost.
    pub(crate) fn settle(&mut self, reserved: f64, cost: f64) {
        self.open -= 1;
        // Sums of differences leave dust.
        self.reserved = match self.open {
            0 => 0.0,
            _ => self.reserved - reserved,
        };
        self.spent += cost;
    }

    /// Adds what was spent elsewhere.
    pub(crate) fn add(&mut self, cost: f64) {
        self.spent += cost;
    }

    pub(crate) fn spent(&self) -> f64 {
        self.spent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_set_aside_and_settled() {
        let mut settings = Settings::new("http://a", "m");
        (settings.prompt_price, settings.completion_price) = (1.0, 4.0);
        settings.cost_limit = Some(10.0);
        let mut budget = Budget::new(&settings);
        // A million read and half a million said: 1 + 2.
        assert_eq!(budget.cost(1_000_000, 500_000), 3.0);
        assert_eq!(budget.reserve(6.0), Ok(Funds::Reserved));
        assert_eq!(budget.reserve(6.0), Ok(Funds::Later));
        budget.settle(6.0, 2.0);
        assert_eq!(budget.reserve(6.0), Ok(Funds::Reserved));
        budget.settle(6.0, 3.0);
        let (limit, spent, next) = (10.0, 5.0, 6.0);
        let stop = EndpointError::CostLimit { limit, spent, next };
        assert_eq!(budget.reserve(6.0), Err(stop));
        assert_eq!(budget.reserve(5.0), Ok(Funds::Reserved));
        // What could not go out even if those under way cost nothing does not wait for them.
        assert!(budget.reserve(6.0).is_err());
    }
}
