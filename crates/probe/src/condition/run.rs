//! Evaluates a checked condition, step by step under a budget. Nothing here can panic or go on for long.

use std::rc::Rc;

use super::operators;
use super::tree::{Constant, Each, Expr, Function, Kind, Operator, Over};
use super::value::{Value, status_word};
use super::world::World;

/// How many steps the evaluation of one condition may take. A step is at most 0.4 microseconds, measured with release
/// settings on what costs most (patterns, lists of lists): a tenth of a second in the worst case.
pub const STEPS_MAX: usize = 250_000;

/// What it costs to put a list, a map or a text together, in steps.
const MADE: usize = 4;

/// Why a condition cannot be evaluated.
#[derive(Clone, Debug)]
pub enum Why<'a> {
    /// Something that not every answer has is not there.
    Absent(String),
    /// A field that is not there: of what, and which.
    NoField(String, Box<str>),
    /// The operator does nothing with the two values.
    NoOverload(Operator, Value<'a>, Value<'a>),
    /// The same, with the places of the values in the condition.
    Mismatch(Operator, Box<[(&'a Expr, Value<'a>); 2]>),
    /// The value is not what is needed: what it is of, the value, and what is needed.
    Unfit(String, Value<'a>, &'static str),
    /// A division by zero.
    DivisionByZero,
    /// The result is too large.
    Overflow(Operator),
    /// The budget is spent.
    TooLong,
}

/// An evaluation under way.
pub struct Run<'w, 'a> {
    /// What it looks at.
    pub world: &'a World<'a>,
    steps: &'w mut usize,
    scope: Vec<Value<'a>>,
}

type Result<T, E> = std::result::Result<T, E>;

impl<'w, 'a> Run<'w, 'a> {
    /// An evaluation that takes its steps off `steps`.
    pub fn new(world: &'a World<'a>, steps: &'w mut usize) -> Self {
        Self { world, steps, scope: Vec::new() }
    }

    /// Takes `steps` off the budget.
    pub fn charge(&mut self, steps: usize) -> Result<(), Why<'a>> {
        match self.steps.checked_sub(steps) {
            Some(left) => *self.steps = left,
            None => {
                *self.steps = 0;
                return Err(Why::TooLong);
            }
        }
        Ok(())
    }

    /// Evaluates `expr` with one more variable.
    pub fn with<T>(&mut self, element: Value<'a>, then: impl FnOnce(&mut Self) -> T) -> T {
        self.scope.push(element);
        let done = then(self);
        self.scope.pop();
        done
    }

    /// Evaluates `expr`.
    pub fn value(&mut self, expr: &'a Expr) -> Result<Value<'a>, Why<'a>> {
        self.charge(1)?;
        match &expr.kind {
            Kind::Constant(constant) => Ok(constant_value(constant)),
            Kind::Root(root) => self.world.root(*root).map_err(Why::Absent),
            Kind::Variable(slot, _) => Ok(self.scope.get(*slot).cloned().unwrap_or(Value::Null)),
            Kind::Member(of, name) => self.member(of, name),
            Kind::Has(of, name) => self.has(of, name),
            Kind::Index(of, index) => self.index(of, index),
            Kind::Not(of) => Ok(Value::Bool(!self.truth(of)?)),
            Kind::Negate(of) => self.negate(of),
            Kind::And(a, b) => self.shortcut(false, a, b),
            Kind::Or(a, b) => self.shortcut(true, a, b),
            Kind::If(test, yes, no) => {
                let branch = if self.truth(test)? { yes } else { no };
                self.value(branch)
            }
            Kind::Binary(operator, a, b) => {
                let (x, y) = (self.value(a)?, self.value(b)?);
                operator.apply(self, x, y).map_err(|why| match why {
                    Why::NoOverload(operator, x, y) => Why::Mismatch(operator, Box::new([(a, x), (b, y)])),
                    other => other,
                })
            }
            Kind::Call(function, arguments) => self.call(*function, arguments),
            Kind::Matches(of, pattern) => {
                let value = self.value(of)?;
                let Some(text) = value.as_text() else { return Err(Why::Unfit(of.to_string(), value, "a text")) };
                self.charge(pattern.steps(text.len()))?;
                Ok(Value::Bool(pattern.is_in(text)))
            }
            Kind::Each(each) => self.each(each),
            Kind::List(parts) => {
                self.charge(MADE)?;
                Ok(Value::List(parts.iter().map(|part| self.value(part)).collect::<Result<_, _>>()?))
            }
            Kind::Map(parts) => self.map(parts),
        }
    }

    /// Evaluates `expr` to a yes or no.
    pub fn truth(&mut self, expr: &'a Expr) -> Result<bool, Why<'a>> {
        match self.value(expr)? {
            Value::Bool(truth) => Ok(truth),
            other => Err(Why::Unfit(expr.to_string(), other, "true or false")),
        }
    }

    /// `||` (with `end` true) and `&&` (with `end` false): an error counts only when the other side does not decide.
    fn shortcut(&mut self, end: bool, a: &'a Expr, b: &'a Expr) -> Result<Value<'a>, Why<'a>> {
        let first = self.truth(a);
        if first.as_ref().is_ok_and(|truth| *truth == end) {
            return Ok(Value::Bool(end));
        }
        let second = self.truth(b);
        if second.as_ref().is_ok_and(|truth| *truth == end) {
            return Ok(Value::Bool(end));
        }
        first.and(second).map(Value::Bool)
    }

    fn member(&mut self, of: &'a Expr, name: &'a str) -> Result<Value<'a>, Why<'a>> {
        let operand = self.value(of)?;
        if let Value::Group(record) = operand {
            return self.world.of_group(record, name).ok_or_else(|| Why::Absent(self.world.missing(record, name)));
        }
        if operand.type_name() != "map" {
            return Err(Why::Unfit(of.to_string(), operand, "an object"));
        }
        self.lookup(&operand, &Value::Text(name))?.ok_or_else(|| Why::NoField(of.to_string(), name.into()))
    }

    fn has(&mut self, of: &'a Expr, name: &'a str) -> Result<Value<'a>, Why<'a>> {
        let operand = self.value(of)?;
        let found = match operand {
            Value::Group(record) => self.world.of_group(record, name),
            _ if operand.type_name() == "map" => self.lookup(&operand, &Value::Text(name))?,
            _ => return Err(Why::Unfit(of.to_string(), operand, "an object")),
        };
        Ok(Value::Bool(found.is_some()))
    }

    fn index(&mut self, of: &'a Expr, index: &'a Expr) -> Result<Value<'a>, Why<'a>> {
        let (operand, key) = (self.value(of)?, self.value(index)?);
        let found = match (&operand, &key) {
            (Value::JsonList(_) | Value::List(_), Value::Int(_) | Value::Uint(_) | Value::Double(_)) => {
                element(&operand, &key)
            }
            (Value::JsonList(_) | Value::List(_), _) => return Err(Why::Unfit(index.to_string(), key, "a number")),
            _ if operand.type_name() == "map" => self.lookup(&operand, &key)?,
            _ => return Err(Why::Unfit(of.to_string(), operand, "a list or an object")),
        };
        found.ok_or_else(|| match key.as_text() {
            Some(name) => Why::NoField(of.to_string(), name.into()),
            None => Why::Absent(format!("{of} has {} elements and no {index}", operand.size().unwrap_or(0))),
        })
    }

    /// The value of `key` in a map; `None` when it is not there.
    pub fn lookup(&mut self, map: &Value<'a>, key: &Value<'a>) -> Result<Option<Value<'a>>, Why<'a>> {
        self.charge(1)?;
        let name = key.as_text();
        Ok(match map {
            Value::JsonObject(parts) => name.and_then(|name| parts.get(name)).map(Value::from),
            Value::Headers(parts) => name.and_then(|name| parts.get(name)).map(|value| Value::Text(value)),
            Value::Checks(checks) => checks.iter().find(|check| Some(&*check.name) == name).map(Value::Check),
            Value::Check(check) => match name {
                Some("status") => Some(Value::Text(status_word(check.status))),
                Some("message") => check.message.as_deref().map(Value::Text),
                Some("response_time_ms") => check.response_time_ms.map(Value::Double),
                _ => None,
            },
            Value::Map(parts) => {
                for (known, value) in parts.iter() {
                    if operators::equal(self, known, key)? {
                        return Ok(Some(value.clone()));
                    }
                }
                None
            }
            _ => None,
        })
    }

    fn negate(&mut self, of: &'a Expr) -> Result<Value<'a>, Why<'a>> {
        match self.value(of)? {
            Value::Int(value) => value.checked_neg().map(Value::Int).ok_or(Why::Overflow(Operator::Subtract)),
            Value::Double(value) => Ok(Value::Double(-value)),
            other => Err(Why::Unfit(of.to_string(), other, "a number")),
        }
    }

    fn map(&mut self, parts: &'a [(Expr, Expr)]) -> Result<Value<'a>, Why<'a>> {
        self.charge(MADE)?;
        let made = parts.iter().map(|(key, value)| Ok((self.value(key)?, self.value(value)?)));
        Ok(Value::Map(made.collect::<Result<_, _>>()?))
    }

    fn call(&mut self, function: Function, arguments: &'a [Expr]) -> Result<Value<'a>, Why<'a>> {
        let values = arguments.iter().map(|argument| self.value(argument)).collect::<Result<Vec<_>, _>>()?;
        let unfit = |index: usize, needed| Why::Unfit(arguments[index].to_string(), values[index].clone(), needed);
        let text = |index: usize| values[index].as_text().ok_or_else(|| unfit(index, "a text"));
        self.charge(values.iter().filter_map(Value::as_text).map(str::len).sum::<usize>() / 64)?;
        Ok(match function {
            Function::Size => {
                let size = values[0].size().ok_or_else(|| unfit(0, "a text, a list or a map"))?;
                Value::Int(i64::try_from(size).unwrap_or(i64::MAX))
            }
            Function::Contains => Value::Bool(text(0)?.contains(text(1)?)),
            Function::StartsWith => Value::Bool(text(0)?.starts_with(text(1)?)),
            Function::EndsWith => Value::Bool(text(0)?.ends_with(text(1)?)),
            Function::Int => to_int(&values[0]).map(Value::Int).ok_or_else(|| unfit(0, "a whole number"))?,
            Function::Uint => {
                let whole = to_int(&values[0]).and_then(|value| u64::try_from(value).ok());
                let exact = if let Value::Uint(value) = values[0] { Some(value) } else { whole };
                exact.map(Value::Uint).ok_or_else(|| unfit(0, "a whole number, not negative"))?
            }
            Function::Double => to_double(&values[0]).map(Value::Double).ok_or_else(|| unfit(0, "a number"))?,
            Function::String => match self.charge(MADE).map(|()| &values[0])? {
                value @ (Value::Text(_) | Value::Built(_)) => value.clone(),
                Value::Bool(value) => Value::Built(value.to_string().into()),
                Value::Int(value) => Value::Built(value.to_string().into()),
                Value::Uint(value) => Value::Built(value.to_string().into()),
                Value::Double(value) => Value::Built(value.to_string().into()),
                _ => return Err(unfit(0, "a text, a number or a bool")),
            },
        })
    }

    fn each(&mut self, each: &'a Each) -> Result<Value<'a>, Why<'a>> {
        let range = self.value(&each.range)?;
        let Some(elements) = range.elements() else {
            return Err(Why::Unfit(each.range.to_string(), range, "a list or an object"));
        };
        match each.over {
            Over::All => self.any(false, each, elements),
            Over::Exists => self.any(true, each, elements),
            Over::ExistsOne => {
                let mut found = 0;
                for element in elements {
                    found += usize::from(self.test(each, element)?);
                }
                Ok(Value::Bool(found == 1))
            }
            Over::Filter | Over::Map => self.collect(each, elements),
        }
    }

    /// Whether the test gives `end` for any element; then `end`. An error counts only when no element decides.
    fn any(
        &mut self,
        end: bool,
        each: &'a Each,
        elements: impl Iterator<Item = Value<'a>>,
    ) -> Result<Value<'a>, Why<'a>> {
        let mut trouble = None;
        for element in elements {
            match self.test(each, element) {
                Ok(truth) if truth == end => return Ok(Value::Bool(end)),
                Ok(_) => {}
                Err(Why::TooLong) => return Err(Why::TooLong),
                Err(why) => {
                    self.charge(16)?;
                    trouble.get_or_insert(why);
                }
            }
        }
        trouble.map_or(Ok(Value::Bool(!end)), Err)
    }

    fn collect(&mut self, each: &'a Each, elements: impl Iterator<Item = Value<'a>>) -> Result<Value<'a>, Why<'a>> {
        let mut made = Vec::new();
        for element in elements {
            if !self.test(each, element.clone())? {
                continue;
            }
            made.push(match &each.make {
                Some(make) => self.with(element, |run| run.value(make))?,
                None => element,
            });
        }
        Ok(Value::List(Rc::from(made)))
    }

    /// What the test says of one element; yes when there is none.
    pub fn test(&mut self, each: &'a Each, element: Value<'a>) -> Result<bool, Why<'a>> {
        match &each.test {
            Some(test) => self.with(element, |run| run.truth(test)),
            None => Ok(true),
        }
    }
}

fn constant_value(constant: &Constant) -> Value<'_> {
    match constant {
        Constant::Null => Value::Null,
        Constant::Bool(value) => Value::Bool(*value),
        Constant::Int(value) => Value::Int(*value),
        Constant::Uint(value) => Value::Uint(*value),
        Constant::Double(value) => Value::Double(*value),
        Constant::String(value) => Value::Text(value),
        Constant::Duration(nanos) => Value::Duration(*nanos),
    }
}

fn element<'a>(list: &Value<'a>, index: &Value<'a>) -> Option<Value<'a>> {
    let index = usize::try_from(to_index(index)?).ok()?;
    match list {
        Value::JsonList(parts) => parts.get(index).map(Value::from),
        Value::List(parts) => parts.get(index).cloned(),
        _ => None,
    }
}

fn to_index(value: &Value) -> Option<i64> {
    match value {
        Value::Double(value) if value.fract() != 0.0 => None,
        _ => to_int(value),
    }
}

fn to_int(value: &Value) -> Option<i64> {
    match value {
        Value::Int(value) => Some(*value),
        Value::Uint(value) => i64::try_from(*value).ok(),
        // 2^63 itself is no i64, so the limit is open.
        Value::Double(value) if value.abs() < 9_223_372_036_854_775_808.0 => Some(value.trunc() as i64),
        _ => value.as_text()?.parse().ok(),
    }
}

fn to_double(value: &Value) -> Option<f64> {
    match value {
        Value::Int(value) => Some(*value as f64),
        Value::Uint(value) => Some(*value as f64),
        Value::Double(value) => Some(*value),
        _ => value.as_text()?.parse().ok().filter(|value: &f64| value.is_finite()),
    }
}
