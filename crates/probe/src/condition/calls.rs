//! Which functions and loops there are, and what they may be given.

use std::fmt;

use cel::common::ast::{CallExpr, Expr as Parsed};
use cel::parser::Expression;

use super::Wrong;
use super::check::{Checker, of, wrong};
use super::names::instead;
use super::pattern::Pattern;
use super::tree::{Constant, Each, Expr, Function, Kind, Over};
use super::types::Type;

/// How many loops may stand in each other.
const LOOPS_MAX: usize = 2;

/// What can be called as `f(x)`.
const FUNCTIONS: &[&str] = &["has", "size", "duration", "matches", "int", "uint", "double", "string"];

/// What can be called as `x.f(y)`.
const METHODS: &[&str] =
    &["size", "contains", "startsWith", "endsWith", "matches", "all", "exists", "exists_one", "filter", "map"];

impl Checker<'_> {
    /// Checks the call of a function or method.
    pub fn call(&mut self, call: &CallExpr, bracket: usize) -> Result<Expr, Wrong> {
        let name = call.func_name.as_str();
        let column = bracket.saturating_sub(name.chars().count()).max(1);
        let known = if call.target.is_some() { METHODS } else { FUNCTIONS };
        if !known.contains(&name) {
            return Err(unknown(call, column));
        }
        if name == "has" {
            return self.has(&call.args, column);
        }
        if let (Some(target), Some(over)) = (&call.target, loop_named(name)) {
            return self.each(over, target, &call.args, column);
        }
        let parts = call.target.as_deref().into_iter().chain(&call.args);
        let parts = parts.map(|part| self.expr(part)).collect::<Result<Vec<_>, _>>()?;
        function(name, parts, call.target.is_some(), column)
    }

    fn has(&mut self, arguments: &[Expression], column: usize) -> Result<Expr, Wrong> {
        let wanted = || wrong(column, "`has` takes one field, like `has(body.version)`");
        let [Expression { id, expr: Parsed::Select(select) }] = arguments else { return Err(wanted()) };
        let member = self.member(select, self.source.column(*id) + 1)?;
        match member.kind {
            Kind::Member(operand, field) => Ok(of(Type::Bool, column, Kind::Has(operand, field))),
            _ => Err(wanted()),
        }
    }

    fn each(
        &mut self,
        over: Over,
        target: &Expression,
        arguments: &[Expression],
        column: usize,
    ) -> Result<Expr, Wrong> {
        let name = over.name();
        let usage =
            || wrong(column, format!("`{name}` takes a name and what to do with it, like `x.{name}(y, y > 0)`"));
        let (variable, rest) = arguments.split_first().ok_or_else(usage)?;
        let Parsed::Ident(variable) = &variable.expr else { return Err(usage()) };
        if self.loops() == LOOPS_MAX {
            return Err(wrong(column, format!("more than {LOOPS_MAX} loops in each other would take too long")));
        }
        let range = self.expr(target)?;
        let element = match range.ty {
            Type::List | Type::Map | Type::Dyn => Type::Dyn,
            Type::Headers | Type::Checks => Type::String,
            other => return Err(wrong(column, format!("`{name}` needs a list or a map, but `{range}` is {other}"))),
        };
        let mut parts = self.with_variable(variable, element, |checker| checker.all(rest))?.into_iter();
        let (test, make) = match (over, parts.len()) {
            (Over::Map, 1) => (None, parts.next()),
            (Over::Map, 2) => (parts.next(), parts.next()),
            (Over::All | Over::Exists | Over::ExistsOne | Over::Filter, 1) => (parts.next(), None),
            _ => return Err(usage()),
        };
        if let Some(test) = test.as_ref().filter(|test| !test.ty.may_be_bool()) {
            return Err(wrong(test.column, format!("`{name}` needs true or false, but `{test}` is {}", test.ty)));
        }
        let ty = if matches!(over, Over::Filter | Over::Map) { Type::List } else { Type::Bool };
        Ok(of(ty, column, Kind::Each(Box::new(Each { over, range, variable: variable.as_str().into(), test, make }))))
    }
}

fn loop_named(name: &str) -> Option<Over> {
    [Over::All, Over::Exists, Over::ExistsOne, Over::Filter, Over::Map].into_iter().find(|over| over.name() == name)
}

fn unknown(call: &CallExpr, column: usize) -> Wrong {
    let name = call.func_name.as_str();
    let why = match (name, &call.target) {
        ("timestamp" | "now", _) => "conditions know durations, but no dates".to_owned(),
        (_, None) if METHODS.contains(&name) => {
            format!("`{name}` is written behind what it looks at, like `text.{name}(...)`")
        }
        (_, Some(_)) if FUNCTIONS.contains(&name) => {
            format!("`{name}` is written before what it looks at, like `{name}(...)`")
        }
        (_, None) => format!("there is no function `{name}`{}", instead(name, FUNCTIONS.iter().copied())),
        (_, Some(_)) => format!("there is no method `{name}`{}", instead(name, METHODS.iter().copied())),
    };
    wrong(column, why)
}

fn function(name: &str, parts: Vec<Expr>, method: bool, column: usize) -> Result<Expr, Wrong> {
    let (wanted, function, ty) = match name {
        "size" => (1, Function::Size, Type::Int),
        "contains" => (2, Function::Contains, Type::Bool),
        "startsWith" => (2, Function::StartsWith, Type::Bool),
        "endsWith" => (2, Function::EndsWith, Type::Bool),
        "int" => (1, Function::Int, Type::Int),
        "uint" => (1, Function::Uint, Type::Uint),
        "double" => (1, Function::Double, Type::Double),
        "string" => (1, Function::String, Type::String),
        "duration" => return duration(&parts, column),
        _ => return matches(parts, method, column),
    };
    if parts.len() != wanted {
        let written = |count: usize| count - usize::from(method);
        let (wanted, given) = (written(wanted), written(parts.len()));
        return Err(wrong(column, format!("`{name}` takes {}, but is given {given}", arguments(wanted))));
    }
    let fits = |part: &Expr| match function {
        Function::Size => part.ty.may_be_text() || part.ty.is_map() || part.ty == Type::List,
        Function::Contains | Function::StartsWith | Function::EndsWith => part.ty.may_be_text(),
        Function::Int | Function::Uint | Function::Double => part.ty.may_be_text() || part.ty.is_number(),
        Function::String => part.ty.may_be_text() || part.ty.is_number() || part.ty == Type::Bool,
    };
    match parts.iter().find(|part| !fits(part)) {
        Some(part) => Err(wrong(part.column, format!("`{name}` cannot take `{part}`, which is {}", part.ty))),
        None => Ok(of(ty, column, Kind::Call(function, parts))),
    }
}

struct Arguments(usize);

impl fmt::Display for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("no argument"),
            1 => f.write_str("one argument"),
            more => write!(f, "{more} arguments"),
        }
    }
}

const fn arguments(count: usize) -> Arguments {
    Arguments(count)
}

fn duration(parts: &[Expr], column: usize) -> Result<Expr, Wrong> {
    let [Expr { kind: Kind::Constant(Constant::String(text)), column: at, .. }] = parts else {
        return Err(wrong(column, "`duration` takes a text in quotes, like `duration('800ms')`"));
    };
    let nanos = nanoseconds(text).ok_or_else(|| {
        wrong(*at, format!("'{text}' is no duration; write numbers with h, m, s, ms, us or ns, like '1.5s' or '1m30s'"))
    })?;
    Ok(of(Type::Duration, column, Kind::Constant(Constant::Duration(nanos))))
}

fn matches(parts: Vec<Expr>, method: bool, column: usize) -> Result<Expr, Wrong> {
    let example = if method { "text.matches('^ok')" } else { "matches(text, '^ok')" };
    let usage = || wrong(column, format!("`matches` takes a text and a pattern in quotes, like `{example}`"));
    let Ok([text, pattern]) = <[Expr; 2]>::try_from(parts) else { return Err(usage()) };
    let Kind::Constant(Constant::String(written)) = &pattern.kind else { return Err(usage()) };
    if !text.ty.may_be_text() {
        return Err(wrong(text.column, format!("`matches` cannot take `{text}`, which is {}", text.ty)));
    }
    let pattern = Pattern::read(written).map_err(|why| wrong(pattern.column, why))?;
    Ok(of(Type::Bool, column, Kind::Matches(Box::new(text), pattern)))
}

/// CEL's durations: an optional sign, then decimal numbers with units, in nanoseconds.
fn nanoseconds(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let mut total = 0_i128;
    loop {
        let (digits, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit() && c != '.')?);
        let (unit, after) = after.split_at(after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len()));
        let scale: i128 = match unit {
            "h" => 3_600_000_000_000,
            "m" => 60_000_000_000,
            "s" => 1_000_000_000,
            "ms" => 1_000_000,
            "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
            "ns" => 1,
            _ => return None,
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && fraction.is_empty() || whole.len() > 18 || fraction.contains('.') {
            return None;
        }
        let fraction = &fraction[..fraction.len().min(18)];
        let number = |digits: &str| if digits.is_empty() { Some(0) } else { digits.parse::<i128>().ok() };
        total += number(whole)? * scale + number(fraction)? * scale / 10_i128.pow(u32::try_from(fraction.len()).ok()?);
        rest = after;
        if rest.is_empty() {
            return i64::try_from(if negative { -total } else { total }).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::nanoseconds;

    #[test]
    fn durations_are_read_as_cel_writes_them() {
        let check = |text: &str, nanos: Option<i64>| assert_eq!(nanoseconds(text), nanos, "{text}");
        check("800ms", Some(800_000_000));
        check("1.5s", Some(1_500_000_000));
        check("1m30s", Some(90_000_000_000));
        check("-2h", Some(-7_200_000_000_000));
        check(".5s", Some(500_000_000));
        check("3us", Some(3_000));
        for wrong in ["", "-", "5", "s", ".s", "1..5s", "1d", "5 s", "1s-", "99999999999h", "9999999999999999999999s"] {
            check(wrong, None);
        }
    }
}
