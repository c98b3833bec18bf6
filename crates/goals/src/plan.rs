//! The fix plan: the fewest concrete changes that bring a goal to its target.
