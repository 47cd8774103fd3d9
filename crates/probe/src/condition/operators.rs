//! What the operators do, and to what.

use std::cmp::Ordering;
use std::rc::Rc;

use super::run::{Run, Why};
use super::tree::{Constant, Expr, Kind, Operator};
use super::types::Type;
use super::value::Value;

impl Operator {
    /// The type of `a operator b`, or why it can never be evaluated.
    pub fn result(self, a: &Expr, b: &Expr) -> Result<Type, String> {
        match self {
            Self::Equal | Self::NotEqual => self.equality(a, b).map(|()| Type::Bool),
            Self::In => membership(a, b).map(|()| Type::Bool),
            _ if self.compares() && a.ty.ordered(b.ty) => Ok(Type::Bool),
            _ if self.compares() => Err(mismatch(self, a, b)),
            _ => self.arithmetic(a, b),
        }
    }

    fn equality(self, a: &Expr, b: &Expr) -> Result<(), String> {
        if !a.ty.meets(b.ty) {
            return Err(mismatch(self, a, b));
        }
        word_known(a, b).and_then(|()| word_known(b, a))
    }

    fn arithmetic(self, a: &Expr, b: &Expr) -> Result<Type, String> {
        let known = |ty: Type| match ty {
            Type::Int | Type::Uint => true,
            Type::Double => self != Self::Remainder,
            Type::String | Type::Word(_) | Type::List => self == Self::Add,
            Type::Duration => matches!(self, Self::Add | Self::Subtract),
            _ => false,
        };
        match (a.ty, b.ty) {
            (Type::Dyn, Type::Dyn) => Ok(Type::Dyn),
            (Type::Dyn, ty) | (ty, Type::Dyn) if known(ty) => Ok(ty),
            (Type::String | Type::Word(_), Type::String | Type::Word(_)) if self == Self::Add => Ok(Type::String),
            (x, y) if x == y && known(x) => Ok(x),
            (x, y) if x.is_number() && y.is_number() && x != y => Err(format!(
                "`{}` needs two numbers of one type, but `{a}` is {x} and `{b}` is {y}; convert with `int(...)` or `double(...)`",
                self.sign()
            )),
            (x, y) => Err(format!("`{}` cannot take {x} (`{a}`) and {y} (`{b}`)", self.sign())),
        }
    }

    /// Applies the operator.
    pub fn apply<'a>(self, run: &mut Run<'_, 'a>, a: Value<'a>, b: Value<'a>) -> Result<Value<'a>, Why<'a>> {
        match self {
            Self::Equal => Ok(Value::Bool(equal(run, &a, &b)?)),
            Self::NotEqual => Ok(Value::Bool(!equal(run, &a, &b)?)),
            Self::In => contains(run, &a, &b).map(Value::Bool),
            Self::Less => Ok(Value::Bool(order(run, self, &a, &b)?.is_lt())),
            Self::LessOrEqual => Ok(Value::Bool(order(run, self, &a, &b)?.is_le())),
            Self::Greater => Ok(Value::Bool(order(run, self, &a, &b)?.is_gt())),
            Self::GreaterOrEqual => Ok(Value::Bool(order(run, self, &a, &b)?.is_ge())),
            _ => self.calculate(run, a, b),
        }
    }

    fn calculate<'a>(self, run: &mut Run<'_, 'a>, a: Value<'a>, b: Value<'a>) -> Result<Value<'a>, Why<'a>> {
        let overflow = || Why::Overflow(self);
        match (&a, &b) {
            (Value::Int(_), Value::Int(0)) | (Value::Uint(_), Value::Uint(0)) if self.divides() => {
                Err(Why::DivisionByZero)
            }
            (Value::Double(_), Value::Double(0.0)) if self == Self::Divide => Err(Why::DivisionByZero),
            (Value::Int(a), Value::Int(b)) => {
                let result = match self {
                    Self::Add => a.checked_add(*b),
                    Self::Subtract => a.checked_sub(*b),
                    Self::Multiply => a.checked_mul(*b),
                    Self::Divide => a.checked_div(*b),
                    _ => a.checked_rem(*b),
                };
                result.map(Value::Int).ok_or_else(overflow)
            }
            (Value::Uint(a), Value::Uint(b)) => {
                let result = match self {
                    Self::Add => a.checked_add(*b),
                    Self::Subtract => a.checked_sub(*b),
                    Self::Multiply => a.checked_mul(*b),
                    Self::Divide => a.checked_div(*b),
                    _ => a.checked_rem(*b),
                };
                result.map(Value::Uint).ok_or_else(overflow)
            }
            (Value::Double(a), Value::Double(b)) if self != Self::Remainder => {
                let result = match self {
                    Self::Add => a + b,
                    Self::Subtract => a - b,
                    Self::Multiply => a * b,
                    _ => a / b,
                };
                if result.is_finite() { Ok(Value::Double(result)) } else { Err(overflow()) }
            }
            (Value::Duration(a), Value::Duration(b)) if matches!(self, Self::Add | Self::Subtract) => {
                let result = if self == Self::Add { a.checked_add(*b) } else { a.checked_sub(*b) };
                result.map(Value::Duration).ok_or_else(overflow)
            }
            _ if self == Self::Add => {
                join(run, &a, &b).unwrap_or_else(|| Err(Why::NoOverload(self, a.clone(), b.clone())))
            }
            _ => Err(Why::NoOverload(self, a, b)),
        }
    }

    const fn divides(self) -> bool {
        matches!(self, Self::Divide | Self::Remainder)
    }
}

/// Texts and lists, one behind the other; `None` for anything else.
fn join<'a>(run: &mut Run<'_, 'a>, a: &Value<'a>, b: &Value<'a>) -> Option<Result<Value<'a>, Why<'a>>> {
    if let (Some(a), Some(b)) = (a.as_text(), b.as_text()) {
        let joined = run.charge((a.len() + b.len()) / 16);
        return Some(joined.map(|()| Value::Built(Rc::from([a, b].concat()))));
    }
    if !matches!(a, Value::JsonList(_) | Value::List(_)) || !matches!(b, Value::JsonList(_) | Value::List(_)) {
        return None;
    }
    let joined = run.charge(a.size()? + b.size()?);
    let parts = a.elements()?.chain(b.elements()?);
    Some(joined.map(|()| Value::List(parts.collect())))
}

/// CEL's equality: numbers by value, whatever their type; things of different types are not equal.
pub fn equal<'a>(run: &mut Run<'_, 'a>, a: &Value<'a>, b: &Value<'a>) -> Result<bool, Why<'a>> {
    run.charge(1)?;
    if let (Some(a), Some(b)) = (a.as_text(), b.as_text()) {
        run.charge(a.len().min(b.len()) / 64)?;
        return Ok(a == b);
    }
    Ok(match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Duration(a), Value::Duration(b)) => a == b,
        (Value::Check(a), Value::Check(b)) => a == b,
        (Value::Int(_) | Value::Uint(_) | Value::Double(_), _) => numbers(a, b).is_some_and(Ordering::is_eq),
        (Value::JsonList(_) | Value::List(_), Value::JsonList(_) | Value::List(_)) => equal_lists(run, a, b)?,
        _ if a.type_name() == "map" && b.type_name() == "map" => equal_maps(run, a, b)?,
        _ => false,
    })
}

fn equal_lists<'a>(run: &mut Run<'_, 'a>, a: &Value<'a>, b: &Value<'a>) -> Result<bool, Why<'a>> {
    let (Some(x), Some(y)) = (a.elements(), b.elements()) else { return Ok(false) };
    if a.size() != b.size() {
        return Ok(false);
    }
    for (x, y) in x.zip(y) {
        if !equal(run, &x, &y)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn equal_maps<'a>(run: &mut Run<'_, 'a>, a: &Value<'a>, b: &Value<'a>) -> Result<bool, Why<'a>> {
    let Some(keys) = a.elements() else { return Ok(false) };
    if a.size() != b.size() {
        return Ok(false);
    }
    for key in keys {
        let (Some(x), Some(y)) = (run.lookup(a, &key)?, run.lookup(b, &key)?) else { return Ok(false) };
        if !equal(run, &x, &y)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn order<'a>(run: &mut Run<'_, 'a>, operator: Operator, a: &Value<'a>, b: &Value<'a>) -> Result<Ordering, Why<'a>> {
    if let (Some(a), Some(b)) = (a.as_text(), b.as_text()) {
        run.charge(a.len().min(b.len()) / 64)?;
        return Ok(a.cmp(b));
    }
    let ordered = match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Duration(a), Value::Duration(b)) => Some(a.cmp(b)),
        _ => numbers(a, b),
    };
    ordered.ok_or_else(|| Why::NoOverload(operator, a.clone(), b.clone()))
}

/// Exact, also where a whole number has more digits than a double.
fn numbers(a: &Value, b: &Value) -> Option<Ordering> {
    let whole = |value: &Value| match value {
        Value::Int(value) => Some(i128::from(*value)),
        Value::Uint(value) => Some(i128::from(*value)),
        _ => None,
    };
    match (whole(a), whole(b), a, b) {
        (Some(a), Some(b), ..) => Some(a.cmp(&b)),
        (Some(a), _, _, Value::Double(b)) => whole_and_double(a, *b),
        (_, Some(b), Value::Double(a), _) => whole_and_double(b, *a).map(Ordering::reverse),
        (_, _, Value::Double(a), Value::Double(b)) => a.partial_cmp(b),
        _ => None,
    }
}

fn whole_and_double(whole: i128, double: f64) -> Option<Ordering> {
    if double.is_nan() {
        return None;
    }
    // Beyond 2^100 no i64 or u64 can be; `as` saturates there.
    let floor = double.floor();
    let by_whole = whole.cmp(&(floor as i128));
    Some(if by_whole.is_eq() && double > floor { Ordering::Less } else { by_whole })
}

fn contains<'a>(run: &mut Run<'_, 'a>, part: &Value<'a>, of: &Value<'a>) -> Result<bool, Why<'a>> {
    if of.type_name() == "map" {
        return match part.type_name() {
            "null" | "list" | "map" | "duration" => Err(Why::NoOverload(Operator::In, part.clone(), of.clone())),
            _ => Ok(run.lookup(of, part)?.is_some()),
        };
    }
    let Some(elements) = of.elements() else { return Err(Why::NoOverload(Operator::In, part.clone(), of.clone())) };
    for element in elements {
        if equal(run, part, &element)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn membership(a: &Expr, b: &Expr) -> Result<(), String> {
    match &b.kind {
        Kind::List(parts) => match parts.iter().find(|part| !a.ty.meets(part.ty)) {
            Some(part) => Err(mismatch(Operator::Equal, a, part)),
            None => parts.iter().try_for_each(|part| word_known(a, part)),
        },
        _ if b.ty == Type::Headers => match &a.kind {
            Kind::Constant(Constant::String(name)) if name.chars().any(|c| c.is_ascii_uppercase()) => {
                Err(format!("header names are in lower case here; write \"{}\"", name.to_ascii_lowercase()))
            }
            _ if !a.ty.may_be_text() => Err(mismatch(Operator::In, a, b)),
            _ => Ok(()),
        },
        _ if matches!(b.ty, Type::List | Type::Map | Type::Checks | Type::Dyn) => Ok(()),
        _ => Err(format!("`in` needs a list or a map on its right, but `{b}` is {}", b.ty)),
    }
}

/// A word that is compared with one of a few words must be one of them.
fn word_known(a: &Expr, b: &Expr) -> Result<(), String> {
    match (a.ty, &b.kind) {
        (Type::Word(words), Kind::Constant(Constant::String(word))) if !words.contains(&&**word) => {
            Err(format!("`{a}` is never \"{word}\"; it is one of {}", words.join(", ")))
        }
        _ => Ok(()),
    }
}

fn mismatch(operator: Operator, a: &Expr, b: &Expr) -> String {
    let hint = match (a.ty, b.ty, &a.kind, &b.kind) {
        (Type::Record(record), ..) | (_, Type::Record(record), ..) => {
            let (name, _) = record.members()[0];
            format!("; name one of its members, like `{}.{name}`", record.name())
        }
        (Type::Duration, Type::Int, _, Kind::Constant(Constant::Int(ms))) => format!("; write `duration('{ms}ms')`"),
        (Type::Int, Type::Duration, Kind::Constant(Constant::Int(ms)), _) => format!("; write `duration('{ms}ms')`"),
        (Type::Duration, Type::String, _, Kind::Constant(Constant::String(text))) => {
            format!("; write `duration('{text}')`")
        }
        (ty, Type::String, _, Kind::Constant(Constant::String(text)))
            if ty.is_number() && text.parse::<i64>().is_ok() =>
        {
            format!("; write `{text}` without quotes")
        }
        (_, Type::Null, ..) | (Type::Null, ..) => "; what is missing is found by `has(...)`".to_owned(),
        _ => String::new(),
    };
    format!("`{a}` is {} and `{b}` is {}; `{}` cannot compare them{hint}", a.ty, b.ty, operator.sign())
}
