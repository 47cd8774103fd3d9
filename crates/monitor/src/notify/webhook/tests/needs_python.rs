//! The signature, checked by a receiver in another language.

use std::io::Write;
use std::process::{Command, Stdio};

use super::*;
use crate::notify::testing::python;

/// Does what a receiver must do, as the documentation of the signature says.
const VERIFY: &str = "
import hashlib, hmac, sys
header, secret = sys.argv[1], sys.argv[2]
body = sys.stdin.buffer.read()
fields = [field.split('=', 1) for field in header.split(',')]
timestamp = dict(fields)['t']
expected = hmac.new(secret.encode(), timestamp.encode() + b'.' + body, hashlib.sha256).hexdigest()
print(any(hmac.compare_digest(value, expected) for name, value in fields if name == 'v1'))
";

#[tokio::test]
async fn both_secrets_verify_and_no_other() {
    let Some(python) = python() else { return };
    let (_, posted) = posted(OK, |settings| settings.secrets = vec!["whsec_new".into(), "whsec_öld".into()]).await;
    let signature = posted.header("allswell-signature").unwrap();
    for (secret, verdict) in [("whsec_new", "True"), ("whsec_öld", "True"), ("whsec_other", "False")] {
        let mut receiver = Command::new(&python)
            .args(["-c", VERIFY, signature, secret])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        receiver.stdin.take().unwrap().write_all(&posted.body).unwrap();
        let said = receiver.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&said.stdout).trim(), verdict, "{secret}");
    }
}
