"""`make demo`: the walk-through, played step by step with the vendor's SDK on real private networks, left running."""
