//! Records as text: how they are shown, and how expected values are brought into the same form.

use std::net::{Ipv4Addr, Ipv6Addr};

use hickory_proto::rr::{Name, RData, Record, RecordType};

/// The value of a record, names in lower case without the last dot: `10 mail.example.com`.
pub(super) fn value(data: &RData) -> String {
    match data {
        RData::A(address) => address.0.to_string(),
        RData::AAAA(address) => address.0.to_string(),
        RData::CNAME(target) => plain(&target.0),
        RData::NS(target) => plain(&target.0),
        RData::PTR(target) => plain(&target.0),
        RData::MX(mx) => format!("{} {}", mx.preference, plain(&mx.exchange)),
        RData::SRV(srv) => format!("{} {} {} {}", srv.priority, srv.weight, srv.port, plain(&srv.target)),
        RData::TXT(txt) => txt.txt_data.iter().map(|part| String::from_utf8_lossy(part)).collect(),
        RData::SOA(soa) => format!(
            "{} {} {} {} {} {} {}",
            plain(&soa.mname),
            plain(&soa.rname),
            soa.serial,
            soa.refresh,
            soa.retry,
            soa.expire,
            soa.minimum
        ),
        RData::CAA(caa) => {
            format!("{} {} {}", caa.flags(), caa.tag.to_ascii_lowercase(), String::from_utf8_lossy(&caa.value))
        }
        other => other.to_string(),
    }
}

/// A record on one line, as `dig` shows it.
pub(super) fn line(record: &Record) -> String {
    format!("{} {} {} {}", plain(&record.name), record.ttl, record.record_type(), value(&record.data))
}

fn plain(name: &Name) -> String {
    let text = name.to_ascii().to_ascii_lowercase();
    match text.strip_suffix('.') {
        Some("") | None => text,
        Some(text) => text.to_owned(),
    }
}

/// An expected value in the form of [`value`], or what is wrong with it.
pub(super) fn normalized(text: &str, kind: RecordType) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("is empty".to_owned());
    }
    let words: Vec<_> = text.split_whitespace().collect();
    let numbers = |count: usize, like: &str| {
        let sound = words.len() == count + 1 && words[..count].iter().all(|word| word.parse::<u16>().is_ok());
        let shown = words.iter().map(|word| bare(word)).collect::<Vec<_>>().join(" ");
        if sound { Ok(shown) } else { Err(format!("is no such value; write one like `{like}`")) }
    };
    match kind {
        RecordType::A => text.parse::<Ipv4Addr>().map(|ip| ip.to_string()).map_err(|_| "is no IPv4 address".to_owned()),
        RecordType::AAAA => {
            text.parse::<Ipv6Addr>().map(|ip| ip.to_string()).map_err(|_| "is no IPv6 address".to_owned())
        }
        RecordType::CNAME | RecordType::NS | RecordType::PTR => match words.as_slice() {
            [name] => Ok(bare(name)),
            _ => Err("is no name".to_owned()),
        },
        RecordType::MX => numbers(1, "10 mail.example.com"),
        RecordType::SRV => numbers(3, "10 5 5060 sip.example.com"),
        RecordType::SOA if words.len() == 7 => Ok(words.iter().map(|word| bare(word)).collect::<Vec<_>>().join(" ")),
        RecordType::SOA => Err("is no such value; write all seven fields: primary, mailbox, serial, refresh, \
                                retry, expire, minimum"
            .to_owned()),
        RecordType::CAA => caa(text),
        _ => Ok(unquoted(text).to_owned()),
    }
}

fn caa(text: &str) -> Result<String, String> {
    let parts = text.splitn(3, char::is_whitespace).map(str::trim).collect::<Vec<_>>();
    match parts.as_slice() {
        [flags, tag, value] if flags.parse::<u8>().is_ok() => {
            Ok(format!("{flags} {} {}", tag.to_ascii_lowercase(), unquoted(value)))
        }
        _ => Err("is no such value; write one like `0 issue letsencrypt.org`".to_owned()),
    }
}

fn bare(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    if lower == "." { lower } else { lower.strip_suffix('.').unwrap_or(&lower).to_owned() }
}

fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expected_values_may_be_written_as_zone_files_have_them() {
        let check = |kind, text, wanted| assert_eq!(normalized(text, kind).as_deref(), Ok(wanted), "{text}");
        check(RecordType::A, " 192.0.2.1 ", "192.0.2.1");
        check(RecordType::AAAA, "2001:DB8:0::1", "2001:db8::1");
        check(RecordType::MX, "10  Mail.Example.com.", "10 mail.example.com");
        check(RecordType::MX, "0 .", "0 .");
        check(RecordType::SRV, "1 2 443 a.b.", "1 2 443 a.b");
        check(RecordType::TXT, "\"v=spf1 -all\"", "v=spf1 -all");
        check(RecordType::CAA, "0 issue \"letsencrypt.org\"", "0 issue letsencrypt.org");
        check(RecordType::NS, "NS1.example.com.", "ns1.example.com");
    }

    #[test]
    fn values_that_no_record_could_have_are_refused() {
        let cases = [
            (RecordType::A, "2001:db8::1"),
            (RecordType::AAAA, "192.0.2.1"),
            (RecordType::MX, "mail.example.com"),
            (RecordType::SRV, "10 sip.example.com"),
            (RecordType::SOA, "ns1.example.com"),
            (RecordType::CAA, "letsencrypt.org"),
            (RecordType::NS, "a b"),
            (RecordType::TXT, " "),
        ];
        for (kind, text) in cases {
            assert!(normalized(text, kind).is_err(), "{kind} {text}");
        }
    }
}
