//! On-card voucher program: issue, redeem and the optimistic fair exchange.
