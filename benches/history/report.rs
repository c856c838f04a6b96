//! The table: a line for each measurement, a column for each size of the file.

use std::time::Duration;

#[derive(Default)]
pub struct Times(Vec<Duration>);

impl Times {
    pub fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The quantile; `part` is 0 to 1.
    pub fn at(&mut self, part: f64) -> Duration {
        self.0.sort_unstable();
        let index = (self.0.len() as f64 * part) as usize;
        self.0[index.min(self.0.len() - 1)]
    }
}

pub struct Row {
    pub name: &'static str,
    pub value: f64,
    unit: &'static str,
}

impl Row {
    pub fn median(name: &'static str, mut times: Times) -> Row {
        Row::at(name, &mut times, 0.5)
    }

    pub fn at(name: &'static str, times: &mut Times, part: f64) -> Row {
        let value = times.at(part).as_secs_f64() * 1_000.0;
        let unit = "ms";
        Row { name, value, unit }
    }

    pub fn rate(name: &'static str, value: f64) -> Row {
        let unit = "/s";
        Row { name, value, unit }
    }

    pub fn bytes(name: &'static str, value: f64) -> Row {
        let unit = "B";
        Row { name, value, unit }
    }

    pub fn mebibytes(name: &'static str, bytes: u64) -> Row {
        let (value, unit) = (bytes as f64 / f64::from(1 << 20), "MiB");
        Row { name, value, unit }
    }

    fn text(&self) -> String {
        match self.unit {
            "ms" if self.value < 10.0 => format!("{:.2} ms", self.value),
            unit if self.value < 100.0 => format!("{:.1} {unit}", self.value),
            unit => format!("{:.0} {unit}", self.value),
        }
    }
}

/// Prints the rows of one size, before the other sizes are measured.
pub fn print_progress(rows: &[Row]) {
    for row in rows {
        eprintln!("  {:<36}{:>12}", row.name, row.text());
    }
}

/// Prints a column for each size, with the ratio to the first one.
pub fn print(sizes: &[(u64, Vec<Row>)]) {
    let Some((_, first)) = sizes.first() else { return };
    print!("{:<36}", "messages in the file");
    for (size, _) in sizes {
        print!("{size:>20}");
    }
    println!();
    for (index, row) in first.iter().enumerate() {
        print!("{:<36}", row.name);
        for (_, rows) in sizes {
            let ratio = rows[index].value / row.value;
            print!("{:>20}", format!("{} {ratio:>5.2}×", rows[index].text()));
        }
        println!();
    }
}
