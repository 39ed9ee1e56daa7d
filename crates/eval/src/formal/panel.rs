//! What the checker leaves open, asked of a model.
//!
//! A model's word is no proof: what it decides is marked [`By::Model`]. It is shown statements without
//! their comments, so none can speak to it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use data::chat::Message;
use data::{Answers, Ask};

use super::judge::{By, Fidelity, Item};

/// Asks `model` about every item that is [`Fidelity::Open`] and has a candidate. An answer that is
/// neither of the two words leaves an item open.
///
/// # Errors
/// What makes all asking pointless; answers had before it are kept.
pub fn settle(
    items: &mut [Item],
    model: &dyn Answers,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut places = BTreeMap::new();
    let mut asks = Vec::new();
    for (place, item) in items.iter().enumerate() {
        let (Fidelity::Open { .. }, Some(candidate)) = (&item.fidelity, &item.candidate) else {
            continue;
        };
        let ask = Ask {
            id: format!("{}#formal", item.id),
            sample: item.sample,
            messages: vec![Message::user(question(item, &candidate.text()))],
        };
        places.insert((ask.id.clone(), ask.sample), place);
        asks.push(ask);
    }
    model.answer(&mut asks.into_iter(), &mut |ask, reply| {
        let Some(item) = places
            .get(&(ask.id, ask.sample))
            .map(|&place| &mut items[place])
        else {
            return ControlFlow::Continue(());
        };
        match reply.map(|reply| decision(&reply.text)) {
            Ok(Some(true)) => item.fidelity = Fidelity::Faithful { by: By::Model },
            Ok(Some(false)) => item.fidelity = Fidelity::Other { by: By::Model },
            Ok(None) => item.fidelity = Fidelity::open("the model did not say SAME or DIFFERENT"),
            Err(error) => item.fidelity = Fidelity::open(&error.to_string()),
        }
        ControlFlow::Continue(())
    })
}

fn question(item: &Item, candidate: &str) -> String {
    let reference = match &item.reference {
        Some(text) => format!("A faithful formal statement of it:\n\n{text}\n\n"),
        None => String::new(),
    };
    format!(
        "A problem in words:\n\n{}\n\n{reference}A formal statement to judge:\n\n{candidate}\n\n\
         Does the statement to judge say exactly what the problem says: the same objects, the same \
         hypotheses, neither fewer nor more, and the same conclusion? A statement that is weaker, \
         stronger or about other objects is different. Think, then end with one line that is either \
         SAME or DIFFERENT.",
        item.informal
    )
}

/// The word the last line is.
fn decision(reply: &str) -> Option<bool> {
    let last = reply.lines().rev().find(|line| !line.trim().is_empty())?;
    let word = last.trim_matches(|c: char| !c.is_ascii_alphabetic());
    match word.to_ascii_uppercase().as_str() {
        "SAME" => Some(true),
        "DIFFERENT" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use data::{Reply, Scripted};

    use super::super::statement::{Statement, System};
    use super::*;

    #[test]
    fn only_what_is_open_is_asked_and_marked() {
        let text = "Theorem a : (* trust me *) forall n : nat, n = n.";
        let item = |id: &str, fidelity| Item {
            id: id.into(),
            sample: 0,
            informal: "Every number is itself.".into(),
            reference: None,
            candidate: Some(Statement::read(text, System::Coq).unwrap()),
            fidelity,
        };
        let mut items = [
            item("a", Fidelity::open("x")),
            item("b", Fidelity::open("x")),
            item("c", Fidelity::open("x")),
            item("d", Fidelity::Trivial),
        ];
        let script = [
            ("a", "Yes.\n**SAME**\n"),
            ("b", "No: DIFFERENT\nDIFFERENT."),
            ("c", "They are the SAME"),
        ];
        let model = Scripted::new(|ask: &Ask| {
            assert!(!ask.messages[0].content.contains("trust me"));
            let said = script.iter().find(|(id, _)| ask.id.starts_with(id));
            Ok(Reply::of(said.unwrap().1))
        });
        settle(&mut items, &model).unwrap();
        assert_eq!(items[0].fidelity, Fidelity::Faithful { by: By::Model });
        assert_eq!(items[0].fidelity.to_string(), "faithful: a model says so");
        assert_eq!(items[1].fidelity, Fidelity::Other { by: By::Model });
        assert_eq!(items[2].fidelity.is_right(), None);
        assert_eq!(items[3].fidelity, Fidelity::Trivial);
    }
}
