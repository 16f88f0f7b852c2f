"""The command `search`: its options go in; a stored search, its report and a model come out."""
