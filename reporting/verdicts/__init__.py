"""From numbers to verdicts: measures of records come in, `Claim`s with computed verdicts go out."""
