//! A rehearsal as a picture of characters: time runs to the right, one row for each thing that is looked at.

use std::time::Duration;

use allswell_core::kubelet::{Answer, Kind, Note};

use super::timeline::{Entry, What};

/// How many cells the names of rows take, with the margins around them.
const MARGIN: usize = 11;

/// How long one cell may be, in milliseconds.
const STEPS: [u64; 16] = [
    100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000,
    3_600_000,
];

/// How far apart numbers stand on the axis at least, in cells.
const NUMBERS_APART: u64 = 9;

/// What the cells mean.
const LEGEND: [(Cell, &str); 5] = [
    (Cell('░', Tone::Quiet), "starts or ends"),
    (Cell('▓', Tone::Good), "ready"),
    (Cell('▒', Tone::Odd), "not ready"),
    (Cell('█', Tone::Bad), "is killed"),
    (Cell('·', Tone::Quiet), "not running"),
];

/// What the cells of one replica's other rows mean.
const LEGEND_OF_ONE: [(Cell, &str); 5] = [
    (Cell('●', Tone::Good), "passed"),
    (Cell('×', Tone::Bad), "failed"),
    (Cell('━', Tone::Good), "gets requests"),
    (Cell('╌', Tone::Bad), "gets none"),
    (Cell('▄', Tone::Odd), "fault"),
];

/// How much it matters, which is the colour it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Tone {
    None,
    Quiet,
    Good,
    Odd,
    Bad,
}

/// One character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cell(char, Tone);

const EMPTY: Cell = Cell(' ', Tone::None);

/// Where the picture begins and how long one cell is.
#[derive(Clone, Copy, Debug)]
pub struct Chart {
    from: Duration,
    step: Duration,
    columns: usize,
    colour: bool,
}

impl Chart {
    /// A picture from one moment to another, at most `width` cells wide.
    pub fn new(from: Duration, to: Duration, width: usize, colour: bool) -> Self {
        let room = width.saturating_sub(MARGIN + 1).max(20) as u64;
        let length = u64::try_from(to.saturating_sub(from).as_millis()).unwrap_or(u64::MAX).max(1);
        let step = STEPS.into_iter().find(|step| length.div_ceil(*step) <= room).unwrap_or(length.div_ceil(room));
        let columns = usize::try_from(length.div_ceil(step)).unwrap_or(1);
        Self { from, step: Duration::from_millis(step), columns, colour }
    }

    /// One replica in detail, several in a row each; then what the characters mean.
    pub fn draw(&self, entries: &[Entry], replicas: usize) -> String {
        let mut out = self.axis();
        if replicas == 1 {
            out.push_str(&self.row("app", &self.app(entries, 0)));
            for (name, kind) in [("startup", Kind::Startup), ("ready", Kind::Readiness), ("live", Kind::Liveness)] {
                out.push_str(&self.row(name, &self.probes(entries, kind)));
            }
            out.push_str(&self.row("traffic", &self.traffic(entries, 0)));
        } else {
            for replica in 0..replicas {
                out.push_str(&self.row(&format!("#{}", replica + 1), &self.app(entries, replica)));
            }
        }
        out.push_str(&self.row("fault", &self.faults(entries)));
        out + "\n" + &self.legend(replicas == 1)
    }

    fn axis(&self) -> String {
        let step = u64::try_from(self.step.as_millis()).unwrap_or(u64::MAX);
        let apart = STEPS.into_iter().find(|apart| *apart % step == 0 && *apart / step >= NUMBERS_APART);
        let apart = usize::try_from(apart.unwrap_or(step * NUMBERS_APART) / step).unwrap_or(1);
        let mut line = String::new();
        for column in (0..self.columns).step_by(apart) {
            let seconds = self.step.as_secs_f64() * column as f64;
            let number = if column == 0 { "0 s".to_owned() } else { format!("{seconds}") };
            let room = apart.min(self.columns - column);
            if number.len() <= room {
                line.push_str(&number);
                line.push_str(&self.paint(Tone::Quiet, &"·".repeat(room - number.len())));
            }
        }
        format!("{}{}\n", " ".repeat(MARGIN), line)
    }

    /// Nothing when nothing is in it.
    fn row(&self, name: &str, cells: &[Cell]) -> String {
        let end = cells.iter().rposition(|cell| *cell != EMPTY).map_or(0, |last| last + 1);
        if end == 0 {
            return String::new();
        }
        let mut out = format!("  {name:<width$}", width = MARGIN - 2);
        for run in cells[..end].chunk_by(|one, next| one.1 == next.1) {
            let text: String = run.iter().map(|cell| cell.0).collect();
            out.push_str(&self.paint(run[0].1, &text));
        }
        out + "\n"
    }

    fn paint(&self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Quiet => "2",
            Tone::Good => "32",
            Tone::Odd => "33",
            Tone::Bad => "31",
            Tone::None => return text.to_owned(),
        };
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn column(&self, at: Duration) -> usize {
        let column = at.saturating_sub(self.from).as_millis() / self.step.as_millis().max(1);
        usize::try_from(column).unwrap_or(usize::MAX).min(self.columns - 1)
    }

    /// A state that lasts: in each column the cell that matters most of those it passed through.
    fn lasting(&self, entries: &[Entry], mut take: impl FnMut(&Entry) -> Option<Cell>) -> Vec<Cell> {
        let mut cells = vec![EMPTY; self.columns];
        let (mut state, mut filled) = (EMPTY, 0);
        for entry in entries {
            let Some(next) = take(entry).filter(|next| *next != state) else {
                continue;
            };
            let column = self.column(entry.at);
            for cell in &mut cells[filled..=column] {
                *cell = worse(*cell, state);
            }
            (state, filled) = (next, column);
            cells[column] = worse(cells[column], state);
        }
        for cell in &mut cells[filled..] {
            *cell = worse(*cell, state);
        }
        cells
    }

    fn app(&self, entries: &[Entry], replica: usize) -> Vec<Cell> {
        let mut life = Life::default();
        self.lasting(entries, |entry| {
            (entry.replica == replica && !entry.is_for_all()).then(|| {
                life.take(&entry.what);
                life.cell()
            })
        })
    }

    fn traffic(&self, entries: &[Entry], replica: usize) -> Vec<Cell> {
        let mut deleted = false;
        self.lasting(entries, |entry| match &entry.what {
            _ if entry.replica != replica || entry.is_for_all() || deleted => None,
            What::Note(Note::Ready) => Some(Cell('━', Tone::Good)),
            What::Note(Note::Unready) => Some(Cell('╌', Tone::Bad)),
            What::Note(Note::Killing { by: None, .. }) => {
                deleted = true;
                Some(EMPTY)
            }
            _ => None,
        })
    }

    fn faults(&self, entries: &[Entry]) -> Vec<Cell> {
        let mut under_way = 0_u32;
        self.lasting(entries, |entry| match &entry.what {
            What::Fault { begins, .. } => {
                under_way = if *begins { under_way + 1 } else { under_way.saturating_sub(1) };
                Some(if under_way > 0 { Cell('▄', Tone::Odd) } else { EMPTY })
            }
            _ => None,
        })
    }

    fn probes(&self, entries: &[Entry], wanted: Kind) -> Vec<Cell> {
        let mut cells = vec![EMPTY; self.columns];
        for entry in entries {
            if let What::Probed { kind, answer, .. } = &entry.what
                && *kind == wanted
            {
                let cell = match answer {
                    Answer::Success => Cell('●', Tone::Good),
                    Answer::Warning => Cell('●', Tone::Odd),
                    Answer::Error => Cell('?', Tone::Odd),
                    Answer::Failure | Answer::Unknown => Cell('×', Tone::Bad),
                };
                let column = self.column(entry.at);
                cells[column] = worse(cells[column], cell);
            }
        }
        cells
    }

    fn legend(&self, one: bool) -> String {
        let line = |cells: &[(Cell, &str)]| {
            let parts =
                cells.iter().map(|(Cell(c, tone), word)| format!("{} {word}", self.paint(*tone, &c.to_string())));
            format!("  {}\n", parts.collect::<Vec<_>>().join("  "))
        };
        line(&LEGEND) + &if one { line(&LEGEND_OF_ONE) } else { String::new() }
    }
}

fn worse(one: Cell, other: Cell) -> Cell {
    if other.1 >= one.1 { other } else { one }
}

/// What a container goes through.
#[derive(Default)]
struct Life {
    runs: bool,
    ready: bool,
    was_ready: bool,
    killed: bool,
    deleted: bool,
    over: bool,
}

impl Life {
    fn take(&mut self, what: &What) {
        match what {
            What::Note(Note::Started { .. }) => (self.runs, self.killed, self.was_ready) = (true, false, false),
            What::Note(Note::Exited { .. }) => (self.runs, self.killed) = (false, false),
            What::Note(Note::Ready) => (self.ready, self.was_ready) = (true, true),
            What::Note(Note::Unready) => self.ready = false,
            What::Note(Note::Killing { by: Some(_), .. }) => self.killed = true,
            What::Note(Note::Killing { by: None, .. }) => self.deleted = true,
            What::Note(Note::Over) => self.over = true,
            _ => {}
        }
    }

    const fn cell(&self) -> Cell {
        match (self.runs, self.killed, self.ready, self.was_ready) {
            _ if self.over => EMPTY,
            (true, ..) if self.deleted => Cell('░', Tone::Quiet),
            (false, ..) if self.deleted => EMPTY,
            (false, ..) => Cell('·', Tone::Quiet),
            (_, true, ..) => Cell('█', Tone::Bad),
            (_, _, true, _) => Cell('▓', Tone::Good),
            (_, _, false, true) => Cell('▒', Tone::Odd),
            (_, _, false, false) => Cell('░', Tone::Quiet),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn at(seconds: u64, what: What) -> Entry {
        Entry { at: s(seconds), replica: 0, what }
    }

    fn probed(seconds: u64, kind: Kind, answer: Answer) -> Entry {
        let what = What::Probed { kind, answer, output: String::new(), took: s(0), count: (1, 3), news: true };
        at(seconds, what)
    }

    /// Ready after 10 s, frozen at 20, killed at 40, gone at 46, up again, and ready at 60.
    fn story() -> Vec<Entry> {
        let mut story = vec![at(0, What::Note(Note::Started { restarts: 0 })), at(10, What::Note(Note::Ready))];
        story.extend([10, 20].map(|t| probed(t, Kind::Readiness, Answer::Success)));
        story.push(at(22, What::Fault { name: "hang".to_owned(), begins: true }));
        story.extend([30, 35].map(|t| probed(t, Kind::Readiness, Answer::Failure)));
        story.push(at(35, What::Note(Note::Unready)));
        story.push(probed(40, Kind::Liveness, Answer::Failure));
        story.push(at(40, What::Note(Note::Killing { by: Some(Kind::Liveness), grace: s(30) })));
        story.push(at(46, What::Note(Note::Exited { code: 137 })));
        story.push(at(50, What::Fault { name: "hang".to_owned(), begins: false }));
        story.push(at(50, What::Note(Note::Started { restarts: 1 })));
        story.push(probed(60, Kind::Readiness, Answer::Success));
        story.push(at(60, What::Note(Note::Ready)));
        story
    }

    #[test]
    fn one_replica_is_shown_in_detail() {
        let expected = "           0 s·······20········40········60···
  app      ░░░░░▓▓▓▓▓▓▓▓▓▓▓▓▒▒▒████·░░░░░▓▓▓▓▓
  ready         ●    ●    × ×            ●
  live                         ×
  traffic       ━━━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌━━━━
  fault               ▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄

  ░ starts or ends  ▓ ready  ▒ not ready  █ is killed  · not running
  ● passed  × failed  ━ gets requests  ╌ gets none  ▄ fault
";
        assert_eq!(Chart::new(s(0), s(70), 60, false).draw(&story(), 1), expected);
    }

    #[test]
    fn several_replicas_take_a_row_each_and_fit() {
        let mut story = story();
        story.push(Entry { replica: 1, ..at(5, What::Note(Note::Started { restarts: 0 })) });
        story.push(Entry { replica: 1, ..at(25, What::Note(Note::Ready)) });
        let drawn = Chart::new(s(0), s(70), 40, false).draw(&story, 2);
        let rows: Vec<&str> = drawn.lines().collect();
        assert_eq!(rows[1], "  #1       ░░▓▓▓▓▓▒██░░▓▓");
        assert_eq!(rows[2], "  #2        ░░░░▓▓▓▓▓▓▓▓▓");
        assert!(rows.iter().all(|row| row.chars().count() <= 80), "{drawn}");
    }

    #[test]
    fn colours_change_nothing_but_colour() {
        let (plain, painted) = [false, true].map(|colour| Chart::new(s(0), s(70), 60, colour).draw(&story(), 1)).into();
        let mut rest = painted.as_str();
        let mut bare = String::new();
        while let Some((before, after)) = rest.split_once('\u{1b}') {
            bare.push_str(before);
            rest = after.split_once('m').map_or("", |(_, after)| after);
        }
        assert_eq!(bare + rest, plain);
    }
}
