//! Grades anew, written beside the old ones until all are there.

use super::{GRADES, PLAN, Store};
use crate::lines::{self, write_whole};
use crate::manifest::MANIFEST;
use crate::plan::Plan;
use crate::store_error::StoreError;

/// The name of the file of grades that are to take the place of the old.
const ANEW: &str = "grades.anew.jsonl";

impl Store {
    /// Forgets all grades and takes another plan, for grading anew. The folder keeps what it has until
    /// [`Store::settle`].
    pub(crate) fn start_over(&mut self, plan: Plan) -> Result<(), StoreError> {
        let mut grades = lines::open(&self.dir.join(ANEW), &mut |_, _: serde_json::Value| {})?;
        grades.clear()?;
        self.grades = grades;
        self.plan = plan;
        self.graded.clear();
        self.is_anew = true;
        Ok(())
    }

    /// Puts new grades and their plan into the place of the old. Killed in between, the folder has no
    /// grades: what is opened then grades all replies by the plan it finds.
    pub(crate) fn settle(&mut self) -> Result<(), StoreError> {
        if !std::mem::take(&mut self.is_anew) {
            return Ok(());
        }
        let (grades, anew) = (self.dir.join(GRADES), self.dir.join(ANEW));
        for old in [&self.dir.join(MANIFEST), &grades] {
            if old.exists() {
                std::fs::remove_file(old).map_err(|source| StoreError::io(old, source))?;
            }
        }
        write_whole(&self.dir.join(PLAN), &self.plan)?;
        std::fs::rename(&anew, &grades).map_err(|source| StoreError::io(&anew, source))
    }
}
