//! The rows that have a goal, and the goals.

use crate::goals::Goals;
use crate::report::Row;

pub const AFTER_SIGKILL: &str = "the same, after SIGKILL";
pub const POST_ALONE: &str = "post to posted, one at a time: p50";
pub const POST_ALONE_P99: &str = "  p99, one at a time";
pub const LONGEST_WAIT: &str = "  the longest wait, 64 in flight";
pub const POSTS_PER_SECOND: &str = "  posted a second, 64 in flight";

/// The goals for the smallest file and for the largest one.
pub fn goals(sizes: &[(u64, Vec<Row>)]) -> Goals {
    let mut goals = Goals::default();
    let (Some((small, first)), Some((large, last))) = (sizes.first(), sizes.last()) else {
        return goals;
    };
    let value = |rows: &[Row], name| {
        rows.iter()
            .find(|row| row.name == name)
            .map_or(f64::NAN, |row| row.value)
    };
    for (size, rows) in [(small, first), (large, last)] {
        goals.at_most(
            format!("a post alone, p50 ms, {size} messages"),
            0.6,
            value(rows, POST_ALONE),
        );
        goals.at_most(
            format!("a post alone, p99 ms, {size} messages"),
            2.0,
            value(rows, POST_ALONE_P99),
        );
        let what = format!("posts a second, 64 in flight, {size} messages");
        goals.at_least(what, 25_000.0, value(rows, POSTS_PER_SECOND));
    }
    let ratio = value(last, POSTS_PER_SECOND) / value(first, POSTS_PER_SECOND);
    goals.at_least(format!("posts a second, {large} messages ÷ {small}"), 0.8, ratio);
    let what = format!("the longest wait of a post, 64 in flight, ms, {large} messages");
    goals.at_most(what, 60.0, value(last, LONGEST_WAIT));
    let what = format!("first answer after SIGKILL, ms, {large} messages");
    goals.at_most(what, 20.0, value(last, AFTER_SIGKILL));
    goals
}
