//! A conversation with a model: `r1 chat`.
//!
//! [`session`] is the conversation itself, [`terminal`] a person at a terminal; through a pipe every
//! line is a turn. Left out: keeping the cache from turn to turn, since the reasoning of a reply is
//! not part of the next prompt; each reply reads its prompt anew.

mod command;
mod conversation;
mod screen;
mod session;
mod settings;
mod speech;
mod terminal;
mod transcript;

use std::io::{BufRead, ErrorKind, IsTerminal};
use std::path::PathBuf;

use anyhow::{Context, Result};
use lm::CausalLm;

use crate::generate::speaker::Speaker;
use crate::progress::Console;
use crate::sampling_args::SamplingArgs;
use crate::usage::UsageError;
use screen::{Broken, Screen, Style};
use session::{Next, Session};
use settings::Settings;

/// The arguments of `r1 chat`.
#[derive(Debug, clap::Args)]
pub(crate) struct Chat {
    /// A directory with config.json, model.safetensors and tokenizer.json, such as a stage's of a
    /// run; a GGUF file; or hub:OWNER/NAME[@REVISION].
    model: PathBuf,
    /// What holds for the whole conversation.
    #[arg(long, value_name = "TEXT")]
    system: Option<String>,
    /// What chance follows from: the same lines get the same replies.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    sampling: SamplingArgs,
    /// Cuts a reply off after so many tokens [default: 1024, or what the context leaves].
    #[arg(long, value_name = "N")]
    max_new_tokens: Option<usize>,
    /// Ends a reply before this text; may be repeated.
    #[arg(long, value_name = "STRING")]
    stop: Vec<String>,
    /// Hide the reasoning.
    #[arg(long)]
    fold: bool,
}

/// Talks until the person ends it; false if a line of a pipe could not be answered.
///
/// # Errors
/// Wrong arguments or a missing model ([`UsageError`]); a model that cannot be read or has no chat
/// template; an output that cannot be written.
pub(crate) fn run(args: &Chat) -> Result<bool> {
    let sampling = args.sampling.sampling()?;
    if args.max_new_tokens == Some(0) {
        return Err(UsageError("--max-new-tokens is 0; it must be at least 1".into()).into());
    }
    if args.stop.iter().any(String::is_empty) {
        let error = "--stop is empty; give the text that ends a reply";
        return Err(UsageError(error.into()).into());
    }
    let speaker = Speaker::find(&args.model, &Console::new(false))?;
    let question = [data::chat::Message::user("1 + 1?")];
    speaker.tokenizer.encode_chat(&question)?;
    let model = speaker.load()?.packed();
    let settings = Settings::new(sampling, args.max_new_tokens, args.stop.clone(), args.seed);

    let (mut out, mut notes) = (std::io::stdout(), std::io::stderr());
    let terminal = std::io::stdin().is_terminal() && out.is_terminal();
    let colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let style = if terminal {
        Style::Terminal { colour }
    } else {
        Style::Plain
    };
    let screen = Screen::new(&mut out, &mut notes, style, args.fold);
    let mut session = Session::new(&speaker, &model, settings, screen);
    if let Some(text) = &args.system {
        session.system(Some(text))?;
    }
    if terminal {
        session.screen.note(&format!(
            "{}, {} positions. /help lists the commands, Ctrl-D ends.",
            args.model.display(),
            speaker.positions
        ))?;
        terminal::talk(&mut session)?;
        return Ok(true);
    }
    match read(&mut session, std::io::stdin().lock()) {
        Err(error) if is_broken_pipe(&error) => Ok(true),
        read => read.map(|()| !session.failed()),
    }
}

/// Whether whoever reads the replies has read enough.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let broken = error.downcast_ref::<Broken>();
    broken.is_some_and(|Broken(error)| error.kind() == ErrorKind::BrokenPipe)
}

/// Takes every line for a turn.
fn read(session: &mut Session, lines: impl BufRead) -> Result<()> {
    for (line, number) in lines.lines().zip(1..) {
        let line = line.with_context(|| format!("cannot read line {number}"))?;
        if session.line(&line)? == Next::Quit {
            break;
        }
    }
    Ok(())
}
