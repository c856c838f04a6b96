//! The outcome of a change, and who is notified of it.

use crate::error::Result;
use crate::model::Event;

/// The outcome of a change.
pub struct Outcome {
    /// The answer to the caller.
    pub answer: Event,
    audience: Audience,
    /// Whether there is something to commit.
    pub wrote: bool,
}

/// The events that all users concerned receive, the caller among them.
enum Audience {
    Nothing,
    /// The same event as the caller's answer.
    Answer,
    Events(Vec<Event>),
}

impl Outcome {
    /// The change took effect, and all users concerned receive the answer.
    pub fn broadcast(answer: Event) -> Outcome {
        let (audience, wrote) = (Audience::Answer, true);
        Outcome {
            answer,
            audience,
            wrote,
        }
    }

    /// The change took effect as several events, one of which is the answer.
    pub fn broadcast_many(answer: Event, events: Vec<Event>) -> Outcome {
        let (audience, wrote) = (Audience::Events(events), true);
        Outcome {
            answer,
            audience,
            wrote,
        }
    }

    /// The change took effect, and concerns only the caller.
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

/// The events to publish, in order.
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
