"""The report of a hyperparameter search: stored trials come in, findings and figures go out."""
