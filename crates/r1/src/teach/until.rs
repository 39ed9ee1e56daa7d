//! A teacher that is asked no more once the run is to stop.

use std::error::Error;
use std::iter;
use std::ops::ControlFlow;

use data::{Answers, Ask, Reply, Unanswered};

use crate::stop::InSteps;

/// `model`, asked until a signal comes.
pub(super) struct Until<A> {
    pub(super) model: A,
    pub(super) steps: InSteps,
}

impl<A: Answers> Answers for Until<A> {
    fn answer(
        &self,
        asks: &mut (dyn Iterator<Item = Ask> + Send),
        each: &mut dyn FnMut(Ask, Result<Reply, Unanswered>) -> ControlFlow<()>,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let steps = &self.steps;
        let mut wanted = iter::from_fn(|| match steps.must_end() {
            true => None,
            false => asks.next(),
        });
        self.model.answer(&mut wanted, &mut |ask, reply| {
            each(ask, reply)?;
            match steps.must_end() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stop::Stop;

    /// Answers after it has drawn so many asks, as long as there are any.
    struct Batches {
        size: usize,
        /// Whether what is under way is given when there are to be no more.
        gives_all: bool,
    }

    impl Answers for Batches {
        fn answer(
            &self,
            asks: &mut (dyn Iterator<Item = Ask> + Send),
            each: &mut dyn FnMut(Ask, Result<Reply, Unanswered>) -> ControlFlow<()>,
        ) -> Result<(), Box<dyn Error + Send + Sync>> {
            loop {
                let drawn: Vec<Ask> = asks.take(self.size).collect();
                if drawn.is_empty() {
                    return Ok(());
                }
                for ask in drawn {
                    let flow = each(ask, Ok(Reply::of("four")));
                    if flow.is_break() && !self.gives_all {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Replies given of ten, where a signal comes with the third.
    fn given(size: usize, gives_all: bool) -> usize {
        let stop = Stop::after(3);
        let until = Until {
            model: Batches { size, gives_all },
            steps: stop.in_steps(),
        };
        let mut asks = (0..10).map(|sample| Ask {
            id: "a".into(),
            sample,
            messages: Vec::new(),
        });
        let mut given = 0;
        let each = &mut |_: Ask, _: Result<Reply, Unanswered>| {
            given += 1;
            stop.step();
            ControlFlow::Continue(())
        };
        until.answer(&mut asks, each).unwrap();
        given
    }

    #[test]
    fn what_is_under_way_is_given_and_nothing_more_is_asked() {
        assert_eq!(given(4, true), 4);
        assert_eq!(given(1, true), 3);
        assert_eq!(given(10, false), 3);
    }
}
