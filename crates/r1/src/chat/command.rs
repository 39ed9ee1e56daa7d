//! Lines that are for the program and not for the model.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use crate::usage::unknown;

/// Every command with what follows it and what it does; settings first.
const COMMANDS: [(&str, &str, &str); 18] = [
    (
        "/temperature",
        "[T]",
        "divides the logits; 0 takes the likeliest token",
    ),
    (
        "/top-p",
        "[P]",
        "keeps the fewest likeliest tokens that sum to P",
    ),
    ("/top-k", "[K]", "keeps the K likeliest tokens; 0 keeps all"),
    (
        "/min-p",
        "[P]",
        "keeps tokens at least P times as likely as the likeliest",
    ),
    (
        "/repetition-penalty",
        "[R]",
        "weakens tokens said before; 1 is off",
    ),
    ("/max-new-tokens", "[N]", "cuts a reply off after N tokens"),
    ("/seed", "[N]", "what chance follows from"),
    (
        "/system",
        "[TEXT]",
        "what holds for the whole conversation; - for nothing",
    ),
    ("/clear", "", "forgets every turn"),
    ("/undo", "", "takes the last turn back"),
    (
        "/retry",
        "",
        "asks the last question again, with other chances",
    ),
    ("/fold", "", "hides the reasoning, or shows it again"),
    ("/think", "", "shows the last reasoning"),
    (
        "/save",
        "FILE",
        "writes the conversation, one JSON object a message",
    ),
    ("/load", "FILE", "goes on with one that was written"),
    ("/help", "", "this list"),
    ("/quit", "", "ends the conversation, as Ctrl-D does"),
    ("//…", "", "says a text that begins with a slash"),
];

/// A number that decides what is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setting {
    Temperature,
    TopP,
    TopK,
    MinP,
    RepetitionPenalty,
    MaxNewTokens,
    Seed,
}

impl Setting {
    /// In the order of [`COMMANDS`].
    const ALL: [Self; 7] = [
        Self::Temperature,
        Self::TopP,
        Self::TopK,
        Self::MinP,
        Self::RepetitionPenalty,
        Self::MaxNewTokens,
        Self::Seed,
    ];

    /// As flags and commands call it.
    pub(super) fn name(self) -> &'static str {
        let (name, _, _) = COMMANDS[self as usize];
        &name[1..]
    }
}

/// What a line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Command {
    /// A question for the model.
    Say(String),
    /// Changes a setting, or shows it.
    Set(Setting, Option<String>),
    /// Changes the system's message, or shows it.
    System(Option<String>),
    Clear,
    Undo,
    Retry,
    Fold,
    Think,
    Save(PathBuf),
    Load(PathBuf),
    Help,
    Quit,
}

impl Command {
    /// What a line asks for; one without text, nothing.
    ///
    /// # Errors
    /// An unknown command, with the nearest one; too much or too little after a command.
    pub(super) fn parse(line: &str) -> Result<Option<Self>> {
        let line = line.trim();
        if line.is_empty() {
            return Ok(None);
        }
        if !line.starts_with('/') || line.starts_with("//") {
            let text = line.strip_prefix('/').unwrap_or(line);
            return Ok(Some(Self::Say(text.to_owned())));
        }
        let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = Some(rest.trim().to_owned()).filter(|rest| !rest.is_empty());
        let settings = Setting::ALL.into_iter();
        if let Some(setting) = { settings }.find(|setting| setting.name() == &name[1..]) {
            return Ok(Some(Self::Set(setting, rest)));
        }
        let file = |rest: Option<String>| {
            let file = rest.with_context(|| format!("{name} needs the name of a file"));
            file.map(PathBuf::from)
        };
        let command = match name {
            "/system" => return Ok(Some(Self::System(rest))),
            "/save" => return Ok(Some(Self::Save(file(rest)?))),
            "/load" => return Ok(Some(Self::Load(file(rest)?))),
            "/clear" => Self::Clear,
            "/undo" => Self::Undo,
            "/retry" => Self::Retry,
            "/fold" => Self::Fold,
            "/think" => Self::Think,
            "/help" => Self::Help,
            "/quit" => Self::Quit,
            _ => {
                let names: Vec<&str> = COMMANDS[..17].iter().map(|(name, _, _)| *name).collect();
                return Err(unknown("command", name, &names).into());
            }
        };
        ensure!(rest.is_none(), "{name} takes nothing after it");
        Ok(Some(command))
    }

    /// The list of commands.
    pub(super) fn help() -> String {
        let lines =
            COMMANDS.map(|(name, takes, does)| format!("{:<28}{does}", format!("{name} {takes}")));
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Option<Command> {
        Command::parse(line).unwrap()
    }

    #[test]
    fn every_command_of_the_list_is_one() {
        for (name, takes, _) in &COMMANDS[..17] {
            let line = format!("{name} {takes}");
            assert!(
                !matches!(parse(&line), None | Some(Command::Say(_))),
                "{name}"
            );
            assert!(Command::help().contains(name));
        }
    }

    #[test]
    fn lines_are_told_apart() {
        assert_eq!(parse("  "), None);
        assert_eq!(parse(" 2 + 2? "), Some(Command::Say("2 + 2?".into())));
        assert_eq!(parse("//etc"), Some(Command::Say("/etc".into())));
        assert_eq!(
            parse("/seed 3"),
            Some(Command::Set(Setting::Seed, Some("3".into())))
        );
        assert_eq!(parse("/top-k"), Some(Command::Set(Setting::TopK, None)));
        let system = Command::System(Some("be brief".into()));
        assert_eq!(parse("/system  be brief"), Some(system));
        assert_eq!(
            parse("/save a b.jsonl"),
            Some(Command::Save("a b.jsonl".into()))
        );
    }

    #[test]
    fn a_slip_is_named() {
        let error = |line: &str| Command::parse(line).unwrap_err().to_string();
        let said = error("/hlep");
        assert!(said.contains("`/hlep`; did you mean `/help`?"), "{said}");
        assert!(error("/").contains("there are: /temperature"));
        assert_eq!(error("/clear all"), "/clear takes nothing after it");
        assert_eq!(error("/load"), "/load needs the name of a file");
    }
}
