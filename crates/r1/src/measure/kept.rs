//! A judge whose replies are kept in the folder of a measurement, so that grading it again asks nothing.

use std::error::Error;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use data::files::sha256;
use data::journal::Journal;
use data::{Answers, Ask, Reply, Unanswered};
use serde_json::{Map, Value, json};

/// A model with a journal that is opened when it is first asked: before that the folder may not be there.
pub(super) struct Kept<A> {
    path: PathBuf,
    settings: Map<String, Value>,
    /// Until it is asked.
    model: Mutex<Option<A>>,
    journal: OnceLock<Result<Journal<A>, String>>,
}

impl<A> Kept<A> {
    /// Keeps what `model` says in `folder`, in a file whose name says by which `settings`: another judge has
    /// another file.
    pub(super) fn new(folder: &Path, settings: Map<String, Value>, model: A) -> Self {
        let digest = sha256(json!(settings).to_string().as_bytes());
        Self {
            path: folder.join(format!("judge-{}.jsonl", &digest[..12])),
            settings,
            model: Mutex::new(Some(model)),
            journal: OnceLock::new(),
        }
    }

    fn journal(&self) -> Result<&Journal<A>, String> {
        let opened = self.journal.get_or_init(|| {
            let mut model = self.model.lock().unwrap_or_else(PoisonError::into_inner);
            let model = model.take().ok_or("the judge is gone")?;
            Journal::open(&self.path, &self.settings, model).map_err(|error| error.to_string())
        });
        opened.as_ref().map_err(Clone::clone)
    }
}

impl<A: Answers> Answers for Kept<A> {
    fn answer(
        &self,
        asks: &mut (dyn Iterator<Item = Ask> + Send),
        each: &mut dyn FnMut(Ask, Result<Reply, Unanswered>) -> ControlFlow<()>,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.journal()?.answer(asks, each)
    }
}

#[cfg(test)]
mod tests {
    use data::chat::Message;
    use data::{Scripted, Silence};

    use super::*;

    fn settings(model: &str) -> Map<String, Value> {
        Map::from_iter([("model".to_owned(), model.into())])
    }

    fn said(judge: &dyn Answers) -> Result<String, String> {
        let ask = Ask {
            id: "p#formal".into(),
            sample: 0,
            messages: vec![Message::user("The same?")],
        };
        let mut heard = Err("nothing".to_owned());
        let answered = judge.answer(&mut [ask].into_iter(), &mut |_, reply| {
            heard = reply
                .map(|reply| reply.text)
                .map_err(|error| error.to_string());
            ControlFlow::Continue(())
        });
        answered.map_err(|error| error.to_string())?;
        heard
    }

    #[test]
    fn what_a_judge_said_is_not_asked_again() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("out");
        let talks = Scripted::new(|_: &Ask| Ok(Reply::of("SAME")));
        let judge = Kept::new(&folder, settings("m"), talks);
        assert!(!folder.exists(), "nothing is made before it is asked");
        std::fs::create_dir(&folder).unwrap();
        assert_eq!(said(&judge).unwrap(), "SAME");
        drop(judge);
        let silent = || Scripted::new(|_: &Ask| Err(Silence::Ever("it is gone".into())));
        assert_eq!(
            said(&Kept::new(&folder, settings("m"), silent())).unwrap(),
            "SAME"
        );
        // Another judge has not said anything yet.
        let other = Kept::new(&folder, settings("n"), silent());
        assert_eq!(said(&other).unwrap_err(), "it is gone");
    }
}
