//! A body as JSON: bounded in depth and in the number of values, numbers exact, fields in the order of the text.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// How deep lists and objects may be nested: what `serde_json` goes down before it refuses.
const DEPTH_MAX: usize = 127;

/// How many values a body may have; one takes up to a hundred bytes.
pub const VALUES_MAX: usize = 100_000;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Int(i64),
    /// A whole number above the largest [`Json::Int`].
    Uint(u64),
    Double(f64),
    String(Box<str>),
    List(Vec<Self>),
    Object(Object),
}

impl Json {
    /// The text, when it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The object, when it is one.
    pub const fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The number, when it is one.
    pub const fn as_number(&self) -> Option<f64> {
        match self {
            Self::Int(value) => Some(*value as f64),
            Self::Uint(value) => Some(*value as f64),
            Self::Double(value) => Some(*value),
            _ => None,
        }
    }
}

/// The fields of a JSON object, in the order of the text. Of fields with equal names the last one counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object {
    fields: Vec<(Box<str>, Json)>,
    /// Indexes into `fields`, sorted by name.
    by_name: Vec<u32>,
}

impl Object {
    fn new(mut fields: Vec<(Box<str>, Json)>) -> Self {
        let sorted = |fields: &[(Box<str>, Json)]| {
            let mut by_name: Vec<u32> = (0..u32::try_from(fields.len()).unwrap_or(u32::MAX)).collect();
            by_name.sort_by_key(|index| &fields[*index as usize].0);
            by_name
        };
        let mut by_name = sorted(&fields);
        if by_name.windows(2).any(|pair| fields[pair[0] as usize].0 == fields[pair[1] as usize].0) {
            let mut last = vec![true; fields.len()];
            for pair in by_name.windows(2).filter(|pair| fields[pair[0] as usize].0 == fields[pair[1] as usize].0) {
                last[pair[0] as usize] = false;
            }
            let mut keep = last.into_iter();
            fields.retain(|_| keep.next().unwrap_or(true));
            by_name = sorted(&fields);
        }
        Self { fields, by_name }
    }

    /// The field `name`.
    pub fn get(&self, name: &str) -> Option<&Json> {
        let found = self.by_name.binary_search_by(|index| (*self.fields[*index as usize].0).cmp(name)).ok()?;
        Some(&self.fields[self.by_name[found] as usize].1)
    }

    /// The text field `name`.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_text()
    }

    /// The fields, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> + Clone {
        self.fields.iter().map(|(name, value)| (&**name, value))
    }

    /// How many fields there are.
    pub const fn len(&self) -> usize {
        self.fields.len()
    }
}

/// Reads `text`, or says why it cannot be read. At most `values_max` values.
pub fn parse(text: &str, values_max: usize) -> Result<Json, String> {
    if text.trim().is_empty() {
        return Err("the body is empty, so it is no JSON".to_owned());
    }
    let mut values_left = values_max;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let parsed = Part { values_left: &mut values_left }.deserialize(&mut deserializer);
    parsed.and_then(|json| deserializer.end().map(|()| json)).map_err(|error| {
        let why = error.to_string();
        match () {
            () if why.starts_with(TOO_MANY) => format!("the body is JSON with more than {values_max} values"),
            () if why.starts_with("recursion limit") => format!("the body is JSON with more than {DEPTH_MAX} levels"),
            () => format!("the body is no JSON: {why}"),
        }
    })
}

const TOO_MANY: &str = "too many values";

struct Part<'a> {
    values_left: &'a mut usize,
}

impl<'de> DeserializeSeed<'de> for Part<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        *self.values_left = self.values_left.checked_sub(1).ok_or_else(|| D::Error::custom(TOO_MANY))?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(i64::try_from(value).map_or(Json::Uint(value), Json::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Double(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let mut parts = Vec::new();
        while let Some(part) = list.next_element_seed(Part { values_left: self.values_left })? {
            parts.push(part);
        }
        Ok(Json::List(parts))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Json, A::Error> {
        let mut fields = Vec::new();
        while let Some(name) = object.next_key::<Box<str>>()? {
            fields.push((name, object.next_value_seed(Part { values_left: self.values_left })?));
        }
        Ok(Json::Object(Object::new(fields)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Json, String> {
        parse(text, VALUES_MAX)
    }

    #[test]
    fn numbers_stay_exact() {
        let check = |text: &str, value: Json| assert_eq!(read(text), Ok(value));
        check("1", Json::Int(1));
        check("-9223372036854775808", Json::Int(i64::MIN));
        check("18446744073709551615", Json::Uint(u64::MAX));
        check("1.0", Json::Double(1.0));
    }

    #[test]
    fn fields_keep_their_order_and_the_last_of_a_name_counts() {
        let json = read(r#"{"b":1,"a":2,"b":3,"c":4,"b":5}"#).unwrap();
        let object = json.as_object().unwrap();
        let fields: Vec<_> = object.iter().map(|(name, value)| (name, value.as_number())).collect();
        assert_eq!(fields, [("a", Some(2.0)), ("c", Some(4.0)), ("b", Some(5.0))]);
        assert_eq!(object.get("b"), Some(&Json::Int(5)));
        assert_eq!(object.get("d"), None);
    }

    #[test]
    fn what_is_no_json_says_so() {
        let check = |text: &str, why: &str| assert_eq!(read(text), Err(why.to_owned()));
        check("", "the body is empty, so it is no JSON");
        check("<html>", "the body is no JSON: expected value at line 1 column 1");
        check("{} {}", "the body is no JSON: trailing characters at line 1 column 4");
    }

    #[test]
    fn ten_thousand_levels_are_refused_in_order() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(read(&nested(DEPTH_MAX)).is_ok());
        for levels in [DEPTH_MAX + 1, 10_000] {
            assert_eq!(read(&nested(levels)), Err("the body is JSON with more than 127 levels".to_owned()), "{levels}");
        }
        assert_eq!(read(&"{\"a\":".repeat(10_000)), Err("the body is JSON with more than 127 levels".to_owned()));
    }

    #[test]
    fn a_flood_of_values_is_refused_in_order() {
        let flood = format!("[{}0]", "0,".repeat(VALUES_MAX));
        assert_eq!(read(&flood), Err("the body is JSON with more than 100000 values".to_owned()));
    }
}
