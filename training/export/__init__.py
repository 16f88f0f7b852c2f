"""Records in the formats of other programs: tables for pandas and R, events for TensorBoard."""
