mod codec;
mod ledger;
mod meanwhile;
