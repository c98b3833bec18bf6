//! Statements on whether a vulnerability can be exploited in a product (VEX).
