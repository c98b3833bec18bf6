//! Tests of the fix plan.
