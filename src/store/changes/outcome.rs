//! The outcome of a change, and who hears of it.

use crate::error::Result;
use crate::model::Event;

/// The outcome of a change.
pub struct Outcome {
    /// For the caller.
    pub answer: Event,
    audience: Audience,
    /// Whether there is something to commit.
    pub wrote: bool,
}

/// What the others hear of a change.
enum Audience {
    Nothing,
    /// The same as the caller.
    Answer,
    Events(Vec<Event>),
}

impl Outcome {
    /// It happened, and everybody whom it concerns hears the answer.
    pub fn broadcast(answer: Event) -> Outcome {
        let (audience, wrote) = (Audience::Answer, true);
        Outcome {
            answer,
            audience,
            wrote,
        }
    }

    /// It happened as several events, of which one is the answer.
    pub fn broadcast_many(answer: Event, events: Vec<Event>) -> Outcome {
        let (audience, wrote) = (Audience::Events(events), true);
        Outcome {
            answer,
            audience,
            wrote,
        }
    }

    /// It happened, and concerns nobody but the caller.
    pub fn reply(answer: Event) -> Outcome {
        let (audience, wrote) = (Audience::Nothing, true);
        Outcome {
            answer,
            audience,
            wrote,
        }
    }

    /// There was nothing to do.
    pub fn noop(answer: Event) -> Outcome {
        let (audience, wrote) = (Audience::Nothing, false);
        Outcome {
            answer,
            audience,
            wrote,
        }
    }
}

/// The outcome of each change of a batch, in order.
pub type Outcomes = Vec<Result<Outcome>>;

/// What everybody else hears of them, in order.
pub fn events(outcomes: &Outcomes) -> Vec<Event> {
    let mut events = Vec::with_capacity(outcomes.len());
    for outcome in outcomes.iter().flatten() {
        match &outcome.audience {
            Audience::Nothing => {}
            Audience::Answer => events.push(outcome.answer.clone()),
            Audience::Events(several) => events.extend_from_slice(several),
        }
    }
    events
}
