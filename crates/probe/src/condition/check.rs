//! Names, types and arity: turns the grammar's tree into a [`tree`](super::tree), or says why it can never hold.

use cel::common::ast::{CallExpr, EntryExpr, Expr as Parsed, LiteralValue, MapExpr, SelectExpr};
use cel::parser::Expression;

use super::Wrong;
use super::names::{ROOTS, instead};
use super::syntax::Source;
use super::tree::{Constant, Expr, Kind, Operator};
use super::types::{Record, Type};

/// The deepest tree. Long chains (`a + b + c ...`) are deep trees.
const DEPTH_MAX: usize = 64;

/// Checks a whole condition. Returns it with the names of the things that it looks at.
pub fn condition(parsed: &Expression, source: &Source) -> Result<(Expr, Vec<&'static str>), Wrong> {
    let mut checker = Checker { source, names: Vec::new(), scope: Vec::new(), depth: 0 };
    let root = checker.expr(parsed)?;
    if !root.ty.may_be_bool() {
        let hint =
            if root.ty.is_map() || matches!(root.ty, Type::Record(_)) { "" } else { "; compare it with something" };
        return Err(wrong(1, format!("this gives {}, but a condition must be true or false{hint}", root.ty)));
    }
    Ok((root, checker.names))
}

/// A [`Wrong`] at `column`.
pub fn wrong(column: usize, why: impl Into<String>) -> Wrong {
    Wrong { column: Some(column), why: why.into() }
}

/// Goes through the tree.
pub struct Checker<'a> {
    /// Where things stand.
    pub source: &'a Source<'a>,
    names: Vec<&'static str>,
    scope: Vec<(Box<str>, Type)>,
    depth: usize,
}

impl Checker<'_> {
    /// Checks one part.
    pub fn expr(&mut self, parsed: &Expression) -> Result<Expr, Wrong> {
        let column = self.source.column(parsed.id);
        if self.depth == DEPTH_MAX {
            return Err(wrong(column, format!("the condition is nested deeper than {DEPTH_MAX}; write it as several")));
        }
        self.depth += 1;
        let checked = match &parsed.expr {
            Parsed::Literal(literal) => constant(literal, column),
            Parsed::Ident(name) => self.name(name, column),
            Parsed::Select(select) => self.member(select, column + 1),
            Parsed::Call(call) => self.operator_or_call(call, column),
            Parsed::List(list) => self.all(&list.elements).map(|parts| of(Type::List, column, Kind::List(parts))),
            Parsed::Map(map) => self.map(map, column),
            Parsed::Struct(made) => Err(wrong(column, format!("there is no type `{}` to make", made.type_name))),
            Parsed::Comprehension(_) | Parsed::Unspecified => Err(wrong(column, "this is no CEL")),
        };
        self.depth -= 1;
        checked
    }

    /// Checks several parts.
    pub fn all(&mut self, parsed: &[Expression]) -> Result<Vec<Expr>, Wrong> {
        parsed.iter().map(|part| self.expr(part)).collect()
    }

    /// Checks `body` with one more name in scope; says at which depth the name is bound.
    pub fn with_variable<T>(
        &mut self,
        name: &str,
        ty: Type,
        body: impl FnOnce(&mut Self) -> Result<T, Wrong>,
    ) -> Result<T, Wrong> {
        self.scope.push((name.into(), ty));
        let done = body(self);
        self.scope.pop();
        done
    }

    /// How many loops are around this part.
    pub fn loops(&self) -> usize {
        self.scope.len()
    }

    fn name(&mut self, name: &str, column: usize) -> Result<Expr, Wrong> {
        if let Some(slot) = self.scope.iter().rposition(|(bound, _)| **bound == *name) {
            return Ok(of(self.scope[slot].1, column, Kind::Variable(slot, name.into())));
        }
        if let Some(&(name, root, ty)) = ROOTS.iter().find(|(known, ..)| *known == name) {
            if !self.names.contains(&name) {
                self.names.push(name);
            }
            return Ok(of(ty, column, Kind::Root(root)));
        }
        let bound = self.scope.iter().map(|(name, _)| &**name);
        let hint = instead(name, bound.chain(ROOTS.iter().map(|(name, ..)| *name)));
        Err(wrong(column, format!("there is no `{name}`{hint}")))
    }

    /// Checks `x.name`, and the `x.name` of `has(x.name)`.
    pub fn member(&mut self, select: &SelectExpr, column: usize) -> Result<Expr, Wrong> {
        let operand = self.expr(&select.operand)?;
        let field = select.field.as_str();
        let ty = match operand.ty {
            Type::Dyn | Type::Map => Type::Dyn,
            Type::Headers => header(field, column)?,
            Type::Checks => Type::Record(Record::Check),
            Type::Record(record) => member_type(record, field, column)?,
            other => return Err(wrong(column, format!("`{operand}` is {other} and has no field `{field}`"))),
        };
        Ok(of(ty, column, Kind::Member(Box::new(operand), field.into())))
    }

    fn map(&mut self, map: &MapExpr, column: usize) -> Result<Expr, Wrong> {
        let mut parts = Vec::with_capacity(map.entries.len());
        for entry in &map.entries {
            let EntryExpr::MapEntry(entry) = &entry.expr else { return Err(wrong(column, "this is no CEL")) };
            let key = self.expr(&entry.key)?;
            if matches!(key.ty, Type::Null | Type::Double | Type::Duration | Type::List | Type::Record(_))
                || key.ty.is_map()
            {
                return Err(wrong(key.column, format!("a key cannot be {}", key.ty)));
            }
            parts.push((key, self.expr(&entry.value)?));
        }
        Ok(of(Type::Map, column, Kind::Map(parts)))
    }

    fn operator_or_call(&mut self, call: &CallExpr, column: usize) -> Result<Expr, Wrong> {
        if call.target.is_some() {
            return self.call(call, column);
        }
        if let Some((operator, ..)) = Operator::ALL.into_iter().find(|(_, _, name)| *name == call.func_name) {
            return self.binary(operator, call, column);
        }
        let mut parts = match call.func_name.as_str() {
            "!_" | "-_" | "_&&_" | "_||_" | "_?_:_" | "_[_]" => self.all(&call.args)?.into_iter(),
            _ => return self.call(call, column),
        };
        let mut next = || parts.next().map(Box::new).ok_or_else(|| wrong(column, "this is no CEL"));
        match call.func_name.as_str() {
            "!_" => Ok(of(Type::Bool, column, Kind::Not(yes_or_no("!", next()?)?))),
            "-_" => negate(next()?, column),
            "_&&_" => Ok(of(Type::Bool, column, Kind::And(yes_or_no("&&", next()?)?, yes_or_no("&&", next()?)?))),
            "_||_" => Ok(of(Type::Bool, column, Kind::Or(yes_or_no("||", next()?)?, yes_or_no("||", next()?)?))),
            "_[_]" => index(next()?, next()?, column),
            _ => {
                let (test, yes, no) = (yes_or_no("?", next()?)?, next()?, next()?);
                let ty = if yes.ty == no.ty { yes.ty } else { Type::Dyn };
                Ok(of(ty, column, Kind::If(test, yes, no)))
            }
        }
    }

    fn binary(&mut self, operator: Operator, call: &CallExpr, column: usize) -> Result<Expr, Wrong> {
        let [a, b] = call.args.as_slice() else { return Err(wrong(column, "this is no CEL")) };
        let (a, b) = (self.expr(a)?, self.expr(b)?);
        let ty = operator.result(&a, &b).map_err(|why| wrong(column, why))?;
        Ok(of(ty, column, Kind::Binary(operator, Box::new(a), Box::new(b))))
    }
}

/// A part of the tree.
pub const fn of(ty: Type, column: usize, kind: Kind) -> Expr {
    Expr { kind, ty, column }
}

fn constant(literal: &LiteralValue, column: usize) -> Result<Expr, Wrong> {
    let (ty, constant) = match literal {
        LiteralValue::Null => (Type::Null, Constant::Null),
        LiteralValue::Boolean(value) => (Type::Bool, Constant::Bool(*value.inner())),
        LiteralValue::Int(value) => (Type::Int, Constant::Int(*value.inner())),
        LiteralValue::UInt(value) => (Type::Uint, Constant::Uint(*value.inner())),
        LiteralValue::Double(value) => (Type::Double, Constant::Double(*value.inner())),
        LiteralValue::String(value) => (Type::String, Constant::String(value.inner().into())),
        LiteralValue::Bytes(_) => return Err(wrong(column, "bytes are not supported; write the text without `b`")),
    };
    Ok(of(ty, column, Kind::Constant(constant)))
}

fn header(name: &str, column: usize) -> Result<Type, Wrong> {
    if name.chars().any(|c| c.is_ascii_uppercase()) {
        let lower = name.to_ascii_lowercase();
        return Err(wrong(column, format!("header names are in lower case here; write `headers[\"{lower}\"]`")));
    }
    Ok(Type::String)
}

fn member_type(record: Record, field: &str, column: usize) -> Result<Type, Wrong> {
    let members = record.members();
    let found = members.iter().find(|(name, _)| *name == field);
    found.map(|(_, ty)| *ty).ok_or_else(|| {
        let hint = instead(field, members.iter().map(|(name, _)| *name));
        wrong(column, format!("`{}` has no `{field}`{hint}", record.name()))
    })
}

fn yes_or_no(sign: &str, expr: Box<Expr>) -> Result<Box<Expr>, Wrong> {
    if expr.ty.may_be_bool() {
        return Ok(expr);
    }
    Err(wrong(expr.column, format!("`{sign}` needs true or false, but `{expr}` is {}", expr.ty)))
}

fn negate(expr: Box<Expr>, column: usize) -> Result<Expr, Wrong> {
    match expr.ty {
        Type::Int | Type::Double | Type::Dyn => Ok(of(expr.ty, column, Kind::Negate(expr))),
        other => Err(wrong(column, format!("`-` needs a number, but `{expr}` is {other}"))),
    }
}

fn index(operand: Box<Expr>, index: Box<Expr>, column: usize) -> Result<Expr, Wrong> {
    let key_wrong = |wanted: &str| {
        Err(wrong(index.column, format!("`{operand}` is asked by {wanted}, but `{index}` is {}", index.ty)))
    };
    let ty = match operand.ty {
        Type::Headers | Type::Checks if !index.ty.may_be_text() => return key_wrong("name"),
        Type::Headers => match &index.kind {
            Kind::Constant(Constant::String(name)) => header(name, index.column)?,
            _ => Type::String,
        },
        Type::Checks => Type::Record(Record::Check),
        Type::List if !index.ty.is_number() && index.ty != Type::Dyn => return key_wrong("number"),
        Type::List | Type::Map | Type::Dyn => Type::Dyn,
        other => return Err(wrong(column, format!("`{operand}` is {other} and has no parts"))),
    };
    Ok(of(ty, column, Kind::Index(operand, index)))
}
