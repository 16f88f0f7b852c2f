"""The report of a hyperparameter search: its trials come in, findings and figures go out."""
