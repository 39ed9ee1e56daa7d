//! Lines from a person at a terminal.

use anyhow::{Context, Result};
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;
use signal_hook::consts::SIGINT;

use super::session::{Next, Session};

/// Reads lines, with editing and a history of this conversation, until the person ends it: by
/// `/quit`, Ctrl-D, or Ctrl-C twice at the prompt. During a reply Ctrl-C breaks that off.
pub(super) fn talk(session: &mut Session) -> Result<()> {
    signal_hook::flag::register(SIGINT, session.interrupted()).context("cannot take Ctrl-C")?;
    let mut editor = DefaultEditor::new().context("cannot use this terminal")?;
    let mut warned = false;
    loop {
        match editor.readline("> ") {
            Ok(line) => {
                warned = false;
                editor.add_history_entry(&line)?;
                if session.line(&line)? == Next::Quit {
                    return Ok(());
                }
            }
            Err(ReadlineError::Interrupted) if warned => return Ok(()),
            Err(ReadlineError::Interrupted) => {
                warned = true;
                session
                    .screen
                    .note("Ctrl-C again, or Ctrl-D, ends the conversation")?;
            }
            Err(ReadlineError::Eof) => return Ok(()),
            Err(error) => return Err(error).context("cannot read from this terminal"),
        }
    }
}
