//! The table at the end of a benchmark: each goal beside the measured value.

/// Goals, in the order of measurement.
#[derive(Default)]
pub struct Goals(Vec<Goal>);

struct Goal {
    what: String,
    goal: String,
    measured: f64,
    is_met: bool,
}

#[allow(dead_code)]
impl Goals {
    pub fn at_most(&mut self, what: impl Into<String>, goal: f64, measured: f64) {
        self.0.push(Goal {
            what: what.into(),
            goal: format!("at most {goal}"),
            measured,
            is_met: measured <= goal,
        });
    }

    pub fn at_least(&mut self, what: impl Into<String>, goal: f64, measured: f64) {
        self.0.push(Goal {
            what: what.into(),
            goal: format!("at least {goal}"),
            measured,
            is_met: measured >= goal,
        });
    }

    pub fn print(&self) {
        if self.0.is_empty() {
            return;
        }
        println!("\nWhat must hold\n\n| | goal | measured | |\n|---|---|---|---|");
        for Goal {
            what,
            goal,
            measured,
            is_met,
        } in &self.0
        {
            let digits = if *measured < 100.0 { 2 } else { 0 };
            let verdict = if *is_met { "holds" } else { "**missed**" };
            println!("| {what} | {goal} | {measured:.digits$} | {verdict} |");
        }
    }
}
