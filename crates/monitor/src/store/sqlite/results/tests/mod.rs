mod codec;
mod ledger;
