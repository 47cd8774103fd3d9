//! A condition after checking: every name is bound, every constant is read, every function is known.

use std::fmt;

use super::names::Root;
use super::pattern::Pattern;
use super::types::Type;

/// A part of a condition.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it does.
    pub kind: Kind,
    /// What it gives, as far as that is known.
    pub ty: Type,
    /// Where it stands in the text, in characters from 1 on.
    pub column: usize,
}

/// What a part of a condition does.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A constant.
    Constant(Constant),
    /// One of the things that can be looked at.
    Root(Root),
    /// The element under way, by the depth of its comprehension.
    Variable(usize, Box<str>),
    /// `x.name`
    Member(Box<Expr>, Box<str>),
    /// `has(x.name)`
    Has(Box<Expr>, Box<str>),
    /// `x[i]`
    Index(Box<Expr>, Box<Expr>),
    /// `!x`
    Not(Box<Expr>),
    /// `-x`
    Negate(Box<Expr>),
    /// `a && b`
    And(Box<Expr>, Box<Expr>),
    /// `a || b`
    Or(Box<Expr>, Box<Expr>),
    /// `a ? b : c`
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `a < b`, `a + b`
    Binary(Operator, Box<Expr>, Box<Expr>),
    /// `size(x)`, `x.contains(y)`
    Call(Function, Vec<Expr>),
    /// `x.matches("...")`
    Matches(Box<Expr>, Pattern),
    /// `x.all(y, ...)` and the like.
    Each(Box<Each>),
    /// `[a, b]`
    List(Vec<Expr>),
    /// `{a: b}`
    Map(Vec<(Expr, Expr)>),
}

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(Box<str>),
    /// In nanoseconds.
    Duration(i64),
}

/// A loop over a list, or over the keys of a map.
#[derive(Clone, Debug)]
pub struct Each {
    /// Which one.
    pub over: Over,
    /// The list or map.
    pub range: Expr,
    /// The name of the element.
    pub variable: Box<str>,
    /// What must be true of the element; with `map` of two arguments nothing.
    pub test: Option<Expr>,
    /// What `map` makes of the element.
    pub make: Option<Expr>,
}

/// The kinds of loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    All,
    Exists,
    ExistsOne,
    Filter,
    Map,
}

impl Over {
    /// CEL's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Exists => "exists",
            Self::ExistsOne => "exists_one",
            Self::Filter => "filter",
            Self::Map => "map",
        }
    }
}

/// The operators with two sides that look at both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
}

impl Operator {
    /// All of them, with their sign and CEL's name for the function.
    pub const ALL: [(Self, &'static str, &'static str); 12] = [
        (Self::Add, "+", "_+_"),
        (Self::Subtract, "-", "_-_"),
        (Self::Multiply, "*", "_*_"),
        (Self::Divide, "/", "_/_"),
        (Self::Remainder, "%", "_%_"),
        (Self::Equal, "==", "_==_"),
        (Self::NotEqual, "!=", "_!=_"),
        (Self::Less, "<", "_<_"),
        (Self::LessOrEqual, "<=", "_<=_"),
        (Self::Greater, ">", "_>_"),
        (Self::GreaterOrEqual, ">=", "_>=_"),
        (Self::In, "in", "@in"),
    ];

    /// Its sign.
    pub fn sign(self) -> &'static str {
        Self::ALL.iter().find(|(operator, ..)| *operator == self).map_or("", |(_, sign, _)| sign)
    }

    /// Whether it gives a yes or no.
    pub const fn compares(self) -> bool {
        !matches!(self, Self::Add | Self::Subtract | Self::Multiply | Self::Divide | Self::Remainder)
    }
}

/// The functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    Size,
    Contains,
    StartsWith,
    EndsWith,
    Int,
    Uint,
    Double,
    String,
}

impl Function {
    /// CEL's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Contains => "contains",
            Self::StartsWith => "startsWith",
            Self::EndsWith => "endsWith",
            Self::Int => "int",
            Self::Uint => "uint",
            Self::Double => "double",
            Self::String => "string",
        }
    }

    /// Whether it is written behind its first argument.
    pub const fn is_method(self) -> bool {
        matches!(self, Self::Contains | Self::StartsWith | Self::EndsWith)
    }
}

impl Expr {
    /// Whether it is the same for every answer.
    pub fn is_constant(&self) -> bool {
        match &self.kind {
            Kind::Constant(_) => true,
            Kind::List(parts) => parts.iter().all(Self::is_constant),
            Kind::Negate(of) => of.is_constant(),
            _ => false,
        }
    }
}

/// As it would be written.
impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Constant(constant) => write!(f, "{constant}"),
            Kind::Root(root) => f.write_str(root.name()),
            Kind::Variable(_, name) => f.write_str(name),
            Kind::Member(of, name) => write!(f, "{of}.{name}"),
            Kind::Has(of, name) => write!(f, "has({of}.{name})"),
            Kind::Index(of, index) => write!(f, "{of}[{index}]"),
            Kind::Not(of) => write!(f, "!{of}"),
            Kind::Negate(of) => write!(f, "-{of}"),
            Kind::And(a, b) => write!(f, "({a} && {b})"),
            Kind::Or(a, b) => write!(f, "({a} || {b})"),
            Kind::If(a, b, c) => write!(f, "({a} ? {b} : {c})"),
            Kind::Binary(operator, a, b) => write!(f, "({a} {} {b})", operator.sign()),
            Kind::Call(function, arguments) if function.is_method() => {
                write!(f, "{}.{}({})", arguments[0], function.name(), arguments[1])
            }
            Kind::Call(function, arguments) => write!(f, "{}({})", function.name(), arguments[0]),
            Kind::Matches(of, pattern) => write!(f, "{of}.matches({:?})", pattern.text()),
            Kind::Each(each) => {
                write!(f, "{}.{}({}", each.range, each.over.name(), each.variable)?;
                each.test.iter().chain(&each.make).try_for_each(|part| write!(f, ", {part}"))?;
                f.write_str(")")
            }
            Kind::List(parts) => {
                f.write_str("[")?;
                parts.iter().enumerate().try_for_each(|(i, part)| write!(f, "{}{part}", comma(i)))?;
                f.write_str("]")
            }
            Kind::Map(parts) => {
                f.write_str("{")?;
                parts.iter().enumerate().try_for_each(|(i, (key, value))| write!(f, "{}{key}: {value}", comma(i)))?;
                f.write_str("}")
            }
        }
    }
}

const fn comma(index: usize) -> &'static str {
    if index == 0 { "" } else { ", " }
}

impl fmt::Display for Constant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Uint(value) => write!(f, "{value}u"),
            Self::Double(value) => write!(f, "{value:?}"),
            Self::String(value) => write!(f, "{value:?}"),
            Self::Duration(nanos) => write!(f, "duration('{}s')", *nanos as f64 / 1e9),
        }
    }
}
