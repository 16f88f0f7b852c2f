"""The line that shows how far a sweep is."""

import contextlib


@contextlib.contextmanager
def progress_line(configs, name):
    """Yield a function to call with each config that is through, and with what became of it.

    Args:
        configs: those to be trained; with none, no line is shown.
        name: at the beginning of the line, which goes to standard error; None shows no line.
    """
    if not (name and configs):
        yield lambda config, outcome: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.fields[name]}"),
        BarColumn(),
        TextColumn("{task.fields[done]}/{task.fields[runs]} runs"),
        TimeElapsedColumn(),
        TextColumn("to go"),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    # Long runs are trained first, so time goes by sample gradients, not by runs.
    work = sum(config.total_sample_gradients for config in configs)
    with Progress(*columns, console=Console(stderr=True), speed_estimate_period=600) as bar:
        task = bar.add_task("", total=work, name=name, done=0, runs=len(configs))

        def advance(config, outcome):
            done = bar.tasks[task].fields["done"] + 1
            bar.update(task, done=done, description=f"last: {config.description} {outcome}")
            bar.advance(task, config.total_sample_gradients)

        yield advance
