//! The two messages of `grpc.health.v1`, each in its envelope of five bytes: one flag and a length.

use bytes::Bytes;

/// What a server says of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Health {
    Unknown,
    Serving,
    NotServing,
    ServiceUnknown,
}

impl Health {
    /// The word of the `.proto` file.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::Serving => "SERVING",
            Self::NotServing => "NOT_SERVING",
            Self::ServiceUnknown => "SERVICE_UNKNOWN",
        }
    }
}

/// A `HealthCheckRequest`: field 1 is the name of the service, left out when it is empty.
pub(super) fn request(service: &str) -> Bytes {
    let mut message = Vec::new();
    if !service.is_empty() {
        message.push(0x0a);
        write_varint(service.len() as u64, &mut message);
        message.extend(service.as_bytes());
    }
    let length = u32::try_from(message.len()).expect("names are short").to_be_bytes();
    [&[0], length.as_slice(), &message].concat().into()
}

/// Reads a `HealthCheckResponse`: field 1 is the status; fields of later days are passed over.
pub(super) fn response(body: &[u8]) -> Result<Health, &'static str> {
    let (head, message) = body.split_at_checked(5).ok_or("the answer holds no message")?;
    if head[0] != 0 {
        return Err("the answer is compressed, which was not asked for");
    }
    let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
    if usize::try_from(length) != Ok(message.len()) {
        return Err("the message is not as long as it says");
    }
    const CUT: &str = "the message breaks the rules of Protocol Buffers";
    let (mut rest, mut status) = (message, 0);
    while !rest.is_empty() {
        let key = read_varint(&mut rest).ok_or(CUT)?;
        let skipped = match key & 7 {
            0 => {
                let value = read_varint(&mut rest).ok_or(CUT)?;
                if key >> 3 == 1 {
                    status = value;
                }
                0
            }
            1 => 8,
            2 => read_varint(&mut rest).ok_or(CUT)?,
            5 => 4,
            _ => return Err(CUT),
        };
        let skipped = usize::try_from(skipped).map_err(|_| CUT)?;
        rest = rest.get(skipped..).ok_or(CUT)?;
    }
    match status {
        0 => Ok(Health::Unknown),
        1 => Ok(Health::Serving),
        2 => Ok(Health::NotServing),
        3 => Ok(Health::ServiceUnknown),
        _ => Err("the answer holds a status that does not exist"),
    }
}

fn write_varint(mut number: u64, into: &mut Vec<u8>) {
    while number >= 0x80 {
        into.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    into.push(number as u8);
}

fn read_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_as_protoc_writes_it() {
        assert_eq!(request("")[..], [0, 0, 0, 0, 0]);
        assert_eq!(request("a.B")[..], *b"\0\0\0\0\x05\x0a\x03a.B");
        let long = "x".repeat(300);
        assert_eq!(request(&long)[..8], *b"\0\0\0\x01\x2f\x0a\xac\x02");
    }

    #[test]
    fn a_response_is_read_whatever_else_it_says() {
        let check = |message: &[u8], expected| {
            let length = u32::try_from(message.len()).expect("short").to_be_bytes();
            let body = [&[0], length.as_slice(), message].concat();
            assert_eq!(response(&body), expected, "{message:?}");
        };
        const CUT: &str = "the message breaks the rules of Protocol Buffers";
        check(b"", Ok(Health::Unknown));
        check(b"\x08\x01", Ok(Health::Serving));
        check(b"\x08\x02", Ok(Health::NotServing));
        check(b"\x12\x02hi\x08\x03\x19\0\0\0\0\0\0\0\0\x25\0\0\0\0", Ok(Health::ServiceUnknown));
        check(b"\x08\x01\x08\x02", Ok(Health::NotServing));
        check(b"\x08\x07", Err("the answer holds a status that does not exist"));
        for cut in
            [&b"\x08"[..], b"\x12\x05hi", b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", b"\x0b", b"\x19\0", b"\x80"]
        {
            check(cut, Err(CUT));
        }
        assert!(response(b"\0\0\0\0").is_err() && response(b"\0\0\0\0\x02\x08").is_err());
        assert!(response(b"\x01\0\0\0\x02\x08\x01").is_err());
    }
}
