//! Why a condition does not hold, in words and with the actual values.

use crate::text::tame;

use super::run::{Run, STEPS_MAX, Why};
use super::tree::{Each, Expr, Kind, Operator, Over};
use super::types::{Record, Type};
use super::value::{SHOWN_MAX, Value};
use super::world::World;

type Mask<'m> = &'m dyn Fn(&str) -> String;

/// The reason why `root` does not hold; `None` when it holds. Takes its steps off `left`, the budget of all conditions.
pub fn not_held<'a>(root: &'a Expr, world: &'a World<'a>, left: &mut usize, mask: Mask) -> Option<String> {
    match spend(left, world, |run| run.truth(root)) {
        Ok(true) => None,
        Err(why) => Some(in_words(&why, mask)),
        Ok(false) => {
            let why = spend(left, world, |run| because(root, run, mask));
            Some(if why.is_empty() { format!("{root} is false") } else { why })
        }
    }
}

/// The actual values of what `root` looks at. Takes its steps off `left`, the budget of all conditions.
pub fn seen<'a>(root: &'a Expr, world: &'a World<'a>, left: &mut usize, mask: Mask) -> String {
    spend(left, world, |run| facts(root, run, mask))
}

fn spend<'a, T>(left: &mut usize, world: &'a World<'a>, work: impl FnOnce(&mut Run<'_, 'a>) -> T) -> T {
    let budget = STEPS_MAX.min(*left);
    let mut steps = budget;
    let done = work(&mut Run::new(world, &mut steps));
    *left -= budget - steps;
    done
}

fn in_words(why: &Why, mask: Mask) -> String {
    match why {
        Why::Absent(what) => tame(&mask(what), SHOWN_MAX),
        Why::NoField(of, name) => format!("{of} has no field {}", tame(&mask(name), SHOWN_MAX)),
        Why::NoOverload(operator, a, b) => {
            format!("`{}` cannot take {} and {}", operator.sign(), typed(a, mask), typed(b, mask))
        }
        Why::Mismatch(operator, sides) => {
            let [a, b] = sides.each_ref().map(|(expr, value)| match expr.is_constant() {
                true => typed(value, mask),
                false => format!("{expr} = {}", typed(value, mask)),
            });
            format!("`{}` cannot take {a} and {b}", operator.sign())
        }
        Why::Unfit(what, value, needed) => {
            format!("{what} is {}, which is not {needed}", typed(value, mask))
        }
        Why::DivisionByZero => "a division by zero".to_owned(),
        Why::Overflow(operator) => format!("the result of `{}` is too large", operator.sign()),
        Why::TooLong => format!("evaluating it takes more than {STEPS_MAX} steps on this answer"),
    }
}

fn typed(value: &Value, mask: Mask) -> String {
    format!("{} ({})", value.show(mask), value.type_name())
}

/// Why `expr`, which is false, is false.
fn because<'a>(expr: &'a Expr, run: &mut Run<'_, 'a>, mask: Mask) -> String {
    match &expr.kind {
        Kind::And(a, b) => {
            let false_ones = [a, b].into_iter().filter(|part| matches!(run.truth(part), Ok(false))).collect::<Vec<_>>();
            let reasons = false_ones.into_iter().map(|part| because(part, run, mask)).collect::<Vec<_>>();
            joined(reasons, "; ")
        }
        Kind::Or(a, b) => joined([a, b].into_iter().map(|part| because(part, run, mask)).collect(), "; "),
        Kind::If(test, yes, no) => {
            let branch = if run.truth(test).unwrap_or(false) { yes } else { no };
            because(branch, run, mask)
        }
        Kind::Not(of) => facts(of, run, mask),
        Kind::Has(of, name) => match of.ty {
            Type::Record(record) if record != Record::Check => run.world.missing(record, name),
            _ => format!("{of} has no field {name}"),
        },
        Kind::Binary(Operator::In, a, b) if run.value(b).is_ok_and(|b| b.type_name() == "map") => {
            let name = run.value(a).map(|name| name.show(mask)).unwrap_or_default();
            format!("{b} has no {name}")
        }
        Kind::Each(each) => of_loop(each, run, mask),
        _ => facts(expr, run, mask),
    }
}

/// The actual values of what `expr` looks at.
fn facts<'a>(expr: &'a Expr, run: &mut Run<'_, 'a>, mask: Mask) -> String {
    let looked_at: Vec<&Expr> = match &expr.kind {
        Kind::Binary(Operator::In, a, b) if run.value(b).is_ok_and(|b| b.type_name() == "map") => {
            let name = run.value(a).map(|name| name.show(mask)).unwrap_or_default();
            return format!("{b} has {name}");
        }
        Kind::Binary(operator, a, b) if operator.compares() => vec![a, b],
        Kind::And(a, b) | Kind::Or(a, b) => {
            return joined(vec![facts(a, run, mask), facts(b, run, mask)], "; ");
        }
        Kind::Not(of) => return facts(of, run, mask),
        Kind::Has(of, name) => return format!("{of} has a field {name}"),
        Kind::Call(function, arguments) if function.is_method() => arguments.iter().collect(),
        Kind::Matches(of, _) => vec![of],
        Kind::Each(each) => vec![&each.range],
        _ => vec![expr],
    };
    let shown = looked_at.into_iter().filter(|part| !part.is_constant()).filter_map(|part| {
        let value = run.value(part).ok()?;
        Some(format!("{part} is {}", value.show(mask)))
    });
    joined(shown.collect(), ", ")
}

fn of_loop<'a>(each: &'a Each, run: &mut Run<'_, 'a>, mask: Mask) -> String {
    let (range, variable) = (&each.range, &each.variable);
    let gone_through = run.value(range).ok().and_then(|value| Some((value.size()?, value.elements()?)));
    let Some((size, elements)) = gone_through else { return String::new() };
    let elements: Vec<Value> = elements.collect();
    match each.over {
        Over::All => {
            let Some(element) =
                elements.into_iter().find(|element| matches!(run.test(each, element.clone()), Ok(false)))
            else {
                return String::new();
            };
            let shown = element.show(mask);
            let why = each.test.as_ref().map(|test| run.with(element, |run| because(test, run, mask)));
            joined(vec![format!("for {variable} = {shown}"), why.unwrap_or_default()], ": ")
        }
        Over::ExistsOne => {
            let held =
                elements.into_iter().filter(|element| matches!(run.test(each, element.clone()), Ok(true))).count();
            format!("it is true of {held} of the {size} elements of {range}")
        }
        _ => format!("it is true of none of the {size} elements of {range}"),
    }
}

/// The parts that say something, each once.
fn joined(parts: Vec<String>, with: &str) -> String {
    let mut said: Vec<String> = Vec::new();
    for part in parts {
        if !part.is_empty() && !said.contains(&part) {
            said.push(part);
        }
    }
    said.join(with)
}
