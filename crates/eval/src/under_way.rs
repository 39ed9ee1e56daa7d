//! The state of a measurement while it runs.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use data::{Ask, Reply, Unanswered};

use crate::benchmark::{Benchmark, Task};
use crate::conversation::{Conversation, Dialogue};
use crate::graders::{Done, Graders};
use crate::progress::Running;
use crate::run::{EvaluateError, Observer};
use crate::store::{Standing, Store};
use crate::store_error::StoreError;
use crate::stored::Key;

/// What is under way.
pub(crate) struct UnderWay<'a, 'o> {
    tasks: &'a [Task],
    by_id: BTreeMap<&'a str, &'a Task>,
    store: &'o mut Store,
    pub(crate) graders: Graders<'a>,
    observer: &'o mut Observer<'o>,
    running: Running,
    /// Conversations that wait for a reply to a follow-up, by the ask's id and sample.
    waiting: BTreeMap<(String, u32), Conversation<'a>>,
    /// Conversations whose follow-up is still to be asked.
    further: Vec<Conversation<'a>>,
    pub(crate) unanswered: Vec<Unanswered>,
    failure: Option<StoreError>,
    interrupted: bool,
}

type Asked = Result<(), Box<dyn std::error::Error + Send + Sync>>;

impl<'a, 'o> UnderWay<'a, 'o> {
    pub(crate) fn new(
        tasks: &'a [Task],
        store: &'o mut Store,
        graders: Graders<'a>,
        observer: &'o mut Observer<'o>,
    ) -> Self {
        let samples = store.plan().protocol.samples as usize;
        let mut running = Running::new(tasks.len() * samples);
        running.progress.answered = store.samples();
        for grade in store.graded() {
            running.count(grade);
        }
        let by_id = tasks.iter().map(|task| (task.problem.id.as_str(), task));
        Self {
            tasks,
            by_id: by_id.collect(),
            store,
            graders,
            observer,
            running,
            waiting: BTreeMap::new(),
            further: Vec::new(),
            unanswered: Vec::new(),
            failure: None,
            interrupted: false,
        }
    }

    /// Grades what earlier runs were told, and gives the samples without a reply, task by task.
    pub(crate) fn grade_stored(&mut self) -> Result<Vec<(&'a Task, u32)>, StoreError> {
        let mut unasked = Vec::new();
        for task in self.tasks {
            for sample in 0..self.store.plan().protocol.samples {
                let id = &task.problem.id;
                match self.store.standing(id, sample) {
                    Standing::Finished => {}
                    Standing::Unasked => unasked.push((task, sample)),
                    Standing::Ungraded(from) => {
                        let said = self.store.dialogue(id, sample)?;
                        let conversation = Conversation { task, sample, said };
                        self.graders.grade((conversation, from));
                    }
                }
            }
        }
        Ok(unasked)
    }

    /// Takes a reply, or the news that there is none.
    pub(crate) fn hear(&mut self, ask: Ask, reply: Result<Reply, Unanswered>) -> ControlFlow<()> {
        let waiting = self.waiting.remove(&(ask.id.clone(), ask.sample));
        match reply {
            Err(missing) => {
                // A sample whose follow-up has no reply is without one.
                self.running.progress.answered -= usize::from(waiting.is_some());
                self.running.progress.unanswered += 1;
                self.unanswered.push(missing);
            }
            Ok(reply) => match waiting.or_else(|| self.begun(&ask)) {
                Some(conversation) => self.take(conversation, reply)?,
                None => return ControlFlow::Continue(()),
            },
        }
        while let Some(done) = self.graders.ready() {
            self.keep(done)?;
        }
        self.go_on()
    }

    /// The conversation that a first reply begins; `None` where nobody asked, or it has begun before.
    fn begun(&self, ask: &Ask) -> Option<Conversation<'a>> {
        let task = *self.by_id.get(ask.id.as_str())?;
        let is_new = self.store.standing(&ask.id, ask.sample) == Standing::Unasked;
        is_new.then(|| Conversation {
            task,
            sample: ask.sample,
            said: Dialogue::default(),
        })
    }

    fn take(&mut self, mut conversation: Conversation<'a>, reply: Reply) -> ControlFlow<()> {
        let said = &mut conversation.said;
        let turn = said.replies.len();
        let key = Key::new(&conversation.task.problem.id, conversation.sample, turn);
        let asked = said.asked.last().cloned();
        if let Err(error) = self.store.put_reply(key, asked, &reply) {
            return self.fail(error);
        }
        said.replies.push(reply);
        self.running.progress.answered += usize::from(turn == 0);
        self.graders.grade((conversation, turn));
        ControlFlow::Continue(())
    }

    fn keep(&mut self, done: Done<'a>) -> ControlFlow<()> {
        for grade in done.grades {
            self.running.count(&grade);
            if let Err(error) = self.store.put_grade(grade) {
                return self.fail(error);
            }
        }
        if let Some(asked) = done.next {
            let mut conversation = done.conversation;
            conversation.said.asked.push(asked);
            self.further.push(conversation);
        }
        ControlFlow::Continue(())
    }

    fn fail(&mut self, error: StoreError) -> ControlFlow<()> {
        self.failure = Some(error);
        ControlFlow::Break(())
    }

    /// Tells the observer, who may have had enough.
    pub(crate) fn go_on(&mut self) -> ControlFlow<()> {
        self.interrupted |= (self.observer)(&self.running.progress).is_break();
        match self.interrupted {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    /// Waits for the grades that are still to come.
    pub(crate) fn grade_rest(&mut self) {
        while !self.interrupted && self.failure.is_none() {
            let Some(done) = self.graders.rest() else {
                break;
            };
            let _ = self.keep(done);
            let _ = self.go_on();
        }
    }

    /// What became of a round of asking.
    pub(crate) fn check(&mut self, asked: Asked) -> Result<(), EvaluateError> {
        let (answered, total) = (self.store.samples(), self.running.progress.total);
        match (self.failure.take(), asked) {
            (Some(error), _) => Err(error.into()),
            (None, _) if self.interrupted => Err(EvaluateError::Interrupted { answered, total }),
            (None, Err(source)) => Err(EvaluateError::Model {
                answered,
                total,
                source,
            }),
            (None, Ok(())) => Ok(()),
        }
    }

    /// The follow-ups to ask in the next round, in the order of problems and samples.
    pub(crate) fn further(&mut self, benchmark: &dyn Benchmark) -> Vec<Ask> {
        self.waiting.clear();
        let mut further = std::mem::take(&mut self.further);
        further.sort_by(|a, b| key(a).cmp(&key(b)));
        let mut asks = Vec::new();
        for conversation in further {
            let ask = conversation.ask(benchmark);
            self.waiting
                .insert((ask.id.clone(), ask.sample), conversation);
            asks.push(ask);
        }
        asks
    }
}

fn key<'a>(conversation: &Conversation<'a>) -> (&'a str, u32) {
    (&conversation.task.problem.id, conversation.sample)
}
