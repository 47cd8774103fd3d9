//! Tables: columns that fit the terminal for eyes, tabs between the cells for programs, chosen fields as JSON for promises.

use std::io::{IsTerminal, Write};

use anyhow::{Context, bail};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::paint::Paint;

/// Where a terminal says nothing of its width.
const WIDTH: usize = 80;
/// A column that gives way keeps so much.
const LEAST: usize = 8;

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    heading: &'static str,
    right: bool,
    gives_way: bool,
}

impl Column {
    /// Words.
    pub const fn left(heading: &'static str) -> Self {
        Self { heading, right: false, gives_way: false }
    }

    /// Numbers.
    pub const fn right(heading: &'static str) -> Self {
        Self { heading, right: true, gives_way: false }
    }

    /// Words that are cut where the terminal is too narrow.
    pub const fn long(heading: &'static str) -> Self {
        Self { heading, right: false, gives_way: true }
    }
}

/// What is in a column of a row, and how it is painted.
#[derive(Clone, Debug)]
pub struct Cell {
    text: String,
    ink: fn(Paint, &str) -> String,
}

impl Cell {
    /// Plain text.
    pub fn of(text: impl Into<String>) -> Self {
        Self::painted(text, |_, text| text.to_owned())
    }

    /// Text in a colour. What would act on a terminal is shown instead.
    pub fn painted(text: impl Into<String>, ink: fn(Paint, &str) -> String) -> Self {
        let text = text.into();
        let text = text.chars().map(|c| if is_tame(c) { c } else { '\u{fffd}' }).collect();
        Self { text, ink }
    }
}

/// Whether a character only stands there: no control, nothing that turns or hides what is around it.
fn is_tame(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Rows of cells below columns.
#[derive(Debug)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table without rows.
    pub fn new(columns: &[Column]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row; it has as many cells as there are columns.
    pub fn push(&mut self, row: Vec<Cell>) {
        debug_assert_eq!(row.len(), self.columns.len(), "a cell for each column");
        self.rows.push(row);
    }

    /// Prints it to standard output: for eyes on a terminal, for programs elsewhere.
    pub fn print(&self) {
        let text = if std::io::stdout().is_terminal() {
            let columns = terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0));
            self.for_eyes(columns.unwrap_or(WIDTH), Paint::for_stdout())
        } else {
            self.for_programs()
        };
        // Nobody reads a closed standard output.
        let _ = std::io::stdout().lock().write_all(text.as_bytes());
    }

    /// One line for each row, a tab between two cells, no headings.
    pub fn for_programs(&self) -> String {
        let line = |row: &Vec<Cell>| {
            let cells: Vec<_> = row.iter().map(|cell| cell.text.as_str()).collect();
            format!("{}\n", cells.join("\t"))
        };
        self.rows.iter().map(line).collect()
    }

    /// Headings and rows that fit into `width` cells.
    pub fn for_eyes(&self, width: usize, paint: Paint) -> String {
        let widths = self.widths(width);
        let headings = self.columns.iter().map(|column| Cell::painted(column.heading, Paint::dim)).collect();
        let lines = std::iter::once(&headings).chain(&self.rows);
        lines.map(|row| self.line(row, &widths, paint)).collect()
    }

    fn line(&self, row: &[Cell], widths: &[usize], paint: Paint) -> String {
        let mut line = String::new();
        for ((cell, column), width) in row.iter().zip(&self.columns).zip(widths) {
            let text = cut(&cell.text, *width);
            let gap = " ".repeat(width - text.width());
            let inked = (cell.ink)(paint, &text);
            line.push_str(&if column.right { format!("{gap}{inked}  ") } else { format!("{inked}{gap}  ") });
        }
        format!("{}\n", line.trim_end())
    }

    /// As wide as what is in them; what gives way shares what is left.
    fn widths(&self, width: usize) -> Vec<usize> {
        let widest = |(index, column): (usize, &Column)| {
            let cells = self.rows.iter().map(|row| row[index].text.width());
            cells.chain([column.heading.width()]).max().unwrap_or_default()
        };
        let mut widths: Vec<usize> = self.columns.iter().enumerate().map(widest).collect();
        let gaps = 2 * self.columns.len().saturating_sub(1);
        loop {
            let whole = widths.iter().sum::<usize>() + gaps;
            let giving = (0..widths.len()).filter(|&index| self.columns[index].gives_way && widths[index] > LEAST);
            match giving.max_by_key(|&index| widths[index]) {
                Some(index) if whole > width => widths[index] -= 1,
                _ => return widths,
            }
        }
    }
}

/// At most `width` cells of `text`; an ellipsis stands for the rest.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        kept.push(c);
    }
    format!("{}…", kept.trim_end())
}

/// How a list is printed, among the arguments of a command.
#[derive(Debug, clap::Args)]
pub struct Format {
    /// Print these fields as JSON, separated by commas
    #[arg(long, value_name = "FIELDS")]
    json: Option<String>,
}

impl Format {
    /// The fields that are wanted; only what is in `known` can be.
    ///
    /// # Errors
    /// When a field is unknown: the sentence names all there are.
    pub fn fields(&self, known: &[&'static str]) -> anyhow::Result<Option<Fields>> {
        self.json.as_deref().map(|text| Fields::read(text, known)).transpose()
    }
}

/// Prints a list: the wanted fields of each of `values` as JSON, or else a table with a `row` for each.
///
/// # Errors
/// When a value is not what `row` takes.
pub fn print<T: DeserializeOwned>(
    values: &[Value],
    fields: Option<&Fields>,
    columns: &[Column],
    row: impl Fn(T) -> Vec<Cell>,
) -> anyhow::Result<()> {
    if let Some(fields) = fields {
        fields.print(values);
        return Ok(());
    }
    let mut table = Table::new(columns);
    for value in values {
        table.push(row(T::deserialize(value).context("cannot read one of the list in the answer")?));
    }
    table.print();
    Ok(())
}

/// Which fields of each row a program wants, `name,status`.
#[derive(Clone, Debug)]
pub struct Fields(Vec<&'static str>);

impl Fields {
    /// Reads `text`; only what is in `known` can be wanted.
    ///
    /// # Errors
    /// When a field is unknown: the sentence names all there are.
    fn read(text: &str, known: &[&'static str]) -> anyhow::Result<Self> {
        let mut fields = Vec::new();
        for wanted in text.split(',').map(str::trim).filter(|wanted| !wanted.is_empty()) {
            let Some(field) = known.iter().find(|field| **field == wanted) else {
                bail!("there is no field `{wanted}`\n  try: {}", known.join(","))
            };
            fields.push(*field);
        }
        if fields.is_empty() {
            bail!("no field is wanted\n  try: {}", known.join(","))
        }
        Ok(Self(fields))
    }

    /// Prints the wanted fields of each of `rows`, which are objects, as one line of JSON; what is not there is `null`.
    pub fn print(&self, rows: &[Value]) {
        // Nobody reads a closed standard output.
        let _ = writeln!(std::io::stdout().lock(), "{}", self.of(rows));
    }

    fn of(&self, rows: &[Value]) -> Value {
        let pick = |row: &Value| {
            let pairs = self.0.iter().map(|field| ((*field).to_owned(), row.get(field).cloned().unwrap_or_default()));
            Value::Object(pairs.collect::<Map<_, _>>())
        };
        rows.iter().map(pick).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&[Column::left("STATUS"), Column::right("NOW"), Column::long("NAME")]);
        table.push(vec![Cell::painted("down", Paint::red), Cell::of("503"), Cell::of("payments-api in Frankfurt")]);
        table.push(vec![Cell::of("up"), Cell::of("12 ms"), Cell::of("日本")]);
        table
    }

    #[test]
    fn a_table_fits_the_terminal_by_cutting_what_may_be_cut() {
        let wide = table().for_eyes(80, Paint::Plain);
        assert_eq!(wide, "STATUS    NOW  NAME\ndown      503  payments-api in Frankfurt\nup      12 ms  日本\n");
        let narrow = table().for_eyes(30, Paint::Plain);
        assert_eq!(narrow, "STATUS    NOW  NAME\ndown      503  payments-api i…\nup      12 ms  日本\n");
        assert!(table().for_eyes(10, Paint::Plain).contains("payment…"));
    }

    #[test]
    fn programs_get_tabs_and_no_headings() {
        assert_eq!(table().for_programs(), "down\t503\tpayments-api in Frankfurt\nup\t12 ms\t日本\n");
    }

    #[test]
    fn nothing_in_a_cell_acts_on_the_terminal() {
        let mut table = Table::new(&[Column::left("NAME")]);
        table.push(vec![Cell::of("a\u{1b}[2J\tb\nc\u{202e}d")]);
        assert_eq!(table.for_programs(), "a\u{fffd}[2J\u{fffd}b\u{fffd}c\u{fffd}d\n");
    }

    #[test]
    fn the_wanted_fields_alone_are_given_and_unknown_ones_are_refused() {
        let fields = Fields::read("status, name", &["name", "status"]).expect("known");
        assert_eq!(fields.of(&[json!({"name": "a", "id": 1})]), json!([{"status": null, "name": "a"}]));
        let refused = Fields::read("state", &["name", "status"]).expect_err("unknown").to_string();
        assert_eq!(refused, "there is no field `state`\n  try: name,status");
    }
}
